//! The verdict on one target: which status, decided by which leaves.

use serde::{Deserialize, Serialize};

use super::condition::{Decider, evaluate};
use super::truth::Truth;
use crate::control::{Control, Probe, Requirement};
use crate::target::Facts;

/// What a control says of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    Pass,
    Fail,
    /// It could not be determined; the reason says why.
    Unknown,
    /// The control does not look at this target.
    NotApplicable,
}

impl Status {
    /// Every status, worst first, which is the order people want to read them in.
    pub const WORST_FIRST: [Status; 4] = [Status::Fail, Status::Unknown, Status::Pass, Status::NotApplicable];

    /// The name, as results give it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pass => "Pass",
            Status::Fail => "Fail",
            Status::Unknown => "Unknown",
            Status::NotApplicable => "NotApplicable",
        }
    }
}

/// Which part of a control decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage<'a> {
    /// The control has no check.
    NoCheck,
    /// `when`: whether the control applies.
    When,
    /// `require`: whether what it asks holds.
    Require,
    /// A native check, which is still to be asked.
    Probe(&'a Probe),
}

/// A status and what decided it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict<'a> {
    pub status: Status,
    pub stage: Stage<'a>,
    pub deciders: Vec<Decider<'a>>,
}

/// Judges one target by one control. The control must be for targets of this kind.
pub fn judge<'a>(control: &'a Control, facts: &'a Facts) -> Verdict<'a> {
    let mut deciders = Vec::new();
    let Some(check) = &control.check else {
        return Verdict { status: Status::Unknown, stage: Stage::NoCheck, deciders };
    };
    if let Some(when) = &check.when {
        let status = match evaluate(when, facts, &mut deciders) {
            Truth::True => None,
            Truth::False => Some(Status::NotApplicable),
            Truth::Unknown => Some(Status::Unknown),
        };
        if let Some(status) = status {
            return Verdict { status, stage: Stage::When, deciders };
        }
        deciders.clear();
    }
    match &check.requirement {
        Requirement::Condition(condition) => {
            let status = match evaluate(condition, facts, &mut deciders) {
                Truth::True => Status::Pass,
                Truth::False => Status::Fail,
                Truth::Unknown => Status::Unknown,
            };
            Verdict { status, stage: Stage::Require, deciders }
        }
        Requirement::Probe(probe) => Verdict { status: Status::Unknown, stage: Stage::Probe(probe), deciders },
    }
}
