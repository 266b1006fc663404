//! Reports: one file a format, each written from a [`Source`] of results as they come, so that a report of many results
//! takes no more memory than one of few (a table, which puts failures first, keeps its rows).

pub mod html;
mod json;
mod ndjson;
mod table;

pub use table::visible;

use std::io::{self, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evaluate::{ControlResult, Progress, Run, Scan, Step, Summary};
use crate::problem::Problem;

/// The version of the result document's shape.
pub const SCHEMA_VERSION: u32 = 1;

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
    /// A page for people, in one file.
    Html,
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

/// Results one by one, and what they come to.
pub trait Source {
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
    results: std::vec::IntoIter<ControlResult>,
    conclusion: (Summary, Vec<Problem>),
}

impl DocumentSource {
    /// Starts at the document's first result.
    pub fn new(document: Document) -> Self {
        DocumentSource { results: document.results.into_iter(), conclusion: (document.summary, document.errors) }
    }
}

impl Source for DocumentSource {
    fn next(&mut self) -> Option<ControlResult> {
        self.results.next()
    }

    fn conclude(&mut self) -> (Summary, Vec<Problem>) {
        std::mem::take(&mut self.conclusion)
    }
}

/// Writes a report and answers what the results came to.
pub fn write(format: Format, source: &mut dyn Source, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    match format {
        Format::Table => table::write(source, out),
        Format::Json => json::write(source, out),
        Format::Ndjson => ndjson::write(source, out),
        Format::Html => html::write(source, out),
    }
}

/// The time now, as documents give it.
pub fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
