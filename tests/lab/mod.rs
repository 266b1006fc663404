//! The lab: DNS, policy hosts and a proxy on loopback that speak the real protocols and fail as a table says.
//!
//! ```ignore
//! let mut table = Table::new();
//! table.domain("good.contoso.com");
//! table.domain("old.contoso.com").certificate(Certificate::Expired);
//! let lab = table.start();
//! let network = lab.network(); // what a run needs to ask the lab and nobody else
//! ```
//!
//! A domain is wholly valid but for what its line changes. Everything ends when the lab is dropped.

// A test takes the words that it needs.
#![allow(dead_code, unused_imports)]

mod address;
mod certificate;
mod dns;
mod domain;
mod flight;
mod http;
mod proxy;
mod seen;
mod tls;
mod zone;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use exchange_control::probe::{Network, Proxy, Roots};
use tokio::runtime::{Builder, Runtime};

pub use address::Address;
pub use certificate::Certificate;
pub use dns::Transport;
pub use domain::Domain;
pub use http::{Answer, Framing, Pace};
pub use proxy::Tunnel;
pub use seen::{Question, Request};
pub use tls::{Handshake, Version};
pub use zone::{Ask, Fault};

use address::Addresses;
use certificate::Authority;
use seen::Seen;
use tls::Host;
use zone::Zone;

/// How long the lab waits before it sends, in every direction that it can: what a distant network would do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latency {
    /// Before each DNS answer.
    pub dns: Duration,
    /// Before a policy host takes a connection, and before each flight of TLS and HTTP that it sends.
    pub flight: Duration,
}

/// The table that a lab is made from.
pub struct Table {
    domains: Vec<Domain>,
    /// Of each DNS server the fault that meets every question, if there is one.
    servers: Vec<Option<Fault>>,
    addresses: u16,
    latency: Latency,
    threads: usize,
}

impl Table {
    /// No domains, two right DNS servers, one address for all policy hosts, no latency, two threads.
    pub fn new() -> Self {
        Table { domains: Vec::new(), servers: vec![None, None], addresses: 1, latency: Latency::default(), threads: 2 }
    }

    /// Adds a domain that is wholly valid.
    pub fn domain(&mut self, name: &str) -> &mut Domain {
        self.domains.push(Domain::new(name));
        let last = self.domains.len() - 1;
        &mut self.domains[last]
    }

    /// The DNS servers, in the order in which they are to be asked, each with the fault that meets every question.
    pub fn dns_servers(&mut self, servers: impl Into<Vec<Option<Fault>>>) -> &mut Self {
        self.servers = servers.into();
        self
    }

    /// How many addresses the policy hosts are spread over, in turn.
    pub fn addresses(&mut self, count: u16) -> &mut Self {
        self.addresses = count;
        self
    }

    pub fn latency(&mut self, latency: Latency) -> &mut Self {
        self.latency = latency;
        self
    }

    /// How many threads the lab's servers share.
    pub fn threads(&mut self, count: usize) -> &mut Self {
        self.threads = count;
        self
    }

    /// Starts every server; the ports are chosen by the system.
    pub fn start(&self) -> Lab {
        let runtime =
            Builder::new_multi_thread().worker_threads(self.threads).thread_name("lab").enable_all().build().unwrap();
        let authority = Authority::new();
        let seen = Arc::new(Seen::default());
        let _entered = runtime.enter();
        let addresses = Addresses::bind(self.addresses);
        let zone = Zone::new(&self.domains, self.servers.clone(), self.latency.dns, |turn, address| {
            addresses.ip(turn, address)
        });
        let hosts = self.domains.iter().enumerate().map(|(turn, domain)| {
            let address = addresses.ip(turn, domain.first_address());
            (domain.host(), Host::new(domain, address, &authority))
        });
        let hosts = Arc::new(hosts.collect());
        let dns_servers = dns::serve(Arc::new(zone), self.servers.len(), &seen);
        let proxy = proxy::serve(Arc::clone(&hosts), addresses.port, &seen);
        let https_port = addresses.port;
        let silence = addresses.serve(self.latency.flight, &hosts, &seen);
        Lab { roots: authority.roots(), dns_servers, https_port, proxy, seen, _silence: silence, _runtime: runtime }
    }
}

/// A running lab.
pub struct Lab {
    roots: tempfile::NamedTempFile,
    dns_servers: Vec<SocketAddr>,
    https_port: u16,
    proxy: SocketAddr,
    seen: Arc<Seen>,
    _silence: address::Silence,
    _runtime: Runtime,
}

impl Lab {
    /// The settings with which a run asks this lab, and nobody else.
    pub fn network(&self) -> Network {
        Network {
            dns_servers: self.dns_servers.clone(),
            timeout: Duration::from_secs(5),
            roots: Roots::File(self.roots.path().to_owned()),
            allow_private_addresses: true,
            https_port: self.https_port,
            ..Network::default()
        }
    }

    /// The same, through the lab's proxy and with the port that policy hosts have on the Internet.
    pub fn network_through_proxy(&self) -> Network {
        let proxy = Proxy { host: self.proxy.ip().to_string(), port: self.proxy.port() };
        Network { proxy: Some(proxy), https_port: 443, ..self.network() }
    }

    /// Every DNS question so far.
    pub fn questions(&self) -> Vec<Question> {
        self.seen.questions()
    }

    /// The names that TLS clients asked for, one for each connection that came as far as that.
    pub fn hellos(&self, host: &str) -> usize {
        self.seen.hellos(host)
    }

    /// Every HTTP request to a host so far.
    pub fn requests(&self, host: &str) -> Vec<Request> {
        self.seen.requests(host)
    }

    /// What the proxy was asked to connect to.
    pub fn tunnels(&self) -> Vec<String> {
        self.seen.tunnels()
    }

    /// How many connections were accepted, and how many there were at once at the busiest address.
    pub fn connections(&self) -> (usize, usize) {
        self.seen.connections()
    }

    /// How many connections to policy hosts there were at once, at all addresses together.
    pub fn most_connections(&self) -> usize {
        self.seen.most_connections()
    }

    /// How many connections to policy hosts are open now.
    pub fn open_connections(&self) -> usize {
        self.seen.open_connections()
    }

    /// Forgets everything that was seen.
    pub fn forget(&self) {
        self.seen.forget();
    }
}
