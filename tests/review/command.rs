//! The options of the command, with the example.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{folder, many, one, write};

fn test(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-control"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["test", "examples/contoso", "--offline"]);
    command.args(arguments).output().expect("the command starts")
}

fn json_of(arguments: &[&str]) -> (Value, Option<i32>, String) {
    let output = test(&[arguments, &["--format", "json"]].concat());
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    (serde_json::from_slice(&output.stdout).unwrap_or_default(), output.status.code(), told)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

const EXAMPLE: &str = "examples/contoso-exceptions.json";

#[test]
fn the_example_of_accepted_risks() {
    let (document, code, told) = json_of(&["--exceptions", EXAMPLE]);
    assert_eq!((code, told.as_str()), (Some(1), ""), "another control fails still");
    let covered: Vec<&Value> = document["results"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|result| !result["exception"].is_null())
        .collect();
    assert_eq!(covered.len(), 1);
    assert_eq!(
        (&covered[0]["status"], &covered[0]["target"]["identity"]),
        (&json!("Fail"), &json!("Newsletter gateway"))
    );
    assert_eq!(covered[0]["exception"]["expires"], "2099-03-31");
    assert_eq!(
        document["summary"]["counts"],
        json!({ "Pass": 4, "Fail": 2, "Unknown": 6, "NotApplicable": 9, "Excepted": 1, "ExceptedFail": 1 })
    );
    let (_, code, told) = json_of(&["--exceptions", EXAMPLE, "--control", "EDCA-TLS-011"]);
    assert_eq!((code, told.as_str()), (Some(2), ""), "what is Unknown is no accepted risk");
}

#[test]
fn exit_codes_by_the_table() {
    let folder = folder();
    let file = |name: &str, content: String| write(folder.path(), name, content);
    let all = file("all.json", one("*", "*", "2999-12-31"));
    let over = file("over.json", one("*", "*", "2026-01-31"));
    let unmatched = file("unmatched.json", many(&[("*", "*", "2999-12-31"), ("OTHER", "*", "2999-12-31")]));
    let refused = file("refused.json", one("*", "*", "2999-12-31").replace("[{", "[{},{"));
    let cases = [
        ("all accepted", text(&all), 0, ""),
        ("all over", text(&over), 1, "warning: "),
        ("one about nothing", text(&unmatched), 0, "warning: "),
        ("one refused", text(&refused), 2, "error: "),
        ("no such file", "no/such/file.json", 1, "error: no/such/file.json: "),
    ];
    for (name, path, code, told) in cases {
        let (document, found, stderr) = json_of(&["--exceptions", path]);
        assert_eq!(found, Some(code), "{name}: {stderr}");
        let is_told = if told.is_empty() { stderr.is_empty() } else { stderr.starts_with(told) };
        assert!(is_told && stderr.lines().count() == usize::from(!told.is_empty()), "{name}: {stderr}");
        assert_eq!(document["errors"].as_array().map(Vec::len), Some(usize::from(!told.is_empty())), "{name}");
    }
}

#[test]
fn what_changed_since_an_earlier_document() {
    let folder = folder();
    let path = folder.path().join("earlier.json");
    let earlier = text(&path);
    assert_eq!(test(&["--format", "json", "--output", earlier]).status.code(), Some(1));
    // Nothing changed, so that nothing is new.
    let (document, code, _) = json_of(&["--baseline", earlier]);
    let changes: Vec<&str> =
        document["results"].as_array().expect("a list").iter().filter_map(|result| result["change"].as_str()).collect();
    assert_eq!((changes.len(), code), (21, Some(1)));
    assert!(changes.iter().all(|change| ["stillFailing", "unchanged"].contains(change)), "{changes:?}");
    let (document, code, _) = json_of(&["--baseline", earlier, "--only-new"]);
    assert_eq!((&document["results"], code), (&json!([]), Some(0)));
    assert_eq!(document["summary"]["counts"]["Fail"], 2);
    // What failed now passed then, and one was another object's.
    let text = std::fs::read_to_string(&path).expect("the document").replace("Newsletter gateway", "Old gateway");
    write(folder.path(), "earlier.json", text);
    let (document, code, _) = json_of(&["--baseline", earlier, "--only-new"]);
    let new = document["results"].as_array().expect("a list");
    assert!(
        code == Some(1) && new.iter().all(|result| result["target"]["identity"] == "Newsletter gateway"),
        "{new:?}"
    );
    assert_eq!(document["summary"]["comparison"]["newFail"], 1);
    // The table says it too.
    let output = test(&["--baseline", earlier, "--exceptions", EXAMPLE]);
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    for part in ["Newsletter gateway (new)", "Accepted until 2099-03-31 by Mail team", "do not count: 1.", " 2 new, "] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let removed = document["summary"]["comparison"]["removed"].as_array().expect("a list");
    assert!(
        removed.len() == new.len() && removed.iter().all(|gone| gone["target"]["identity"] == "Old gateway"),
        "{removed:?}"
    );
}

/// The document takes the place of the one that it was compared with.
#[test]
fn the_baseline_may_be_the_output() {
    let folder = folder();
    let path = folder.path().join("results.json");
    let file = text(&path);
    assert_eq!(test(&["--format", "json", "--output", file]).status.code(), Some(1));
    assert_eq!(test(&["--format", "json", "--output", file, "--baseline", file]).status.code(), Some(1));
    let document: Value = serde_json::from_slice(&std::fs::read(&path).expect("the document")).expect("JSON");
    assert_eq!(document["summary"]["comparison"]["stillFailing"], 8);
}

#[test]
fn a_run_that_cannot_be_compared_is_not_done() {
    let folder = folder();
    let second = write(folder.path(), "second.json", r#"{"schemaVersion":2,"results":[]}"#);
    let cases = [
        (vec!["--baseline", "no/such/file.json"], "no/such/file.json: "),
        (vec!["--baseline", text(&second)], "found 2"),
        (vec!["--only-new"], "--baseline"),
    ];
    for (arguments, part) in cases {
        let output = test(&arguments);
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{arguments:?}: {told}");
        assert!(told.contains(part), "{arguments:?}: {told}");
    }
}
