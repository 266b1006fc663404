//! What the lab's servers saw.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::dns::Transport;

/// A DNS question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// Which server was asked; the first is 0.
    pub server: usize,
    /// In lower case, with the trailing dot.
    pub name: String,
    /// `TXT`, `MX`, `A`, `AAAA`.
    pub kind: String,
    pub transport: Transport,
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The address that it came to.
    pub address: IpAddr,
    pub sni: String,
    pub method: String,
    pub path: String,
    /// Each name in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The values of a header field.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// All that was seen, by every server of a lab.
#[derive(Default)]
pub struct Seen(Mutex<Record>);

#[derive(Default)]
struct Record {
    questions: Vec<Question>,
    hellos: HashMap<String, usize>,
    requests: HashMap<String, Vec<Request>>,
    tunnels: Vec<String>,
    accepted: usize,
    open: HashMap<IpAddr, usize>,
    busiest: usize,
    most: usize,
}

impl Seen {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn question(&self, question: Question) {
        self.record().questions.push(question);
    }

    pub fn hello(&self, sni: &str) {
        *self.record().hellos.entry(sni.to_owned()).or_default() += 1;
    }

    pub fn request(&self, request: Request) {
        self.record().requests.entry(request.sni.clone()).or_default().push(request);
    }

    pub fn tunnel(&self, target: &str) {
        self.record().tunnels.push(target.to_owned());
    }

    /// Counts a connection for as long as what it returns lives.
    pub fn connected(self: &Arc<Self>, address: IpAddr) -> Connected {
        let mut record = self.record();
        let open = record.open.entry(address).or_default();
        *open += 1;
        let open = *open;
        record.busiest = record.busiest.max(open);
        record.most = record.most.max(record.open.values().sum());
        record.accepted += 1;
        Connected { address, seen: Arc::clone(self) }
    }

    pub fn questions(&self) -> Vec<Question> {
        self.record().questions.clone()
    }

    pub fn hellos(&self, host: &str) -> usize {
        self.record().hellos.get(host).copied().unwrap_or_default()
    }

    pub fn requests(&self, host: &str) -> Vec<Request> {
        self.record().requests.get(host).cloned().unwrap_or_default()
    }

    pub fn tunnels(&self) -> Vec<String> {
        self.record().tunnels.clone()
    }

    pub fn connections(&self) -> (usize, usize) {
        let record = self.record();
        (record.accepted, record.busiest)
    }

    pub fn most_connections(&self) -> usize {
        self.record().most
    }

    pub fn open_connections(&self) -> usize {
        self.record().open.values().sum()
    }

    /// Forgets all but the connections that are open.
    pub fn forget(&self) {
        let mut record = self.record();
        let open = std::mem::take(&mut record.open);
        *record = Record { open, ..Record::default() };
    }
}

/// An open connection.
pub struct Connected {
    address: IpAddr,
    seen: Arc<Seen>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let Some(open) = self.seen.record().open.get_mut(&self.address) {
            *open -= 1;
        }
    }
}
