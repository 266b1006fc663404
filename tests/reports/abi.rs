//! `xc_report`.

use exchange_control::ffi::client;
use exchange_control::report::Format;
use serde_json::{Value, json};

use super::{example, of_all_kinds, report};

const OK: u32 = exchange_control::ffi::XC_OK;
const REFUSED: u32 = exchange_control::ffi::XC_ERROR_REQUEST;

fn call(request: Value) -> (u32, String) {
    client::report(request.to_string().as_bytes())
}

#[test]
fn documents_become_the_reports_of_the_library() {
    for document in [example(), of_all_kinds()] {
        for format in Format::ALL {
            let (status, answer) = call(json!({ "format": format, "document": document }));
            assert_eq!((status, answer), (OK, report(format, &document)), "{format:?}");
        }
    }
}

#[test]
fn results_become_a_document_with_its_summary() {
    let document = example();
    let (status, answer) =
        call(json!({ "format": "json", "results": document.results, "errors": of_all_kinds().errors }));
    assert_eq!(status, OK, "{answer}");
    let read = exchange_control::report::document::read(&answer).expect("a document");
    assert_eq!((&read.results, &read.summary), (&document.results, &document.summary));
    assert_eq!(read.errors, of_all_kinds().errors);
    let (status, answer) = call(json!({ "format": "json", "results": [] }));
    assert!(status == OK && answer.contains("\"score\": null"), "{answer}");
}

#[test]
fn controls_of_a_folder_are_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let control = r#"{ "id": "OWN-1", "title": "T", "severity": "High", "verify": false,
        "stig": { "ruleId": "SV-7r1_rule", "vulnId": "V-7", "cci": [] } }"#;
    std::fs::write(folder.path().join("own.json"), control).expect("written");
    let mut result = super::result("OWN-1", "A", exchange_control::evaluate::Status::Fail);
    result.frameworks = Vec::new();
    let paths = [folder.path()];
    let (status, answer) = call(json!({ "format": "json", "results": [result], "controlPaths": paths }));
    assert!(status == OK && answer.contains("\"scored\": false"), "{answer}");
    let (status, answer) = call(json!({ "format": "cklb", "results": [result], "controlPaths": paths }));
    assert!(status == OK && answer.contains("\"group_id\": \"V-7\""), "{answer}");
    let (status, answer) = call(json!({ "format": "cklb", "results": [result] }));
    assert!(status == REFUSED && answer.contains("comes from a STIG"), "{answer}");
}

#[test]
fn a_checklist_is_brought_up_to_date() {
    let checklist = r#"{"stigs":[{"rules":[{"group_id":"V-221218","status":"not_reviewed"}]}], "x": 1.0}"#;
    let (status, answer) = call(json!({ "format": "cklb", "document": example(), "checklist": checklist }));
    assert!(status == OK && answer.contains(r#""status":"open""#) && answer.ends_with(r#"], "x": 1.0}"#), "{answer}");
}

#[test]
fn wrong_requests_are_answered() {
    let document = example();
    let mut broken = serde_json::to_value(&document).expect("JSON");
    broken["results"][1]["status"] = json!("Skipped");
    let results = &broken["results"];
    let cases = [
        (json!({ "format": "json" }), "there is nothing to report"),
        (json!({ "format": "pdf", "results": [] }), "\"path\":\"/format\""),
        (json!({ "results": [] }), "missing field `format`"),
        (json!({ "format": "json", "document": document, "results": [] }), "found both"),
        (json!({ "format": "json", "document": broken }), "\"path\":\"/document/results/1/status\""),
        (json!({ "format": "json", "results": results }), "\"path\":\"/results/1/status\""),
        (json!({ "format": "json", "results": [], "errors": [7] }), "\"path\":\"/errors/0\""),
        (json!({ "format": "json", "results": [], "extra": 1 }), "unknown field `extra`"),
        (json!({ "format": "csv", "results": [], "checklist": "{}" }), "\"path\":\"/checklist\""),
        (json!({ "format": "cklb", "results": [], "checklist": "{" }), "the checklist cannot be read"),
        (json!({ "format": Format::Cklb, "results": [] }), "none of the results"),
    ];
    for (request, expected) in cases {
        let (status, answer) = call(request);
        assert!(status == REFUSED && answer.contains(expected), "{expected}: {status} {answer}");
    }
}
