//! What is known of results beyond the run that made them: which risks were accepted ([`Exceptions`]), how they stand to
//! an earlier document ([`Baseline`]), and how the score went over time ([`trend()`]).
//!
//! A [`Review`] marks results one by one as they pass. It never changes a status, and the sums are put right at the end.
//! [`Reviewed`] is the source of results that it makes of another.

mod baseline;
mod day;
mod document;
mod exceptions;
mod reviewed;
mod trend;

pub use baseline::Baseline;
pub use day::Day;
pub use exceptions::{Exceptions, SCHEMA};
pub use reviewed::Reviewed;
pub use trend::{TrendPoint, trend};

use std::path::Path;

use crate::evaluate::{ControlResult, Summary};
use crate::problem::Problem;

/// The earlier document that results are compared with.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    pub document: &'a Path,
    /// Whether only those results are wanted that are new or whose evidence changed.
    pub only_new: bool,
}

/// Marks results, and puts their sums right.
#[derive(Debug, Default)]
pub struct Review {
    exceptions: Option<Exceptions>,
    baseline: Option<Baseline>,
    only_new: bool,
    /// The sums of the results that were marked.
    marked: Summary,
}

impl Review {
    /// Reads a file of accepted risks and an earlier document, either of which may be left out.
    ///
    /// What is wrong with the accepted risks is among the [problems](Self::problems), and what they were to cover counts.
    /// Without the earlier document nothing can be compared, so that this is an `Err`.
    pub fn read(exceptions: Option<&Path>, earlier: Option<Earlier>, today: Day) -> Result<Self, Box<Problem>> {
        Ok(Review {
            baseline: earlier.map(|earlier| Baseline::read(earlier.document)).transpose()?,
            only_new: earlier.is_some_and(|earlier| earlier.only_new),
            exceptions: exceptions.map(|file| Exceptions::read(file, today)),
            marked: Summary::default(),
        })
    }

    /// Whether there is nothing to review by.
    pub fn is_empty(&self) -> bool {
        self.exceptions.is_none() && self.baseline.is_none()
    }

    /// What could not be used of the accepted risks.
    pub fn problems(&self) -> &[Problem] {
        self.exceptions.as_ref().map(Exceptions::problems).unwrap_or_default()
    }

    /// Marks a result. None where it is not wanted: it is counted, and not to be shown.
    pub fn mark(&mut self, mut result: ControlResult) -> Option<ControlResult> {
        if let Some(exceptions) = &mut self.exceptions {
            exceptions.mark(&mut result);
            self.marked.add(&result, true);
        }
        if let Some(baseline) = &mut self.baseline {
            let change = baseline.mark(&mut result);
            return (!self.only_new || change.is_news()).then_some(result);
        }
        Some(result)
    }

    /// The sums and problems of all results that were marked, made of those of the source that they came from, which knows
    /// nothing of this review.
    pub fn conclude(&mut self, summary: Summary, problems: Vec<Problem>) -> (Summary, Vec<Problem>) {
        let mut all = problems;
        let mut summary = summary;
        if let Some(exceptions) = &self.exceptions {
            summary = summary.corrected(std::mem::take(&mut self.marked));
            all.extend(exceptions.problems().iter().cloned());
            all.extend(exceptions.warnings());
        }
        if let Some(baseline) = &mut self.baseline {
            summary.comparison = Some(baseline.conclude(self.only_new));
        }
        (summary, all)
    }

    /// As [`conclude`](Self::conclude), where the source was ended early: nothing is said of what was not seen.
    pub fn break_off(&mut self, summary: Summary, problems: Vec<Problem>) -> (Summary, Vec<Problem>) {
        let (mut summary, mut all) = self.conclude(summary, problems);
        all.retain(|problem| problem.code != crate::problem::Code::UnmatchedException);
        summary.comparison.iter_mut().for_each(|comparison| comparison.removed.clear());
        (summary, all)
    }
}
