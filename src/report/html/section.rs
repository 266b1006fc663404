//! Results put together by control: what all of a control's results say alike is kept and shown once.

use std::collections::HashMap;

use serde_json::Value;

use crate::control::{Reference, Severity};
use crate::evaluate::{Change, ControlResult, Evidence, Exception, Issue, IssueSeverity, Remediation, Status};
use crate::report::{text, visible};

/// The controls in the order in which their first results came.
#[derive(Default)]
pub struct Sections {
    all: Vec<Section>,
    numbers: HashMap<String, usize>,
}

/// A control and its results.
pub struct Section {
    pub id: String,
    pub title: String,
    pub category: String,
    pub kind: String,
    pub severity: Severity,
    pub weight: i64,
    pub frameworks: Vec<String>,
    /// What is to be done about any target.
    pub description: String,
    pub considerations: String,
    pub references: Vec<Link>,
    /// Worst first.
    pub rows: Vec<Row>,
}

/// A reference. Only addresses of the Web are linked to.
pub struct Link {
    pub name: String,
    pub url: Option<String>,
}

/// What is said of one target.
pub struct Row {
    pub state: State,
    pub identity: String,
    pub reason: String,
    pub issues: Vec<Finding>,
    pub facts: Vec<Fact>,
    /// What is to be done about this target beside what holds for all.
    pub note: String,
    pub fix: Option<Fix>,
    pub exception: Option<Exception>,
    pub change: Option<Change>,
}

/// What a result counts as: its status, or a risk that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Fail,
    Unknown,
    /// With the status that it covers.
    Accepted(Status),
    Pass,
    NotApplicable,
}

/// An issue.
pub struct Finding {
    pub severity: &'static str,
    pub code: String,
    pub message: String,
}

/// A line of evidence.
pub struct Fact {
    pub field: String,
    /// Empty where nothing was asked of it.
    pub wanted: String,
    pub found: String,
    pub status: Status,
}

/// What to run or to publish.
pub struct Fix {
    pub label: &'static str,
    pub text: String,
}

impl Sections {
    /// Adds a result to its control.
    pub fn add(&mut self, result: ControlResult) {
        let next = self.all.len();
        let number = *self.numbers.entry(result.control_id.clone()).or_insert(next);
        if number == next {
            self.all.push(Section::of(&result));
        }
        if let Some(section) = self.all.get_mut(number) {
            section.add(result);
        }
    }

    /// The controls, with the rows of each worst first.
    pub fn finish(mut self) -> Vec<Section> {
        for section in &mut self.all {
            section.finish();
        }
        self.all
    }
}

impl Section {
    fn of(result: &ControlResult) -> Self {
        Section {
            id: visible(&result.control_id),
            title: visible(&result.title),
            category: visible(&result.category),
            kind: visible(&result.target.kind),
            severity: result.severity,
            weight: result.severity_weight,
            frameworks: result.frameworks.iter().map(|name| visible(name)).collect(),
            description: visible(&result.remediation.description),
            considerations: visible(&result.considerations),
            references: result.references.iter().map(Link::of).collect(),
            rows: Vec::new(),
        }
    }

    fn add(&mut self, result: ControlResult) {
        let row = Row::of(result);
        // A note stands after the control's own words, so the shortest are these.
        if row.note.len() < self.description.len() {
            self.description.clone_from(&row.note);
        }
        self.rows.push(row);
    }

    fn finish(&mut self) {
        self.rows.sort_by_key(|row| row.state);
        for row in &mut self.rows {
            if let Some(note) = row.note.strip_prefix(&self.description) {
                row.note = note.trim_start().to_owned();
            }
        }
    }

    /// How many results count as this.
    pub fn count(&self, state: &str) -> usize {
        self.rows.iter().filter(|row| row.state.key() == state).count()
    }

