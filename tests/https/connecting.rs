//! Which address is connected to, how long that may take, and how many connections there are at a time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use exchange_control::probe::https::FailureKind::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::authority::{Authority, HOST};
use crate::server::{Log, Server, config, header, loopback, send, sessions};
use crate::{AMPLE, PATH, SHORT, check, client, get, run};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const FOUR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SIX: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// An address where nobody listens.
async fn deserted() -> SocketAddr {
    loopback().await.local_addr().unwrap()
}

#[test]
fn refused() {
    let ours = Authority::new();
    run(async {
        let exchange = get(&client(&ours, deserted().await, AMPLE)).await;
        check("nobody listens", &exchange, Err((ConnectRefused, "refused the connection")));
        assert!(exchange.address.is_some() && exchange.tls.is_none() && exchange.times.connect.is_none());
    });
}

#[test]
fn no_address() {
    let ours = Authority::new();
    run(async {
        let exchange = client(&ours, deserted().await, AMPLE).get(HOST, PATH, &[], &|_| {}).await;
        check("no address", &exchange, Err((ConnectTimeout, "no address to connect to")));
    });
}

#[test]
fn a_name_that_no_certificate_can_hold() {
    let ours = Authority::new();
    run(async {
        let server = Server::tls(ours.good(), vec![send(ANSWER)]).await;
        let exchange = client(&ours, server.address, AMPLE).get("mta-sts.con toso", PATH, &[FOUR], &|_| {}).await;
        check("a blank", &exchange, Err((TlsName, "no name that a certificate can hold")));
    });
}

/// Listeners on both families' loopback with the same port; None where this machine has no IPv6.
async fn both_families() -> Option<(TcpListener, TcpListener)> {
    for _ in 0..50 {
        let four = loopback().await;
        match TcpListener::bind((SIX, four.local_addr().unwrap().port())).await {
            Ok(six) => return Some((four, six)),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(_) => return None,
        }
    }
    None
}

#[test]
fn either_family_will_do() {
    let ours = Authority::new();
    run(async {
        let Some((four, six)) = both_families().await else { return };
        let port = four.local_addr().unwrap().port();
        let config = config(ours.good());
        let both = [FOUR, SIX];

        let first = Server::http(four, config.clone(), vec![send(ANSWER)], Log::default());
        let client = client(&ours, first.address, AMPLE);
        let second = Server::http(six, config, vec![send(ANSWER)], Log::default());
        assert_eq!(client.get(HOST, PATH, &both, &|_| {}).await.address, Some((SIX, port).into()), "IPv6 first");

        drop(second);
        wait_until_refused((SIX, port).into()).await;
        let since = Instant::now();
        let exchange = client.get(HOST, PATH, &both, &|_| {}).await;
        check("IPv6 refuses", &exchange, Ok(200));
        assert_eq!(exchange.address, Some((FOUR, port).into()));
        assert!(exchange.times.connect.unwrap() <= since.elapsed());

        drop(first);
        wait_until_refused((FOUR, port).into()).await;
        check("both refuse", &client.get(HOST, PATH, &both, &|_| {}).await, Err((ConnectRefused, "127.0.0.1")));
    });
}

async fn wait_until_refused(address: SocketAddr) {
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A listener whose backlog is full, so that nothing answers a connection; with the connections that fill it.
#[cfg(target_os = "linux")]
async fn silent(address: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() };
    let socket = socket.unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut filling = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        filling.push(stream);
        assert!(filling.len() < 100, "the backlog does not fill");
    }
    (listener, filling)
}

#[test]
#[cfg(target_os = "linux")]
fn silence() {
    let ours = Authority::new();
    run(async {
        let (listener, _filling) = silent((FOUR, 0).into()).await;
        let since = Instant::now();
        let exchange = get(&client(&ours, listener.local_addr().unwrap(), SHORT)).await;
        check("a full backlog", &exchange, Err((ConnectTimeout, "no answer from 127.0.0.1")));
        assert!(since.elapsed() >= SHORT);
        assert_eq!(exchange.address, listener.local_addr().ok());
    });
}

