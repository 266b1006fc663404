//! The table for people: failures first, each with its reason and its fix; then what is unknown; then the rest, a line
//! each; then counts and score. Styled with ANSI colours, which the caller strips where nobody sees them.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::Source;
use super::text::{self, visible};
use crate::evaluate::{Change, Comparison, ControlResult, Exception, Remediation, Status, Summary};
use crate::problem::Problem;

const HEADING: Style = Style::new().bold();
const DIMMED: Style = Style::new().dimmed();
/// Under the status column.
const INDENT: &str = "               ";
/// Fixes that are texts to follow are shown where they are so few, and else in the JSON document alone.
const TEXTS_SHOWN: usize = 3;

/// What a line of the table needs of a result.
struct Row {
    status: Status,
    control: String,
    severity: &'static str,
    identity: String,
    reason: String,
    /// The commands of the fix, and whether a pipeline may run them.
    fix: Vec<String>,
    automatable: bool,
    /// The fix where it is a text to follow.
    text: Vec<String>,
    /// Who accepts the risk, until when and why.
    accepted: Option<String>,
    change: Option<Change>,
}

impl Row {
    fn of(result: ControlResult) -> Self {
        let identity = text::target(&result.target);
        let lines = |script: Option<String>| -> Vec<String> {
            script.iter().flat_map(|script| script.lines()).map(visible).collect()
        };
        let Remediation { command, script, automatable, .. } = result.remediation;
        let (fix, to_follow) =
            if command.is_some() { (lines(script), Vec::new()) } else { (Vec::new(), lines(script)) };
        Row {
            status: result.status,
            control: visible(&result.control_id),
            severity: result.severity.name(),
            identity,
            reason: visible(&result.reason),
            // The comments are the notes that the JSON document has; a table has no room for them.
            fix: fix.into_iter().filter(|line| !line.starts_with('#')).collect(),
            automatable,
            text: to_follow,
            accepted: result.exception.map(|exception| {
                let Exception { justification, owner, expires } = exception;
                visible(&format!("Accepted until {expires} by {owner}: {justification}"))
            }),
            change: result.change,
        }
    }
}

/// Writes the table.
pub fn write(source: &mut dyn Source, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    let mut rows = Vec::new();
    while let Some(result) = source.next() {
        rows.push(Row::of(result));
    }
    let texts = rows.iter().filter(|row| !row.text.is_empty()).count();
    let width = |column: fn(&Row) -> &str| rows.iter().map(|row| column(row).width()).max().unwrap_or(0);
    let control_width = width(|row| &row.control).max("CONTROL".len());
    if !rows.is_empty() {
        let control = padded("CONTROL", control_width);
        writeln!(out, "{HEADING}STATUS         {control}  SEVERITY  TARGET{HEADING:#}")?;
    }
    for status in Status::WORST_FIRST {
        let identity_width =
            rows.iter().filter(|row| row.status == status).map(|row| row.identity.width()).max().unwrap_or(0).min(48);
        for row in rows.iter().filter(|row| row.status == status) {
            let style = style_of(status);
            let (name, control) = (padded(status.name(), 13), padded(&row.control, control_width));
            write!(out, "{style}{name}{style:#}  {control}  {:<8}  ", row.severity)?;
            match status {
                Status::Fail | Status::Unknown => {
                    writeln!(out, "{HEADING}{}{HEADING:#}{}", row.identity, mark(row.change))?;
                    writeln!(out, "{INDENT}{}", row.reason)?;
                    if let Some(accepted) = &row.accepted {
                        writeln!(out, "{INDENT}{accepted}")?;
                    }
                }
                Status::Pass | Status::NotApplicable => {
                    let (identity, mark) = (padded(&row.identity, identity_width), mark(row.change));
                    writeln!(out, "{identity}{mark}  {DIMMED}{}{DIMMED:#}", row.reason)?;
                }
            }
            let label = if row.automatable { "Fix:" } else { "By hand:" };
            for line in &row.fix {
                writeln!(out, "{INDENT}{label} {line}")?;
            }
            for line in row.text.iter().filter(|_| texts <= TEXTS_SHOWN) {
                writeln!(out, "{INDENT}{DIMMED}{line}{DIMMED:#}")?;
            }
        }
    }
    if texts > TEXTS_SHOWN {
        writeln!(out, "\nWhat to do about {texts} of the failures is in the JSON document (remediation.script).")?;
    }
    let (summary, problems) = source.conclude();
    // Where there are problems and nothing else, they say what is the matter.
    if summary.counts.total() > 0 || problems.is_empty() {
        write_summary(&summary, out)?;
    }
    Ok((summary, problems))
}

fn write_summary(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let total = summary.counts.total();
    if total == 0 {
        return writeln!(out, "Nothing to test: no object in the input is looked at by a control.");
    }
    write!(out, "\n{total} result{}: ", if total == 1 { "" } else { "s" })?;
    for (index, status) in Status::WORST_FIRST.into_iter().enumerate() {
        let style = style_of(status);
        let separator = if index == 0 { "" } else { ", " };
        write!(out, "{separator}{style}{} {}{style:#}", summary.counts.of(status), status.name())?;
    }
    match summary.score {
        Some(score) => writeln!(out, ". Score {score:.2} of 100.")?,
        None => writeln!(out, ". No score: nothing counts towards it.")?,
    }
    if summary.counts.excepted > 0 {
        writeln!(out, "Accepted risks among them, which do not count: {}.", summary.counts.excepted)?;
    }
    if let Some(comparison) = &summary.comparison {
        let Comparison { since, new, fixed, still_failing, changed_evidence, removed, .. } = comparison;
        let (since, gone) = (visible(since), removed.len());
        writeln!(
            out,
            "Since {since}: {new} new, {fixed} fixed, {still_failing} still failing, {changed_evidence} with other evidence, \
             {gone} gone."
        )?;
    }
    Ok(())
}

/// What is worth saying of how a result stands to an earlier one.
fn mark(change: Option<Change>) -> &'static str {
    match change {
        Some(Change::New) => " (new)",
        Some(Change::Fixed) => " (fixed)",
        Some(Change::ChangedEvidence) => " (other evidence)",
        Some(Change::StillFailing | Change::Unchanged) | None => "",
    }
}

fn style_of(status: Status) -> Style {
    match status {
        Status::Fail => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
        Status::Unknown => Style::new().bold().fg_color(Some(AnsiColor::Yellow.into())),
        Status::Pass => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Status::NotApplicable => DIMMED,
    }
}

/// Fills a text up with blanks, by the columns that it takes on a terminal.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}
