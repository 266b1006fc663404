//! Accepted risks, comparison with an earlier document, and the trend: each rule as a row of a table, then the command and
//! the C ABI with the example.

mod abi;
mod command;
mod comparison;
mod documents;
mod exceptions;
mod marking;
mod property;
mod trend;

use std::path::{Path, PathBuf};

use exchange_control::evaluate::{ControlResult, Evidence, Outcome, Status, Summary};
use exchange_control::problem::Problem;
use exchange_control::report::{Document, Format, Head, Report, Source, Tool, now};
use exchange_control::review::{Day, Earlier, Review, Reviewed};

/// The day on which the tests take place.
const TODAY: &str = "2027-03-31";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap_or_else(|| panic!("{text} is no day"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the file is written");
    path
}

/// A result of weight 5. Controls whose id begins with `W` have weight 10.
fn result(control: &str, identity: &str, status: Status) -> ControlResult {
    let weight = if control.starts_with('W') { 10 } else { 5 };
    serde_json::from_value(serde_json::json!({
        "controlId": control, "title": "T", "category": "", "severity": "Medium", "severityWeight": weight,
        "frameworks": ["F"], "target": { "kind": "SendConnector", "identity": identity }, "status": status,
        "reason": "because", "evidence": [], "issues": [],
        "remediation": { "automatable": false, "description": "", "parameters": {}, "command": null, "script": null },
        "considerations": "", "references": [],
    }))
    .expect("a result")
}

/// What a result rests on.
fn leaf(field: &str, actual: serde_json::Value) -> Evidence {
    Evidence {
        field: field.to_owned(),
        operator: "equals".to_owned(),
        expected: false.into(),
        actual,
        status: Status::Fail,
    }
}

/// Results that are at hand.
struct Given {
    results: std::vec::IntoIter<ControlResult>,
    conclusion: (Summary, Vec<Problem>),
}

impl Given {
    fn new(results: Vec<ControlResult>) -> Self {
        let mut summary = Summary::default();
        results.iter().for_each(|result| summary.add(result, true));
        Given { results: results.into_iter(), conclusion: (summary.finish(&[]), Vec::new()) }
    }
}

impl Source for Given {
    fn head(&self) -> Head {
        Head { tool: Tool::default(), generated: now() }
    }

    fn next(&mut self) -> Option<ControlResult> {
        self.results.next()
    }

    fn conclude(&mut self) -> (Summary, Vec<Problem>) {
        std::mem::take(&mut self.conclusion)
    }
}

/// What comes of reviewing results.
struct Reviewing {
    results: Vec<ControlResult>,
    summary: Summary,
    problems: Vec<Problem>,
}

impl Reviewing {
    fn of(results: Vec<ControlResult>, review: Review) -> Self {
        let mut source = Reviewed::new(Given::new(results), review);
        let results = std::iter::from_fn(|| source.next()).collect();
        let (summary, problems) = source.conclude();
        Reviewing { results, summary, problems }
    }

    fn exit_code(&self) -> u8 {
        Outcome::of(&self.summary, self.problems.iter()).code()
    }

    /// The problems' codes, as documents have them.
    fn codes(&self) -> Vec<String> {
        self.problems
            .iter()
            .map(|problem| serde_json::to_value(problem.code).expect("a code").as_str().expect("text").to_owned())
            .collect()
    }
}

/// A review by accepted risks, on a day.
fn excepting(file: &str, today: &str) -> Review {
    let folder = folder();
    let path = write(folder.path(), "exceptions.json", file);
    Review::read(Some(&path), None, day(today)).expect("a review")
}

/// A review by an earlier document.
fn since(document: &str, only_new: bool) -> Result<Review, Box<Problem>> {
    let folder = folder();
    let document = write(folder.path(), "earlier.json", document);
    Review::read(None, Some(Earlier { document: &document, only_new }), day(TODAY))
}

/// A file of one accepted risk.
fn one(control: &str, target: &str, expires: &str) -> String {
    many(&[(control, target, expires)])
}

fn many(entries: &[(&str, &str, &str)]) -> String {
    let entry = |(control, target, expires): &(&str, &str, &str)| {
        serde_json::json!({ "control": control, "target": target, "justification": "a relay of the plant", "owner": "Mail team",
            "expires": expires })
    };
    serde_json::json!({ "exceptions": entries.iter().map(entry).collect::<Vec<_>>() }).to_string()
}

/// The JSON document of results.
fn document(results: Vec<ControlResult>) -> String {
    let mut bytes = Vec::new();
    Report::new(Format::Json).write(&mut Given::new(results), &mut bytes).expect("memory can be written");
    String::from_utf8(bytes).expect("a document is UTF-8")
}

fn parsed(document: &str) -> Document {
    serde_json::from_str(document).expect("a document")
}
