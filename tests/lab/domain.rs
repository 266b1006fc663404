//! A line of the table: one domain, valid unless told otherwise.

use std::net::IpAddr;

use super::address::Address;
use super::certificate::Certificate;
use super::http::{Answer, Framing, Pace, Response};
use super::proxy::Tunnel;
use super::tls::{Handshake, Version};
use super::zone::{Ask, Fault};

/// A domain, its DNS records, and its policy host.
#[derive(Debug, Clone)]
pub struct Domain {
    pub name: String,
    /// TXT records at `_mta-sts.<domain>`, each with its strings.
    pub(super) txt: Vec<Vec<Vec<u8>>>,
    /// Hosts of MX records, in order of preference; an empty one is the root.
    pub(super) mx: Vec<String>,
    pub(super) own_addresses: Vec<IpAddr>,
    pub(super) host_addresses: Vec<Address>,
    /// Each with the server that it is for; every server where None.
    pub(super) faults: Vec<(Ask, Option<usize>, Fault)>,
    pub(super) certificate: Certificate,
    pub(super) handshake: Handshake,
    pub(super) answer: Answer,
    pub(super) tunnel: Tunnel,
}

impl Domain {
    /// A domain with a record, one MX host, and a policy that is enforced and names that host.
    pub(super) fn new(name: &str) -> Self {
        let mail = format!("mail.{name}");
        Domain {
            name: name.to_owned(),
            txt: vec![vec![b"v=STSv1; id=20240601T120000;".to_vec()]],
            own_addresses: Vec::new(),
            host_addresses: vec![Address::Served],
            faults: Vec::new(),
            certificate: Certificate::Good,
            handshake: Handshake::Right(Version::Any),
            answer: Answer::Response(Response::ok(&policy("enforce", 604_800, &[&mail]))),
            tunnel: Tunnel::Right,
            mx: vec![mail],
        }
    }

    /// The policy host's name, which is its SNI too.
    pub fn host(&self) -> String {
        format!("mta-sts.{}", self.name)
    }

    pub(super) fn first_address(&self) -> Address {
        self.host_addresses.first().copied().unwrap_or(Address::Served)
    }

    /// The TXT records at `_mta-sts.<domain>`, each of one string.
    pub fn txt<R: AsRef<[u8]>>(&mut self, records: impl IntoIterator<Item = R>) -> &mut Self {
        self.txt = records.into_iter().map(|record| vec![record.as_ref().to_vec()]).collect();
        self
    }

    /// One TXT record of several strings.
    pub fn txt_strings(&mut self, strings: &[&str]) -> &mut Self {
        self.txt = vec![strings.iter().map(|string| string.as_bytes().to_vec()).collect()];
        self
    }

    /// The hosts of the MX records; `@` stands for the domain's name, and an empty host makes a null MX.
    pub fn mx(&mut self, hosts: &[&str]) -> &mut Self {
        self.mx = hosts.iter().map(|host| self.named(host)).collect();
        self
    }

    /// A and AAAA of the domain itself.
    pub fn own_addresses(&mut self, addresses: &[IpAddr]) -> &mut Self {
        self.own_addresses = addresses.to_vec();
        self
    }

    /// A and AAAA of the policy host.
    pub fn addresses(&mut self, addresses: &[Address]) -> &mut Self {
        self.host_addresses = addresses.to_vec();
        self
    }

    /// What every DNS server does with a question.
    pub fn dns(&mut self, ask: Ask, fault: Fault) -> &mut Self {
        self.faults.push((ask, None, fault));
        self
    }

    /// What one DNS server does with a question; the first is 0.
    pub fn dns_from(&mut self, server: usize, ask: Ask, fault: Fault) -> &mut Self {
        self.faults.push((ask, Some(server), fault));
        self
    }

    pub fn certificate(&mut self, certificate: Certificate) -> &mut Self {
        self.certificate = certificate;
        self
    }

    pub fn handshake(&mut self, handshake: Handshake) -> &mut Self {
        self.handshake = handshake;
        self
    }

    /// What the policy host does with a request, where that is not a response.
    pub fn answer(&mut self, answer: Answer) -> &mut Self {
        self.answer = answer;
        self
    }

    /// The body of the response.
    pub fn policy(&mut self, body: impl AsRef<[u8]>) -> &mut Self {
        self.response().body = body.as_ref().to_vec();
        self
    }

    /// The policy with one passage in the place of another; `@` stands for the domain's name.
    pub fn change(&mut self, passage: &str, by: &str) -> &mut Self {
        let (passage, by) = (self.named(passage), self.named(by));
        let body = String::from_utf8(self.response().body.clone()).unwrap();
        assert!(body.contains(&passage), "{}: the policy has no {passage:?}", self.name);
        self.policy(body.replace(&passage, &by))
    }

    /// The policy with something behind it; `@` stands for the domain's name.
    pub fn append(&mut self, text: &str) -> &mut Self {
        let text = self.named(text);
        self.response().body.extend_from_slice(text.as_bytes());
        self
    }

    /// The policy with a field behind it that makes the whole so many bytes long.
    pub fn padded_to(&mut self, size: usize) -> &mut Self {
        let frame = "padding: \r\n".len();
        let missing = size - self.response().body.len() - frame;
        self.append(&format!("padding: {}\r\n", "x".repeat(missing)))
    }

    pub fn status(&mut self, status: u16) -> &mut Self {
        self.response().status = status;
        self
    }

    /// Adds a header field.
    pub fn header(&mut self, name: &str, value: &str) -> &mut Self {
        self.response().headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The Content-Type header fields, in the place of `text/plain`.
    pub fn content_types(&mut self, types: &[&str]) -> &mut Self {
        let response = self.response();
        response.headers.retain(|(name, _)| name != "Content-Type");
        response.headers.extend(types.iter().map(|value| ("Content-Type".to_owned(), (*value).to_owned())));
        self
    }

    /// How the body's end is told.
    pub fn framing(&mut self, framing: Framing) -> &mut Self {
        self.response().framing = framing;
        self
    }

    /// How fast the response is sent.
    pub fn pace(&mut self, pace: Pace) -> &mut Self {
        self.response().pace = pace;
        self
    }

    /// What the proxy does when it is asked for this policy host.
    pub fn tunnel(&mut self, tunnel: Tunnel) -> &mut Self {
        self.tunnel = tunnel;
        self
    }

    fn named(&self, text: &str) -> String {
        text.replace('@', &self.name)
    }

    fn response(&mut self) -> &mut Response {
        match &mut self.answer {
            Answer::Response(response) => response,
            other => panic!("{}: {other:?} has no response to change", self.name),
        }
    }
}

/// The text of a right policy.
pub fn policy(mode: &str, max_age: u64, mx: &[&str]) -> String {
    let mx: String = mx.iter().map(|host| format!("mx: {host}\r\n")).collect();
    format!("version: STSv1\r\nmode: {mode}\r\n{mx}max_age: {max_age}\r\n")
}
