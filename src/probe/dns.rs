//! DNS questions and what comes of them.
//!
//! Every name is asked as it is, without a search list. The servers are asked one after another, and one that answers
//! SERVFAIL or REFUSED, or not at all, is not the last word while another is left; then each is asked once more.
//! Truncated answers are fetched over TCP, aliases are followed. What a server answered is kept for the run.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::Network;

/// What a question yields: records, or why there are none.
pub type Answer<T> = Result<Vec<T>, NoAnswer>;

/// Why a question has no records for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// NXDOMAIN: the name does not exist.
    NoSuchName,
    /// NODATA: the name exists, without a record of this type.
    NoData,
    /// The name is an alias (CNAME) of a name without such a record.
    DanglingAlias(String),
    /// It could not be had (SERVFAIL, REFUSED, no answer in time, no server reachable), in words: what each server said.
    Failed(String),
}

/// The host of an MX record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailExchanger {
    pub preference: u16,
    /// In lower case, as A-labels, without a trailing dot. Empty: the root, as a null MX (RFC 7505) has it.
    pub host: String,
}

/// The servers of a run, and what they answered so far.
pub struct Dns {
    /// Why there is nobody to ask, where there is not.
    servers: Result<Vec<Server>, String>,
    /// The server to begin with: the first one, until it keeps silent and another one answers.
    first: AtomicUsize,
    timeout: Duration,
}

struct Server {
    address: SocketAddr,
    resolver: TokioResolver,
}

/// What a server said that did not answer.
const SILENT: &str = "no answer in time";
/// How often each server is asked before a question is given up.
const ROUNDS: usize = 2;
/// Between the rounds: a server that is overloaded is not helped by being asked at once.
const PAUSE: Duration = Duration::from_millis(50);
/// More servers of the system than this are not asked, so that each has its share of the time.
const MAX_SYSTEM_SERVERS: usize = 4;
/// Answers that are kept. A domain takes four.
const CACHED_ANSWERS: u64 = 16_384;

/// Reads a server's address, with or without a port; an IPv6 address with a port stands in brackets.
pub fn parse_server(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53)).or_else(|_| text.parse());
    address.ok().filter(|address| address.port() != 0).ok_or_else(|| {
        format!("the DNS server `{text}` is not an address: expected 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53")
    })
}

impl Dns {
    /// Makes ready to ask. Nothing is asked yet.
    pub fn new(network: &Network) -> Self {
        let addresses = match network.dns_servers.as_slice() {
            [] => system_servers(),
            given => Ok(given.to_vec()),
        };
        let timeout = network.dns_timeout();
        let servers = addresses.and_then(|addresses| {
            let share = timeout / (ROUNDS * addresses.len().max(1)) as u32;
            addresses.into_iter().map(|address| Server::new(address, share)).collect()
        });
        Dns { servers, first: AtomicUsize::new(0), timeout }
    }

