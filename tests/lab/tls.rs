//! TLS servers: what they do depends on the name that the client asks for.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;

use super::certificate::Authority;
use super::domain::Domain;
use super::flight::Flights;
use super::http::{self, Answer};
use super::proxy::Tunnel;
use super::seen::Seen;

/// What a server does once it has the ClientHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    Right(Version),
    /// The alert that a server sends which speaks nothing later than TLS 1.1.
    ProtocolVersionAlert,
    /// A ServerHello of TLS 1.1.
    Tls11ServerHello,
    UnrecognizedNameAlert,
    /// The alert of a server that has no cipher suite in common with the client.
    NoCommonCipherAlert,
    /// Nothing, while the connection stays.
    Stalled,
    /// RST.
    Reset,
    /// FIN.
    Closed,
    /// An HTTP response in the clear.
    PlainHttp,
}

/// The versions that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// TLS 1.2 and 1.3.
    Any,
    Tls12,
    Tls13,
}

/// A policy host.
#[derive(Debug)]
pub struct Host {
    pub address: IpAddr,
    pub tunnel: Tunnel,
    key: Arc<CertifiedKey>,
    handshake: Handshake,
    answer: Answer,
}

impl Host {
    pub fn new(domain: &Domain, address: IpAddr, authority: &Authority) -> Self {
        Host {
            address,
            tunnel: domain.tunnel,
            key: authority.certify(domain.certificate, &domain.name),
            handshake: domain.handshake,
            answer: domain.answer.clone(),
        }
    }
}

/// Finds the certificate of the name that is asked for.
#[derive(Debug)]
struct Certificates(Arc<HashMap<String, Host>>);

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.get(hello.server_name()?).map(|host| Arc::clone(&host.key))
    }
}

/// All policy hosts, on whichever address.
pub struct Server {
    hosts: Arc<HashMap<String, Host>>,
    latency: Duration,
    seen: Arc<Seen>,
    any: Arc<ServerConfig>,
    tls12: Arc<ServerConfig>,
    tls13: Arc<ServerConfig>,
}

impl Server {
    pub fn new(hosts: Arc<HashMap<String, Host>>, latency: Duration, seen: Arc<Seen>) -> Self {
        let speaking = |versions: &[&'static rustls::SupportedProtocolVersion]| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(Certificates(Arc::clone(&hosts))));
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            Arc::new(config)
        };
        Server {
            any: speaking(rustls::ALL_VERSIONS),
            tls12: speaking(&[&rustls::version::TLS12]),
            tls13: speaking(&[&rustls::version::TLS13]),
            hosts: Arc::clone(&hosts),
            latency,
            seen,
        }
    }

    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let server = Arc::clone(&self);
            // An error is the client's affair: it left, or did not like what it was shown.
            tokio::spawn(async move { server.converse(stream).await });
        }
    }

    async fn converse(&self, stream: TcpStream) -> io::Result<()> {
        let address = stream.local_addr()?.ip();
        stream.set_nodelay(true)?;
        let _connected = self.seen.connected(address);
        // The system has taken the connection at once; a distant host would have taken a round trip for it.
        tokio::time::sleep(self.latency).await;
        let start = LazyConfigAcceptor::new(Acceptor::default(), Flights::new(stream, self.latency)).await?;
        let sni = start.client_hello().server_name().unwrap_or_default().to_owned();
        self.seen.hello(&sni);
        let Some(host) = self.hosts.get(&sni) else { return Ok(()) };
        let version = match host.handshake {
            Handshake::Right(version) => version,
            wrong => return misbehave(wrong, start.io).await,
        };
        let config = match version {
            Version::Any => &self.any,
            Version::Tls12 => &self.tls12,
            Version::Tls13 => &self.tls13,
        };
        let stream = start.into_stream(Arc::clone(config)).await?;
        http::converse(stream, &host.answer, |request| self.seen.request(request.of(address, &sni))).await
    }
}

async fn misbehave(handshake: Handshake, mut stream: Flights) -> io::Result<()> {
    match handshake {
        Handshake::Right(_) => unreachable!("a right handshake is made by rustls"),
        Handshake::ProtocolVersionAlert => stream.write_all(&alert(70)).await?,
        Handshake::UnrecognizedNameAlert => stream.write_all(&alert(112)).await?,
        Handshake::NoCommonCipherAlert => stream.write_all(&alert(40)).await?,
        Handshake::Tls11ServerHello => stream.write_all(&tls11_server_hello()).await?,
        Handshake::PlainHttp => stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await?,
        Handshake::Stalled => {}
        Handshake::Reset => return stream.reset(),
        Handshake::Closed => stream.shutdown().await?,
    }
    until_closed(&mut stream).await
}

/// Waits for the client to leave, so that nothing of it is left when it has.
pub async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// A fatal alert in a record of its own (RFC 8446 section 6).
fn alert(description: u8) -> [u8; 7] {
    [21, 3, 1, 0, 2, 2, description]
}

/// A ServerHello of TLS 1.1 with TLS_RSA_WITH_AES_128_CBC_SHA (RFC 4346 section 7.4.1.3).
fn tls11_server_hello() -> Vec<u8> {
    let body = [&[3, 2][..], &[7; 32], &[0], &[0, 47], &[0]].concat();
    let length = body.len() as u8;
    [&[22, 3, 2, 0, length + 4, 2, 0, 0, length][..], &body].concat()
}
