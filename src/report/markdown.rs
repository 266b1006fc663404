//! Markdown (CommonMark with tables) for wikis and tickets: counts, then what failed with its reason, evidence and fix, then
//! what is unknown, then the rest in a table. Texts from outside are escaped, so that they stay text.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Source;
use super::text::{self, visible, visible_lines};
use crate::evaluate::{ControlResult, Status, Summary};
use crate::problem::Problem;

/// Writes the report.
pub fn write(source: &mut dyn Source, out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    let head = source.head();
    let (mut failed, mut unknown, mut rest) = (String::new(), String::new(), String::new());
    while let Some(result) = source.next() {
        // Writing to a String cannot fail.
        let _ = match result.status {
            Status::Fail => section(&mut failed, &result),
            Status::Unknown => section(&mut unknown, &result),
            Status::Pass | Status::NotApplicable => row(&mut rest, &result),
        };
    }
    let (summary, problems) = source.conclude();
    writeln!(out, "# ExchangeControl results\n")?;
    writeln!(out, "{} {}, {}\n", escaped(&head.tool.name), escaped(&head.tool.version), escaped(&head.generated))?;
    write_summary(&summary, out)?;
    if !problems.is_empty() {
        writeln!(out, "\n## Errors\n")?;
        problems.iter().try_for_each(|problem| writeln!(out, "- **Error:** {}", escaped(&problem.to_string())))?;
    }
    for (title, text) in [("Failed", failed), ("Unknown", unknown)] {
        if !text.is_empty() {
            write!(out, "\n## {title}\n{text}")?;
        }
    }
    if !rest.is_empty() {
        writeln!(out, "\n## Passed and not applicable\n")?;
        writeln!(out, "| Status | Control | Severity | Target | Reason |\n| --- | --- | --- | --- | --- |")?;
        out.write_all(rest.as_bytes())?;
    }
    Ok((summary, problems))
}

fn write_summary(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| Fail | Unknown | Pass | NotApplicable | Score |\n| ---: | ---: | ---: | ---: | ---: |")?;
    let score = summary.score.map_or("none".to_owned(), |score| format!("{score:.2}"));
    let counts = Status::WORST_FIRST.map(|status| summary.counts.of(status).to_string());
    writeln!(out, "| {} | {score} |", counts.join(" | "))?;
    if !summary.controls.is_empty() {
        writeln!(out, "\n| Control | Status | Weight |\n| --- | --- | ---: |")?;
    }
    for control in &summary.controls {
        let note = if control.scored { "" } else { " (not scored)" };
        writeln!(out, "| {} | {} | {}{note} |", escaped(&control.control_id), control.status.name(), control.weight)?;
    }
    Ok(())
}

/// A result that somebody has to look at.
fn section(out: &mut String, result: &ControlResult) -> std::fmt::Result {
    let target = escaped(&text::target(&result.target));
    writeln!(out, "\n### {}: {target}\n", escaped(&result.control_id))?;
    writeln!(out, "- **Control:** {} ({})", escaped(&result.title), result.severity.name())?;
    writeln!(out, "- **Reason:** {}", escaped(&result.reason))?;
    if let Some(exception) = &result.exception {
        writeln!(out, "- **Accepted risk:** {}", escaped(&text::exception(exception)))?;
    }
    if let Some(change) = result.change {
        writeln!(out, "- **Change:** {}", text::change(change))?;
    }
    for evidence in &result.evidence {
        writeln!(out, "- **Evidence:** {}", escaped(&text::evidence(evidence)))?;
    }
    for issue in &result.issues {
        writeln!(out, "- **Issue:** {}", escaped(&issue.message))?;
    }
    if let Some(script) = &result.remediation.script {
        let language = if result.remediation.command.is_some() { "powershell" } else { "text" };
        code(out, language, script)?;
    }
    Ok(())
}

fn row(out: &mut String, result: &ControlResult) -> std::fmt::Result {
    let change = result.change.map(text::change).map(|change| format!(" ({change})")).unwrap_or_default();
    let (control, target) = (escaped(&result.control_id), escaped(&text::target(&result.target)));
    let (status, severity) = (result.status.name(), result.severity.name());
    writeln!(out, "| {status}{change} | {control} | {severity} | {target} | {} |", escaped(&result.reason))
}

/// A block of code in a fence that is longer than any within.
fn code(out: &mut String, language: &str, text: &str) -> std::fmt::Result {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(out, "\n{fence}{language}\n{}\n{fence}", visible_lines(text))
}

/// A text in which nothing is Markdown, HTML, a link or a mention. Backslash and pipe stand as character references, since
/// tables read them before anything else does.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '~' | '$' => safe.extend(['\\', c]),
            '\\' | '|' | '<' | '>' | '&' | '@' => _ = write!(safe, "&#{};", c as u32),
            // A bare address becomes a link at its scheme or its "www.".
            '/' if safe.ends_with(':') => {
                safe.pop();
                safe.push_str("&#58;/");
            }
            '.' if safe.to_ascii_lowercase().ends_with("www") => safe.push_str("&#46;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_text() {
        let cases = [
            ("plain, grün: 1.5", "plain, grün: 1.5"),
            ("a|b\\|c", "a&#124;b&#92;&#124;c"),
            ("`x`", "\\`x\\`"),
            ("<img src=x>", "&#60;img src=x&#62;"),
            ("[a](https://b.example)", "\\[a\\]\\(https&#58;//b.example\\)"),
            ("WWW.b.example", "WWW&#46;b.example"),
            ("@team #1 &amp;", "&#64;team \\#1 &#38;amp;"),
            ("a\r\n# b", "a\\u{d}\\u{a}\\# b"),
        ];
        for (text, expected) in cases {
            let expected = expected.replace("\\u{", "&#92;u\\{").replace("d}", "d\\}").replace("a}", "a\\}");
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_fence_is_longer_than_those_within() {
        let mut out = String::new();
        code(&mut out, "text", "a\n````\nb").expect("written");
        assert_eq!(out, "\n`````text\na\n````\nb\n`````\n");
    }
}
