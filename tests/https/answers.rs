//! What servers answer, whole or not.

use std::time::{Duration, Instant};

use exchange_control::probe::https::FailureKind::{self, *};
use exchange_control::probe::https::{Exchange, Response, Stage};

use crate::authority::{Authority, HOST};
use crate::server::{Log, STALL, Server, Step, config, loopback, send};
use crate::{AMPLE, PATH, SHORT, check, client, get, run};

const LIMIT: usize = 65_536;

fn ok(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

/// A whole answer with a Content-Length.
fn sized(body: &str) -> Vec<Step> {
    vec![send(ok(&format!("Content-Length: {}\r\n", body.len()))), send(body)]
}

fn chunked(chunks: &[&str]) -> Vec<Step> {
    let body: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
    vec![send(ok("Transfer-Encoding: chunked\r\n")), send(body)]
}

async fn ask(authority: &Authority, script: Vec<Step>, timeout: Duration) -> Exchange {
    let server = Server::tls(authority.good(), script).await;
    get(&client(authority, server.address, timeout)).await
}

#[test]
fn bodies_that_come_whole() {
    let ours = Authority::new();
    let full = "x".repeat(LIMIT);
    let last = |mut script: Vec<Step>| {
        script.push(send("0\r\n\r\n"));
        script
    };
    let cases: Vec<(&str, Vec<Step>, &str)> = vec![
        ("by length", sized("version: STSv1\n"), "version: STSv1\n"),
        ("empty", sized(""), ""),
        ("by chunks", last(chunked(&["version: ", "STSv1\n"])), "version: STSv1\n"),
        ("with a trailer", vec![send(ok("Transfer-Encoding: chunked\r\n") + "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n")], "a"),
        ("by close_notify", vec![send(ok("")), send("to the end")], "to the end"),
        ("HTTP/1.0", vec![send("HTTP/1.0 200 OK\r\n\r\nold")], "old"),
        ("of 64 KiB", sized(&full), &full),
        ("of 64 KiB by chunks", last(chunked(&[&full[..LIMIT / 2], &full[LIMIT / 2..]])), &full),
        ("of 64 KiB by close_notify", vec![send(ok("")), send(&full)], &full),
        ("longer than its length", vec![send(ok("Content-Length: 2\r\n") + "abc")], "ab"),
        ("not closed", [sized("a"), vec![STALL]].concat(), "a"),
        ("cut behind its end", [sized("a"), vec![Step::Cut]].concat(), "a"),
        (
            "after informational responses",
            vec![
                send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(3)),
                send(ok("Content-Length: 1\r\n") + "a"),
            ],
            "a",
        ),
        (
            "in small pieces",
            vec![Step::Drip((ok("Content-Length: 2\r\n") + "ab").into(), Duration::from_millis(1))],
            "ab",
        ),
    ];
    run(async {
        for (name, script, body) in cases {
            let exchange = ask(&ours, script, AMPLE).await;
            check(name, &exchange, Ok(200));
            assert!(exchange.outcome.is_ok_and(|response| response.body == body.as_bytes()), "{name}");
            let times = exchange.times;
            assert!([times.connect, times.handshake, times.headers, times.body].iter().all(Option::is_some), "{name}");
        }
    });
}

