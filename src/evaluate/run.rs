//! A run: which controls and targets belong together.

use super::result::ControlResult;
use super::scan::{Order, Scan, Step};
use crate::control::{Catalog, Control};
use crate::probe::Network;
use crate::problem::Problem;
use crate::target::Targets;

/// Every control for every target of its kind, in the order of control ids, then of targets. Controls whose targets the
/// input lacks are not run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) targets: &'a Targets,
}

impl<'a> Run<'a> {
    /// Puts controls and targets together; nothing is evaluated yet.
    pub fn new(catalog: &'a Catalog, targets: &'a Targets) -> Self {
        Run { catalog, targets }
    }

    /// The results, each made when it is asked for. The network is not: a [`Scan`] does that.
    pub fn results(&self) -> impl Iterator<Item = ControlResult> + use<'a> {
        let run = *self;
        let mut scan = Scan::offline(run);
        std::iter::from_fn(move || match scan.next(run, std::time::Duration::ZERO) {
            Step::Result(result) => Some(*result),
            Step::Pending | Step::Over => None,
        })
    }

    /// Starts to work the run off, with the network where a control asks for it. `Err` says which of the network's
    /// settings cannot be used.
    pub fn scan(&self, network: &Network, order: Order) -> Result<Scan, String> {
        Scan::start(*self, network, order)
    }

    /// What could not be used, of the controls and of the inputs.
    pub fn problems(&self) -> impl Iterator<Item = &'a Problem> + use<'a> {
        self.catalog.problems().iter().chain(self.targets.problems())
    }

    /// The control of a number.
    pub(super) fn control(&self, number: usize) -> Option<&'a Control> {
        self.catalog.controls().get(number)
    }
}
