//! One GET over HTTPS, with all that was seen on the way.

use std::net::SocketAddr;
use std::time::Duration;

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
