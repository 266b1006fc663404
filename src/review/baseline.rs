//! An earlier document, to say of each result what changed since.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use serde_json::Value;

use super::document::{self, EarlierResult};
use super::reviewed::partial_document;
use crate::evaluate::{Change, Comparison, ControlResult, Evidence, Issue, Removed, ResultTarget, Status};
use crate::problem::Problem;

/// The results of an earlier document that were not met again yet.
#[derive(Debug, Default)]
pub struct Baseline {
    left: HashMap<String, VecDeque<Before>>,
    comparison: Comparison,
}

/// What is kept of an earlier result.
#[derive(Debug)]
struct Before {
    /// Its place in the document.
    number: usize,
    what: Removed,
    evidence: u64,
}

impl Change {
    /// Whether it is one of those that `--only-new` keeps.
    pub fn is_news(self) -> bool {
        matches!(self, Change::New | Change::ChangedEvidence)
    }
}

impl Baseline {
    /// Reads a result document of schemaVersion 1 that has all of its results.
    pub fn read(file: &Path) -> Result<Self, Box<Problem>> {
        let mut baseline = Baseline::default();
        let mut number = 0;
        let head = document::whole(file, &mut |result| {
            baseline.add(number, result);
            number += 1;
        })?;
        if head.totals.is_partial() {
            return Err(Box::new(partial_document(&file.display().to_string())));
        }
        baseline.comparison.since = head.generated;
        Ok(baseline)
    }

    /// Says of a result how it stands to the earlier one of the same control and target. Where several targets have one
    /// name, the first goes with the first.
    pub fn mark(&mut self, result: &mut ControlResult) -> Change {
        let before = self.left.get_mut(&key(&result.control_id, &result.target)).and_then(VecDeque::pop_front);
        let change = change(before.as_ref(), result);
        self.count(change, result);
        result.change = Some(change);
        change
    }

    /// What all results that were marked come to.
    pub fn conclude(&mut self, only_new: bool) -> Comparison {
        let mut left: Vec<Before> = self.left.drain().flat_map(|(_, left)| left).collect();
        left.sort_by_key(|before| before.number);
        let removed = left.into_iter().map(|before| before.what).collect();
        Comparison { only_new, removed, ..std::mem::take(&mut self.comparison) }
    }

    fn add(&mut self, number: usize, result: EarlierResult) {
        let evidence = fingerprint(&result.evidence, &result.issues);
        let what = Removed { control_id: result.control_id, target: result.target, status: result.status };
        self.left.entry(key(&what.control_id, &what.target)).or_default().push_back(Before { number, what, evidence });
    }

    fn count(&mut self, change: Change, result: &ControlResult) {
        let sums = &mut self.comparison;
        match change {
            Change::New => sums.new += 1,
            Change::Fixed => sums.fixed += 1,
            Change::StillFailing => sums.still_failing += 1,
            Change::ChangedEvidence => sums.changed_evidence += 1,
            Change::Unchanged => sums.unchanged += 1,
        }
        if change == Change::New && result.exception.is_none() {
            sums.new_fail += usize::from(result.status == Status::Fail);
            sums.new_unknown += usize::from(result.status == Status::Unknown);
        }
    }
}

/// What a result is found by. A name is the same in whichever case.
fn key(control_id: &str, target: &ResultTarget) -> String {
    format!("{control_id}\0{}\0{}", target.kind, target.identity).to_lowercase()
}

fn change(before: Option<&Before>, now: &ControlResult) -> Change {
    let is_open = |status| matches!(status, Status::Fail | Status::Unknown);
    match before {
        Some(before) if before.what.status == now.status => {
            match (before.evidence == fingerprint(&now.evidence, &now.issues), is_open(now.status)) {
                (false, _) => Change::ChangedEvidence,
                (true, true) => Change::StillFailing,
                (true, false) => Change::Unchanged,
            }
        }
        Some(_) | None if is_open(now.status) => Change::New,
        Some(before) if is_open(before.what.status) => Change::Fixed,
        // It passed and no longer applies, or the other way round.
        Some(_) => Change::ChangedEvidence,
        None => Change::New,
    }
}

/// A number that is the same for the same evidence: what was seen of which field and how it was judged, and the codes of
/// the issues. What is another at every run, and the order of lists, makes no difference.
fn fingerprint(evidence: &[Evidence], issues: &[Issue]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for leaf in evidence.iter().filter(|leaf| !is_volatile(&leaf.field)) {
        (leaf.field.to_lowercase(), &leaf.operator, leaf.status).hash(&mut hasher);
        canonical(&leaf.actual).hash(&mut hasher);
    }
    let mut codes: Vec<&str> = issues.iter().map(|issue| issue.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.hash(&mut hasher);
    hasher.finish()
}

/// Whether a field may be another at every run though nobody changed anything: times, which of several hosts answered, and
/// the end of certificates that are renewed by themselves.
fn is_volatile(field: &str) -> bool {
    field.ends_with("Milliseconds") || field == "Address" || field == "CertificateNotAfter"
}

/// A value as a text that is the same for the same elements in any order, and for a number however it is written.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(canonical).collect();
            items.sort_unstable();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Value::Number(number) => match (number.is_f64(), number.as_f64()) {
            // Reading and writing may change the last digit.
            (true, Some(number)) => format!("{number:.9e}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}
