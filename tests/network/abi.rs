//! `xc_run_start` to `xc_run_free`.

use std::time::{Duration, Instant};

use exchange_control::ffi::client::Run;
use exchange_control::ffi::{XC_DONE, XC_ERROR_REQUEST, XC_OK, XC_PENDING};
use serde_json::{Value, json};

use super::{DOMAINS, STATUSES, lab, network};

fn start(request: &Value) -> (Option<Run>, u32, Value) {
    let (run, (status, answer)) = Run::start(request.to_string().as_bytes());
    (run, status, serde_json::from_str(&answer).expect("JSON"))
}

#[test]
fn results_come_as_they_are_there_and_progress_before() {
    let lab = lab();
    let (run, status, answer) = start(&json!({ "domains": DOMAINS, "network": network(&lab) }));
    assert_eq!((status, &answer["total"]), (XC_OK, &json!(4)), "{answer}");
    let run = run.expect("a run");
    let mut results: Vec<(String, String)> = Vec::new();
    let mut stages_seen = 0;
    loop {
        let (status, answer) = run.next(20);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        if let Some(stages) = answer["progress"]["stages"].as_object() {
            stages_seen += 1;
            let names: Vec<&String> = stages.keys().collect();
            assert_eq!(names, ["waiting", "dns", "connect", "handshake", "headers", "body"]);
            let busy: u64 = stages.values().filter_map(Value::as_u64).sum();
            assert!(busy <= 4, "{answer}");
        }
        match status {
            XC_PENDING => assert!(answer["progress"]["done"].as_u64() < Some(4), "{answer}"),
            XC_OK => {
                let come = answer["results"].as_array().expect("results").iter();
                results.extend(come.map(|result| {
                    let text = |value: &Value| value.as_str().expect("text").to_owned();
                    (text(&result["target"]["identity"]), text(&result["status"]))
                }));
                assert_eq!(answer["progress"]["done"], json!(results.len()));
            }
            XC_DONE => {
                assert_eq!((&answer["exitCode"], &answer["cancelled"]), (&json!(1), &json!(false)), "{answer}");
                let counts = json!({ "Pass": 1, "Fail": 2, "Unknown": 1, "NotApplicable": 0 });
                assert_eq!(answer["summary"]["counts"], counts);
                break;
            }
            other => panic!("{other}: {answer}"),
        }
    }
    assert!(stages_seen > 0, "a caller can show what goes on");
    assert_eq!(results.last().map(|(name, _)| name.as_str()), Some(DOMAINS[2]), "nobody waits for the silent one");
    results.sort();
    let mut expected: Vec<_> =
        DOMAINS.iter().zip(STATUSES).map(|(name, status)| ((*name).into(), status.into())).collect();
    expected.sort();
    assert_eq!(results, expected);
}

#[test]
fn cancelled_while_somebody_waits() {
    let lab = lab();
    let mut settings = network(&lab);
    settings["timeoutSeconds"] = json!(60);
    let (run, ..) = start(&json!({ "domains": [DOMAINS[2]], "network": settings }));
    let run = run.expect("a run");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let answer = run.next(60_000);
            sender.send((Instant::now(), answer)).expect("somebody listens");
        });
        while lab.tunnels().is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let cancelled = Instant::now();
        assert_eq!(run.cancel(), XC_OK);
        let (ended, (status, answer)) = receiver.recv_timeout(Duration::from_secs(30)).expect("it ends");
        println!("the call that waited came back after {:?}", ended - cancelled);
        assert_eq!(status, XC_DONE);
        assert!(answer.contains(r#""cancelled":true,"exitCode":3"#), "{answer}");
    });
}

/// Accepted domains that only tell about others are not tested, so nothing is asked.
#[test]
fn context_is_not_tested() {
    let lab = lab();
    let domain = json!({ "DomainName": DOMAINS[0], "DomainType": "Authoritative" });
    let connector = json!({ "Identity": "A", "Enabled": true, "IgnoreSTARTTLS": true, "SmartHosts": [],
        "DNSRoutingEnabled": true, "AddressSpaces": [format!("SMTP:{};1", DOMAINS[0])] });
    let (run, status, answer) =
        start(&json!({ "targets": [connector], "acceptedDomains": [domain], "network": network(&lab) }));
    assert_eq!((status, &answer["total"]), (XC_OK, &json!(2)), "{answer}");
    let (status, batch) = run.expect("a run").next(100);
    assert_eq!(status, XC_OK);
    assert!(batch.contains("Destinations is {Internal}"), "{batch}");
    assert!(lab.questions().is_empty());
}

#[test]
fn settings_that_cannot_be_used() {
    let cases = [
        (json!({ "network": {} }), "", "nothing to test"),
        (json!({ "domains": "contoso.com" }), "/domains", "sequence"),
        (json!({ "domains": [1] }), "/domains/0", "string"),
        (json!({ "acceptedDomains": 7, "domains": [] , "targets": [] }), "/acceptedDomains", "a list of objects"),
        (json!({ "network": { "dnsServers": ["192.0.2.53", "x"] } }), "/network/dnsServers/1", "expected 192.0.2.53"),
        (json!({ "network": { "proxy": "proxy:8080" } }), "/network/proxy", "expected http://host:port"),
        (json!({ "network": { "timeoutSeconds": 0 } }), "/network/timeoutSeconds", "expected 1 to 3600"),
        (json!({ "network": { "timeoutSeconds": -1 } }), "/network/timeoutSeconds", "u64"),
        (json!({ "network": { "throttleLimit": 1025 } }), "/network/throttleLimit", "expected 1 to 1024"),
        (json!({ "network": { "roots": "" } }), "/network/roots", "mozilla"),
        (json!({ "network": { "roots": "/no/such/file.pem" } }), "/network", "/no/such/file.pem"),
        (json!({ "network": { "servers": [] } }), "/network/servers", "unknown field"),
    ];
    for (mut request, path, part) in cases {
        if request.get("domains").is_none() && !path.is_empty() {
            request["domains"] = json!(["contoso.com"]);
        }
        let (run, status, answer) = start(&request);
        assert!(run.is_none() && status == XC_ERROR_REQUEST, "{request}: {answer}");
        assert_eq!(answer["error"]["path"].as_str().unwrap_or_default(), path, "{request}: {answer}");
        assert!(answer["error"]["message"].as_str().expect("a message").contains(part), "{request}: {answer}");
    }
}
