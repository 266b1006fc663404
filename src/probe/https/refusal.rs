//! Why a handshake failed, in words: what rustls refused, and what the server said or did not say.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use super::certificate::{Certificate, Names};
use super::message::{day, printable};
use super::{Failure, FailureKind};

/// The certificates that the server sent, as far as they can be read.
pub struct Chain {
    pub own: Option<Certificate>,
    /// Those above its own.
    pub others: Vec<Certificate>,
}

/// Why a chain was refused for `host`. `now` is in seconds since 1970.
pub fn certificate(error: &CertificateError, chain: &Chain, host: &str, now: i64) -> Failure {
    use CertificateError::*;
    match error {
        ExpiredContext { not_after, .. } => {
            let end = timestamp(not_after.as_secs());
            let which = which(chain, |own| own.not_after == end);
            Failure::new(FailureKind::TlsExpired, format!("{which} expired on {}", day(end)))
        }
        Expired => Failure::new(FailureKind::TlsExpired, "certificate is never valid: it ends before it begins"),
        NotValidYetContext { not_before, .. } => {
            let start = timestamp(not_before.as_secs());
            let which = which(chain, |own| own.not_before == start);
            let message =
                format!("{which} is not valid before {}; by the clock of this machine it is {}", day(start), day(now));
            Failure::new(FailureKind::TlsNotYetValid, message)
        }
        NotValidForName | NotValidForNameContext { .. } => {
            Failure::new(FailureKind::TlsName, other_names(chain.own.as_ref(), host))
        }
        UnknownIssuer => Failure::new(FailureKind::TlsUntrusted, unknown_issuer(chain)),
        _ => Failure::new(FailureKind::TlsUntrusted, untrusted(error, chain)),
    }
}

/// The server's own certificate, or one above it.
fn which(chain: &Chain, is_own: impl Fn(&Certificate) -> bool) -> &'static str {
    match &chain.own {
        Some(own) if !is_own(own) => "a certificate above the server's own, in its chain,",
        _ => "certificate",
    }
}

fn other_names(own: Option<&Certificate>, host: &str) -> String {
    match own {
        Some(Certificate { dns_names: None, common_name: Some(name), .. }) => format!(
            "certificate has no subjectAltName, and its common name `{name}` does not count: it is not for {host}"
        ),
        Some(Certificate { dns_names: None, .. }) => {
            format!("certificate has no subjectAltName, and so is not for {host}")
        }
        Some(Certificate { dns_names: Some(names), .. }) => {
            format!("certificate is for {}, not for {host}", listed(names))
        }
        None => format!("certificate is not for {host}"),
    }
}

fn listed(names: &Names) -> String {
    match (names.first.as_slice(), names.more) {
        ([], _) => "no DNS name".to_owned(),
        (first, 0) => first.join(", "),
        (first, more) => format!("{} and {more} more", first.join(", ")),
    }
}

/// Tells self-signed certificates, authorities that are not trusted and incomplete chains apart, as far as can be told
/// from what was sent.
fn unknown_issuer(chain: &Chain) -> String {
    let Some(own) = &chain.own else { return "certificate is signed by an authority that is not trusted".to_owned() };
    if own.is_self_issued {
        return self_signed(own);
    }
    let top = top(own, &chain.others);
    if top.is_self_issued {
        format!(
            "certificate is signed by an authority that is not trusted: {}; is TLS inspection in the way?",
            top.subject
        )
    } else {
        format!(
            "certificate is signed by an authority that is not trusted: {}, whose certificate the server did not send; \
             if it is an intermediate authority, the server must send its certificate too; else, is TLS inspection in \
             the way?",
            top.issuer
        )
    }
}

/// The last certificate on the way up from the server's own.
fn top<'a>(own: &'a Certificate, others: &'a [Certificate]) -> &'a Certificate {
    let mut top = own;
    // A chain may go in a circle, but not further than it is long.
    for _ in others {
        match others.iter().find(|other| other.subject == top.issuer) {
            Some(issuer) if !top.is_self_issued => top = issuer,
            _ => break,
        }
    }
    top
}

fn self_signed(own: &Certificate) -> String {
    format!("certificate is self-signed, and not among the trusted roots: {}", own.subject)
}