    /// The rows that somebody has to look at.
    pub fn open(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.is_settled())
    }

    /// The rows that can be folded away.
    pub fn settled(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_settled())
    }

    /// How many can be folded away.
    pub fn settled_count(&self) -> usize {
        self.settled().count()
    }

    /// The frameworks as one attribute; a line break cannot be in a name that was made visible.
    pub fn framework_list(&self) -> String {
        self.frameworks.join("\n")
    }
}

impl Link {
    fn of(reference: &Reference) -> Self {
        let is_web = ["https://", "http://"].iter().any(|scheme| reference.url.starts_with(scheme));
        let (name, url) = (visible(&reference.name), visible(&reference.url));
        if is_web {
            Link { name: if name.is_empty() { url.clone() } else { name }, url: Some(url) }
        } else {
            Link { name: if name.is_empty() { url } else { name }, url: None }
        }
    }
}

impl Row {
    fn of(result: ControlResult) -> Self {
        let accepted = result.exception.is_some();
        Row {
            state: match result.status {
                status @ (Status::Fail | Status::Unknown) if accepted => State::Accepted(status),
                status => State::from(status),
            },
            identity: text::target(&result.target),
            reason: visible(&result.reason),
            issues: result.issues.iter().map(Finding::of).collect(),
            facts: result.evidence.iter().map(Fact::of).collect(),
            note: visible(&result.remediation.description),
            fix: Fix::of(&result.remediation),
            exception: result.exception.as_ref().map(|exception| Exception {
                justification: visible(&exception.justification),
                owner: visible(&exception.owner),
                expires: visible(&exception.expires),
            }),
            change: result.change,
        }
    }

    /// Whether nobody has to look at it: it is right, and that is no news.
    fn is_settled(&self) -> bool {
        matches!(self.state, State::Pass | State::NotApplicable) && self.change != Some(Change::Fixed)
    }

    /// The change as the page's attributes and words have it; None where there is nothing to tell.
    pub fn change_key(&self) -> Option<(&'static str, &'static str)> {
        match self.change? {
            Change::New => Some(("new", "New")),
            Change::Fixed => Some(("fixed", "Fixed")),
            Change::StillFailing => Some(("still", "Still failing")),
            Change::ChangedEvidence => Some(("evidence", "Changed evidence")),
            Change::Unchanged => None,
        }
    }

    /// Whether there is more to say than the row itself.
    pub fn has_details(&self) -> bool {
        !self.issues.is_empty() || !self.facts.is_empty() || self.fix.is_some() || self.exception.is_some()
    }

    /// The note, where something is to be done.
    pub fn note(&self) -> Option<&str> {
        let to_do = matches!(self.state, State::Fail | State::Accepted(Status::Fail));
        (to_do && !self.note.is_empty()).then_some(self.note.as_str())
    }
}

impl State {
    /// Every state, as the page's attributes and words have it, worst first.
    pub const ALL: [(&'static str, &'static str); 5] = [
        ("fail", "Fail"),
        ("unknown", "Unknown"),
        ("accepted", "Accepted risk"),
        ("pass", "Pass"),
        ("na", "Not applicable"),
    ];

    /// As the page's attributes have it.
    pub fn key(self) -> &'static str {
        match self {
            State::Fail => "fail",
            State::Unknown => "unknown",
            State::Accepted(_) => "accepted",
            State::Pass => "pass",
            State::NotApplicable => "na",
        }
    }

    /// The status in words.
    pub fn word(self) -> &'static str {
        match self {
            State::Fail | State::Accepted(Status::Fail) => "Fail",
            State::Unknown | State::Accepted(_) => "Unknown",
            State::Pass => "Pass",
            State::NotApplicable => "Not applicable",
        }
    }
}

impl From<Status> for State {
    fn from(status: Status) -> Self {
        match status {
            Status::Fail => State::Fail,
            Status::Unknown => State::Unknown,
            Status::Pass => State::Pass,
            Status::NotApplicable => State::NotApplicable,
        }
    }
}

