//! Accepted risks and comparison through the C ABI, where results come in batches.

use std::path::Path;

use exchange_control::evaluate::Status::{Fail, Pass};
use exchange_control::ffi::client::{Run, report};
use exchange_control::ffi::{XC_DONE, XC_ERROR_REQUEST, XC_OK, XC_PENDING};
use serde_json::{Value, json};

use super::{document, folder, one, result, write};

/// So many connectors that a run has several batches; every second one fails.
const CONNECTORS: usize = 600;

fn connectors() -> Vec<Value> {
    (0..CONNECTORS)
        .map(|number| {
            json!({ "Identity": format!("C{number}"), "Enabled": true, "IgnoreSTARTTLS": number % 2 == 0,
                "AddressSpaces": ["SMTP:*;1"], "SmartHosts": [], "DNSRoutingEnabled": true })
        })
        .collect()
}

fn request(more: Value) -> Vec<u8> {
    let mut request = json!({ "controlIds": ["EDCA-TLS-011"], "targets": connectors() });
    request.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    request.to_string().into_bytes()
}

/// All results of a run, and its last answer.
fn worked_off(request: &[u8]) -> (Vec<Value>, Value) {
    let (run, (status, answer)) = Run::start(request);
    assert_eq!(status, XC_OK, "{answer}");
    let run = run.expect("a run");
    let mut results = Vec::new();
    loop {
        let (status, answer) = run.next(1_000);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        match status {
            XC_OK => results.extend(answer["results"].as_array().expect("a list").clone()),
            XC_PENDING => {}
            _ => {
                assert_eq!(status, XC_DONE);
                return (results, answer);
            }
        }
    }
}

#[test]
fn results_are_marked_as_they_come_and_the_end_is_right() {
    let folder = folder();
    let exceptions = write(folder.path(), "exceptions.json", one("EDCA-*", "c*", "2999-12-31"));
    let (results, over) = worked_off(&request(json!({ "exceptionsPath": exceptions })));
    assert_eq!(results.len(), CONNECTORS);
    for result in &results {
        assert_eq!(
            result["exception"]["owner"].as_str(),
            (result["status"] == "Fail").then_some("Mail team"),
            "{result}"
        );
    }
    let half = CONNECTORS / 2;
    assert_eq!(
        over["summary"]["counts"],
        json!({ "Pass": half, "Fail": half, "Unknown": 0, "NotApplicable": 0, "Excepted": half, "ExceptedFail": half })
    );
    assert_eq!((&over["summary"]["score"], &over["exitCode"], &over["errors"]), (&json!(100.0), &json!(0), &json!([])));
}

#[test]
fn only_what_is_new_is_given_and_decides() {
    let folder = folder();
    let id = "EDCA-TLS-011";
    let all = |status| (0..CONNECTORS).map(|number| result(id, &format!("c{number}"), status)).collect::<Vec<_>>();
    for (before, given, code) in [(Pass, CONNECTORS, 1), (Fail, CONNECTORS / 2, 0)] {
        let baseline = write(folder.path(), "earlier.json", document(all(before)));
        let (results, over) = worked_off(&request(json!({ "baselinePath": baseline, "onlyNew": true })));
        // Those of the same status have other evidence than the document, which has none.
        assert_eq!((results.len(), &over["exitCode"]), (given, &json!(code)), "{before:?}");
        assert_eq!(over["summary"]["counts"]["Fail"], CONNECTORS / 2);
        assert_eq!(over["summary"]["comparison"]["onlyNew"], true);
        let (results, over) = worked_off(&request(json!({ "baselinePath": baseline })));
        assert!(results.len() == CONNECTORS && results.iter().all(|result| result["change"].is_string()));
        assert_eq!(over["exitCode"], 1);
    }
}