fn untrusted(error: &CertificateError, chain: &Chain) -> String {
    use CertificateError::*;
    match (error, &chain.own) {
        (BadEncoding, _) => "a certificate of the chain is not correctly encoded".to_owned(),
        (BadSignature, _) => "a signature in the certificate's chain is wrong".to_owned(),
        (InvalidPurpose | InvalidPurposeContext { .. }, _) => {
            "certificate is not for servers: its extendedKeyUsage, or that of an authority above it, lacks serverAuth"
                .to_owned()
        }
        (UnhandledCriticalExtension, _) => {
            "a certificate of the chain has a critical extension that is not known".to_owned()
        }
        (UnsupportedSignatureAlgorithmContext { .. } | UnsupportedSignatureAlgorithmForPublicKeyContext { .. }, _) => {
            "certificate is signed with an algorithm that is not trusted, such as SHA-1".to_owned()
        }
        (_, Some(own)) if own.is_self_issued => self_signed(own),
        (_, Some(own)) if own.is_authority => {
            format!("the server's certificate is that of an authority (basicConstraints): {}", own.subject)
        }
        _ => format!("certificate was refused: {}", printable(error.to_string().as_bytes(), 200)),
    }
}

/// Why the handshake failed otherwise. `opening` is how the server's first answer began.
pub fn handshake(error: &io::Error, opening: &[u8], host: &str) -> Failure {
    if !opening.is_empty() && !begins_as_tls(opening) {
        return not_tls(opening);
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => tls(error, host),
        None => {
            let how = match error.kind() {
                io::ErrorKind::UnexpectedEof => "closed".to_owned(),
                _ if is_reset(error) => "reset".to_owned(),
                _ => format!("broken ({error})"),
            };
            let message = format!("the connection was {how} during the TLS handshake; is a firewall in the way?");
            Failure::new(FailureKind::TlsHandshake, message)
        }
    }
}

/// Whether the other side ended the connection without ado.
pub fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe
    )
}

/// A TLS record: its type, then 3 as the version's first byte (RFC 8446 section 5.1).
fn begins_as_tls(opening: &[u8]) -> bool {
    matches!(opening, [20..=23] | [20..=23, 3, ..])
}

fn not_tls(opening: &[u8]) -> Failure {
    let message = if opening.starts_with(b"HTTP/") {
        "the server answers in plain HTTP, without TLS, on this port".to_owned()
    } else {
        format!("the server does not speak TLS on this port: its answer begins `{}`", printable(opening, 32))
    };
    Failure::new(FailureKind::TlsProtocol, message)
}

/// What rustls says of the session, the certificates' chain apart.
pub fn tls(error: &Error, host: &str) -> Failure {
    let protocol = |message: String| Failure::new(FailureKind::TlsProtocol, message);
    match error {
        Error::AlertReceived(AlertDescription::UnrecognisedName) => Failure::new(
            FailureKind::TlsName,
            format!("the server knows no {host}: it answered with the alert unrecognized_name"),
        ),
        Error::AlertReceived(alert) => protocol(format!("the server ended TLS with the alert {}", alert_text(*alert))),
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => protocol(format!("the server speaks an older version of TLS; {NEEDED_VERSION}")),
        Error::InvalidCertificate(CertificateError::BadSignature) => Failure::new(
            FailureKind::TlsUntrusted,
            "the server does not hold the key of its certificate: its signature in the handshake is wrong",
        ),
        Error::InvalidCertificate(error) => Failure::new(
            FailureKind::TlsUntrusted,
            format!("certificate was refused: {}", printable(error.to_string().as_bytes(), 200)),
        ),
        Error::NoCertificatesPresented => {
            Failure::new(FailureKind::TlsUntrusted, "the server presented no certificate")
        }
        _ => protocol(format!("the TLS session failed: {}", printable(error.to_string().as_bytes(), 200))),
    }
}

const NEEDED_VERSION: &str = "TLS 1.2 or 1.3 is needed";

/// The alerts that a wrongly configured server sends, with what they come to. Others by their names alone.
fn alert_text(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::ProtocolVersion => format!("protocol_version: {NEEDED_VERSION}"),
        AlertDescription::HandshakeFailure => "handshake_failure: it accepts none of the cipher suites of today \
            (ECDHE with AES-GCM or ChaCha20-Poly1305), or has no certificate for this name"
            .to_owned(),
        AlertDescription::InsufficientSecurity => {
            "insufficient_security: it accepts none of the cipher suites that were offered".to_owned()
        }
        AlertDescription::NoApplicationProtocol => "no_application_protocol: it does not speak HTTP/1.1".to_owned(),
        AlertDescription::CertificateRequired => {
            "certificate_required: it demands a certificate of its clients, and senders have none".to_owned()
        }
        AlertDescription::InternalError => "internal_error: its own set-up is wrong".to_owned(),
        _ => printable(format!("{alert:?}").as_bytes(), 60),
    }
}

fn timestamp(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
