//! The options that say how the network is asked.

use std::net::SocketAddr;

use exchange_control::probe::dns::parse_server;
use exchange_control::probe::{Network, Proxy, Roots};

/// Options of the controls that ask the network.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkArguments {
    /// Ask no network: the controls that need it are Unknown
    #[arg(long)]
    offline: bool,
    /// Ask this DNS server (repeatable, in this order) instead of the system's; port 53 if none is given
    #[arg(long = "dns-server", value_name = "ADDRESS[:PORT]", value_parser = parse_server)]
    dns_servers: Vec<SocketAddr>,
    /// How long a policy may take to come, once connected; DNS and connecting have 10 seconds at most
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
    /// How many domains are asked at once
    #[arg(long, value_name = "NUMBER", default_value_t = 128)]
    throttle: usize,
    /// Whose certificates are trusted: Mozilla's list, the system's store, or those in a PEM file
    #[arg(long, value_name = "mozilla|system|FILE", default_value = "mozilla", value_parser = Roots::parse)]
    roots: Roots,
    /// Fetch policies through this HTTP proxy (CONNECT)
    #[arg(long, value_name = "http://HOST:PORT", value_parser = Proxy::parse)]
    proxy: Option<Proxy>,
    /// Connect also to addresses that senders on the Internet do not see (tests, split DNS)
    #[arg(long)]
    allow_private_address: bool,
}

impl NetworkArguments {
    /// The settings, or what is wrong with them.
    pub fn settings(&self) -> Result<Network, String> {
        Ok(Network {
            offline: self.offline,
            dns_servers: self.dns_servers.clone(),
            timeout: Network::timeout_of(self.timeout)?,
            throttle: Network::throttle_of(self.throttle)?,
            roots: self.roots.clone(),
            proxy: self.proxy.clone(),
            allow_private_addresses: self.allow_private_address,
            ..Network::default()
        })
    }
}
