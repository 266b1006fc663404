//! Counts and score of a run, gathered while its results pass by.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use super::result::{ControlResult, ResultTarget};
use super::verdict::Status;
use crate::control::Control;

/// What all results come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Results by status.
    pub counts: Counts,
    /// 0 to 100, rounded to two places; None where nothing counts towards it.
    pub score: Option<f64>,
    /// Each control's status over all of its targets.
    pub controls: Vec<ControlSummary>,
    /// The score of each framework's controls.
    pub frameworks: Vec<FrameworkSummary>,
    /// How the results stand to those of an earlier document, where they were compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// How many results have each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Counts {
    #[serde(deserialize_with = "count")]
    pub pass: usize,
    #[serde(deserialize_with = "count")]
    pub fail: usize,
    #[serde(deserialize_with = "count")]
    pub unknown: usize,
    #[serde(deserialize_with = "count")]
    pub not_applicable: usize,
    /// How many of those that fail or are Unknown are accepted risks.
    #[serde(default, deserialize_with = "count", skip_serializing_if = "is_zero")]
    pub excepted: usize,
    /// How many of those that fail are accepted risks; the rest of `excepted` is Unknown.
    #[serde(default, deserialize_with = "count", skip_serializing_if = "is_zero")]
    pub excepted_fail: usize,
}

/// How many results stand how to those of an earlier document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// When the earlier document was made.
    pub since: String,
    /// True: of the results, the document holds those alone that are new or whose evidence changed.
    pub only_new: bool,
    pub new: usize,
    pub fixed: usize,
    pub still_failing: usize,
    pub changed_evidence: usize,
    pub unchanged: usize,
    /// How many of the new ones fail and are no accepted risks.
    pub new_fail: usize,
    /// How many of the new ones are Unknown and are no accepted risks.
    pub new_unknown: usize,
    /// What the earlier document has and this run has not: the object is gone, or the control was not run.
    pub removed: Vec<Removed>,
}

/// A result that an earlier document has and a later one has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    pub control_id: String,
    pub target: ResultTarget,
    /// What it was.
    pub status: Status,
}

/// One control over all of its targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlSummary {
    pub control_id: String,
    /// Fail if any target fails, else Unknown if any is, else Pass if any passes, else NotApplicable; accepted risks left
    /// aside.
    pub status: Status,
    pub weight: i64,
    /// False: shown, but left out of the score.
    pub scored: bool,
    /// The frameworks that ask for it.
    #[serde(default)]
    pub frameworks: Vec<String>,
}

/// One framework's share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameworkSummary {
    pub name: String,
    pub score: Option<f64>,
}

impl Counts {
    /// The number of results with a status.
    pub fn of(&self, status: Status) -> usize {
        match status {
            Status::Pass => self.pass,
            Status::Fail => self.fail,
            Status::Unknown => self.unknown,
            Status::NotApplicable => self.not_applicable,
        }
    }

    /// The number of results with a status that are no accepted risks.
    pub fn open(&self, status: Status) -> usize {
        let accepted = match status {
            Status::Fail => self.excepted_fail,
            Status::Unknown => self.excepted.saturating_sub(self.excepted_fail),
            Status::Pass | Status::NotApplicable => 0,
        };
        self.of(status).saturating_sub(accepted)
    }

    /// The number of all results.
    pub fn total(&self) -> usize {
        self.pass + self.fail + self.unknown + self.not_applicable
    }

    fn add(&mut self, status: Status) {
        match status {
            Status::Pass => self.pass += 1,
            Status::Fail => self.fail += 1,
            Status::Unknown => self.unknown += 1,
            Status::NotApplicable => self.not_applicable += 1,
        }
    }
}

impl Summary {
    /// Takes a result into account; `scored` is the control's `verify`. An accepted risk is counted, and decides nothing.
    pub fn add(&mut self, result: &ControlResult, scored: bool) {
        self.counts.add(result.status);
        self.counts.excepted += usize::from(result.exception.is_some());
        self.counts.excepted_fail += usize::from(result.exception.is_some() && result.status == Status::Fail);
        let status = if result.exception.is_some() { Status::NotApplicable } else { result.status };
        // Those of one control mostly come one after another.
        match self.controls.iter_mut().rev().find(|control| control.control_id == result.control_id) {
            Some(control) => control.status = worse(control.status, status),
            None => self.controls.push(ControlSummary {
                control_id: result.control_id.clone(),
                status,
                weight: result.severity_weight,
                scored,
                frameworks: result.frameworks.clone(),
            }),
        }
    }

