//! MTA-STS (RFC 8461): whether a domain publishes a valid policy.
//!
//! Nothing here asks the network. [`classify`] says what is to be asked of an accepted domain; who asks hands back an
//! [`Observation`], of which [`judge`] makes the verdict.

#[cfg(test)]
mod conformance;
mod demands;
mod domain;
mod evidence;
mod excerpt;
mod finding;
mod findings;
mod judge;
mod lines;
mod mail;
mod media_type;
mod mx;
mod observation;
pub mod policy;
mod publish;
pub mod record;
mod served;
mod settings;

pub use domain::{POLICY_PATH, Subject, classify, policy_host, policy_url, record_name};
pub use finding::{Code, Finding, Place, Severity};
pub use judge::{Judgement, judge};
pub use mx::MxPattern;
pub use observation::{Fetch, Observation, Times};
pub use settings::{Mode, Settings};
