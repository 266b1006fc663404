//! Probes: native checks that ask the network. What they ask is here ([`dns`], [`https`]); what the answers come to is
//! judged apart from it, without any I/O ([`mta_sts`]).

pub mod address;
pub mod dns;
mod engine;
pub mod https;
pub mod mta_sts;
mod network;
mod progress;

pub use engine::{Asker, Engine, Job, Outcome, Received, Stop};
pub use network::{Network, Proxy, Roots};
pub use progress::{Position, Stage, Stages};
