//! MTA-STS (RFC 8461): whether a domain publishes a valid policy.

mod finding;
mod observation;
mod settings;

pub use finding::{Code, Finding, Place, Severity};
pub use observation::{Fetch, Observation, Times};
pub use settings::{Mode, Settings};
