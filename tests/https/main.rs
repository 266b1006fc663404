//! The HTTPS client against servers on loopback, with real TLS.

mod answers;
mod authority;
mod certificates;
mod connecting;
mod handshakes;
mod proxies;
mod server;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use exchange_control::probe::https::{Exchange, FailureKind, Https};
use exchange_control::probe::{Network, Proxy, Roots};

use authority::{Authority, HOST};

const PATH: &str = "/.well-known/mta-sts.txt";
const LOOPBACK: [IpAddr; 1] = [IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)];
/// Where something must be in time: long, since a busy machine is slow.
const AMPLE: Duration = Duration::from_secs(20);
/// Where something must be too late.
const SHORT: Duration = Duration::from_millis(700);

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

/// A client that trusts the authority and asks on the port of `server`.
fn client(authority: &Authority, server: SocketAddr, timeout: Duration) -> Https {
    client_with(authority, server, timeout, None)
}

fn client_with(authority: &Authority, server: SocketAddr, timeout: Duration, proxy: Option<Proxy>) -> Https {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.root.pem()).unwrap();
    let network = Network {
        timeout,
        https_port: server.port(),
        roots: Roots::File(file.path().to_owned()),
        proxy,
        ..Network::default()
    };
    Https::new(&network).unwrap()
}

/// Holds an exchange against a status or a kind of failure with a part of its message.
fn check(name: &str, exchange: &Exchange, expected: Result<u16, (FailureKind, &str)>) {
    match (&exchange.outcome, expected) {
        (Ok(response), Ok(status)) => assert_eq!(response.status, status, "{name}"),
        (Err(failure), Err((kind, part))) => {
            assert_eq!(failure.kind, kind, "{name}: {}", failure.message);
            assert!(failure.message.contains(part), "{name}: {}", failure.message);
        }
        (found, expected) => panic!("{name}: {found:?}, expected {expected:?}"),
    }
}

async fn get(client: &Https) -> Exchange {
    client.get(HOST, PATH, &LOOPBACK, &|_| {}).await
}
