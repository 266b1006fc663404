//! One GET over a session, its answer read as far as the limits allow.
//!
//! The connection is driven by whoever waits for it, in the same future: nothing is spawned, so dropping that future
//! closes the socket.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1::{self, Connection};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
    LOCATION, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{Request, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Failure, FailureKind, Response, refusal};

/// The largest body (RFC 8461 section 3.3 suggests 64 KiB).
const LARGEST_BODY: usize = 64 << 10;
/// The largest header, and the most that is read ahead.
const LARGEST_HEADER: usize = 16 << 10;
/// The most header fields.
const MOST_FIELDS: usize = 100;
/// Informational responses (1xx) before the one that counts.
const MOST_INFORMATIONAL: usize = 16;
const USER_AGENT_TEXT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// An answer whose header is read, and whose body is not.
pub struct Answer<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    driver: Driver<S>,
    response: hyper::Response<Incoming>,
    host: String,
}

/// Sends the request and reads the answer's header.
pub async fn send<S>(session: S, host: &str, path: &str) -> Result<Answer<S>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = request(host, path)?;
    let informational = Arc::new(AtomicUsize::new(0));
    let counter = informational.clone();
    hyper::ext::on_informational(&mut request, move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEADER)
        .max_headers(MOST_FIELDS)
        .handshake(TokioIo::new(session))
        .await
        .map_err(|error| header_failure(&error, host))?;
    let mut driver = Driver { connection, has_ended: false };
    let mut answer = pin!(sender.send_request(request));
    let response = driver
        .beside(poll_fn(|context| {
            if informational.load(Ordering::Relaxed) > MOST_INFORMATIONAL {
                let message = format!("the server sent more than {MOST_INFORMATIONAL} informational responses (1xx)");
                return Poll::Ready(Err(Failure::new(FailureKind::Malformed, message)));
            }
            answer.as_mut().poll(context).map_err(|error| header_failure(&error, host))
        }))
        .await?;
    Ok(Answer { driver, response, host: host.to_owned() })
}

fn request(host: &str, path: &str) -> Result<Request<Empty<Bytes>>, Failure> {
    Request::get(path)
        .version(Version::HTTP_11)
        .header(HOST, host)
        .header(USER_AGENT, USER_AGENT_TEXT)
        .header(ACCEPT, "text/plain")
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| {
            Failure::new(FailureKind::Malformed, format!("`{path}` of `{host}` cannot be asked for: {error}"))
        })
}

impl<S> Answer<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Whether the body is wanted.
    pub fn has_body(&self) -> bool {
        self.response.status() == StatusCode::OK
    }

    /// The answer without its body.
    pub fn without_body(self) -> Response {
        response(self.response.status(), self.response.headers(), Vec::new())
    }

    /// Reads the body to its end.
    pub async fn with_body(mut self) -> Result<Response, Failure> {
        let body = self.read_body().await?;
        Ok(response(self.response.status(), self.response.headers(), body))
    }

    async fn read_body(&mut self) -> Result<Vec<u8>, Failure> {
        let announced = self.response.body().size_hint().lower();
        if announced > LARGEST_BODY as u64 {
            return Err(too_large(&format!(": Content-Length is {announced}")));
        }
        let mut read = Vec::new();
        while let Some(frame) = self.driver.beside(self.response.body_mut().frame()).await {
            let frame = frame.map_err(|error| self.body_failure(&error, read.len()))?;
            let Some(data) = frame.data_ref() else { continue };
            if read.len() + data.len() > LARGEST_BODY {
                return Err(too_large(""));
            }
            grow(&mut read, data.len());
            read.extend_from_slice(data);
        }
        Ok(read)
    }

    /// Why the body is not whole, `read` bytes of which came.
    fn body_failure(&self, error: &hyper::Error, read: usize) -> Failure {
        if let Some(failure) = session_failure(error, &self.host) {
            return failure;
        }
        let headers = self.response.headers();
        let how = match cause::<io::Error>(error) {
            Some(cause) if refusal::is_reset(cause) => "the connection was reset",
            Some(cause) if matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                "its chunks are broken"
            }
            _ if headers.contains_key(CONTENT_LENGTH) => "the connection ended before its Content-Length was reached",
            _ if headers.contains_key(TRANSFER_ENCODING) => "the connection ended before its last chunk",
            _ => {
                "it has no Content-Length, and the connection ended without the close_notify of TLS, so that nobody \
                 can tell whether it is whole"
            }
        };
        Failure::new(FailureKind::Truncated, format!("the body was cut off after {read} bytes: {how}"))
    }
}

fn response(status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> Response {
    let values = |name: HeaderName| headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect();
    Response {
        status: status.as_u16(),
        location: headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        content_types: values(CONTENT_TYPE),
        content_encodings: values(CONTENT_ENCODING),
        body,
    }
}

/// Makes room, by doubling, and never for more than the largest body.
fn grow(read: &mut Vec<u8>, more: usize) {
    let needed = read.len() + more;
    if needed > read.capacity() {
        let wanted = needed.max(2 * read.capacity()).min(LARGEST_BODY);
        read.reserve_exact(wanted - read.len());
    }
}

fn too_large(detail: &str) -> Failure {
    Failure::new(FailureKind::TooLarge, format!("the body is larger than {LARGEST_BODY} bytes{detail}"))
}

/// Why no header came.
fn header_failure(error: &hyper::Error, host: &str) -> Failure {
    if let Some(failure) = session_failure(error, host) {
        return failure;
    }
    let message = if error.is_parse() {
        format!(
            "the answer is no HTTP response: {error}; expected a status line, and at most {MOST_FIELDS} header fields in \
             {LARGEST_HEADER} bytes"
        )
    } else {
        let how = match cause::<io::Error>(error) {
            Some(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => format!("broke ({cause})"),
            _ => "was closed".to_owned(),
        };
        format!("the connection {how} before the whole header of an HTTP response came")
    };
    Failure::new(FailureKind::Malformed, message)
}

/// The TLS session's own failure, such as an alert that came late.
fn session_failure(error: &hyper::Error, host: &str) -> Option<Failure> {
    let inner = cause::<io::Error>(error)?.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(refusal::tls(inner, host))
}

/// The first cause of its kind.
fn cause<E: std::error::Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}

/// The connection, which makes progress only while somebody waits beside it.
struct Driver<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    connection: Connection<TokioIo<S>, Empty<Bytes>>,
    has_ended: bool,
}

impl<S> Driver<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    async fn beside<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            if !self.has_ended {
                // How it ended is told to who waits for the answer or its body.
                self.has_ended = Pin::new(&mut self.connection).poll(context).is_ready();
            }
            work.as_mut().poll(context)
        })
        .await
    }
}
