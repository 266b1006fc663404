//! A run: every control for every target of its kind, in the order of control ids, then of targets.

use super::result::ControlResult;
use super::summary::Summary;
use super::verdict::judge;
use crate::control::{Catalog, Control};
use crate::problem::Problem;
use crate::target::{Target, Targets};

/// Controls and targets that belong together. Controls whose targets the input lacks are not run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    catalog: &'a Catalog,
    targets: &'a Targets,
}

impl<'a> Run<'a> {
    /// Puts controls and targets together; nothing is evaluated yet.
    pub fn new(catalog: &'a Catalog, targets: &'a Targets) -> Self {
        Run { catalog, targets }
    }

    /// The results, each made when it is asked for.
    pub fn results(&self) -> impl Iterator<Item = ControlResult> + use<'a> {
        let (run, mut tally) = (*self, Tally::default());
        std::iter::from_fn(move || tally.next(run))
    }

    /// How many results there will be.
    pub fn total(&self) -> usize {
        self.catalog.controls().iter().map(|control| self.count(control)).sum()
    }

    /// What could not be used, of the controls and of the inputs.
    pub fn problems(&self) -> impl Iterator<Item = &'a Problem> + use<'a> {
        self.catalog.problems().iter().chain(self.targets.problems())
    }

    fn count(&self, control: &Control) -> usize {
        control.target().map_or(1, |kind| self.targets.of(kind).count())
    }
}

/// How far a run has come and what its results come to, for a caller that cannot hold on to the run itself.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    control: usize,
    target: usize,
    summary: Summary,
}

impl Tally {
    /// The next result, or None at the end.
    pub fn next(&mut self, run: Run) -> Option<ControlResult> {
        let (control, result) = self.advance(run)?;
        self.summary.add(&result, control.verify);
        Some(result)
    }

    /// What the results that were taken come to.
    pub fn summary(&self, run: Run) -> Summary {
        self.summary.clone().finish(run.catalog.controls())
    }

    fn advance<'a>(&mut self, run: Run<'a>) -> Option<(&'a Control, ControlResult)> {
        loop {
            let control = run.catalog.controls().get(self.control)?;
            let Some(kind) = control.target() else {
                self.next_control();
                let result = ControlResult::without_check(control, &judge(control, &Default::default()));
                return Some((control, result));
            };
            let all: &[Target] = run.targets.all();
            while let Some(target) = all.get(self.target) {
                self.target += 1;
                if target.kind == kind {
                    return Some((control, ControlResult::of(control, target, &judge(control, &target.facts))));
                }
            }
            self.next_control();
        }
    }

    fn next_control(&mut self) {
        self.control += 1;
        self.target = 0;
    }
}