#[test]
fn a_run_of_which_nothing_is_wanted_ends() {
    let folder = folder();
    let (results, over) = worked_off(&request(json!({})));
    let mut earlier = over;
    earlier["results"] = results.into();
    let baseline = write(folder.path(), "earlier.json", earlier.to_string());
    let (results, over) = worked_off(&request(json!({ "baselinePath": baseline, "onlyNew": true })));
    assert_eq!((results.len(), &over["exitCode"]), (0, &json!(0)));
    let half = CONNECTORS / 2;
    assert_eq!(over["summary"]["comparison"]["stillFailing"], half);
    assert_eq!(over["summary"]["comparison"]["unchanged"], half);
    assert_eq!(over["summary"]["comparison"]["removed"], json!([]));
}

#[test]
fn a_run_that_is_ended_early_says_nothing_of_what_it_did_not_see() {
    let folder = folder();
    let exceptions = write(folder.path(), "exceptions.json", one("EDCA-*", "nobody", "2999-12-31"));
    let baseline = write(folder.path(), "earlier.json", document(vec![result("EDCA-TLS-011", "gone", Fail)]));
    let asked = request(json!({ "exceptionsPath": exceptions, "baselinePath": baseline }));
    let (_, over) = worked_off(&asked);
    assert_eq!(over["errors"][0]["code"], "unmatched-exception");
    assert_eq!(over["summary"]["comparison"]["removed"][0]["target"]["identity"], "gone");
    let run = Run::start(&asked).0.expect("a run");
    run.cancel();
    let (status, over) = run.next(100);
    let over: Value = serde_json::from_str(&over).expect("JSON");
    assert_eq!((status, &over["errors"], &over["exitCode"]), (XC_DONE, &json!([]), &json!(3)));
    assert_eq!(over["summary"]["comparison"]["removed"], json!([]));
}

#[test]
fn a_page_shows_the_trend_and_tells_of_what_is_no_part_of_it() {
    let folder = folder();
    let mut earlier: Value = serde_json::from_str(&document(vec![result("EDCA-TLS-011", "A", Fail)])).expect("JSON");
    earlier["generated"] = json!("2026-01-01T00:00:00Z");
    write(folder.path(), "1.json", earlier.to_string());
    write(folder.path(), "2.json", r#"{"schemaVersion":1,"generated":7}"#);
    let ask = |trend: &Path| {
        let request = json!({ "format": "html", "results": [], "errors": [], "trendPath": trend });
        let (status, page) = report(request.to_string().as_bytes());
        assert_eq!(status, XC_OK, "{page}");
        page
    };
    let page = ask(folder.path());
    assert!(page.contains("Over time") && page.contains("2.json"), "{page}");
    let nowhere = ask(&folder.path().join("nowhere"));
    assert!(!nowhere.contains("Over time") && nowhere.contains("the earlier documents cannot be read"), "{nowhere}");
}

#[test]
fn what_cannot_be_read_is_answered() {
    let folder = folder();
    let wrong = write(folder.path(), "wrong.json", r#"{"exceptions":[{}]}"#);
    let (run, (status, answer)) = Run::start(&request(json!({ "exceptionsPath": wrong })));
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert!(run.is_some() && status == XC_OK, "{answer}");
    assert_eq!(
        (&answer["errors"][0]["code"], &answer["errors"][0]["path"]),
        (&json!("invalid-exception"), &json!("/exceptions/0"))
    );
    let (_, over) = worked_off(&request(json!({ "exceptionsPath": wrong })));
    assert_eq!((&over["errors"], &over["exitCode"]), (&answer["errors"], &json!(1)));
    let refused = [
        (json!({ "baselinePath": wrong }), "/baselinePath", "missing field `schemaVersion`"),
        (json!({ "baselinePath": folder.path().join("none") }), "/baselinePath", "cannot be read"),
        (json!({ "onlyNew": true }), "/onlyNew", "baselinePath"),
        (json!({ "exceptionsPath": 7 }), "/exceptionsPath", "string"),
    ];
    for (more, path, part) in refused {
        let (run, (status, answer)) = Run::start(&request(more));
        assert!(run.is_none() && status == XC_ERROR_REQUEST && answer.contains(part), "{answer}");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["error"]["path"], path);
    }
}