    /// The TXT records of a name: of each its strings.
    pub async fn txt(&self, name: &str) -> Answer<Vec<Vec<u8>>> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(txt) => Some(txt.txt_data.iter().map(|string| string.to_vec()).collect()),
            _ => None,
        })
        .await
    }

    /// The MX records of a domain, by preference.
    pub async fn mx(&self, name: &str) -> Answer<MailExchanger> {
        let answer = self.ask(name, RecordType::MX, |data| match data {
            RData::MX(mx) => Some(MailExchanger { preference: mx.preference, host: host_name(&mx.exchange) }),
            _ => None,
        });
        let mut hosts = answer.await?;
        hosts.sort_by(|a, b| (a.preference, &a.host).cmp(&(b.preference, &b.host)));
        Ok(hosts)
    }

    /// The addresses of a host, of both families; both are asked for at once.
    pub async fn addresses(&self, name: &str) -> Answer<IpAddr> {
        let ipv6 = self.ask(name, RecordType::AAAA, |data| match data {
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        let ipv4 = self.ask(name, RecordType::A, |data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            _ => None,
        });
        match tokio::join!(ipv6, ipv4) {
            (Ok(mut addresses), Ok(more)) => {
                addresses.extend(more);
                Ok(addresses)
            }
            (Ok(addresses), Err(_)) | (Err(_), Ok(addresses)) => Ok(addresses),
            // While one family is not known, it cannot be told that there is no address.
            (Err(failed @ NoAnswer::Failed(_)), Err(_)) | (Err(_), Err(failed)) => Err(failed),
        }
    }

    async fn ask<T>(&self, name: &str, record_type: RecordType, take: impl Fn(&RData) -> Option<T>) -> Answer<T> {
        let servers = self.servers.as_ref().map_err(|why| NoAnswer::Failed(why.clone()))?;
        // The dot at the end makes it absolute: no search list is applied.
        let question = Name::from_ascii(format!("{name}."))
            .map_err(|error| NoAnswer::Failed(format!("{name} cannot be asked for: {error}")))?;
        let mut said: Vec<&'static str> = vec![SILENT; servers.len()];
        let asking = self.ask_servers(servers, &question, record_type, &mut said);
        match tokio::time::timeout(self.timeout, asking).await {
            Ok(Some(answer)) => {
                let records: Vec<T> = answer?.iter().filter_map(|record| take(&record.data)).collect();
                if records.is_empty() { Err(NoAnswer::NoData) } else { Ok(records) }
            }
            Ok(None) | Err(_) => {
                let said: Vec<String> =
                    servers.iter().zip(said).map(|(server, said)| format!("{}: {said}", server.address)).collect();
                Err(NoAnswer::Failed(format!("{record_type} of {name}: {}", said.join("; "))))
            }
        }
    }

    /// Asks until one server has an answer. None: none has; `said` then tells what each said.
    async fn ask_servers(
        &self,
        servers: &[Server],
        question: &Name,
        record_type: RecordType,
        said: &mut [&'static str],
    ) -> Option<Answer<Record>> {
        for round in 0..ROUNDS {
            if round > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let first = self.first.load(Ordering::Relaxed);
            for index in (0..servers.len()).map(|offset| (first + offset) % servers.len()) {
                match servers[index].ask(question, record_type).await {
                    Ok(answer) => {
                        // Whoever was silent is asked last from now on; other trouble passes by faster than a switch.
                        if index != first && said[first] == SILENT {
                            let _ = self.first.compare_exchange(first, index, Ordering::Relaxed, Ordering::Relaxed);
                        }
                        return Some(answer);
                    }
                    Err(trouble) => said[index] = trouble,
                }
            }
        }
        None
    }
}

impl Server {
    fn new(address: SocketAddr, timeout: Duration) -> Result<Self, String> {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        connections.iter_mut().for_each(|connection| connection.port = address.port());
        let config = NameServerConfig::new(address.ip(), true, connections);
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options(timeout);
        let resolver = builder.build().map_err(|error| format!("the DNS server {address} cannot be asked: {error}"))?;
        Ok(Server { address, resolver })
    }

    /// Asks once. `Err`: the server has no answer, in words.
    async fn ask(&self, question: &Name, record_type: RecordType) -> Result<Answer<Record>, &'static str> {
        let error = match self.resolver.lookup(question.clone(), record_type).await {
            Ok(lookup) => {
                let records = lookup.answers().iter().filter(|record| record.record_type() == record_type);
                return Ok(Ok(records.cloned().collect()));
            }
            Err(error) => error,
        };
        match error {
            NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
                _ if none.query.name() != question => Ok(Err(NoAnswer::DanglingAlias(host_name(none.query.name())))),
                ResponseCode::NXDomain => Ok(Err(NoAnswer::NoSuchName)),
                ResponseCode::NoError => Ok(Err(NoAnswer::NoData)),
                code => Err(code_name(code)),
            },
            NetError::Dns(DnsError::ResponseCode(code)) => Err(code_name(code)),
            NetError::Timeout => Err(SILENT),
            NetError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Err(SILENT),
            NetError::Io(_) | NetError::NoConnections => Err("cannot be reached"),
            NetError::Truncated => Err("the answer is truncated, also over TCP"),
            NetError::Busy => Err("too many questions at once"),
            _ => Err("the answer is not valid DNS"),
        }
    }
}

fn options(timeout: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.ndots = 0;
    options.timeout = timeout;
    // Asking again is decided above, over all servers.
    options.attempts = 0;
    options.cache_size = CACHED_ANSWERS;
    options.use_hosts_file = ResolveHosts::Never;
    options.num_concurrent_reqs = 1;
    options.max_active_requests = 65_536;
    options.preserve_intermediates = false;
    options.os_port_selection = true;
    options
}

/// The name of a response code, as RFC 1035 and the tools have it.
fn code_name(code: ResponseCode) -> &'static str {
    match code {
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::NotAuth => "NOTAUTH",
        _ => "an unexpected response code",
    }
}

/// A name as this crate compares names: lower case, no trailing dot.
fn host_name(name: &Name) -> String {
    let name = name.to_lowercase().to_ascii();
    name.strip_suffix('.').map(str::to_owned).unwrap_or(name)
}

/// The servers that the system is set to ask.
fn system_servers() -> Result<Vec<SocketAddr>, String> {
    const ADVICE: &str = "name the servers to ask with --dns-server (-DnsServer)";
    let (config, _) = hickory_resolver::system_conf::read_system_conf()
        .map_err(|error| format!("the system's DNS servers cannot be read ({error}); {ADVICE}"))?;
    let mut servers: Vec<SocketAddr> = Vec::new();
    for server in config.name_servers() {
        let port = server.connections.first().map_or(53, |connection| connection.port);
        let address = SocketAddr::new(server.ip, port);
        if !servers.contains(&address) && servers.len() < MAX_SYSTEM_SERVERS {
            servers.push(address);
        }
    }
    if servers.is_empty() { Err(format!("the system has no DNS servers; {ADVICE}")) } else { Ok(servers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let cases = [
            ("192.0.2.53", Some("192.0.2.53:53")),
            (" 192.0.2.53:5353 ", Some("192.0.2.53:5353")),
            ("2001:db8::53", Some("[2001:db8::53]:53")),
            ("[2001:db8::53]", Some("[2001:db8::53]:53")),
            ("[2001:db8::53]:5353", Some("[2001:db8::53]:5353")),
            ("dns.contoso.com", None),
            ("192.0.2.53:0", None),
            ("192.0.2.53:65536", None),
            ("https://192.0.2.53", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_server(text).ok().map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }
}
