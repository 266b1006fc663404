//! One GET over HTTPS, with all that was seen on the way.

mod certificate;
mod connect;
mod message;
mod places;
mod proxy;
mod refusal;
mod request;
mod roots;
mod tls;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use self::message::seconds;
use self::places::{Place, Places};
use self::proxy::Tunnel;
use crate::probe::{Network, Stage as At};

/// What was seen, as far as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The address that was connected to, or the last one that was tried; the proxy's where one was used.
    pub address: Option<SocketAddr>,
    pub tls: Option<Tls>,
    pub times: Times,
    pub outcome: Result<Response, Failure>,
}

/// The TLS session. Certificate fields also where the certificate was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// "TLS 1.2" or "TLS 1.3"; None where the handshake was not finished.
    pub version: Option<&'static str>,
    /// Subject and issuer of the server's certificate as RFC 4514 texts.
    pub subject: Option<String>,
    pub issuer: Option<String>,
    /// The end of the certificate's validity, in seconds since 1970.
    pub not_after: Option<i64>,
}

/// How long each stage took, of those that were finished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    pub connect: Option<Duration>,
    pub handshake: Option<Duration>,
    pub headers: Option<Duration>,
    pub body: Option<Duration>,
}

/// What the server answered. The body is read only where the status is 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub location: Option<String>,
    /// Each Content-Type header field's value, as it came.
    pub content_types: Vec<Vec<u8>>,
    /// Each Content-Encoding header field's value.
    pub content_encodings: Vec<Vec<u8>>,
    pub body: Vec<u8>,
}

/// Why there is no whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// For a person: what happened, and what to look at.
    pub message: String,
}

/// The ways in which a GET can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No address answered in time, or none could be reached.
    ConnectTimeout,
    /// Every address refused the connection.
    ConnectRefused,
    /// The proxy could not be reached, or would not connect.
    Proxy,
    /// The certificate's chain leads to no trusted root, or is broken.
    TlsUntrusted,
    TlsExpired,
    TlsNotYetValid,
    /// The certificate is for other names, or the server knows no such name (alert unrecognized_name).
    TlsName,
    /// No TLS 1.2 or 1.3: another version, an alert, or no TLS at all.
    TlsProtocol,
    /// The connection was closed or reset during the handshake.
    TlsHandshake,
    /// Once connected, a stage did not end within the deadline.
    Timeout(Stage),
    /// What came is no HTTP response (or its header is without end).
    Malformed,
    /// The body ended before its end, or its chunks are broken.
    Truncated,
    /// The body is larger than the limit.
    TooLarge,
}

/// The stages once connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Handshake,
    Headers,
    Body,
}

impl Failure {
    fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into() }
    }

    fn too_late(stage: Stage, timeout: Duration) -> Failure {
        let what = match stage {
            Stage::Handshake => "the TLS handshake did not end",
            Stage::Headers => "no whole header of an HTTP response came",
            Stage::Body => "the body did not end",
        };
        Failure::new(FailureKind::Timeout(stage), format!("{what} within {} of connecting", seconds(timeout)))
    }
}

/// The HTTPS client of a run. It is made once and shared by reference; it keeps no connection and starts no task, so
/// dropping a [`Https::get`] closes its socket.
#[derive(Debug)]
pub struct Https {
    port: u16,
    timeout: Duration,
    connect_timeout: Duration,
    tls: tls::Client,
    tunnel: Option<Tunnel>,
    places: Places,
}

/// Told of each stage that a fetch comes to.
pub type Watch<'a> = &'a (dyn Fn(At) + Send + Sync);

/// No answer is waited for longer, whatever the settings say.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// What was seen so far.
#[derive(Default)]
struct Seen {
    address: Option<SocketAddr>,
    tls: Option<Tls>,
    times: Times,
}

impl Https {
    /// Reads the trusted roots. The error, for a person, says which file or store cannot be used, and why.
    pub fn new(network: &Network) -> Result<Https, String> {
        Ok(Https {
            port: network.https_port,
            timeout: network.timeout.min(LONGEST_TIMEOUT),
            connect_timeout: network.connect_timeout(),
            tls: tls::Client::new(roots::read(&network.roots)?)?,
            tunnel: network.proxy.clone().map(Tunnel::new),
            places: Places::default(),
        })
    }

