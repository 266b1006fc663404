//! A run: every control for every target of its kind, in the order of control ids, then of targets.

use super::result::ControlResult;
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
        Results::default().iter(*self)
    }

    /// How many results there will be.
    pub fn total(&self) -> usize {
        self.catalog.controls().iter().map(|control| self.count(control)).sum()
    }

    /// The controls of the run, whether their targets are there or not.
    pub fn controls(&self) -> &'a [Control] {
        self.catalog.controls()
    }

    /// What could not be used, of the controls and of the inputs.
    pub fn problems(&self) -> impl Iterator<Item = &'a Problem> + use<'a> {
        self.catalog.problems().iter().chain(self.targets.problems())
    }

    fn count(&self, control: &Control) -> usize {
        control.target().map_or(1, |kind| self.targets.of(kind).count())
    }
}

/// How far a run has come, for a caller that cannot hold on to the run itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Results {
    control: usize,
    target: usize,
}

impl Results {
    /// The next result, or None at the end.
    pub fn next(&mut self, run: Run) -> Option<ControlResult> {
        loop {
            let control = run.catalog.controls().get(self.control)?;
            let Some(kind) = control.target() else {
                self.next_control();
                return Some(ControlResult::without_check(control, &judge(control, &Default::default())));
            };
            let all: &[Target] = run.targets.all();
            while let Some(target) = all.get(self.target) {
                self.target += 1;
                if target.kind == kind {
                    return Some(ControlResult::of(control, target, &judge(control, &target.facts)));
                }
            }
            self.next_control();
        }
    }

    fn next_control(&mut self) {
        *self = Results { control: self.control + 1, target: 0 };
    }

    fn iter(mut self, run: Run) -> impl Iterator<Item = ControlResult> {
        std::iter::from_fn(move || self.next(run))
    }
}
