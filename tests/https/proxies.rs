//! Through a proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange_control::probe;
use exchange_control::probe::https::FailureKind::{self, *};
use exchange_control::probe::https::Stage;
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::authority::{Authority, HOST};
use crate::server::{STALL, Server, Step, header, loopback, send};
use crate::{AMPLE, PATH, SHORT, check, client_with, run};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn proxy(host: &str, address: SocketAddr) -> Option<probe::Proxy> {
    Some(probe::Proxy { host: host.to_owned(), port: address.port() })
}

#[test]
fn a_proxy_that_connects() {
    let ours = Authority::new();
    run(async {
        let server = Server::tls(ours.good(), vec![send(ANSWER)]).await;
        let target = server.address;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let tunnel = Server::each(loopback().await, move |mut client| {
            let log = log.clone();
            async move {
                let request = header(&mut client).await.unwrap();
                log.lock().unwrap().push(request);
                let mut upstream = TcpStream::connect(target).await.unwrap();
                client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut upstream).await;
            }
        });
        for host in ["127.0.0.1", "localhost"] {
            let client = client_with(&ours, target, AMPLE, proxy(host, tunnel.address));
            // The proxy finds the host by its name: no address is needed.
            let exchange = client.get(HOST, PATH, &[], &|_| {}).await;
            check(host, &exchange, Ok(200));
            assert_eq!(exchange.address, Some(tunnel.address), "{host}");
        }
        let expected = format!("CONNECT {HOST}:{0} HTTP/1.1\r\nHost: {HOST}:{0}\r\n\r\n", target.port());
        assert_eq!(*seen.lock().unwrap(), [expected.clone(), expected]);
    });
}

#[test]
fn proxies_that_do_not() {
    let ours = Authority::new();
    let cases: Vec<(&str, Vec<Step>, Duration, (FailureKind, &str))> = vec![
        ("forbidden", vec![send("HTTP/1.1 403 Forbidden\r\n\r\n")], AMPLE, (Proxy, "`HTTP/1.1 403 Forbidden`")),
        ("authentication", vec![send("HTTP/1.1 407 Who\r\n\r\n")], AMPLE, (Proxy, "authentication")),
        ("bad gateway", vec![send("HTTP/1.0 502 Bad\r\n\r\n")], AMPLE, (Proxy, "502 Bad")),
        ("no proxy", vec![send("220 mail\r\n\r\n")], AMPLE, (Proxy, "no HTTP proxy: its answer begins `220 mail`")),
        ("closed", vec![], AMPLE, (Proxy, "broke off")),
        ("reset", vec![Step::Reset], AMPLE, (Proxy, "broke off")),
        ("a header without end", vec![Step::Forever(b"HTTP/1.1 200 OK\r\n".to_vec())], AMPLE, (Proxy, "8192 bytes")),
        ("silent", vec![STALL], SHORT, (Proxy, "CONNECT took longer than 0.7 s")),
        ("connected to nothing", vec![send("HTTP/1.1 200 OK\r\n\r\n")], AMPLE, (TlsHandshake, "closed")),
        (
            "connected to silence",
            vec![send("HTTP/1.1 200 OK\r\n\r\n"), STALL],
            SHORT,
            (Timeout(Stage::Handshake), "0.7 s"),
        ),
    ];
    run(async {
        for (name, script, timeout, expected) in cases {
            let server = Server::plain(script).await;
            let client = client_with(&ours, server.address, timeout, proxy("127.0.0.1", server.address));
            let exchange = client.get(HOST, PATH, &[], &|_| {}).await;
            check(name, &exchange, Err(expected));
            assert_eq!(exchange.address, Some(server.address), "{name}");
        }
    });
}

#[test]
fn a_proxy_that_is_not_there() {
    let ours = Authority::new();
    run(async {
        let deserted = loopback().await.local_addr().unwrap();
        let client = client_with(&ours, deserted, AMPLE, proxy("127.0.0.1", deserted));
        let exchange = client.get(HOST, PATH, &[], &|_| {}).await;
        check("nobody listens", &exchange, Err((Proxy, "refused the connection")));
    });
}