impl Finding {
    fn of(issue: &Issue) -> Self {
        Finding {
            severity: match issue.severity {
                IssueSeverity::Error => "error",
                IssueSeverity::Warning => "warning",
                IssueSeverity::Info => "info",
            },
            code: visible(&issue.code),
            message: visible(&issue.message),
        }
    }
}

impl Fact {
    fn of(evidence: &Evidence) -> Self {
        let wanted = match (evidence.operator.as_str(), &evidence.expected) {
            ("observed", _) => String::new(),
            (operator, Value::Null) => visible(operator),
            (operator, expected) => format!("{} {}", visible(operator), shown(expected)),
        };
        Fact { field: visible(&evidence.field), wanted, found: shown(&evidence.actual), status: evidence.status }
    }

    /// What it decides, as the page's attributes and words have it.
    pub fn verdict(&self) -> (&'static str, &'static str) {
        match self.status {
            Status::Fail => ("fail", "Fail"),
            Status::Unknown => ("unknown", "Unknown"),
            Status::Pass | Status::NotApplicable if self.wanted.is_empty() => ("seen", "Observed"),
            Status::Pass | Status::NotApplicable => ("pass", "Pass"),
        }
    }
}

impl Fix {
    fn of(remediation: &Remediation) -> Option<Self> {
        let script = remediation.script.as_deref().or(remediation.command.as_deref())?;
        let is_command = remediation.command.is_some();
        // The comments before a command are the description, which the page has already.
        let lines = script.lines().skip_while(|line| is_command && line.starts_with('#'));
        Some(Fix {
            label: match (is_command, remediation.automatable) {
                (true, true) => "Command",
                (true, false) => "Command, to be run by hand",
                (false, _) => "To be done by hand",
            },
            text: lines.map(visible).collect::<Vec<_>>().join("\n"),
        })
    }
}

/// A value as PowerShell would show it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) if text.is_empty() => "''".to_owned(),
        Value::String(text) => visible(text),
        Value::Array(items) => format!("{{{}}}", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Number(_) | Value::Object(_) => visible(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_web_is_linked_to() {
        let cases = [
            ("RFC", "https://a.example/", "RFC", Some("https://a.example/")),
            ("", "http://a.example/", "http://a.example/", Some("http://a.example/")),
            ("click", "javascript:alert(1)", "click", None),
            ("", "data:text/html,x", "data:text/html,x", None),
            ("", " https://a.example", " https://a.example", None),
        ];
        for (name, url, text, target) in cases {
            let link = Link::of(&Reference { name: name.to_owned(), url: url.to_owned() });
            assert_eq!((link.name.as_str(), link.url.as_deref()), (text, target));
        }
    }

    #[test]
    fn values() {
        let cases = [
            (json!(null), "null"),
            (json!(true), "True"),
            (json!(""), "''"),
            (json!("a\u{202e}b"), r"a\u{202e}b"),
            (json!(["a", false]), "{a, False}"),
            (json!({ "a": 1 }), r#"{"a":1}"#),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(&value), expected);
        }
    }

    #[test]
    fn a_fix_is_what_is_to_be_run() {
        let of = |command: Option<&str>, script: &str, automatable| {
            let (command, script) = (command.map(str::to_owned), Some(script.to_owned()));
            let fix = Fix::of(&Remediation { command, script, automatable, ..Remediation::default() });
            fix.map(|fix| (fix.label, fix.text))
        };
        let cases = [
            (of(Some("Set-X"), "# why\nSet-X\nStart-Y", true), "Command", "Set-X\nStart-Y"),
            (of(Some("Set-X"), "# why\nSet-X", false), "Command, to be run by hand", "Set-X"),
            (of(None, "# first\r\nthen\u{1b}", false), "To be done by hand", "# first\nthen\\u{1b}"),
        ];
        for (found, label, text) in cases {
            assert_eq!(found, Some((label, text.to_owned())));
        }
        assert!(Fix::of(&Remediation::default()).is_none());
    }
}
