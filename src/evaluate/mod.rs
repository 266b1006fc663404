//! Evaluation: a control and a target yield a [`Verdict`]; a [`Run`] yields a [`ControlResult`] for each control and
//! target, and a [`Summary`] of them all. Pure, but for a [`Scan`] whose controls name a probe.

pub mod condition;
mod outcome;
mod powershell;
mod reason;
mod remediation;
mod result;
mod run;
mod scan;
mod summary;
mod truth;
mod verdict;

pub use outcome::Outcome;
pub use powershell::{is_invisible, quoted};
pub use remediation::Remediation;
pub use result::{Change, ControlResult, Evidence, Exception, Issue, IssueSeverity, ResultTarget};
pub use run::Run;
pub use scan::{Order, Progress, Scan, Step};
pub use summary::{Comparison, ControlSummary, Counts, FrameworkSummary, Removed, Summary};
pub use truth::Truth;
pub use verdict::{Stage, Status, Verdict, judge};
