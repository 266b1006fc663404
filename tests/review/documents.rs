//! Reading earlier documents: what is refused and where, and that a large one is not held.

use exchange_control::evaluate::Status::{Fail, Pass};
use exchange_control::problem::Code;
use exchange_control::report::{DocumentSource, Format, Report, Source};
use exchange_control::review::{Earlier, Review, Reviewed};
use serde_json::{Value, json};

use super::{Reviewing, TODAY, day, document, excepting, folder, one, parsed, result, since, write};

fn good() -> Value {
    serde_json::from_str(&document(vec![result("X-1", "A", Fail)])).expect("JSON")
}

fn with(pointer: &str, member: &str, value: Value) -> String {
    let mut document = good();
    let place = document.pointer_mut(pointer).expect(pointer).as_object_mut().expect("an object");
    if value.is_null() {
        place.remove(member)
    } else {
        place.insert(member.to_owned(), value)
    };
    serde_json::to_string_pretty(&document).expect("JSON")
}

#[test]
fn refuses_with_file_pointer_and_line() {
    let cases: Vec<(&str, String, &str, &str)> = vec![
        ("empty", String::new(), "", "EOF"),
        ("a list", "[1]".into(), "", "expected a result document"),
        ("an export", r#"{"Name":"A","Identity":"A"}"#.into(), "", "schemaVersion"),
        ("another version", with("", "schemaVersion", json!(2)), "/schemaVersion", "expected schemaVersion 1, found 2"),
        ("no version", with("", "schemaVersion", Value::Null), "", "missing field `schemaVersion`"),
        ("no results", with("", "results", Value::Null), "", "missing field `results`"),
        ("no summary", with("", "summary", Value::Null), "", "missing field `summary`"),
        ("results that are none", with("", "results", json!({})), "/results", "a list of results"),
        (
            "a status that is none",
            with("/results/0", "status", json!("Skipped")),
            "/results/0/status",
            "unknown variant",
        ),
        ("no target", with("/results/0", "target", Value::Null), "/results/0", "missing field `target`"),
        ("cut off", document(vec![result("X-1", "A", Fail)])[..200].to_owned(), "/results/0", "EOF"),
        ("two", format!("{} {{}}", good()), "", "trailing"),
    ];
    for (name, text, path, part) in cases {
        let problem = since(&text, false).expect_err(name);
        assert_eq!((problem.code, problem.path.as_deref()), (Code::UnreadableInput, Some(path)), "{name}: {problem}");
        assert!(problem.message.contains(part) && problem.line.is_some(), "{name}: {problem}");
        assert!(problem.source.as_deref().is_some_and(|source| source.ends_with("earlier.json")), "{name}");
    }
}

#[test]
fn what_is_no_file_is_told_of() {
    let folder = folder();
    let utf16 = write(folder.path(), "utf16.json", b"\xFF\xFE{\0}\0");
    for (path, part) in [
        (folder.path().join("none.json"), "cannot be read"),
        (folder.path().to_owned(), "cannot be read"),
        (utf16, "UTF-16"),
    ] {
        let earlier = Earlier { document: &path, only_new: false };
        let problem = Review::read(None, Some(earlier), day(TODAY)).expect_err(part);
        assert!(problem.is_unreadable_input() && problem.message.contains(part), "{problem}");
    }
}

#[test]
fn reads_what_others_may_have_written() {
    let mut reordered = serde_json::Map::new();
    let good = good();
    for member in ["errors", "summary", "results", "more", "generated", "tool", "schemaVersion"] {
        reordered.insert(member.to_owned(), good.get(member).cloned().unwrap_or(json!({ "deep": [[[1]]] })));
    }
    for text in [format!("\u{FEFF}{good}"), Value::Object(reordered).to_string()] {
        let reviewed = Reviewing::of(vec![result("X-1", "A", Fail)], since(&text, false).expect("a review"));
        assert_eq!(reviewed.summary.comparison.expect("a comparison").still_failing, 1, "{text}");
    }
}

#[test]
fn hostile_depth_is_refused_or_passed_over() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let text = good().to_string();
    let ignored = text.replacen("\"errors\":[]", &format!("\"errors\":{deep}"), 1);
    assert!(ignored.len() > 400_000 && since(&ignored, false).is_ok());
    let evidence = json!([{ "field": "F", "operator": "equals", "expected": 1, "actual": "HERE", "status": "Fail" }]);
    let seen = with("/results/0", "evidence", evidence).replacen("\"HERE\"", &deep, 1);
    let problem = since(&seen, false).expect_err("too deep");
    assert!(problem.message.contains("recursion"), "{problem}");
}

/// A document with only what was new cannot be compared with, nor reviewed again.
#[test]
fn a_document_of_what_was_new_is_no_baseline() {
    let review = since(&document(vec![result("X-1", "A", Pass)]), true).expect("a review");
    let mut source = Reviewed::new(DocumentSource::new(parsed(&document(vec![result("X-1", "A", Fail)]))), review);
    let mut bytes = Vec::new();
    Report::new(Format::Json).write(&mut source, &mut bytes).expect("memory");
    let partial = String::from_utf8(bytes).expect("UTF-8");
    let problem = since(&partial, false).expect_err("partial");
    assert!(problem.message.contains("--only-new") && problem.is_unreadable_input(), "{problem}");
    let review = excepting(&one("X-1", "A", "2099-12-31"), TODAY);
    assert!(Reviewed::document(parsed(&partial), "partial.json", review).is_err());
    let mut unreviewed = Reviewed::document(parsed(&partial), "partial.json", Review::default()).expect("as it is");
    assert!(unreviewed.next().is_some());
    assert_eq!(unreviewed.conclude().0, parsed(&partial).summary);
}

#[test]
fn an_earlier_document_is_reviewed_as_a_run_is() {
    let text = document(vec![result("X-1", "A", Fail), result("X-1", "B", Pass)]);
    let review = excepting(&one("X-1", "A", "2099-12-31"), TODAY);
    let mut source = Reviewed::document(parsed(&text), "earlier.json", review).expect("a whole document");
    assert!(
        source.next().expect("a result").exception.is_some() && source.next().expect("a result").exception.is_none()
    );
    let (summary, problems) = source.conclude();
    assert_eq!((summary.score, summary.counts.excepted, summary.counts.fail, problems.len()), (Some(100.0), 1, 1, 0));
}

#[test]
fn controls_that_are_not_scored_stay_so() {
    let mut earlier =
        parsed(&document(vec![result("X-1", "A", Pass), result("X-2", "A", Fail), result("X-2", "B", Pass)]));
    earlier.summary.controls[1].scored = false;
    let review = excepting(&one("X-2", "A", "2099-12-31"), TODAY);
    let mut source = Reviewed::document(earlier, "earlier.json", review).expect("a whole document");
    while source.next().is_some() {}
    let (summary, _) = source.conclude();
    assert!(summary.controls[0].scored && !summary.controls[1].scored);
    assert_eq!((summary.score, summary.controls[1].status), (Some(100.0), Pass));
}
