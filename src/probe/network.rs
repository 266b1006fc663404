//! How the network is asked: by which servers, through which proxy, how many at once, how long.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of a run's probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Ask nothing: what needs the network is Unknown.
    pub offline: bool,
    /// The DNS servers, asked in this order; the system's where empty.
    pub dns_servers: Vec<SocketAddr>,
    /// How long an HTTPS answer may take once connected: handshake, headers and body. DNS and connecting have their own
    /// deadlines, which are never longer ([`Network::dns_timeout`], [`Network::connect_timeout`]).
    pub timeout: Duration,
    /// How many domains are asked at once.
    pub throttle: usize,
    pub roots: Roots,
    pub proxy: Option<Proxy>,
    /// Connect also to addresses that the Internet does not see.
    pub allow_private_addresses: bool,
    /// The port of policy hosts: 443, but for tests on loopback.
    pub https_port: u16,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Roots {
    /// Mozilla's list, as the library was built with it.
    #[default]
    Mozilla,
    /// The system's store.
    System,
    /// The certificates in a PEM file, and no others.
    File(PathBuf),
}

/// An HTTP proxy that is asked to CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
}

impl Default for Network {
    fn default() -> Self {
        Network {
            offline: false,
            dns_servers: Vec::new(),
            // RFC 8461 section 3.3 suggests a minute.
            timeout: Duration::from_secs(60),
            throttle: 128,
            roots: Roots::default(),
            proxy: None,
            allow_private_addresses: false,
            https_port: 443,
        }
    }
}

impl Network {
    /// How long the DNS questions of one stage may take, all servers together.
    pub fn dns_timeout(&self) -> Duration {
        self.timeout.min(Duration::from_secs(10))
    }

    /// How long connecting may take, all addresses together.
    pub fn connect_timeout(&self) -> Duration {
        self.timeout.min(Duration::from_secs(10))
    }
}
