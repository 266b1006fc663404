//! Through an HTTP proxy: CONNECT (RFC 9110 section 9.3.6).

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::connect::{connect, with_port};
use super::message::{printable, seconds};
use super::places::Places;
use super::{Failure, FailureKind};
use crate::probe::Proxy;

/// The largest header of the proxy's answer.
const LARGEST_HEADER: usize = 8 << 10;

/// The proxy of a run.
#[derive(Debug)]
pub struct Tunnel {
    proxy: Proxy,
    /// Found out by the first who needs them, for all. By a resolver that can be given up, unlike the system's own call.
    addresses: OnceCell<Vec<SocketAddr>>,
}

impl Tunnel {
    pub fn new(proxy: Proxy) -> Tunnel {
        Tunnel { proxy, addresses: OnceCell::new() }
    }

    /// A stream to `host` and `port`, by way of the proxy; all of it within `timeout`. `tried` is kept at the proxy's
    /// address that was tried last.
    pub async fn open(
        &self,
        host: &str,
        port: u16,
        timeout: Duration,
        tried: &mut Option<SocketAddr>,
    ) -> Result<TcpStream, Failure> {
        let deadline = Instant::now() + timeout;
        let addresses = self.within(deadline, timeout, "finding its address", self.addresses()).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        let mut stream = self.connect(addresses, left, tried).await?;
        self.within(deadline, timeout, "its answer to CONNECT", self.ask(&mut stream, host, port)).await?;
        Ok(stream)
    }

    async fn within<T>(
        &self,
        deadline: Instant,
        timeout: Duration,
        what: &str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let late = |_| self.failure(format!("{what} took longer than {}", seconds(timeout)));
        timeout_at(deadline, work).await.map_err(late)?
    }

    async fn addresses(&self) -> Result<&[SocketAddr], Failure> {
        let addresses = self.addresses.get_or_try_init(|| async {
            let addresses = match self.proxy.host.parse::<IpAddr>() {
                Ok(address) => vec![address],
                Err(_) => lookup(&self.proxy.host)
                    .await
                    .map_err(|error| self.failure(format!("its address cannot be found: {error}")))?,
            };
            Ok(with_port(&addresses, self.proxy.port))
        });
        addresses.await.map(Vec::as_slice)
    }

    /// The places are its own: how many connect to the proxy at a time, the run's throttle says.
    async fn connect(
        &self,
        addresses: &[SocketAddr],
        timeout: Duration,
        tried: &mut Option<SocketAddr>,
    ) -> Result<TcpStream, Failure> {
        let connected = connect(&Places::default(), addresses.to_vec(), timeout, &|_| {}, tried).await;
        connected.map(|connected| connected.stream).map_err(|failure| self.failure(failure.message))
    }

    async fn ask(&self, stream: &mut TcpStream, host: &str, port: u16) -> Result<(), Failure> {
        let broken = |error| self.failure(format!("it broke off during CONNECT {host}:{port}: {error}"));
        let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        let mut header = Vec::new();
        // Byte by byte, so that nothing is taken of what comes behind the header.
        while !header.ends_with(b"\r\n\r\n") {
            if header.len() == LARGEST_HEADER {
                return Err(self.failure(format!("the header of its answer is larger than {LARGEST_HEADER} bytes")));
            }
            header.push(stream.read_u8().await.map_err(broken)?);
        }
        self.judge(&header, host, port)
    }

    fn judge(&self, header: &[u8], host: &str, port: u16) -> Result<(), Failure> {
        let line = header.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let said = printable(line, 100);
        match status(line) {
            Some(200..=299) => Ok(()),
            Some(407) => Err(self.failure(format!(
                "it demands authentication (`{said}`), which is not supported: let this machine through without"
            ))),
            Some(_) => Err(self.failure(format!(
                "it answered CONNECT {host}:{port} with `{said}`; does it allow this host and port?"
            ))),
            None => Err(self.failure(format!("it is no HTTP proxy: its answer begins `{said}`"))),
        }
    }

    fn failure(&self, what: String) -> Failure {
        let Proxy { host, port } = &self.proxy;
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        Failure::new(FailureKind::Proxy, format!("the proxy {open}{host}{close}:{port}: {what}"))
    }
}

/// The status of an HTTP/1 status line.
fn status(line: &[u8]) -> Option<u16> {
    let line = line.strip_prefix(b"HTTP/1.0 ").or_else(|| line.strip_prefix(b"HTTP/1.1 "))?;
    let (digits, rest) = line.split_at_checked(3)?;
    let is_status = digits.iter().all(u8::is_ascii_digit) && rest.first().is_none_or(|byte| *byte == b' ');
    if is_status { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

/// The addresses of the proxy's name, by the system's servers, hosts file and search list.
async fn lookup(name: &str) -> Result<Vec<IpAddr>, String> {
    let resolver =
        TokioResolver::builder_tokio().and_then(|builder| builder.build()).map_err(|error| error.to_string())?;
    let found = resolver.lookup_ip(name).await.map_err(|error| error.to_string())?;
    Ok(found.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let cases: [(&[u8], Option<u16>); 8] = [
            (b"HTTP/1.1 200 Connection established", Some(200)),
            (b"HTTP/1.0 200 OK", Some(200)),
            (b"HTTP/1.1 407", Some(407)),
            (b"HTTP/1.1 2000", None),
            (b"HTTP/1.1 +20", None),
            (b"HTTP/1.1 20", None),
            (b"HTTP/2 200", None),
            (b"220 mail.contoso.com ESMTP", None),
        ];
        for (line, expected) in cases {
            assert_eq!(status(line), expected, "{}", String::from_utf8_lossy(line));
        }
    }
}
