//! Servers on loopback that play a script with every connection, and remember what they saw.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::authority::Identity;

/// What a server does, in turn. What comes last is the connection's end: closed in good order.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// So many bytes, one by one, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Without end.
    Forever(Vec<u8>),
    Pause(Duration),
    /// Closed without TLS's close_notify.
    Cut,
    Reset,
}

pub fn send(text: impl AsRef<[u8]>) -> Step {
    Step::Send(text.as_ref().to_vec())
}

/// Longer than any test waits.
pub const STALL: Step = Step::Pause(Duration::from_secs(3600));

/// A running server; it ends when dropped.
pub struct Server {
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Does `work` with each connection, all at the same time.
    pub fn each<F>(listener: TcpListener, work: impl Fn(TcpStream) -> F + Send + 'static) -> Server
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(work(stream));
            }
        });
        Server { address, accepting }
    }

    /// Reads something, then plays the script, without TLS.
    pub async fn plain(script: Vec<Step>) -> Server {
        Server::each(loopback().await, move |mut stream| {
            let script = script.clone();
            async move {
                let _ = stream.read(&mut [0; 4096]).await;
                if let End::Reset = play(&mut stream, &script).await {
                    reset(&stream);
                }
            }
        })
    }

    /// Answers each request with the script, over TLS.
    pub async fn tls(identity: Identity, script: Vec<Step>) -> Server {
        Server::http(loopback().await, config(identity), script, Log::default())
    }

    pub fn http(listener: TcpListener, config: Arc<ServerConfig>, script: Vec<Step>, log: Log) -> Server {
        Server::each(listener, move |stream| answer(stream, config.clone(), script.clone(), log.clone()))
    }
}

pub async fn loopback() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// What servers saw: of each request its SNI and its header.
pub type Log = Arc<Mutex<Vec<(Option<String>, String)>>>;

async fn answer(stream: TcpStream, config: Arc<ServerConfig>, script: Vec<Step>, log: Log) {
    let Some(mut stream) = accept(stream, config).await else { return };
    let Some(header) = header(&mut stream).await else { return };
    log.lock().unwrap().push((stream.get_ref().1.server_name().map(str::to_owned), header));
    match play(&mut stream, &script).await {
        End::Close => {
            let _ = stream.shutdown().await;
            // Until the client has closed too: what it did not read yet must not be lost to a reset.
            let _ = stream.get_mut().0.read(&mut [0; 256]).await;
        }
        End::Cut => {
            let (tcp, _) = stream.get_mut();
            let _ = tcp.shutdown().await;
            let _ = tcp.read(&mut [0; 256]).await;
        }
        End::Reset => reset(stream.get_ref().0),
    }
}

/// The session, or nothing where the handshake failed: the client has then been left to read why.
async fn accept(stream: TcpStream, config: Arc<ServerConfig>) -> Option<TlsStream<TcpStream>> {
    match TlsAcceptor::from(config).accept(stream).into_fallible().await {
        Ok(stream) => Some(stream),
        Err((_, mut stream)) => {
            let _ = stream.shutdown().await;
            while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {}
            None
        }
    }
}

enum End {
    Close,
    Cut,
    Reset,
}

async fn play(stream: &mut (impl AsyncWrite + Unpin), script: &[Step]) -> End {
    for step in script {
        // The client may be gone, as it should be where it does not want the rest.
        let _ = match step {
            Step::Send(bytes) => write(stream, bytes).await,
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    let _ = write(stream, &[*byte]).await;
                    tokio::time::sleep(*pause).await;
                }
                Ok(())
            }
            Step::Forever(bytes) => loop {
                if let Err(error) = write(stream, bytes).await {
                    break Err(error);
                }
            },
            Step::Pause(pause) => {
                tokio::time::sleep(*pause).await;
                Ok(())
            }
            Step::Cut => return End::Cut,
            Step::Reset => return End::Reset,
        };
    }
    End::Close
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// A request's header, to its blank line.
pub async fn header(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut header = Vec::new();
    while !header.ends_with(b"\r\n\r\n") {
        header.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(header).ok()
}

/// TLS 1.2 and 1.3 with the identity, whatever name is asked for, and however wrong it is.
pub fn config(identity: Identity) -> Arc<ServerConfig> {
    config_of(identity, &[&rustls::version::TLS12, &rustls::version::TLS13])
}

pub fn config_of(identity: Identity, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let config = builder(versions).with_no_client_auth().with_cert_resolver(Arc::new(Presents::new(identity)));
    Arc::new(config)
}

pub fn builder(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_protocol_versions(versions)
        .unwrap()
}

/// Presents one identity without looking at it.
#[derive(Debug)]
pub struct Presents(Arc<CertifiedKey>);

impl Presents {
    pub fn new(identity: Identity) -> Presents {
        let key = rustls::crypto::ring::sign::any_supported_type(&identity.key).unwrap();
        Presents(Arc::new(CertifiedKey::new(identity.chain, key)))
    }
}

impl ResolvesServerCert for Presents {
    fn resolve(&self, _: ClientHello) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// A server that does its own thing with the session.
pub fn sessions<F>(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    work: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + 'static,
) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    Server::each(listener, move |stream| {
        let (config, work) = (config.clone(), work.clone());
        async move {
            if let Some(stream) = accept(stream, config).await {
                work(stream).await;
            }
        }
    })
}