    /// Asks `host`, a name of A-labels, for `path`: one request, no redirect followed. It connects to `addresses` alone,
    /// all of which the caller has found fit to be connected to; a proxy, where there is one, is given the name. Waiting
    /// for one of the 16 places at an address counts towards no deadline and no time.
    pub async fn get(&self, host: &str, path: &str, addresses: &[IpAddr], watch: Watch<'_>) -> Exchange {
        let mut seen = Seen::default();
        let outcome = self.fetch(host, path, addresses, watch, &mut seen).await;
        Exchange { address: seen.address, tls: seen.tls, times: seen.times, outcome }
    }

    async fn fetch(
        &self,
        host: &str,
        path: &str,
        addresses: &[IpAddr],
        watch: Watch<'_>,
        seen: &mut Seen,
    ) -> Result<Response, Failure> {
        let (stream, _place) = self.connect(host, addresses, watch, seen).await?;
        let deadline = Instant::now() + self.timeout;

        watch(At::Handshake);
        let handshake = self.tls.handshake(host)?;
        let session = self.within(deadline, Stage::Handshake, &mut seen.times.handshake, handshake.run(stream)).await;
        seen.tls = handshake.seen();
        let session = session?;
        seen.tls.get_or_insert_default().version = tls::version(&session);

        watch(At::Headers);
        let asking = request::send(session, host, path);
        let answer = self.within(deadline, Stage::Headers, &mut seen.times.headers, asking).await?;
        if !answer.has_body() {
            return Ok(answer.without_body());
        }
        watch(At::Body);
        self.within(deadline, Stage::Body, &mut seen.times.body, answer.with_body()).await
    }

    /// Connects, and takes a place at the address. Through a proxy the place is at the host's first address, as far as
    /// that is known: the proxy itself bears what the run's throttle allows.
    async fn connect(
        &self,
        host: &str,
        addresses: &[IpAddr],
        watch: Watch<'_>,
        seen: &mut Seen,
    ) -> Result<(TcpStream, Option<Place>), Failure> {
        let (stream, place, took) = match &self.tunnel {
            None => {
                let addresses = connect::with_port(addresses, self.port);
                let connected =
                    connect::connect(&self.places, addresses, self.connect_timeout, watch, &mut seen.address).await?;
                (connected.stream, Some(connected.place), connected.took)
            }
            Some(tunnel) => {
                let place = match addresses.first() {
                    Some(address) => Some(self.place_behind_proxy(*address).await?),
                    None => None,
                };
                watch(At::Connect);
                let since = Instant::now();
                let stream = tunnel.open(host, self.port, self.connect_timeout, &mut seen.address).await?;
                if let Some(place) = &place {
                    place.answered();
                }
                (stream, place, since.elapsed())
            }
        };
        seen.times.connect = Some(took);
        // Without it a small packet may wait for an acknowledgement; where it cannot be set, that is all.
        let _ = stream.set_nodelay(true);
        Ok((stream, place))
    }

    async fn place_behind_proxy(&self, address: IpAddr) -> Result<Place, Failure> {
        let place = self.places.wait(address, Instant::now() + self.connect_timeout).await;
        place.ok_or_else(|| {
            let took = seconds(self.connect_timeout);
            let message = format!("{address} answered nobody through the proxy within {took}");
            Failure::new(FailureKind::ConnectTimeout, message)
        })
    }

    /// Does the work of a stage within the deadline that all stages share, and notes how long it took.
    async fn within<T>(
        &self,
        deadline: Instant,
        stage: Stage,
        took: &mut Option<Duration>,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let since = Instant::now();
        let result =
            timeout_at(deadline, work).await.unwrap_or_else(|_| Err(Failure::too_late(stage, self.timeout)))?;
        *took = Some(since.elapsed());
        Ok(result)
    }
}
