//! What was seen of a domain, before anybody judges it.

use std::net::IpAddr;
use std::time::Duration;

use crate::probe::dns::{Answer, MailExchanger};
use crate::probe::https::Exchange;

/// Everything that was asked about one domain, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// In lower case, as A-labels, without a trailing dot.
    pub domain: String,
    /// TXT at `_mta-sts.<domain>`: of each record its strings.
    pub txt: Answer<Vec<Vec<u8>>>,
    pub mx: Answer<MailExchanger>,
    /// A and AAAA of the domain itself; asked only where it has no MX.
    pub own_addresses: Option<Answer<IpAddr>>,
    /// A and AAAA of `mta-sts.<domain>`.
    pub host: Answer<IpAddr>,
    pub fetch: Fetch,
    pub times: Times,
}

/// The policy's fetch.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetch {
    /// It was not tried: no record asks for it, the host has no address, or only such as must not be connected to.
    NotTried,
    Tried(Box<Exchange>),
}

/// How long the questions took, the fetch apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// From the first question to the last answer before the fetch.
    pub dns: Option<Duration>,
}
