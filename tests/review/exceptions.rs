//! The file of accepted risks: what is read, what is refused, and where.

use exchange_control::problem::{Code, Problem};
use exchange_control::review::{Exceptions, Review, SCHEMA};
use serde_json::{Value, json};

use super::{TODAY, day, folder};

fn entry() -> Value {
    json!({ "control": "EDCA-TLS-011", "target": "Newsletter*", "justification": "why", "owner": "who", "expires": "2027-03-31" })
}

/// A file of one entry with a member put in, replaced, or, with null, taken out.
fn with(member: &str, value: Value) -> Value {
    let mut entry = entry();
    let members = entry.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
    json!({ "exceptions": [entry] })
}

fn problems(bytes: &[u8]) -> Vec<Problem> {
    Exceptions::of(bytes, "exceptions.json", day(TODAY)).problems().to_vec()
}

/// Files, and where they are refused with which words.
fn refused() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let at = |member: &'static str| -> &'static str {
        match member {
            "control" => "/exceptions/0/control",
            "target" => "/exceptions/0/target",
            "justification" => "/exceptions/0/justification",
            "owner" => "/exceptions/0/owner",
            _ => "/exceptions/0/expires",
        }
    };
    let mut cases = vec![
        ("no object", json!([]), "", "expected an object, found a list"),
        ("no list", json!({}), "", "\"exceptions\" is missing"),
        ("another list", json!({ "exceptions": {} }), "/exceptions", "expected a list, found an object"),
        (
            "more beside the list",
            json!({ "exceptions": [], "version": 1 }),
            "/version",
            "unexpected member \"version\"",
        ),
        ("no entry", json!({ "exceptions": [1] }), "/exceptions/0", "expected an object, found the number 1"),
        ("an unknown member", with("ticket", json!("1")), "/exceptions/0/ticket", "unexpected member \"ticket\""),
        ("another case", with("Control", json!("X")), "/exceptions/0/Control", "differ only in case"),
        ("an id with a blank", with("control", json!("EDCA TLS")), at("control"), "a control's id"),
        ("an id that is a number", with("control", json!(11)), at("control"), "expected a string, found the number 11"),
        ("an empty id", with("control", json!("")), at("control"), "a control's id"),
        ("an endless id", with("control", json!("*".repeat(513))), at("control"), "a control's id"),
        ("a blank target", with("target", json!(" ")), at("target"), "the target's identity"),
        ("a list of targets", with("target", json!(["A"])), at("target"), "expected a string, found a list"),
        ("an endless target", with("target", json!("?".repeat(513))), at("target"), "at most 512 characters"),
        ("a blank justification", with("justification", json!("\t")), at("justification"), "why the risk is taken"),
        ("a blank owner", with("owner", json!("")), at("owner"), "who answers for it"),
        ("no full-date", with("expires", json!("2027-3-31")), at("expires"), "found the string \"2027-3-31\""),
        ("a time", with("expires", json!("2027-03-31T00:00:00Z")), at("expires"), "a day of the calendar"),
        ("no month", with("expires", json!("2027-13-01")), at("expires"), "a day of the calendar"),
        ("never", with("expires", json!("never")), at("expires"), "a day of the calendar"),
    ];
    for member in ["control", "target", "justification", "owner", "expires"] {
        cases.push((member, with(member, Value::Null), "/exceptions/0", "is missing"));
    }
    cases
}

#[test]
fn refuses_with_file_pointer_and_line() {
    for (name, file, path, part) in refused() {
        let told = problems(file.to_string().as_bytes());
        let [problem] = told.as_slice() else { panic!("{name}: {told:?}") };
        assert_eq!((problem.code, problem.path.as_deref()), (Code::InvalidException, Some(path)), "{name}: {problem}");
        assert_eq!((problem.source.as_deref(), problem.line), (Some("exceptions.json"), Some(1)), "{name}: {problem}");
        assert!(problem.message.contains(part), "{name}: {problem}");
    }
}

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let accepted = [
        ("none", json!({ "exceptions": [] })),
        ("one", json!({ "$schema": "x", "exceptions": [entry()] })),
        ("wildcards", with("control", json!("*TLS-0?1"))),
        ("a leap day", with("expires", json!("2028-02-29"))),
        ("the longest", with("target", json!("ü".repeat(512)))),
    ];
    for (name, file) in accepted {
        assert_eq!(problems(file.to_string().as_bytes()), [], "reader: {name}");
        assert!(validator.is_valid(&file), "schema: {name}");
    }
    for (name, file, _, part) in refused() {
        // JSON has no case, and a schema no calendar.
        if part != "differ only in case" {
            assert!(!validator.is_valid(&file), "schema: {name}");
        }
    }
}

#[test]
fn the_place_of_a_wrong_entry_is_its_line() {
    let file = "\u{FEFF}{\n  \"exceptions\": [\n    {},\n    { \"control\": \"X\",\n      \"target\": 7 }\n  ]\n}";
    let told: Vec<String> = problems(file.as_bytes()).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "exceptions.json:3 at /exceptions/0: the member \"control\" is missing",
            "exceptions.json:5 at /exceptions/1/target: expected a string, found the number 7",
        ]
    );
}

#[test]
fn what_cannot_be_read_at_all_is_refused_whole() {
    let deep = format!("{{\"exceptions\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let cases: [(&str, &[u8], &str); 7] = [
        ("empty", b"", "empty"),
        ("cut off", b"{\"exceptions\":[", "not valid JSON"),
        ("UTF-16", b"\xFF\xFE{\0}\0", "UTF-16"),
        ("not UTF-8", b"{\"exceptions\":[\"\xFF\"]}", "not UTF-8"),
        ("twice", b"{\"exceptions\":[],\"exceptions\":[]}", "twice"),
        ("deep", deep.as_bytes(), "32 levels"),
        ("huge", &vec![b' '; (1 << 20) + 1], "1 MiB"),
    ];
    for (name, bytes, part) in cases {
        let told = problems(bytes);
        assert!(told.len() == 1 && told[0].message.contains(part), "{name}: {told:?}");
        assert_eq!(told[0].code, Code::InvalidException, "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told_of() {
    let folder = folder();
    for path in [folder.path().join("none.json"), folder.path().to_owned()] {
        let review = Review::read(Some(&path), None, day(TODAY)).expect("a review without accepted risks");
        let [problem] = review.problems() else { panic!("{:?}", review.problems()) };
        assert_eq!(problem.code, Code::UnreadableExceptions);
        assert_eq!(problem.source.as_deref(), path.to_str());
    }
}

#[test]
fn many_wrong_entries_are_counted() {
    let file = json!({ "exceptions": vec![1; 20_000] });
    let told = problems(file.to_string().as_bytes());
    assert_eq!(told.len(), 101);
    assert!(told[100].message.contains("19900 more"), "{}", told[100]);
    assert!(told[0].line == Some(1) && !told[100].is_warning());
}
