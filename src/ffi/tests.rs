//! The pointer code, called as C would call it. Small enough to run under Miri.

use super::*;
use std::ptr::null_mut;

/// Calls a function that answers, and frees the answer as a caller must.
fn call(function: impl FnOnce(*mut *mut u8, *mut size_t) -> u32) -> (u32, String) {
    let (mut answer, mut length) = (null_mut(), 0);
    let status = function(&mut answer, &mut length);
    if answer.is_null() {
        return (status, String::new());
    }
    // SAFETY: the library gave this pointer and length.
    let text = unsafe {
        let bytes = std::slice::from_raw_parts(answer, length).to_vec();
        xc_buffer_free(answer, length);
        bytes
    };
    (status, String::from_utf8(text).expect("answers are UTF-8"))
}

fn start(request: &[u8]) -> (*mut xc_run, u32, String) {
    let mut run = null_mut();
    // SAFETY: the pointers are good.
    let (status, answer) =
        call(|answer, length| unsafe { xc_run_start(request.as_ptr(), request.len(), &mut run, answer, length) });
    (run, status, answer)
}

fn next(run: *mut xc_run) -> (u32, String) {
    // SAFETY: the run is live, or NULL.
    call(|answer, length| unsafe { xc_run_next(run, 100, answer, length) })
}

const ONE: &str = r#"{"controlIds":["EDCA-TLS-011"],"targets":[{"Identity":"A","Enabled":true,"IgnoreSTARTTLS":true,
    "AddressSpaces":["SMTP:*;1"],"SmartHosts":[],"DNSRoutingEnabled":true}]}"#;

#[test]
fn a_run_from_start_to_free() {
    let (run, status, answer) = start(ONE.as_bytes());
    assert_eq!((status, answer.as_str()), (XC_OK, r#"{"total":1,"errors":[]}"#));
    let (status, batch) = next(run);
    assert_eq!(status, XC_OK);
    assert!(batch.contains(r#""status":"Fail""#) && batch.contains(r#""progress":{"done":1,"total":1}"#), "{batch}");
    let (status, over) = next(run);
    assert_eq!(status, XC_DONE);
    assert!(over.contains(r#""cancelled":false,"exitCode":1"#), "{over}");
    assert_eq!(next(run), (XC_DONE, over));
    // SAFETY: it is freed once.
    unsafe { xc_run_free(run) };
}

#[test]
fn a_cancelled_run_is_over() {
    let (run, _, _) = start(ONE.as_bytes());
    // SAFETY: the run is live.
    assert_eq!(unsafe { xc_run_cancel(run) }, XC_OK);
    let (status, over) = next(run);
    assert_eq!(status, XC_DONE);
    assert!(over.contains(r#""cancelled":true,"exitCode":3"#), "{over}");
    // SAFETY: it is freed once.
    unsafe { xc_run_free(run) };
}

#[test]
fn wrong_calls_are_answered() {
    let cases: [(&[u8], u32, &str); 10] = [
        (b"", XC_ERROR_REQUEST, "invalid-request"),
        (b"\xFF\xFE", XC_ERROR_UTF8, "byte 0"),
        (b"[]", XC_ERROR_REQUEST, "cannot be read"),
        (b"{}", XC_ERROR_REQUEST, "targets"),
        (b"{\"targets\":[],\"extra\":1}", XC_ERROR_REQUEST, "extra"),
        (b"{\"targets\":7}", XC_ERROR_REQUEST, "\"path\":\"/targets\""),
        (b"{\"targets\":[", XC_ERROR_REQUEST, "line 1"),
        (b"{\"targets\":[],\"controlIds\":[\"none\"]}", XC_ERROR_NO_CONTROL, "no control is called"),
        (b"{\"targets\":[],\"controlIds\":\"none\"}", XC_ERROR_REQUEST, "controlIds"),
        (b"{\"targets\":[]} {}", XC_ERROR_REQUEST, "trailing"),
    ];
    for (request, expected, part) in cases {
        let (run, status, answer) = start(request);
        assert!(run.is_null() && status == expected && answer.contains(part), "{request:?}: {status} {answer}");
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
        assert_eq!(call(|answer, length| xc_controls(null_mut(), 5, answer, length)).0, XC_ERROR_NULL);
        assert_eq!(call(|answer, length| xc_run_start(b"{}".as_ptr(), 2, null_mut(), answer, length)).0, XC_ERROR_NULL);
        assert_eq!(next(null_mut()).0, XC_ERROR_NULL);
        assert_eq!(xc_run_cancel(null_mut()), XC_ERROR_NULL);
        xc_run_free(null_mut());
        xc_buffer_free(null_mut(), 0);
        xc_buffer_free(null_mut(), 99);
    }
}

#[test]
fn lists_the_controls() {
    // SAFETY: NULL with length 0 is an empty request.
    let (status, answer) = call(|answer, length| unsafe { xc_controls(null_mut(), 0, answer, length) });
    assert_eq!(status, XC_OK);
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["controls"].as_array().map(Vec::len), Some(2));
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
    let (run, _, _) = start(ONE.as_bytes());
    let batch: serde_json::Value = serde_json::from_str(&next(run).1).expect("JSON");
    let mut document: serde_json::Value = serde_json::from_str(&next(run).1).expect("JSON");
    // SAFETY: it is freed once.
    unsafe { xc_run_free(run) };
    let report = |format: &str, document: &serde_json::Value| {
        let request = serde_json::json!({ "format": format, "document": document }).to_string();
        // SAFETY: the pointers are good.
        call(|answer, length| unsafe { xc_report(request.as_ptr(), request.len(), answer, length) })
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

#[cfg(feature = "test-panic")]
#[test]
fn a_panic_becomes_a_status() {
    let (run, status, answer) = start(b"{\"targets\":[],\"testPanic\":true}");
    assert!(run.is_null() && status == XC_ERROR_INTERNAL && answer.contains("asked for by the test"), "{answer}");
}
