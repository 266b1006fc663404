//! Texts from outside, in a form that can be shown, and the words that several formats share.

use crate::evaluate::{Change, Evidence, Exception, ResultTarget, is_invisible};

/// A text as it can be shown: what would steer the terminal, break the line or hide stands as its number.
pub fn visible(text: &str) -> String {
    shown(text, |_| false)
}

/// A text of several lines as it can be shown: lines end in a line feed, tabs stay, the rest is as in [`visible`].
pub fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| shown(line, |c| c == '\t')).collect();
    lines.join("\n")
}

fn shown(text: &str, stays: fn(char) -> bool) -> String {
    let hides = |c: char| (is_invisible(c) && !stays(c)) || is_no_character(c);
    if !text.chars().any(hides) {
        return text.to_owned();
    }
    text.chars().map(|c| if hides(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// The code points that XML refuses besides control characters, and that Unicode keeps from being exchanged.
fn is_no_character(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || (c as u32 & 0xFFFE) == 0xFFFE
}

/// What a result is about: the identity, or the kind where it has none.
pub fn target(target: &ResultTarget) -> String {
    if target.identity.is_empty() { format!("({})", visible(&target.kind)) } else { visible(&target.identity) }
}

/// One piece of evidence in a line: `IgnoreSTARTTLS equals false: found true (Fail)`.
pub fn evidence(evidence: &Evidence) -> String {
    let Evidence { field, operator, expected, actual, status } = evidence;
    let asked = if expected.is_null() { operator.clone() } else { format!("{operator} {expected}") };
    visible(&format!("{field} {asked}: found {actual} ({})", status.name()))
}

/// An accepted risk in a line.
pub fn exception(exception: &Exception) -> String {
    let Exception { justification, owner, expires } = exception;
    visible(&format!("{justification} (accepted by {owner} until {expires})"))
}

/// How a result stands to an earlier document, as documents write it.
pub fn change(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Fixed => "fixed",
        Change::StillFailing => "stillFailing",
        Change::ChangedEvidence => "changedEvidence",
        Change::Unchanged => "unchanged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        let cases = [
            ("plain, grün", "plain, grün", "plain, grün"),
            ("a\0b", "a\\u{0}b", "a\\u{0}b"),
            ("a\u{202e}b", "a\\u{202e}b", "a\\u{202e}b"),
            ("a\r\nb\tc", "a\\u{d}\\u{a}b\\u{9}c", "a\nb\tc"),
            ("a\rb", "a\\u{d}b", "a\\u{d}b"),
            ("\u{fffe}\u{1ffff}", "\\u{fffe}\\u{1ffff}", "\\u{fffe}\\u{1ffff}"),
        ];
        for (text, line, lines) in cases {
            assert_eq!((visible(text).as_str(), visible_lines(text).as_str()), (line, lines), "{text:?}");
        }
    }
}