#[test]
fn answers_that_do_not_come_whole() {
    let ours = Authority::new();
    let over = "x".repeat(LIMIT + 1);
    let slow = Duration::from_millis(300);
    let cases: Vec<(&str, Vec<Step>, Duration, (FailureKind, &str))> = vec![
        ("one byte too many, by length", sized(&over), AMPLE, (TooLarge, "Content-Length is 65537")),
        ("at once, by length", vec![send(ok("Content-Length: 99999999\r\n")), STALL], AMPLE, (TooLarge, "99999999")),
        ("one byte too many, by chunks", chunked(&[&"x".repeat(LIMIT), "y"]), AMPLE, (TooLarge, "65536 bytes")),
        ("one byte too many, to the end", vec![send(ok("")), send(&over)], AMPLE, (TooLarge, "65536 bytes")),
        ("without end", vec![send(ok("")), Step::Forever(vec![b'x'; 4096])], AMPLE, (TooLarge, "65536 bytes")),
        (
            "short",
            vec![send(ok("Content-Length: 9\r\n") + "abc")],
            AMPLE,
            (Truncated, "after 3 bytes: the connection ended before its Content-Length"),
        ),
        (
            "reset",
            vec![send(ok("Content-Length: 9\r\n") + "abc"), Step::Pause(slow), Step::Reset],
            AMPLE,
            (Truncated, "after 3 bytes: the connection was reset"),
        ),
        (
            "without a last chunk",
            chunked(&["abc"]),
            AMPLE,
            (Truncated, "after 3 bytes: the connection ended before its last chunk"),
        ),
        (
            "a broken chunk",
            vec![send(ok("Transfer-Encoding: chunked\r\n") + "zz\r\nabc")],
            AMPLE,
            (Truncated, "its chunks are broken"),
        ),
        (
            "a chunk without end",
            vec![send(ok("Transfer-Encoding: chunked\r\n")), Step::Forever(b"1;a=b".to_vec())],
            AMPLE,
            (Truncated, "its chunks are broken"),
        ),
        (
            "no close_notify",
            vec![send(ok("") + "abc"), Step::Cut],
            AMPLE,
            (Truncated, "without the close_notify of TLS"),
        ),
        ("nothing", vec![], AMPLE, (Malformed, "closed before the whole header")),
        ("nothing, reset", vec![Step::Reset], AMPLE, (Malformed, "before the whole header")),
        ("half a header", vec![send("HTTP/1.1 200 OK\r\nContent-")], AMPLE, (Malformed, "before the whole header")),
        (
            "half a header, cut",
            vec![send("HTTP/1.1 200 OK\r\nContent-"), Step::Cut],
            AMPLE,
            (Malformed, "before the whole header"),
        ),
        ("no HTTP", vec![send("version: STSv1\r\n\r\n")], AMPLE, (Malformed, "no HTTP response")),
        ("no status", vec![send("HTTP/1.1 OK\r\n\r\n")], AMPLE, (Malformed, "no HTTP response")),
        (
            "two lengths",
            vec![send(ok("Content-Length: 1\r\nContent-Length: 2\r\n") + "ab")],
            AMPLE,
            (Malformed, "content-length"),
        ),
        (
            "a header field without end",
            vec![send("HTTP/1.1 200 OK\r\nX: "), Step::Forever(vec![b'x'; 1000])],
            AMPLE,
            (Malformed, "too large"),
        ),
        (
            "header fields without end",
            vec![send("HTTP/1.1 200 OK\r\n"), Step::Forever(b"X: x\r\n".to_vec())],
            AMPLE,
            (Malformed, "too large"),
        ),
        (
            "informational responses without end",
            vec![Step::Forever(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec())],
            AMPLE,
            (Malformed, "more than 16 informational responses"),
        ),
        ("no answer", vec![STALL], SHORT, (Timeout(Stage::Headers), "header of an HTTP response came within 0.7 s")),
        ("a slow header", vec![Step::Drip(ok("X: y\r\n").into(), slow)], SHORT, (Timeout(Stage::Headers), "0.7 s")),
        (
            "a slow body",
            vec![send(ok("Content-Length: 9\r\n")), Step::Drip(b"123456789".to_vec(), slow)],
            SHORT,
            (Timeout(Stage::Body), "body did not end within 0.7 s"),
        ),
        (
            "no body",
            vec![send(ok("Content-Length: 9\r\n")), STALL],
            SHORT,
            (Timeout(Stage::Body), "body did not end within 0.7 s"),
        ),
    ];
    run(async {
        for (name, script, timeout, expected) in cases {
            let exchange = ask(&ours, script, timeout).await;
            check(name, &exchange, Err(expected));
            assert!(exchange.times.handshake.is_some() && exchange.times.body.is_none(), "{name}");
        }
    });
}

#[test]
fn the_deadline_is_one_for_all_stages() {
    let ours = Authority::new();
    let pause = Step::Pause(SHORT * 6 / 10);
    let script = vec![pause.clone(), send(ok("Content-Length: 1\r\n")), pause, send("a")];
    let since = Instant::now();
    let exchange = run(ask(&ours, script, SHORT));
    check("two pauses", &exchange, Err((Timeout(Stage::Body), "within 0.7 s of connecting")));
    assert!(since.elapsed() >= SHORT);
}

#[test]
fn other_statuses_have_no_body() {
    let ours = Authority::new();
    let stuck = |status: &str| vec![send(format!("HTTP/1.1 {status}\r\nContent-Length: 9\r\n\r\n")), STALL];
    let cases: Vec<(&str, Vec<Step>, u16)> = vec![
        ("204", stuck("204 No Content"), 204),
        ("206", stuck("206 Partial Content"), 206),
        ("302", stuck("302 Found"), 302),
        ("404", stuck("404 Not Found"), 404),
        ("503", stuck("503 Service Unavailable"), 503),
        ("599", stuck("599"), 599),
        (
            "101",
            vec![send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"), STALL],
            101,
        ),
    ];
    run(async {
        for (name, script, status) in cases {
            let exchange = ask(&ours, script, AMPLE).await;
            check(name, &exchange, Ok(status));
            assert!(exchange.outcome.is_ok_and(|response| response.body.is_empty()), "{name}");
        }
    });
}

#[test]
fn the_header_fields_that_matter() {
    let ours = Authority::new();
    let fields = "Content-Type: text/plain; charset=utf-8\r\ncontent-type: text/html\r\nContent-Encoding: gzip\r\n\
        Location: https://www.contoso.example/\r\nContent-Length: 1\r\n";
    let exchange = run(ask(&ours, vec![send(ok(fields) + "a")], AMPLE));
    let expected = Response {
        status: 200,
        location: Some("https://www.contoso.example/".to_owned()),
        content_types: vec![b"text/plain; charset=utf-8".to_vec(), b"text/html".to_vec()],
        content_encodings: vec![b"gzip".to_vec()],
        body: b"a".to_vec(),
    };
    assert_eq!(exchange.outcome, Ok(expected));
}

#[test]
fn what_the_server_sees() {
    let ours = Authority::new();
    run(async {
        let log = Log::default();
        let redirect =
            vec![send("HTTP/1.1 301 Moved\r\nLocation: /other\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")];
        let server = Server::http(loopback().await, config(ours.good()), redirect, log.clone());
        let client = client(&ours, server.address, AMPLE);
        check("first", &get(&client).await, Ok(301));
        check("second", &get(&client).await, Ok(301));

        let expected = format!(
            "GET {PATH} HTTP/1.1\r\nhost: {HOST}\r\nuser-agent: exchange-control/{}\r\naccept: text/plain\r\n\
             accept-encoding: identity\r\nconnection: close\r\n\r\n",
            exchange_control::VERSION
        );
        let one = (Some(HOST.to_owned()), expected);
        assert_eq!(*log.lock().unwrap(), [one.clone(), one], "a request each, no redirect followed, no cookie kept");
    });
}