/// Those that find every place taken do not wait for one silence after another.
#[test]
#[cfg(target_os = "linux")]
fn many_at_a_silent_address_wait_once() {
    let ours = Authority::new();
    run(async {
        let (listener, _filling) = silent((FOUR, 0).into()).await;
        let client = Arc::new(client(&ours, listener.local_addr().unwrap(), SHORT));
        let since = Instant::now();
        let mut fetches = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let client = client.clone();
            fetches.spawn(async move { get(&client).await });
        }
        for exchange in fetches.join_all().await {
            check("all the same", &exchange, Err((ConnectTimeout, "no answer from 127.0.0.1")));
        }
        assert!(since.elapsed() < SHORT * 2, "{:?} for all", since.elapsed());
    });
}

#[test]
#[cfg(target_os = "linux")]
fn one_silent_address_does_not_hold_up_the_others() {
    let ours = Authority::new();
    run(async {
        if both_families().await.is_none() {
            return;
        }
        let (silent, _filling) = silent((SIX, 0).into()).await;
        let port = silent.local_addr().unwrap().port();
        // Somebody may have the port already, though hardly ever.
        let Ok(listener) = TcpListener::bind((FOUR, port)).await else { return };
        let server = Server::http(listener, config(ours.good()), vec![send(ANSWER)], Log::default());
        let client = client(&ours, server.address, AMPLE);
        let exchange = client.get(HOST, PATH, &[SIX, FOUR], &|_| {}).await;
        check("the other family", &exchange, Ok(200));
        assert_eq!(exchange.address, Some(server.address));
        let took = exchange.times.connect.unwrap();
        assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(5), "{took:?}");

        drop(server);
        wait_until_refused((FOUR, port).into()).await;
        let client = crate::client(&ours, (FOUR, port).into(), SHORT);
        let exchange = client.get(HOST, PATH, &[SIX, FOUR], &|_| {}).await;
        check("one silent, one refusing", &exchange, Err((ConnectTimeout, "127.0.0.1")));
    });
}

#[test]
fn sixteen_at_a_time_and_the_wait_is_not_counted() {
    const EACH: Duration = Duration::from_millis(600);
    const TIMEOUT: Duration = Duration::from_secs(2);
    let ours = Authority::new();
    run(async {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = (now.clone(), most.clone());
        let server = sessions(loopback().await, config(ours.good()), move |mut stream| {
            let (now, most) = counted.clone();
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                header(&mut stream).await;
                tokio::time::sleep(EACH).await;
                now.fetch_sub(1, Ordering::SeqCst);
                let _ = stream.write_all(ANSWER.as_bytes()).await;
                let _ = stream.shutdown().await;
                let _ = stream.get_mut().0.read(&mut [0]).await;
            }
        });
        let client = Arc::new(client(&ours, server.address, TIMEOUT));
        let since = Instant::now();
        let asking: Vec<_> = (0..64)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { get(&client).await })
            })
            .collect();
        for exchange in asking {
            check("each", &exchange.await.unwrap(), Ok(200));
        }
        assert!(since.elapsed() > TIMEOUT, "the last waited longer than the deadline");
        assert_eq!(most.load(Ordering::SeqCst), 16);
    });
}

#[test]
fn dropping_the_future_closes_the_socket() {
    let ours = Authority::new();
    run(async {
        let (ended, mut has_ended) = tokio::sync::mpsc::unbounded_channel();
        let server = sessions(loopback().await, config(ours.good()), move |mut stream| {
            let ended = ended.clone();
            async move {
                header(&mut stream).await;
                let _ = ended.send("asked");
                // No answer; the next thing to be seen is the end.
                let _ = stream.read(&mut [0]).await;
                let _ = ended.send("closed");
            }
        });
        let client = Arc::new(client(&ours, server.address, AMPLE * 10));
        let asking = tokio::spawn({
            let client = client.clone();
            async move { get(&client).await }
        });
        assert_eq!(has_ended.recv().await, Some("asked"));
        asking.abort();
        let closed = tokio::time::timeout(AMPLE, has_ended.recv()).await;
        assert_eq!(closed, Ok(Some("closed")));
    });
}
