//! Reports: one file a format, each written from a [`Source`] of results as they come, so that a report of many results
//! takes no more memory than one of few. Where the order demands it, what is to be written is kept: the rows of a table, the
//! test cases of JUnit, the findings of a checklist, the sections of Markdown.

mod checklist;
mod ckl;
mod cklb;
mod csv;
pub mod document;
pub mod html;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod sarif;
mod table;
mod text;
mod xml;

pub use cklb::Checklist;
pub use text::visible;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control::Catalog;
use crate::evaluate::{ControlResult, Progress, Run, Scan, Step, Summary};
use crate::problem::Problem;
use crate::review::TrendPoint;

/// The version of the result document's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema of the result document.
pub const SCHEMA: &str = include_str!("../../module/ExchangeControl/Schemas/results.schema.json");

/// The formats that results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people, on a terminal.
    Table,
    /// The result document.
    Json,
    /// One result a line.
    Ndjson,
    /// One row a result, for spreadsheets.
    Csv,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for build servers.
    Junit,
    /// A checklist of STIG Viewer 2.
    Ckl,
    /// A checklist of STIG Viewer 3, made anew or brought up to date.
    Cklb,
    /// Markdown, for wikis and tickets.
    Markdown,
    /// A page for people, in one file.
    Html,
}

/// The endings of file names, and the formats that they ask for. Of two that fit, the first counts.
const ENDINGS: [(&str, Format); 11] = [
    (".sarif.json", Format::Sarif),
    (".sarif", Format::Sarif),
    (".json", Format::Json),
    (".ndjson", Format::Ndjson),
    (".csv", Format::Csv),
    (".xml", Format::Junit),
    (".ckl", Format::Ckl),
    (".cklb", Format::Cklb),
    (".md", Format::Markdown),
    (".html", Format::Html),
    (".htm", Format::Html),
];

impl Format {
    /// Every format.
    pub const ALL: [Format; 10] = [
        Format::Table,
        Format::Json,
        Format::Ndjson,
        Format::Csv,
        Format::Sarif,
        Format::Junit,
        Format::Ckl,
        Format::Cklb,
        Format::Markdown,
        Format::Html,
    ];

    /// The format that a file's name asks for.
    pub fn of_file(path: &Path) -> Option<Format> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| *format)
    }
}

/// Who wrote a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

impl Default for Tool {
    fn default() -> Self {
        Tool { name: crate::NAME.to_owned(), version: crate::VERSION.to_owned() }
    }
}

/// A result document, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub schema_version: u32,
    pub tool: Tool,
    /// When the run ended (RFC 3339, UTC).
    pub generated: String,
    pub results: Vec<ControlResult>,
    pub summary: Summary,
    pub errors: Vec<Problem>,
}

impl Document {
    /// The document of results that are at hand. Whether a control counts towards the score is the catalog's to say; one
    /// that it does not have counts.
    pub fn of(results: Vec<ControlResult>, errors: Vec<Problem>, catalog: &Catalog) -> Self {
        let unscored = |id: &str| catalog.controls().iter().any(|control| control.id == id && !control.verify);
        let mut summary = Summary::default();
        results.iter().for_each(|result| summary.add(result, !unscored(&result.control_id)));
        let summary = summary.finish(catalog.controls());
        Document { schema_version: SCHEMA_VERSION, tool: Tool::default(), generated: now(), results, summary, errors }
    }
}

/// What stands at the head of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub tool: Tool,
    /// When the run ended (RFC 3339, UTC).
    pub generated: String,
}

/// Results one by one, and what they come to.
pub trait Source {
    /// Who came to the results, and when.
    fn head(&self) -> Head;
    /// The next result.
    fn next(&mut self) -> Option<ControlResult>;
    /// What all results came to. Called once, after the last.
    fn conclude(&mut self) -> (Summary, Vec<Problem>);
}

