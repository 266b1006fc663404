//! The DNS servers' sockets, UDP and TCP on one port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hickory_proto::op::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::seen::{Question, Seen};
use super::zone::{Reply, Zone};

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    Udp,
    Tcp,
}

/// One DNS server of the lab.
struct Server {
    number: usize,
    zone: Arc<Zone>,
    seen: Arc<Seen>,
}

/// Starts so many servers and tells their addresses. Must be called within a runtime.
pub fn serve(zone: Arc<Zone>, count: usize, seen: &Arc<Seen>) -> Vec<SocketAddr> {
    (0..count)
        .map(|number| {
            let (udp, tcp) = bind();
            let address = udp.local_addr().unwrap();
            let server = Arc::new(Server { number, zone: Arc::clone(&zone), seen: Arc::clone(seen) });
            tokio::spawn(Arc::clone(&server).serve_udp(Arc::new(udp)));
            tokio::spawn(server.serve_tcp(tcp));
            address
        })
        .collect()
}

/// A port that is free for both.
fn bind() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let Ok(tcp) = std::net::TcpListener::bind(udp.local_addr().unwrap()) else { continue };
        udp.set_nonblocking(true).unwrap();
        tcp.set_nonblocking(true).unwrap();
        return (UdpSocket::from_std(udp).unwrap(), TcpListener::from_std(tcp).unwrap());
    }
    panic!("no port is free for UDP and TCP");
}

impl Server {
    async fn serve_udp(self: Arc<Self>, socket: Arc<UdpSocket>) {
        let mut buffer = vec![0; 65_535];
        loop {
            // Windows reports here that an earlier answer found nobody.
            let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
            let Some(reply) = self.reply(&buffer[..length], Transport::Udp) else { continue };
            let socket = Arc::clone(&socket);
            let send = async move {
                for message in reply.messages {
                    let _ = socket.send_to(&message, client).await;
                }
            };
            match reply.delay.is_zero() {
                true => send.await,
                false => drop(tokio::spawn(async move {
                    tokio::time::sleep(reply.delay).await;
                    send.await;
                })),
            }
        }
    }

    async fn serve_tcp(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let server = Arc::clone(&self);
            tokio::spawn(async move { server.converse(stream).await });
        }
    }

    /// Answers the questions of one connection, one after the other, until the client ends it.
    async fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let mut question = vec![0; usize::from(stream.read_u16().await?)];
            stream.read_exact(&mut question).await?;
            let Some(reply) = self.reply(&question, Transport::Tcp) else { return Ok(()) };
            tokio::time::sleep(reply.delay).await;
            for message in reply.messages {
                stream.write_u16(u16::try_from(message.len()).unwrap()).await?;
                stream.write_all(&message).await?;
            }
        }
    }

    fn reply(&self, bytes: &[u8], transport: Transport) -> Option<Reply> {
        let question = Message::from_vec(bytes).ok()?;
        let query = question.queries.first()?;
        self.seen.question(Question {
            server: self.number,
            name: query.name().to_ascii().to_ascii_lowercase(),
            kind: query.query_type().to_string(),
            transport,
        });
        Some(self.zone.reply(self.number, &question, transport))
    }
}
