//! An HTTP proxy that knows CONNECT alone, and that leads `host:443` to the lab.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::http::read_head;
use super::seen::Seen;
use super::tls::{Host, until_closed};

/// What the proxy does when it is asked for a policy host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tunnel {
    Right,
    /// Refuses with a status.
    Refused(u16),
    /// Nothing, while the connection stays.
    Silence,
    /// The end of the connection.
    Closed,
    /// Something that is no HTTP response.
    Garbage,
    /// Header fields without end.
    EndlessHeaders,
}

struct Server {
    hosts: Arc<HashMap<String, Host>>,
    /// The port of the lab's policy hosts.
    port: u16,
    seen: Arc<Seen>,
}

/// Starts the proxy and tells its address. Must be called within a runtime.
pub fn serve(hosts: Arc<HashMap<String, Host>>, port: u16, seen: &Arc<Seen>) -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let address = listener.local_addr().unwrap();
    let server = Arc::new(Server { hosts, port, seen: Arc::clone(seen) });
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let server = Arc::clone(&server);
            tokio::spawn(async move { server.converse(stream).await });
        }
    });
    address
}

impl Server {
    async fn converse(&self, mut client: TcpStream) -> io::Result<()> {
        let Some(head) = read_head(&mut client).await? else { return Ok(()) };
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        self.seen.tunnel(target);
        let host = target.strip_suffix(":443").and_then(|name| self.hosts.get(name));
        match host.map_or(Tunnel::Refused(502), |host| host.tunnel) {
            Tunnel::Right => {
                let address = host.map(|host| host.address).unwrap_or(Ipv4Addr::LOCALHOST.into());
                let mut server = TcpStream::connect((address, self.port)).await?;
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await?;
                return Ok(());
            }
            Tunnel::Refused(status) => {
                let refusal = format!("HTTP/1.1 {status} Lab\r\nContent-Length: 0\r\n\r\n");
                client.write_all(refusal.as_bytes()).await?;
            }
            Tunnel::Silence => {}
            Tunnel::Closed => return Ok(()),
            Tunnel::Garbage => client.write_all(b"220 mail.contoso.com ESMTP\r\n").await?,
            Tunnel::EndlessHeaders => {
                client.write_all(b"HTTP/1.1 200 OK\r\n").await?;
                loop {
                    client.write_all(b"X-Header: without end\r\n").await?;
                }
            }
        }
        until_closed(&mut client).await
    }
}
