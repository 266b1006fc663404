//! Asks the network about one domain. Nothing is judged here, but what is not worth asking is not asked.

use std::net::IpAddr;
use std::time::Instant;

use super::domain::{POLICY_PATH, policy_host, record_name};
use super::observation::{Fetch, Observation, Times};
use super::record;
use crate::probe::address::is_public;
use crate::probe::dns::{Answer, Dns, NoAnswer};
use crate::probe::https::Https;
use crate::probe::{Network, Position, Stage};

/// Observes a domain: all DNS questions at once, then the policy.
pub async fn observe(domain: &str, dns: &Dns, https: &Https, network: &Network, position: &Position) -> Observation {
    let (record_name, policy_host) = (record_name(domain), policy_host(domain));
    let begun = Instant::now();
    position.enter(Stage::Dns);
    let (txt, mx, host) = tokio::join!(dns.txt(&record_name), dns.mx(domain), dns.addresses(&policy_host));
    let mut times = Times { dns: Some(begun.elapsed()) };

    let reachable = reachable(&host, network);
    let wanted = !reachable.is_empty() && record::is_attempt(&txt);
    let fetched = async {
        if !wanted {
            return Fetch::NotTried;
        }
        Fetch::Tried(Box::new(https.get(&policy_host, POLICY_PATH, &reachable, &|stage| position.enter(stage)).await))
    };
    // Mail for a domain without MX goes to the domain itself (RFC 5321 section 5.1).
    let own = async {
        match &mx {
            Err(NoAnswer::NoData | NoAnswer::DanglingAlias(_)) => {
                let begun = Instant::now();
                Some((dns.addresses(domain).await, begun.elapsed()))
            }
            _ => None,
        }
    };
    let (fetch, own) = tokio::join!(fetched, own);
    let own_addresses = own.map(|(answer, took)| {
        times.dns = times.dns.map(|before| before + took);
        answer
    });
    Observation { domain: domain.to_owned(), txt, mx, own_addresses, host, fetch, times }
}

/// The addresses that may be connected to.
fn reachable(host: &Answer<IpAddr>, network: &Network) -> Vec<IpAddr> {
    let addresses = host.as_deref().unwrap_or_default().iter().copied();
    addresses.filter(|address| network.allow_private_addresses || is_public(*address)).collect()
}
