//! SARIF 2.1.0 (OASIS): what code scanning services and editors read. The results come first and the rules, which are
//! the controls that were seen, after them: so nothing but the rules is held.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::json::Streamed;
use super::{Head, Source};
use crate::control::Severity;
use crate::evaluate::{Change, ControlResult, Outcome, Status, Summary};
use crate::problem::Problem;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the log.
pub fn write(source: &mut dyn Source, mut out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    let run = Run {
        head: source.head(),
        source: RefCell::new(source),
        rules: RefCell::default(),
        conclusion: RefCell::default(),
    };
    let mut serializer = serde_json::Serializer::pretty(&mut out);
    let mut log = serializer.serialize_map(None)?;
    log.serialize_entry("$schema", SCHEMA)?;
    log.serialize_entry("version", "2.1.0")?;
    log.serialize_entry("runs", &[&run])?;
    log.end()?;
    out.write_all(b"\n")?;
    Ok(run.conclusion.into_inner())
}

/// The one run of the log, drawn from the source while it is written.
struct Run<'s> {
    head: Head,
    source: RefCell<&'s mut dyn Source>,
    rules: RefCell<Rules>,
    conclusion: RefCell<(Summary, Vec<Problem>)>,
}

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut run = serializer.serialize_map(None)?;
        let results = Streamed::new(|| {
            let result = self.source.borrow_mut().next()?;
            let rule = self.rules.borrow_mut().index_of(&result);
            Some(result_of(&result, rule))
        });
        run.serialize_entry("results", &results)?;
        let (summary, problems) = self.source.borrow_mut().conclude();
        let tool = &self.head.tool;
        let rules = &self.rules.borrow().rules;
        run.serialize_entry(
            "tool",
            &json!({ "driver": { "name": tool.name, "version": tool.version, "rules": rules } }),
        )?;
        run.serialize_entry("invocations", &[self.invocation(&summary, &problems)])?;
        *self.conclusion.borrow_mut() = (summary, problems);
        run.end()
    }
}

impl Run<'_> {
    fn invocation(&self, summary: &Summary, problems: &[Problem]) -> Value {
        let outcome = Outcome::of(summary, problems.iter());
        let notifications: Vec<Value> = problems
            .iter()
            .map(|problem| {
                json!({
                    "level": "error",
                    "message": { "text": message(&problem.to_string()) },
                    "descriptor": { "id": problem.code },
                })
            })
            .collect();
        json!({
            "executionSuccessful": outcome != Outcome::NotDone,
            "exitCode": outcome.code(),
            "endTimeUtc": self.head.generated,
            "toolExecutionNotifications": notifications,
        })
    }
}

/// The controls that were seen, as rules.
#[derive(Default)]
struct Rules {
    ids: Vec<String>,
    rules: Vec<Value>,
}

impl Rules {
    /// The number of the rule that a result is of.
    fn index_of(&mut self, result: &ControlResult) -> usize {
        // Those of one control mostly come one after another.
        self.ids.iter().rposition(|id| *id == result.control_id).unwrap_or_else(|| {
            self.ids.push(result.control_id.clone());
            self.rules.push(rule_of(result));
            self.ids.len() - 1
        })
    }
}

fn rule_of(result: &ControlResult) -> Value {
    let mut tags: Vec<&str> = Vec::new();
    for tag in result.frameworks.iter().chain([&result.category]) {
        if !tag.is_empty() && !tags.contains(&tag.as_str()) {
            tags.push(tag);
        }
    }
    let mut rule = json!({
        "id": result.control_id,
        "shortDescription": { "text": message(&result.title) },
        "defaultConfiguration": { "level": level(result.severity) },
        "properties": {
            "severity": result.severity,
            "severityWeight": result.severity_weight,
            "frameworks": result.frameworks,
            "tags": tags,
        },
    });
    let help = &result.remediation.description;
    if !help.is_empty() {
        rule["help"] = json!({ "text": message(help) });
    }
    if let Some(reference) = result.references.iter().find(|reference| is_web_address(&reference.url)) {
        rule["helpUri"] = json!(reference.url);
    }
    rule
}

fn result_of(result: &ControlResult, rule: usize) -> Value {
    let kind = match result.status {
        Status::Fail => "fail",
        Status::Pass => "pass",
        // SARIF 2.1.0, 3.27.9: evaluated, with too little known to decide.
        Status::Unknown => "open",
        Status::NotApplicable => "notApplicable",
    };
    let target = &result.target;
    let mut properties = Map::new();
    let mut property = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    property("status", json!(result.status));
    property("targetKind", json!(target.kind));
    property("evidence", json!(result.evidence));
    property("issues", json!(result.issues));
    property("remediation", json!(result.remediation));
    if let Some(change) = result.change {
        property("change", json!(change));
    }
    let mut written = json!({
        "ruleId": result.control_id,
        "ruleIndex": rule,
        "kind": kind,
        // 3.27.10: only what failed has a level.
        "level": if result.status == Status::Fail { level(result.severity) } else { "none" },
        "message": { "text": message(&result.reason) },
        "locations": [{ "logicalLocations": [location(&target.kind, &target.identity)] }],
        // The control and the target, and so the same from run to run.
        "partialFingerprints": { "controlAndTarget/v1": fingerprint(result) },
        // 3.27.23: a list for every result of a run, or for none.
        "suppressions": [],
        "properties": properties,
    });
    if let Some(exception) = &result.exception {
        written["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": exception.justification,
            "properties": { "owner": exception.owner, "expires": exception.expires },
        }]);
    }
    if let Some(change) = result.change {
        written["baselineState"] = json!(baseline_state(change));
    }
    written
}

fn location(kind: &str, identity: &str) -> Value {
    if identity.is_empty() {
        return json!({ "name": kind, "kind": "resource" });
    }
    json!({ "name": identity, "fullyQualifiedName": format!("{kind}/{identity}"), "kind": "resource" })
}

fn fingerprint(result: &ControlResult) -> String {
    json!([result.control_id, result.target.kind, result.target.identity]).to_string()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// What became of the finding that the control fails for the target (3.27.24).
fn baseline_state(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Fixed => "absent",
        Change::ChangedEvidence => "updated",
        Change::StillFailing | Change::Unchanged => "unchanged",
    }
}

/// A text that holds no link: SARIF reads `[text](address)` as one even in plain messages (3.11.6). No message is empty.
fn message(text: &str) -> String {
    if text.is_empty() { "(no text)".to_owned() } else { text.replace("](", "\\](") }
}

/// Whether an address is one to go to on the Web, in the characters that an address may have (RFC 3986).
fn is_web_address(url: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    (url.starts_with("https://") || url.starts_with("http://")) && url.bytes().all(allowed)
}
