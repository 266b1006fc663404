//! The pointer code, called as C would call it. Small enough to run under Miri.

use super::client::{self, Run, called};
use super::*;
use std::ptr::null_mut;

const ONE: &str = r#"{"controlIds":["EDCA-TLS-011"],"targets":[{"Identity":"A","Enabled":true,"IgnoreSTARTTLS":true,
    "AddressSpaces":["SMTP:*;1"],"SmartHosts":[],"DNSRoutingEnabled":true}]}"#;

#[test]
fn a_run_from_start_to_free() {
    let (run, (status, answer)) = Run::start(ONE.as_bytes());
    let run = run.expect("a run");
    assert_eq!((status, answer.as_str()), (XC_OK, r#"{"total":1,"errors":[]}"#));
    let (status, batch) = run.next(100);
    assert_eq!(status, XC_OK);
    assert!(batch.contains(r#""status":"Fail""#) && batch.contains(r#""progress":{"done":1,"total":1}"#), "{batch}");
    let (status, over) = run.next(100);
    assert_eq!(status, XC_DONE);
    assert!(over.contains(r#""cancelled":false,"exitCode":1"#), "{over}");
    assert_eq!(run.next(100), (XC_DONE, over));
}

#[test]
fn a_cancelled_run_is_over() {
    let run = Run::start(ONE.as_bytes()).0.expect("a run");
    assert_eq!(run.cancel(), XC_OK);
    let (status, over) = run.next(100);
    assert_eq!(status, XC_DONE);
    assert!(over.contains(r#""cancelled":true,"exitCode":3"#), "{over}");
}

#[test]
fn wrong_calls_are_answered() {
    let cases: [(&[u8], u32, &str); 11] = [
        (b"", XC_ERROR_REQUEST, "invalid-request"),
        (b"\xFF\xFE", XC_ERROR_UTF8, "byte 0"),
        (b"[]", XC_ERROR_REQUEST, "expected an object"),
        (b"[[],[],[]]", XC_ERROR_REQUEST, "expected an object"),
        (b"{}", XC_ERROR_REQUEST, "targets"),
        (b"{\"targets\":[],\"extra\":1}", XC_ERROR_REQUEST, "extra"),
        (b"{\"targets\":7}", XC_ERROR_REQUEST, "\"path\":\"/targets\""),
        (b"{\"targets\":[", XC_ERROR_REQUEST, "line 1"),
        (b"{\"targets\":[],\"controlIds\":[\"none\"]}", XC_ERROR_NO_CONTROL, "no control is called"),
        (b"{\"targets\":[],\"controlIds\":\"none\"}", XC_ERROR_REQUEST, "controlIds"),
        (b"{\"targets\":[]} {}", XC_ERROR_REQUEST, "trailing"),
    ];
    for (request, expected, part) in cases {
        let (run, (status, answer)) = Run::start(request);
        assert!(run.is_none() && status == expected && answer.contains(part), "{request:?}: {status} {answer}");
    }
}

#[test]
fn null_is_answered_with_a_code() {
    // SAFETY: NULL is what these functions must bear.
    unsafe {
        assert_eq!(xc_version(null_mut(), null_mut()), XC_ERROR_NULL);
        let mut length = 7;
        assert_eq!(xc_controls(null_mut(), 0, null_mut(), &mut length), XC_ERROR_NULL);
        assert_eq!(length, 0);
        assert_eq!(called(|answer, length| xc_controls(null_mut(), 5, answer, length)).0, XC_ERROR_NULL);
        assert_eq!(
            called(|answer, length| xc_run_start(b"{}".as_ptr(), 2, null_mut(), answer, length)).0,
            XC_ERROR_NULL
        );
        assert_eq!(called(|answer, length| xc_run_next(null_mut(), 100, answer, length)).0, XC_ERROR_NULL);
        // NULL without a length is an empty request, which asks for the built-in controls.
        assert_eq!(called(|answer, length| xc_controls(std::ptr::null(), 0, answer, length)).0, XC_OK);
        assert_eq!(xc_run_cancel(null_mut()), XC_ERROR_NULL);
        xc_run_free(null_mut());
        xc_buffer_free(null_mut(), 0);
        xc_buffer_free(null_mut(), 99);
    }
}

#[test]
fn lists_the_controls() {
    // SAFETY: NULL with length 0 is an empty request.
    let (status, answer) = called(|answer, length| unsafe { xc_controls(null_mut(), 0, answer, length) });
    assert_eq!(status, XC_OK);
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["controls"].as_array().map(Vec::len), Some(3));
    let fields = answer["fields"]["SendConnector"].as_array().expect("fields");
    for wanted in ["AddressSpaces", "IgnoreSTARTTLS", "TlsDomain", "FrontendProxyEnabled"] {
        assert!(fields.iter().any(|field| field == wanted), "{wanted}: {fields:?}");
    }
    for unwanted in ["Destinations", "SmartHostsDomain", "AuthenticationCredential"] {
        assert!(!fields.iter().any(|field| field == unwanted), "{unwanted}: {fields:?}");
    }
}

#[test]
fn renders_a_document() {
    let run = Run::start(ONE.as_bytes()).0.expect("a run");
    let batch: serde_json::Value = serde_json::from_str(&run.next(100).1).expect("JSON");
    let mut document: serde_json::Value = serde_json::from_str(&run.next(100).1).expect("JSON");
    let report = |format: &str, document: &serde_json::Value| {
        let request = serde_json::json!({ "format": format, "document": document }).to_string();
        client::report(request.as_bytes())
    };
    let members = document.as_object_mut().expect("object");
    members.insert("results".into(), batch["results"].clone());
    let (status, table) = report("table", &document);
    assert_eq!(status, XC_OK, "{table}");
    assert!(table.contains("Fail") && table.contains("-IgnoreSTARTTLS $false") && !table.contains('\u{1b}'), "{table}");
    let (status, json) = report("json", &document);
    assert_eq!(status, XC_OK);
    let read: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(read["results"], document["results"]);
    document["schemaVersion"] = 2.into();
    let (status, answer) = report("json", &document);
    assert!(
        status == XC_ERROR_REQUEST && answer.contains("found 2") && answer.contains("/document/schemaVersion"),
        "{answer}"
    );
    assert_eq!(report("pdf", &document).0, XC_ERROR_REQUEST);
}

#[cfg(not(feature = "test-panic"))]
#[test]
fn there_is_no_panic_switch() {
    let (run, (status, answer)) = Run::start(b"{\"targets\":[],\"testPanic\":true}");
    assert!(run.is_none() && status == XC_ERROR_REQUEST && answer.contains("testPanic"), "{answer}");
}

#[test]
fn many_wrong_ids_are_counted_not_listed() {
    let request = serde_json::json!({ "controlIds": vec!["nothing"; 10_000] }).to_string();
    let (status, answer) = client::controls(request.as_bytes());
    assert!(status == XC_OK && answer.len() < 100_000 && answer.contains("9900 more problems"), "{}", answer.len());
}

#[cfg(feature = "test-panic")]
#[test]
fn a_panic_becomes_a_status() {
    let (run, (status, answer)) = Run::start(b"{\"targets\":[],\"testPanic\":true}");
    assert!(run.is_none() && status == XC_ERROR_INTERNAL && answer.contains("asked for by the test"), "{answer}");
}
