//! The addresses of policy hosts: all of 127.0.0.0/8 is loopback, so many servers are many addresses with one port.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpSocket;

use super::seen::Seen;
use super::tls::{Host, Server};

/// Where a policy host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// An address of the lab that answers; by turns, where it has several.
    Served,
    /// ::1, which answers.
    ServedV6,
    /// Connections are refused.
    Refusing,
    /// Connections are neither taken nor refused.
    Silent,
    /// An address outside the lab.
    Elsewhere(IpAddr),
}

const REFUSING: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const SILENT: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 2);

/// The bound addresses, all with one port.
pub struct Addresses {
    pub port: u16,
    served: Vec<TcpListener>,
    silent: Silence,
}

/// The silent address for as long as it lives: a listener that accepts nothing, and connections that fill its queue.
pub struct Silence {
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Addresses {
    /// Binds so many addresses to a port that is free on all of them. Must be called within a runtime.
    pub fn bind(count: u16) -> Self {
        (0..100).find_map(|_| Self::try_bind(count).ok()).expect("no port is free on every address")
    }

    fn try_bind(count: u16) -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = first.local_addr()?.port();
        let mut served = vec![first];
        for number in 1..count {
            let [high, low] = number.to_be_bytes();
            served.push(TcpListener::bind((Ipv4Addr::new(127, 78, high, low), port))?);
        }
        // A machine without IPv6 serves the rest.
        if let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
            served.push(listener);
        }
        Ok(Addresses { port, served, silent: Silence::fill((SILENT, port).into())? })
    }

    /// The address that a word of the table means for the domain at a place of the table.
    pub fn ip(&self, turn: usize, address: Address) -> IpAddr {
        let v4 = self.served.iter().map(|listener| listener.local_addr().unwrap().ip()).filter(IpAddr::is_ipv4);
        match address {
            Address::Served => {
                let all: Vec<IpAddr> = v4.collect();
                all[turn % all.len()]
            }
            Address::ServedV6 => Ipv6Addr::LOCALHOST.into(),
            Address::Refusing => REFUSING.into(),
            Address::Silent => SILENT.into(),
            Address::Elsewhere(address) => address,
        }
    }

    /// Serves every address. What it returns must be kept for as long as the silent address is to be silent.
    pub fn serve(self, latency: Duration, hosts: &Arc<HashMap<String, Host>>, seen: &Arc<Seen>) -> Silence {
        let server = Arc::new(Server::new(Arc::clone(hosts), latency, Arc::clone(seen)));
        for listener in self.served {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            tokio::spawn(Arc::clone(&server).serve(listener));
        }
        self.silent
    }
}

impl Silence {
    /// Listens with the shortest queue, and fills it until no connection is taken any more.
    fn fill(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(address)?;
        let listener = socket.listen(1)?.into_std()?;
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
            queued.push(stream);
        }
        Ok(Silence { _listener: listener, _queued: queued })
    }
}
