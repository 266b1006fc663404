//! What the DNS servers know, and what they answer: no sockets here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::op::{Message, Metadata, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::BinEncodable;

use super::address::Address;
use super::dns::Transport;
use super::domain::Domain;

/// The questions that the probe asks about a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// TXT at `_mta-sts.<domain>`.
    Record,
    /// MX of the domain.
    Mx,
    /// A and AAAA of the domain.
    Own,
    /// A and AAAA of the policy host.
    Host,
    /// A of the policy host.
    HostV4,
    /// AAAA of the policy host.
    HostV6,
}

impl Ask {
    fn name(self, domain: &str) -> String {
        match self {
            Ask::Record => format!("_mta-sts.{domain}"),
            Ask::Mx | Ask::Own => domain.to_owned(),
            Ask::Host | Ask::HostV4 | Ask::HostV6 => format!("mta-sts.{domain}"),
        }
    }

    fn types(self) -> &'static [RecordType] {
        match self {
            Ask::Record => &[RecordType::TXT],
            Ask::Mx => &[RecordType::MX],
            Ask::Own | Ask::Host => &[RecordType::A, RecordType::AAAA],
            Ask::HostV4 => &[RecordType::A],
            Ask::HostV6 => &[RecordType::AAAA],
        }
    }
}

/// What a server does with a question, other than to answer it at once and rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// NXDOMAIN.
    NoSuchName,
    /// NODATA: no error and no records.
    NoData,
    ServFail,
    /// SERVFAIL to so many questions, over all servers; then right.
    ServFailFirst(usize),
    Refused,
    Silence,
    /// TC over UDP; whole over TCP.
    Truncated,
    /// TC over UDP; silence over TCP.
    TruncatedForEver,
    /// A CNAME chain of so many links, followed in the answer as a recursive server does.
    Alias(usize),
    /// A CNAME to a name that does not exist.
    DanglingAlias,
    /// A CNAME to a name that is there, without a record of this type.
    EmptyAlias,
    /// Two CNAMEs that name each other.
    LoopingAlias,
    /// Bytes that are no DNS message.
    Garbage,
    /// A wrong answer with another id, then the right one.
    WrongIdFirst,
    /// The right answer, later.
    Late(Duration),
}

/// What to send back: nothing, or so many messages, after a delay.
pub struct Reply {
    pub delay: Duration,
    pub messages: Vec<Vec<u8>>,
}

/// Everything that the servers know.
pub struct Zone {
    nodes: HashMap<String, Node>,
    servers: Vec<Option<Fault>>,
    latency: Duration,
}

#[derive(Default)]
struct Node {
    data: Vec<RData>,
    alias: Option<String>,
    faults: Vec<Faulty>,
}

struct Faulty {
    types: &'static [RecordType],
    server: Option<usize>,
    fault: Fault,
    met: AtomicUsize,
}

impl Zone {
    /// The zone of some domains. `address` tells the address that a policy host has, by the domain's place in the table.
    pub fn new(
        domains: &[Domain],
        servers: Vec<Option<Fault>>,
        latency: Duration,
        address: impl Fn(usize, Address) -> IpAddr,
    ) -> Self {
        let mut zone = Zone { nodes: HashMap::new(), servers, latency };
        for (turn, domain) in domains.iter().enumerate() {
            zone.add_records(domain, |chosen| address(turn, chosen));
            zone.add_faults(domain);
        }
        zone
    }

    fn add_records(&mut self, domain: &Domain, address: impl Fn(Address) -> IpAddr) {
        let txt =
            domain.txt.iter().map(|strings| RData::TXT(TXT::from_bytes(strings.iter().map(Vec::as_slice).collect())));
        let mx = domain
            .mx
            .iter()
            .zip((10..).step_by(10))
            .map(|(host, preference)| RData::MX(MX::new(preference, name(host))));
        let own = domain.own_addresses.iter().copied().map(address_data);
        let host = domain.host_addresses.iter().map(|chosen| address_data(address(*chosen)));
        self.node(&Ask::Record.name(&domain.name)).data.extend(txt);
        self.node(&Ask::Mx.name(&domain.name)).data.extend(mx.chain(own));
        self.node(&Ask::Host.name(&domain.name)).data.extend(host);
    }

    fn add_faults(&mut self, domain: &Domain) {
        for &(ask, server, fault) in &domain.faults {
            let owner = ask.name(&domain.name);
            match fault {
                Fault::Alias(links) => self.alias(&owner, links),
                Fault::DanglingAlias => self.replace(&owner, format!("gone.hosted.{}", domain.name)),
                Fault::EmptyAlias => {
                    let target = format!("empty.hosted.{}", domain.name);
                    self.node(&target);
                    self.replace(&owner, target);
                }
                Fault::LoopingAlias => {
                    let target = format!("loop.hosted.{}", domain.name);
                    self.replace(&target, owner.clone());
                    self.replace(&owner, target);
                }
                _ => self.node(&owner).faults.push(Faulty {
                    types: ask.types(),
                    server,
                    fault,
                    met: AtomicUsize::new(0),
                }),
            }
        }
    }

    /// Puts a chain of CNAMEs before the records of a name.
    fn alias(&mut self, owner: &str, links: usize) {
        let mut target = format!("target.{owner}");
        self.node(&target).data = std::mem::take(&mut self.node(owner).data);
        for link in 1..links {
            let hop = format!("link{link}.{owner}");
            self.node(&hop).alias = Some(target);
            target = hop;
        }
        self.node(owner).alias = Some(target);
    }