    /// Computes the scores, once all results have passed by, and puts the controls in the order of the catalog's.
    pub fn finish(mut self, controls: &[Control]) -> Self {
        // Results that had to be waited for may have come in another order.
        self.controls.sort_by_key(|control| controls.iter().position(|known| known.id == control.control_id));
        self.compute_scores();
        self
    }

    /// The sums of the same results where some are accepted risks: `marked` counts them, and has the controls in any
    /// order and all of them scored.
    pub(crate) fn corrected(self, mut marked: Summary) -> Self {
        for control in &mut marked.controls {
            control.scored = self.control(&control.control_id).is_none_or(|known| known.scored);
        }
        marked
            .controls
            .sort_by_key(|control| self.controls.iter().position(|known| known.control_id == control.control_id));
        marked.compute_scores();
        Summary { comparison: self.comparison, ..marked }
    }

    /// Whether a control has this status.
    pub(super) fn has(&self, status: Status) -> bool {
        self.controls.iter().any(|control| control.status == status)
    }

    fn control(&self, id: &str) -> Option<&ControlSummary> {
        self.controls.iter().find(|control| control.control_id == id)
    }

    fn compute_scores(&mut self) {
        self.score = score(self.controls.iter());
        let names: BTreeSet<&String> = self.controls.iter().flat_map(|control| &control.frameworks).collect();
        let of = |name: &String| score(self.controls.iter().filter(|control| control.frameworks.contains(name)));
        let frameworks = names.into_iter().map(|name| FrameworkSummary { name: name.clone(), score: of(name) });
        self.frameworks = frameworks.collect();
    }
}

/// Reads a number of results: one that sums can be made of.
fn count<'de, D: Deserializer<'de>>(number: D) -> Result<usize, D::Error> {
    u32::deserialize(number).map(|number| number as usize)
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// The status that prevails among a control's targets.
fn worse(a: Status, b: Status) -> Status {
    let rank = |status| Status::WORST_FIRST.iter().position(|known| *known == status);
    if rank(b) < rank(a) { b } else { a }
}

/// The weight of what passed out of the weight of all that applied.
fn score<'a>(controls: impl Iterator<Item = &'a ControlSummary>) -> Option<f64> {
    // Documents may hold any weights.
    let (mut passed, mut all) = (0_i128, 0_i128);
    for control in controls.filter(|control| control.scored && control.status != Status::NotApplicable) {
        all += i128::from(control.weight);
        if control.status == Status::Pass {
            passed += i128::from(control.weight);
        }
    }
    (all > 0).then(|| (10_000.0 * passed as f64 / all as f64).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(id: &str, status: Status, weight: i64, scored: bool) -> ControlSummary {
        ControlSummary { control_id: id.to_owned(), status, weight, scored, frameworks: Vec::new() }
    }

    #[test]
    fn scores() {
        use Status::{Fail, NotApplicable, Pass, Unknown};
        let cases: &[(&[(Status, i64, bool)], Option<f64>)] = &[
            (&[], None),
            (&[(NotApplicable, 8, true)], None),
            (&[(Pass, 8, false)], None),
            (&[(Pass, 8, true), (Fail, 5, true)], Some(61.54)),
            (&[(Pass, 8, true), (Unknown, 8, true)], Some(50.0)),
            (&[(Pass, 8, true), (Fail, 5, false), (NotApplicable, 5, true)], Some(100.0)),
            (&[(Pass, i64::MAX, true), (Fail, i64::MAX, true)], Some(50.0)),
        ];
        for (controls, expected) in cases {
            let controls: Vec<_> =
                controls.iter().map(|(status, weight, scored)| control("X", *status, *weight, *scored)).collect();
            assert_eq!(score(controls.iter()), *expected, "{controls:?}");
        }
    }

    #[test]
    fn the_worst_target_prevails() {
        use Status::{Fail, NotApplicable, Pass, Unknown};
        let order = [Fail, Unknown, Pass, NotApplicable];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(worse(*a, *b), order[i.min(j)]);
            }
        }
    }
}
