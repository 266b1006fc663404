//! Documents that cannot be used are refused with the place and what was expected there.

use exchange_control::report::{Format, document};
use serde_json::{Value, json};

use super::{example, report};

fn with(pointer: &str, value: Value) -> String {
    let mut document: Value = serde_json::from_str(&report(Format::Json, &example())).expect("JSON");
    *document.pointer_mut(pointer).expect("the place") = value;
    serde_json::to_string_pretty(&document).expect("JSON")
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let whole = report(Format::Json, &example());
    let twice = whole.replacen("\"reason\":", "\"reason\": \"x\",\n\"reason\":", 1);
    let cases: [(&str, String, Option<&str>, &str); 15] = [
        ("another version", with("/schemaVersion", json!(2)), Some("/schemaVersion"), "schemaVersion 1, found 2"),
        ("a version as text", with("/schemaVersion", json!("1")), Some("/schemaVersion"), "found \"1\""),
        ("no version", "{}".to_owned(), Some("/schemaVersion"), "found none"),
        ("another file", "{\"controls\":[]}".to_owned(), Some("/schemaVersion"), "found none"),
        ("a list", "[]".to_owned(), Some(""), "expected an object"),
        ("a number", "7".to_owned(), Some(""), "expected"),
        ("no JSON", "<xml/>".to_owned(), Some(""), "expected value"),
        ("cut off", whole[..whole.len() / 2].to_owned(), None, "cut off"),
        ("more behind it", format!("{whole}{{}}"), None, "trailing characters"),
        (
            "a status",
            with("/results/3/status", json!("Skipped")),
            Some("/results/3/status"),
            "unknown variant `Skipped`",
        ),
        (
            "a type",
            with("/results/0/target/identity", json!(7)),
            Some("/results/0/target/identity"),
            "expected a string",
        ),
        ("null", with("/results/0/evidence", Value::Null), Some("/results/0/evidence"), "expected a sequence"),
        ("a negative count", with("/summary/counts/Fail", json!(-1)), Some("/summary/counts/Fail"), "expected u32"),
        ("a huge count", with("/summary/counts/Pass", json!(u64::MAX)), Some("/summary/counts/Pass"), "expected u32"),
        ("a member twice", twice, None, "duplicate field `reason`"),
    ];
    for (name, text, place, expected) in cases {
        let problem = document::read(&text).expect_err(name);
        assert!(problem.message.contains(expected), "{name}: {problem}");
        if let Some(place) = place {
            assert_eq!(problem.path.as_deref(), Some(place), "{name}: {problem}");
        }
    }
}

#[test]
fn a_problem_names_file_and_line() {
    let text = with("/results/3/status", json!("Skipped"));
    let line = 1 + text.lines().position(|line| line.contains("Skipped")).expect("the line");
    let problem = document::read_from("a.json", text.as_bytes()).expect_err("refused");
    assert!(problem.to_string().starts_with(&format!("a.json:{line} at /results/3/status: ")), "{problem}");
    let problem = document::read_from("a.json", &b""[..]).expect_err("refused");
    assert!(problem.to_string().starts_with("a.json: the file is empty"), "{problem}");
}

#[test]
fn documents_are_read_in_the_encodings_that_shells_write() {
    let (document, text) = (example(), report(Format::Json, &example()));
    let utf16 = || "\u{FEFF}".encode_utf16().chain(text.encode_utf16());
    let cases: [(&str, Vec<u8>); 4] = [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8 with a mark", format!("\u{FEFF}{text}").into_bytes()),
        ("UTF-16LE", utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", utf16().flat_map(u16::to_be_bytes).collect()),
    ];
    for (name, bytes) in cases {
        let read = document::read_from("a.json", &bytes[..]).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(read.results, document.results, "{name}");
    }
}

#[test]
fn members_that_are_not_known_are_passed_over() {
    let mut value: Value = serde_json::from_str(&report(Format::Json, &example())).expect("JSON");
    value["later"] = json!({ "x": 1 });
    value["results"][0]["later"] = json!([1]);
    let read = document::read(&value.to_string()).expect("a document");
    assert_eq!(read.results, example().results);
}
