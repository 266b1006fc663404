//! MTA-STS (RFC 8461): whether a domain publishes a valid policy.
//!
//! [`classify`] says what is to be asked of an accepted domain, [`observe()`] asks and hands back an [`Observation`], of
//! which [`judge()`] makes the verdict. Only the asking has to do with the network.

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
mod observe;
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
pub use observe::observe;
pub use settings::{Mode, Settings};