    /// Puts a CNAME in the place of a name's records.
    fn replace(&mut self, owner: &str, target: String) {
        *self.node(owner) = Node { alias: Some(target), ..Node::default() };
    }

    /// The node of a name. The names above it are there from then on, too.
    fn node(&mut self, name: &str) -> &mut Node {
        let name = name.to_ascii_lowercase();
        for (dot, _) in name.match_indices('.') {
            self.nodes.entry(name[dot + 1..].to_owned()).or_default();
        }
        self.nodes.entry(name).or_default()
    }

    /// What a server sends back for a question.
    pub fn reply(&self, server: usize, question: &Message, transport: Transport) -> Reply {
        let mut reply = Reply { delay: self.latency, messages: Vec::new() };
        let Some(query) = question.queries.first() else { return reply };
        let whole = self.answer(question, &key(query.name()), query.query_type());
        let faults = self.faults(server, &key(query.name()), query.query_type());
        let mut messages = vec![fitting(whole, question, transport)];
        for fault in faults {
            match (fault, transport) {
                (Fault::NoSuchName, _) => messages = vec![failure(question, ResponseCode::NXDomain)],
                (Fault::NoData, _) => messages = vec![failure(question, ResponseCode::NoError)],
                (Fault::ServFail | Fault::ServFailFirst(_), _) => {
                    messages = vec![failure(question, ResponseCode::ServFail)];
                }
                (Fault::Refused, _) => messages = vec![failure(question, ResponseCode::Refused)],
                (Fault::Silence, _) | (Fault::TruncatedForEver, Transport::Tcp) => messages.clear(),
                (Fault::Truncated | Fault::TruncatedForEver, Transport::Udp) => {
                    messages = messages.iter().map(Message::truncate).collect();
                }
                (Fault::Truncated, Transport::Tcp) => {}
                (Fault::Garbage, _) => {
                    reply.messages = vec![b"\xff\xff this is no DNS message".to_vec()];
                    return reply;
                }
                (Fault::WrongIdFirst, _) => messages.insert(0, forged(question)),
                (Fault::Late(delay), _) => reply.delay += delay,
                (Fault::Alias(_) | Fault::DanglingAlias | Fault::EmptyAlias | Fault::LoopingAlias, _) => {
                    unreachable!("{fault:?} stands in the zone")
                }
            }
        }
        reply.messages = messages.iter().map(|message| message.to_bytes().unwrap()).collect();
        reply
    }

    /// The faults that meet a question now: those of the name, and the server's own.
    fn faults(&self, server: usize, key: &str, kind: RecordType) -> Vec<Fault> {
        let of_name = self.nodes.get(key).into_iter().flat_map(|node| &node.faults).filter(|faulty| {
            faulty.types.contains(&kind)
                && faulty.server.is_none_or(|only| only == server)
                && match faulty.fault {
                    Fault::ServFailFirst(times) => faulty.met.fetch_add(1, Ordering::Relaxed) < times,
                    _ => true,
                }
        });
        of_name.map(|faulty| faulty.fault).chain(self.servers[server]).collect()
    }

    /// The right answer, with CNAMEs followed.
    fn answer(&self, question: &Message, asked: &str, kind: RecordType) -> Message {
        let mut message = response(question, ResponseCode::NoError);
        let mut owner = asked.to_owned();
        let mut passed = Vec::new();
        loop {
            let Some(node) = self.nodes.get(&owner) else {
                message.metadata.response_code = ResponseCode::NXDomain;
                break;
            };
            passed.push(owner.clone());
            let records = node.data.iter().filter(|data| data.record_type() == kind);
            message.add_answers(records.map(|data| record(&owner, data.clone())));
            let Some(alias) = &node.alias else { break };
            message.add_answer(record(&owner, RData::CNAME(CNAME(name(alias)))));
            if passed.contains(alias) {
                break;
            }
            owner.clone_from(alias);
        }
        if message.answers.iter().all(|record| record.record_type() != kind) {
            message.add_authority(start_of_authority());
        }
        message
    }
}

fn response(question: &Message, code: ResponseCode) -> Message {
    let mut message = Message::response(question.metadata.id, question.metadata.op_code);
    message.metadata = Metadata::response_from_request(&question.metadata);
    message.metadata.recursion_available = true;
    message.metadata.response_code = code;
    message.add_queries(question.queries.iter().cloned());
    if let Some(edns) = &question.edns {
        message.set_edns(edns.clone());
    }
    message
}

fn failure(question: &Message, code: ResponseCode) -> Message {
    let mut message = response(question, code);
    if matches!(code, ResponseCode::NXDomain | ResponseCode::NoError) {
        message.add_authority(start_of_authority());
    }
    message
}

/// What an off-path attacker would send: all but the id is right.
fn forged(question: &Message) -> Message {
    let mut message = failure(question, ResponseCode::NXDomain);
    message.metadata.id = !question.metadata.id;
    message
}

/// The message, or what UDP lets through of it.
fn fitting(message: Message, question: &Message, transport: Transport) -> Message {
    let fits = transport == Transport::Tcp || message.to_bytes().unwrap().len() <= usize::from(question.max_payload());
    if fits { message } else { message.truncate() }
}

fn key(name: &Name) -> String {
    name.to_lowercase().to_ascii().trim_end_matches('.').to_owned()
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    name.set_fqdn(true);
    name
}

fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner), 300, data)
}

fn address_data(address: IpAddr) -> RData {
    match address {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    }
}

fn start_of_authority() -> Record {
    let lab = name("dns.lab.invalid");
    Record::from_rdata(Name::root(), 300, RData::SOA(SOA::new(lab.clone(), lab, 1, 3600, 600, 86_400, 300)))
}