/// The results of a run, worked off as they are asked for.
pub struct RunSource<'a> {
    run: Run<'a>,
    scan: Scan,
    watch: Box<dyn FnMut(Progress) + 'a>,
}

/// How often whoever watches hears while a result is waited for.
const TICK: Duration = Duration::from_millis(100);

impl<'a> RunSource<'a> {
    /// The results of a scan of this run. `watch` is told how far it is: with each result, while one is waited for, and at the end.
    pub fn new(run: Run<'a>, scan: Scan, watch: impl FnMut(Progress) + 'a) -> Self {
        RunSource { run, scan, watch: Box::new(watch) }
    }
}

impl Source for RunSource<'_> {
    fn head(&self) -> Head {
        Head { tool: Tool::default(), generated: now() }
    }

    fn next(&mut self) -> Option<ControlResult> {
        loop {
            match self.scan.next(self.run, TICK) {
                Step::Result(result) => {
                    (self.watch)(self.scan.progress());
                    return Some(*result);
                }
                Step::Pending => (self.watch)(self.scan.progress()),
                Step::Over => {
                    (self.watch)(self.scan.progress());
                    return None;
                }
            }
        }
    }

    fn conclude(&mut self) -> (Summary, Vec<Problem>) {
        (self.scan.summary(self.run), self.run.problems().cloned().collect())
    }
}

/// The results of a document.
pub struct DocumentSource {
    head: Head,
    results: std::vec::IntoIter<ControlResult>,
    conclusion: (Summary, Vec<Problem>),
}

impl DocumentSource {
    /// Starts at the document's first result.
    pub fn new(document: Document) -> Self {
        DocumentSource {
            head: Head { tool: document.tool, generated: document.generated },
            results: document.results.into_iter(),
            conclusion: (document.summary, document.errors),
        }
    }
}

impl Source for DocumentSource {
    fn head(&self) -> Head {
        self.head.clone()
    }

    fn next(&mut self) -> Option<ControlResult> {
        self.results.next()
    }

    fn conclude(&mut self) -> (Summary, Vec<Problem>) {
        std::mem::take(&mut self.conclusion)
    }
}

/// How a report is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub format: Format,
    /// The controls that the results are of: checklists take the ids of STIG rules from there.
    pub catalog: &'a Catalog,
    /// The checklist to bring up to date, where the format is cklb.
    pub checklist: Option<&'a Checklist<'a>>,
    /// What earlier documents came to, where the format is html.
    pub trend: &'a [TrendPoint],
}

impl<'a> Report<'a> {
    /// A report of this format, of the built-in controls, with nothing to bring up to date.
    pub fn new(format: Format) -> Self {
        Report { format, catalog: Catalog::built_in(), checklist: None, trend: &[] }
    }

    /// Writes the report without colours.
    pub fn write_plain(&self, source: &mut dyn Source, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
        match self.format {
            Format::Table => {
                let mut table = anstream::StripStream::new(Vec::new());
                let written = self.write(source, &mut table)?;
                out.write_all(&table.into_inner())?;
                Ok(written)
            }
            // These have none: what looks like a style is part of a name, and stays.
            _ => self.write(source, out),
        }
    }

    /// Writes the report and answers what the results came to. A table is styled with ANSI colours.
    pub fn write(&self, source: &mut dyn Source, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
        match self.format {
            Format::Table => table::write(source, out),
            Format::Json => json::write(source, out),
            Format::Ndjson => ndjson::write(source, out),
            Format::Csv => csv::write(source, out),
            Format::Sarif => sarif::write(source, out),
            Format::Junit => junit::write(source, out),
            Format::Ckl => ckl::write(source, self.catalog, out),
            Format::Cklb => cklb::write(source, self.catalog, self.checklist, out),
            Format::Markdown => markdown::write(source, out),
            Format::Html => html::write(source, html::Trend { points: self.trend.to_vec() }, out),
        }
    }
}

/// The time now, as documents give it.
pub fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
