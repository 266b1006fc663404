//! What a whole run comes to, in the one number that scheduled tasks and pipelines look at.

use super::summary::Summary;
use super::verdict::Status;
use crate::problem::Problem;

/// The outcome of a run. Its number is the command's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing failed, and nothing is open.
    NothingFailed = 0,
    /// A control failed.
    Failed = 1,
    /// Nothing failed, but something could not be determined: a result is Unknown, or a control or an object was refused.
    Undetermined = 2,
    /// The run itself could not be done: an input could not be read in full, or there was no valid control.
    NotDone = 3,
}

impl Outcome {
    /// The outcome of a run that was carried to its end. Accepted risks do not count, and with `only_new` nothing that an
    /// earlier document had.
    pub fn of<'a>(summary: &Summary, problems: impl Iterator<Item = &'a Problem>) -> Self {
        let (fail, unknown) = match &summary.comparison {
            Some(comparison) if comparison.only_new => (comparison.new_fail > 0, comparison.new_unknown > 0),
            _ => (summary.has(Status::Fail), summary.has(Status::Unknown)),
        };
        let mut problems = problems.filter(|problem| !problem.is_warning()).peekable();
        let any = problems.peek().is_some();
        if problems.any(Problem::is_unreadable_input) || (any && summary.counts.total() == 0) {
            Outcome::NotDone
        } else if fail {
            Outcome::Failed
        } else if any || unknown {
            Outcome::Undetermined
        } else {
            Outcome::NothingFailed
        }
    }

    /// The exit code.
    pub fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Comparison, ControlSummary};
    use super::*;
    use crate::problem::Code;

    fn summary(statuses: &[Status]) -> Summary {
        let mut summary = Summary::default();
        for status in statuses {
            match status {
                Status::Pass => summary.counts.pass += 1,
                Status::Fail => summary.counts.fail += 1,
                Status::Unknown => summary.counts.unknown += 1,
                Status::NotApplicable => summary.counts.not_applicable += 1,
            }
            let control_id = format!("X-{}", summary.controls.len());
            let frameworks = Vec::new();
            summary.controls.push(ControlSummary { control_id, status: *status, weight: 1, scored: true, frameworks });
        }
        summary
    }

    fn outcome(summary: &Summary, codes: &[Code]) -> Outcome {
        let problems: Vec<_> = codes.iter().map(|code| Problem::new(*code, "x")).collect();
        Outcome::of(summary, problems.iter())
    }

    #[test]
    fn outcomes_by_the_table() {
        use Status::{Fail, NotApplicable, Pass, Unknown};
        let cases: &[(&[Status], &[Code], Outcome)] = &[
            (&[Pass], &[], Outcome::NothingFailed),
            (&[], &[], Outcome::NothingFailed),
            (&[Pass, NotApplicable], &[], Outcome::NothingFailed),
            (&[Pass, Fail, Unknown], &[], Outcome::Failed),
            (&[Pass, Unknown], &[], Outcome::Undetermined),
            (&[Pass], &[Code::InvalidControl], Outcome::Undetermined),
            (&[Pass], &[Code::UnknownObject], Outcome::Undetermined),
            (&[Pass], &[Code::InvalidException], Outcome::Undetermined),
            (&[Pass], &[Code::UnreadableExceptions], Outcome::Undetermined),
            (&[Pass, Fail], &[Code::InvalidControl], Outcome::Failed),
            (&[Pass, Fail], &[Code::InvalidControl, Code::UnreadableInput], Outcome::NotDone),
            (&[], &[Code::UnknownObject], Outcome::NotDone),
            // What is only told changes nothing.
            (&[Pass], &[Code::UnmatchedException, Code::ExpiredException], Outcome::NothingFailed),
            (&[], &[Code::UnmatchedException], Outcome::NothingFailed),
            (&[Unknown], &[Code::SkippedDocument], Outcome::Undetermined),
        ];
        for (statuses, codes, expected) in cases {
            assert_eq!(outcome(&summary(statuses), codes), *expected, "{statuses:?} {codes:?}");
        }
    }

    #[test]
    fn only_what_is_new_decides_where_nothing_else_is_wanted() {
        // How many are new that fail and that are Unknown; the outcome of a run in which other controls fail.
        let cases = [
            (false, 0, 0, Outcome::Failed),
            (true, 0, 0, Outcome::NothingFailed),
            (true, 0, 2, Outcome::Undetermined),
            (true, 1, 2, Outcome::Failed),
        ];
        for (only_new, new_fail, new_unknown, expected) in cases {
            let comparison = Some(Comparison { only_new, new_fail, new_unknown, ..Comparison::default() });
            let summary = Summary { comparison, ..summary(&[Status::Fail, Status::Unknown]) };
            assert_eq!(outcome(&summary, &[]), expected, "{only_new} {new_fail} {new_unknown}");
        }
        let comparison = Some(Comparison { only_new: true, ..Comparison::default() });
        let summary = Summary { comparison, ..summary(&[Status::Fail]) };
        assert_eq!(outcome(&summary, &[Code::UnknownObject]), Outcome::Undetermined);
    }
}
