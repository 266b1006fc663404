//! The result of one control for one target, as JSON documents, the C ABI and the PowerShell module have it.

use serde::{Deserialize, Serialize};

use super::condition::Decider;
use super::reason::reason;
use super::remediation::{self, Remediation};
use super::truth::Truth;
use super::verdict::{Stage, Status, Verdict};
use crate::control::{Control, Reference, Severity};
use crate::probe::mta_sts::Judgement;
use crate::target::{Facts, Target};

/// A verdict with all that a person or a pipeline needs to act on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlResult {
    pub control_id: String,
    pub title: String,
    pub category: String,
    pub severity: Severity,
    pub severity_weight: i64,
    pub frameworks: Vec<String>,
    pub target: ResultTarget,
    pub status: Status,
    pub reason: String,
    pub evidence: Vec<Evidence>,
    pub issues: Vec<Issue>,
    pub remediation: Remediation,
    pub considerations: String,
    pub references: Vec<Reference>,
    /// The accepted risk that covers it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<Exception>,
    /// How it stands to an earlier document, where it was compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// A risk that somebody accepted: the result stays what it is, and does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    pub justification: String,
    pub owner: String,
    /// The last day on which it holds (RFC 3339 full-date).
    pub expires: String,
}

/// How a result stands to the same control and target in an earlier document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It was not there; or it fails or is Unknown, and was not that before.
    New,
    /// It failed or was Unknown, and passes or no longer applies.
    Fixed,
    /// It fails or is Unknown as before.
    StillFailing,
    /// It is as good or as bad as before, but what decided it is something else.
    ChangedEvidence,
    Unchanged,
}

/// What the result is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultTarget {
    /// The kind of target; the control's subject where the control has no check.
    pub kind: String,
    /// What the cmdlets call it.
    pub identity: String,
}

/// One leaf that decided: the property, what was asked of it, what it was, and whether that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub field: String,
    pub operator: String,
    pub expected: serde_json::Value,
    pub actual: serde_json::Value,
    /// Pass: it holds. Fail: it does not. Unknown: it cannot be told.
    pub status: Status,
}

/// One finding of a check that can have several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub code: String,
    pub severity: IssueSeverity,
    pub message: String,
}

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueSeverity {
    Error,
    Warning,
    Info,
}

impl ControlResult {
    /// Puts a verdict into words.
    pub fn of(control: &Control, target: &Target, verdict: &Verdict) -> Self {
        let about = ResultTarget { kind: target.kind.name().to_owned(), identity: target.identity.clone() };
        Self::about(control, about, verdict, &target.facts, remediation::of(control, target, verdict.status))
    }

    /// Takes what a probe came to. Its fix is a text to publish, never a command.
    pub fn of_probe(control: &Control, target: &Target, judgement: Judgement) -> Self {
        let undecided = Verdict { status: judgement.status, stage: Stage::Require, deciders: Vec::new() };
        let fix = Remediation { script: judgement.script, ..remediation::described(control) };
        let about = ResultTarget { kind: target.kind.name().to_owned(), identity: target.identity.clone() };
        ControlResult {
            reason: judgement.reason,
            evidence: judgement.evidence,
            issues: judgement.issues,
            ..Self::about(control, about, &undecided, &target.facts, fix)
        }
    }

    /// The result of a control that has no check, and so no target.
    pub fn without_check(control: &Control, verdict: &Verdict) -> Self {
        let about = ResultTarget { kind: control.subject.name().to_owned(), identity: String::new() };
        Self::about(control, about, verdict, &Facts::default(), remediation::described(control))
    }

    fn about(control: &Control, target: ResultTarget, verdict: &Verdict, facts: &Facts, fix: Remediation) -> Self {
        ControlResult {
            control_id: control.id.clone(),
            title: control.title.clone(),
            category: control.category.clone(),
            severity: control.severity,
            severity_weight: control.severity_weight,
            frameworks: control.frameworks.clone(),
            target,
            status: verdict.status,
            reason: reason(verdict, facts),
            evidence: verdict.deciders.iter().map(Evidence::of).collect(),
            issues: Vec::new(),
            remediation: fix,
            considerations: control.considerations.clone(),
            references: control.references.clone(),
            exception: None,
            change: None,
        }
    }
}

impl Evidence {
    fn of(decider: &Decider) -> Self {
        let operator = decider.leaf.test.operator();
        Evidence {
            field: decider.leaf.field.clone(),
            operator: if decider.negated { format!("not {operator}") } else { operator.to_owned() },
            expected: decider.leaf.expected.clone(),
            actual: serde_json::to_value(decider.actual).unwrap_or_default(),
            status: match decider.truth {
                Truth::True => Status::Pass,
                Truth::False => Status::Fail,
                Truth::Unknown => Status::Unknown,
            },
        }
    }
}
