//! Probes: native checks that ask the network. What they ask is here ([`dns`], [`https`]); what the answers come to is
//! judged apart from it, without any I/O ([`mta_sts`]).

pub mod address;
pub mod dns;
pub mod https;
pub mod mta_sts;
mod network;

pub use network::{Network, Proxy, Roots};
