//! HTTP/1.1 as policy hosts speak it, rightly or wrongly.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use super::flight::Flights;
use super::seen::Request;
use super::tls::until_closed;

/// What a policy host does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Response(Response),
    /// Nothing, while the connection stays.
    Silence,
    /// Header fields without end.
    EndlessHeaders,
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// RST.
    Reset,
    /// The end of the connection.
    Close,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// All but those that frame the body.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub framing: Framing,
    pub pace: Pace,
}

/// How the body's end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Content-Length.
    Length,
    /// A Content-Length that is so many bytes off.
    LengthOff(i64),
    Chunked,
    /// Chunks, then the end of the connection without the last one.
    ChunkedCut,
    /// A chunk, then one whose size is no number.
    ChunkedBroken,
    /// The body in chunks, over and over.
    ChunkedEndless,
    /// Chunks and a Content-Length, which is how requests are smuggled (RFC 9112 section 6.3).
    ChunkedWithLength,
    /// The end of the connection, with TLS' close_notify.
    Close,
    /// The end of the connection without close_notify: anybody could have cut it.
    Cut,
    /// No body and no word about it, as 204 and 304 have it.
    None,
}

/// How fast a response is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    /// After a while.
    After(Duration),
    /// The header at once, then a byte each such while.
    ByteEach(Duration),
    /// Every byte of the header, too.
    HeaderByteEach(Duration),
    /// The header and half the body, then nothing.
    HalfBody,
}

impl Response {
    /// 200 with a body of text/plain.
    pub fn ok(body: &str) -> Self {
        Response {
            status: 200,
            headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
            body: body.as_bytes().to_vec(),
            framing: Framing::Length,
            pace: Pace::AtOnce,
        }
    }

    fn head(&self) -> String {
        let length = self.body.len() as i64;
        let framing = match self.framing {
            Framing::Length => format!("Content-Length: {length}\r\n"),
            Framing::LengthOff(bytes) => format!("Content-Length: {}\r\n", length + bytes),
            Framing::Chunked | Framing::ChunkedCut | Framing::ChunkedBroken | Framing::ChunkedEndless => {
                "Transfer-Encoding: chunked\r\n".to_owned()
            }
            Framing::ChunkedWithLength => format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
            Framing::Close | Framing::Cut => "Connection: close\r\n".to_owned(),
            Framing::None => String::new(),
        };
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("HTTP/1.1 {} Lab\r\n{headers}{framing}\r\n", self.status)
    }

    fn framed_body(&self) -> Vec<u8> {
        match self.framing {
            Framing::Chunked | Framing::ChunkedWithLength => [self.chunks(), b"0\r\n\r\n".to_vec()].concat(),
            Framing::ChunkedCut | Framing::ChunkedEndless => self.chunks(),
            Framing::ChunkedBroken => [self.chunks(), b"no number\r\n".to_vec()].concat(),
            Framing::None => Vec::new(),
            Framing::Length | Framing::LengthOff(_) | Framing::Close | Framing::Cut => self.body.clone(),
        }
    }

    /// The body in chunks of no round size, without the last one.
    fn chunks(&self) -> Vec<u8> {
        let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        self.body.chunks(1000).flat_map(chunk).collect()
    }

    /// Whether the end of the connection follows.
    fn ends_connection(&self) -> bool {
        matches!(
            self.framing,
            Framing::LengthOff(_) | Framing::ChunkedCut | Framing::ChunkedBroken | Framing::Close | Framing::Cut
        )
    }
}

/// A request as it was read, before it is known whose it is.
pub struct Received {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

impl Received {
    pub fn of(self, address: IpAddr, sni: &str) -> Request {
        let Received { method, path, headers } = self;
        Request { address, sni: sni.to_owned(), method, path, headers }
    }
}

/// Answers the requests of one connection until one side ends it.
pub async fn converse(mut stream: TlsStream<Flights>, answer: &Answer, seen: impl Fn(Received)) -> io::Result<()> {
    while let Some(head) = read_head(&mut stream).await? {
        seen(parse(&head));
        match answer {
            Answer::Response(response) => {
                send(&mut stream, response).await?;
                if response.framing == Framing::Cut {
                    stream.get_mut().0.shutdown().await?;
                } else if response.ends_connection() {
                    stream.shutdown().await?;
                }
            }
            Answer::Silence => return until_closed(&mut stream).await,
            Answer::EndlessHeaders => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n").await?;
                for number in 0_u64.. {
                    stream.write_all(format!("X-Header-{number}: {}\r\n", "x".repeat(100)).as_bytes()).await?;
                }
            }
            Answer::Bytes(bytes) => {
                stream.write_all(bytes).await?;
                stream.shutdown().await?;
            }
            Answer::Reset => return stream.get_ref().0.reset(),
            Answer::Close => stream.shutdown().await?,
        }
    }
    Ok(())
}

async fn send(stream: &mut TlsStream<Flights>, response: &Response) -> io::Result<()> {
    let (head, body) = (response.head(), response.framed_body());
    match response.pace {
        Pace::AtOnce => stream.write_all(&[head.as_bytes(), &body].concat()).await?,
        Pace::After(delay) => {
            sleep(delay).await;
            stream.write_all(&[head.as_bytes(), &body].concat()).await?;
        }
        Pace::ByteEach(delay) => {
            stream.write_all(head.as_bytes()).await?;
            trickle(stream, &body, delay).await?;
        }
        Pace::HeaderByteEach(delay) => trickle(stream, &[head.as_bytes(), &body].concat(), delay).await?,
        Pace::HalfBody => {
            stream.write_all(&[head.as_bytes(), &body[..body.len() / 2]].concat()).await?;
            return until_closed(stream).await;
        }
    }
    if response.framing == Framing::ChunkedEndless {
        loop {
            stream.write_all(&body).await?;
        }
    }
    stream.flush().await
}

/// Sends a byte at a time, until all is sent or the client leaves.
async fn trickle(stream: &mut TlsStream<Flights>, bytes: &[u8], delay: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        sleep(delay).await;
    }
    Ok(())
}

/// The next request up to the blank line; None where the client has ended.
pub async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && head.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

fn parse(head: &str) -> Received {
    let mut lines = head.lines();
    let mut request_line = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(':'));
    Received {
        method: request_line.next().unwrap_or_default(),
        path: request_line.next().unwrap_or_default(),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect(),
    }
}
