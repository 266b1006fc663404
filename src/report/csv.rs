//! CSV (RFC 4180) for spreadsheets and `Import-Csv`: one row a result, commas whatever the culture, UTF-8 with a byte order
//! mark, without which Excel and Windows PowerShell take it for the system's code page.
//!
//! A spreadsheet runs a cell that begins like a formula. Such a cell gets an apostrophe before it, which spreadsheets take for
//! "text". So does what would begin one where the file is opened with another separator.

use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use super::Source;
use super::text::{self, visible, visible_lines};
use crate::evaluate::{ControlResult, Exception, Summary};
use crate::problem::Problem;

const COLUMNS: [&str; 22] = [
    "controlId",
    "title",
    "category",
    "severity",
    "severityWeight",
    "frameworks",
    "targetKind",
    "identity",
    "status",
    "reason",
    "evidence",
    "issues",
    "exceptionJustification",
    "exceptionOwner",
    "exceptionExpires",
    "change",
    "automatable",
    "description",
    "command",
    "script",
    "considerations",
    "references",
];

/// Writes the rows.
pub fn write(source: &mut dyn Source, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    out.write_all("\u{FEFF}".as_bytes())?;
    let mut rows = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    rows.write_record(COLUMNS)?;
    while let Some(result) = source.next() {
        rows.write_record(cells(&result))?;
    }
    rows.flush()?;
    Ok(source.conclude())
}

fn cells(result: &ControlResult) -> [String; COLUMNS.len()] {
    let line = |text: &str| defused(visible(text));
    let lines = |text: &str| defused(visible_lines(text));
    let list = |items: Vec<String>| defused(items.join("\n"));
    let fix = &result.remediation;
    let exception = |part: fn(&Exception) -> &str| {
        result.exception.as_ref().map(|exception| line(part(exception))).unwrap_or_default()
    };
    [
        line(&result.control_id),
        line(&result.title),
        line(&result.category),
        result.severity.name().to_owned(),
        result.severity_weight.to_string(),
        line(&result.frameworks.join("; ")),
        line(&result.target.kind),
        line(&result.target.identity),
        result.status.name().to_owned(),
        lines(&result.reason),
        list(result.evidence.iter().map(text::evidence).collect()),
        list(result.issues.iter().map(|issue| visible(&format!("{}: {}", issue.code, issue.message))).collect()),
        exception(|exception| &exception.justification),
        exception(|exception| &exception.owner),
        exception(|exception| &exception.expires),
        result.change.map_or("", text::change).to_owned(),
        fix.automatable.to_string(),
        lines(&fix.description),
        line(fix.command.as_deref().unwrap_or_default()),
        lines(fix.script.as_deref().unwrap_or_default()),
        lines(&result.considerations),
        list(
            result
                .references
                .iter()
                .map(|reference| visible(&format!("{} <{}>", reference.name, reference.url)))
                .collect(),
        ),
    ]
}

/// Puts an apostrophe before whatever would begin a formula: at the start of the cell, and after what begins a cell where
/// the separator is taken for another one (semicolon, tab, line end).
fn defused(text: String) -> String {
    if !text.contains(begins_formula) && !text.starts_with('\t') {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 1);
    let mut at_start = true;
    for c in text.chars() {
        if at_start && (begins_formula(c) || (safe.is_empty() && c == '\t')) {
            safe.push('\'');
        }
        safe.push(c);
        at_start = matches!(c, ';' | '\t' | '\n') || (at_start && matches!(c, ' ' | '"'));
    }
    safe
}

/// The characters that spreadsheets take for the start of a formula, in both widths.
fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused() {
        let cases = [
            ("plain", "plain"),
            ("", ""),
            ("a=b", "a=b"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("  =1", "  '=1"),
            ("\t=1", "'\t'=1"),
            ("\ta", "'\ta"),
            ("\"=1", "\"'=1"),
            ("a;=1", "a;'=1"),
            ("a; \"=1", "a; \"'=1"),
            ("a\n-b", "a\n'-b"),
            ("Set-SendConnector -Identity 'A'", "Set-SendConnector -Identity 'A'"),
        ];
        for (text, expected) in cases {
            assert_eq!(defused(text.to_owned()), expected, "{text:?}");
        }
    }
}
