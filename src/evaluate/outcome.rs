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
    use super::super::Counts;
    use super::*;
    use crate::problem::Code;

    #[test]
    fn outcomes_by_the_table() {
        let cases: &[(usize, usize, usize, &[Code], Outcome)] = &[
            (1, 0, 0, &[], Outcome::NothingFailed),
            (0, 0, 0, &[], Outcome::NothingFailed),
            (5, 1, 1, &[], Outcome::Failed),
            (5, 0, 1, &[], Outcome::Undetermined),
            (5, 0, 0, &[Code::InvalidControl], Outcome::Undetermined),
            (5, 0, 0, &[Code::UnknownObject], Outcome::Undetermined),
            (5, 1, 0, &[Code::InvalidControl], Outcome::Failed),
            (5, 1, 0, &[Code::InvalidControl, Code::UnreadableInput], Outcome::NotDone),
            (0, 0, 0, &[Code::UnknownObject], Outcome::NotDone),
        ];
        for (pass, fail, unknown, codes, expected) in cases {
            let counts = Counts { pass: *pass, fail: *fail, unknown: *unknown, not_applicable: 0 };
            let summary = Summary { counts, ..Summary::default() };
            let problems: Vec<_> = codes.iter().map(|code| Problem::new(*code, "x")).collect();
            assert_eq!(Outcome::of(&summary, problems.iter()), *expected, "{pass} {fail} {unknown} {codes:?}");
        }
    }
}
