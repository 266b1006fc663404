//! Handshakes that fail before or beside the certificate.

use std::sync::Arc;
use std::time::Duration;

use exchange_control::probe::https::FailureKind::{self, *};
use exchange_control::probe::https::Stage;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::server::{Log, Presents, STALL, Server, Step, builder, config_of, loopback, send};
use crate::{AMPLE, SHORT, check, client, get, run};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn alert(code: u8) -> Vec<Step> {
    vec![Step::Send(vec![21, 3, 3, 0, 2, 2, code])]
}

/// A ServerHello of TLS 1.1, as RFC 4346 has it.
fn old_server_hello() -> Vec<u8> {
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x13, 0]);
    hello
}

#[test]
fn what_servers_do_instead_of_tls() {
    let ours = Authority::new();
    let cases: Vec<(&str, Vec<Step>, Duration, (FailureKind, &str))> = vec![
        ("protocol_version", alert(70), AMPLE, (TlsProtocol, "TLS 1.2 or 1.3 is needed")),
        ("unrecognized_name", alert(112), AMPLE, (TlsName, "the server knows no mta-sts.contoso.example")),
        ("handshake_failure", alert(40), AMPLE, (TlsProtocol, "handshake_failure")),
        ("internal_error", alert(80), AMPLE, (TlsProtocol, "internal_error")),
        ("an alert without a name", alert(200), AMPLE, (TlsProtocol, "alert")),
        ("TLS 1.1", vec![Step::Send(old_server_hello())], AMPLE, (TlsProtocol, "older version")),
        ("plain HTTP", vec![send("HTTP/1.1 400 Bad Request\r\n\r\n")], AMPLE, (TlsProtocol, "plain HTTP")),
        (
            "another protocol",
            vec![send("220 mail.contoso.example\r\n")],
            AMPLE,
            (TlsProtocol, "begins `220 mail.contoso"),
        ),
        ("a broken record", vec![Step::Send(vec![22, 3, 3, 0, 1, 0])], AMPLE, (TlsHandshake, "closed")),
        ("closed", vec![], AMPLE, (TlsHandshake, "closed during the TLS handshake")),
        ("reset", vec![Step::Reset], AMPLE, (TlsHandshake, "reset during the TLS handshake")),
        ("stalled", vec![STALL], SHORT, (Timeout(Stage::Handshake), "TLS handshake did not end within 0.7 s")),
        (
            "dripping",
            vec![Step::Drip(vec![22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3, 0], Duration::from_millis(300))],
            SHORT,
            (Timeout(Stage::Handshake), "TLS handshake did not end"),
        ),
    ];
    run(async {
        for (name, script, timeout, expected) in cases {
            let server = Server::plain(script).await;
            let exchange = get(&client(&ours, server.address, timeout)).await;
            check(name, &exchange, Err(expected));
            assert_eq!((exchange.address, &exchange.tls), (Some(server.address), &None), "{name}");
            assert!(exchange.times.connect.is_some() && exchange.times.handshake.is_none(), "{name}");
        }
    });
}

#[test]
fn versions() {
    let ours = Authority::new();
    let cases = [("TLS 1.2", &rustls::version::TLS12), ("TLS 1.3", &rustls::version::TLS13)];
    run(async {
        for (name, version) in cases {
            let config = config_of(ours.good(), &[version]);
            let server = Server::http(loopback().await, config, vec![send(ANSWER)], Log::default());
            let exchange = get(&client(&ours, server.address, AMPLE)).await;
            check(name, &exchange, Ok(200));
            assert_eq!(exchange.tls.and_then(|tls| tls.version), Some(name));
        }
    });
}

/// Demands a certificate of its clients.
fn demanding(authority: &Authority, version: &'static rustls::SupportedProtocolVersion) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root.der().clone()).unwrap();
    let provider = rustls::crypto::ring::default_provider().into();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
    let presents = Arc::new(Presents::new(authority.good()));
    builder(&[version]).with_client_cert_verifier(verifier).with_cert_resolver(presents).into()
}

#[test]
fn a_server_that_demands_a_certificate() {
    let ours = Authority::new();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        run(async {
            let config = demanding(&ours, version);
            let server = Server::http(loopback().await, config, vec![send(ANSWER)], Log::default());
            let exchange = get(&client(&ours, server.address, AMPLE)).await;
            check(&format!("{version:?}"), &exchange, Err((TlsProtocol, "certificate_required")));
        });
    }
}

/// Some systems forget what they received once the connection is reset; Linux does not.
#[test]
#[cfg(target_os = "linux")]
fn an_alert_is_heard_although_the_server_has_closed() {
    let ours = Authority::new();
    run(async {
        let config = demanding(&ours, &rustls::version::TLS12);
        let server = Server::each(loopback().await, move |stream| {
            let config = config.clone();
            async move {
                // Closed with the client's last flight unread, which resets the connection.
                let _ = TlsAcceptor::from(config).accept(stream).await;
            }
        });
        let client = client(&ours, server.address, AMPLE);
        for _ in 0..10 {
            check("closed", &get(&client).await, Err((TlsProtocol, "certificate_required")));
        }
    });
}

#[test]
fn a_server_of_http_2_alone() {
    let ours = Authority::new();
    let mut config = (*config_of(ours.good(), rustls::ALL_VERSIONS)).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    run(async {
        let server = Server::http(loopback().await, config.into(), vec![send(ANSWER)], Log::default());
        let exchange = get(&client(&ours, server.address, AMPLE)).await;
        check("h2", &exchange, Err((TlsProtocol, "does not speak HTTP/1.1")));
    });
}

#[test]
fn no_session_is_resumed() {
    let ours = Authority::new();
    run(async {
        let config = config_of(ours.good(), rustls::ALL_VERSIONS);
        let kinds = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = kinds.clone();
        let server = crate::server::sessions(loopback().await, config, move |mut stream| {
            seen.lock().unwrap().push(stream.get_ref().1.handshake_kind());
            async move {
                crate::server::header(&mut stream).await;
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, ANSWER.as_bytes()).await;
                let _ = tokio::io::AsyncWriteExt::flush(&mut stream).await;
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await;
            }
        });
        let client = client(&ours, server.address, AMPLE);
        for _ in 0..3 {
            check("a session of its own", &get(&client).await, Ok(200));
        }
        assert_eq!(*kinds.lock().unwrap(), [Some(rustls::HandshakeKind::Full); 3]);
    });
}
