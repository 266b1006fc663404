//! TLS 1.2 and 1.3, with what the server presented kept even where it is refused.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, DnsName, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, ProtocolVersion, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Certificate;
use super::refusal::{self, Chain};
use super::{Failure, FailureKind, Tls};

/// What a session holds back of either direction: a fetch must stay small.
const BUFFER: usize = 16 << 10;

/// What all sessions of a run share: versions, cipher suites and roots. No session is resumed by another.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Client {
    pub fn new(roots: RootCertStore) -> Result<Client, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = verifier(roots, provider.clone())?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .with_webpki_verifier(verifier.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Client { config, verifier })
    }

    /// Prepares a handshake with `host`, a name of A-labels.
    pub fn handshake(&self, host: &str) -> Result<Handshake, Failure> {
        // A DNS name always: an address would be held against the certificate's addresses, and go without SNI.
        let name = DnsName::try_from(host.to_owned()).map_err(|_| {
            Failure::new(FailureKind::TlsName, format!("`{host}` is no name that a certificate can hold"))
        })?;
        let presented = Arc::new(Presented::default());
        let recorder = Recorder { verifier: self.verifier.clone(), presented: presented.clone() };
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(Arc::new(recorder));
        Ok(Handshake { connector: Arc::new(config).into(), name, presented })
    }
}

fn verifier(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| format!("the trusted roots cannot be used: {error}"))
}

/// One handshake to come.
pub struct Handshake {
    connector: TlsConnector,
    name: DnsName<'static>,
    presented: Arc<Presented>,
}

impl Handshake {
    pub async fn run<S>(&self, stream: S) -> Result<Session<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = Opening { stream, first: [0; OPENING], seen: 0 };
        self.connector
            .connect_with(ServerName::DnsName(self.name.clone()), stream, |session| {
                session.set_buffer_limit(Some(BUFFER));
            })
            .into_fallible()
            .await
            .map_err(|(error, stream)| match self.presented.refusal.get() {
                Some(refusal) => refusal.clone(),
                None => refusal::handshake(&error, stream.first(), self.name.as_ref()),
            })
    }

    /// What was presented so far, the version apart. It can be asked after a handshake that failed or was given up.
    pub fn seen(&self) -> Option<Tls> {
        self.presented.certificate.get().map(|certificate| match certificate {
            Some(certificate) => Tls {
                version: None,
                subject: Some(certificate.subject.clone()),
                issuer: Some(certificate.issuer.clone()),
                not_after: Some(certificate.not_after),
            },
            None => Tls::default(),
        })
    }
}

/// A session whose handshake is done.
pub type Session<S> = TlsStream<Opening<S>>;

/// The session's version.
pub fn version<S>(session: &Session<S>) -> Option<&'static str> {
    match session.get_ref().1.protocol_version()? {
        ProtocolVersion::TLSv1_2 => Some("TLS 1.2"),
        ProtocolVersion::TLSv1_3 => Some("TLS 1.3"),
        _ => None,
    }
}

/// What came of one handshake.
#[derive(Debug, Default)]
struct Presented {
    /// The server's own certificate; None where it cannot be read.
    certificate: OnceLock<Option<Certificate>>,
    refusal: OnceLock<Failure>,
}

/// WebPKI's verdict, and a record of what it was about.
#[derive(Debug)]
struct Recorder {
    verifier: Arc<WebPkiServerVerifier>,
    presented: Arc<Presented>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.verifier.verify_server_cert(own, others, name, ocsp_response, now);
        let certificate = self.presented.certificate.get_or_init(|| Certificate::read(own));
        if let Err(Error::InvalidCertificate(error)) = &verdict {
            let chain = Chain {
                own: certificate.clone(),
                others: others.iter().filter_map(|other| Certificate::read(other)).collect(),
            };
            let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            self.presented.refusal.get_or_init(|| refusal::certificate(error, &chain, &name.to_str(), now));
        }
        verdict
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Enough to tell what a server speaks that does not speak TLS.
const OPENING: usize = 32;

/// A stream that remembers how the other side began, and hears it out: a server may send an alert or an answer and close
/// while it is still written to. What cannot be written then is dropped, and the next read tells what was said, or how
/// the connection ended.
#[derive(Debug)]
pub struct Opening<S> {
    stream: S,
    first: [u8; OPENING],
    seen: usize,
}

impl<S> Opening<S> {
    fn first(&self) -> &[u8] {
        self.first.get(..self.seen).unwrap_or_default()
    }

    fn remember(&mut self, bytes: &[u8]) {
        let free = self.first.iter_mut().skip(self.seen);
        self.seen += free.zip(bytes).map(|(place, byte)| *place = *byte).count();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.remember(buffer.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut self.stream).poll_write(context, bytes)) {
            Err(error) if refusal::is_reset(&error) => Poll::Ready(Ok(bytes.len())),
            result => Poll::Ready(result),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
