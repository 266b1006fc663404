//! Reports are what their published schemas say.

use std::process::Command;

use exchange_control::report::{Document, Format, SCHEMA};
use serde_json::{Value, json};

use super::{example, of_all_kinds, probed, report, run_over};

fn documents() -> Vec<(String, Document)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut documents: Vec<(String, Document)> = std::fs::read_dir(folder)
        .expect("the fixtures")
        .map(|entry| entry.expect("a fixture").file_name().into_string().expect("UTF-8"))
        .map(|name| (name.clone(), run_over(&[&format!("tests/fixtures/{name}")])))
        .collect();
    assert_eq!(documents.len(), 10);
    documents.extend([
        ("the example".to_owned(), example()),
        ("a probe".to_owned(), probed()),
        ("all kinds".to_owned(), of_all_kinds()),
        ("an unreadable input".to_owned(), run_over(&["no/such/file.json"])),
    ]);
    documents
}

fn check(validator: &jsonschema::Validator, name: &str, text: &str) {
    let instance: Value = serde_json::from_str(text).expect("JSON");
    let errors: Vec<String> =
        validator.iter_errors(&instance).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

/// Closes every object of a schema that names its members, so that a member that it does not tell of is found.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn documents_are_what_their_schema_says() {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    assert!(jsonschema::meta::is_valid(&schema));
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (name, document) in documents() {
        check(&validator, &name, &report(Format::Json, &document));
    }
    let wrong = report(Format::Json, &example()).replace("\"NotApplicable\",", "\"Skipped\",");
    assert!(!validator.is_valid(&serde_json::from_str(&wrong).expect("JSON")));
}

#[test]
fn sarif_is_what_oasis_says() {
    let schema = include_str!("schemas/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(schema).expect("JSON");
    // The pattern of a language is not a regular expression by the letter; reports name no language.
    for part in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][part]["properties"]["language"];
        language.as_object_mut().expect("an object").remove("pattern");
    }
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
    for (name, document) in documents() {
        check(&validator, &name, &report(Format::Sarif, &document));
    }
    assert!(!validator.is_valid(&json!({ "version": "2.1.0" })));
}

#[test]
fn junit_is_what_jenkins_reads() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/schemas/junit-10.xsd");
    if Command::new("xmllint").arg("--version").output().is_err() {
        eprintln!("SKIPPED: xmllint is not installed, so JUnit XML was not held against its schema");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let valid = |text: &str| {
        let file = folder.path().join("report.xml");
        std::fs::write(&file, text).expect("written");
        Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&file).output().expect("xmllint")
    };
    for (name, document) in documents() {
        let output = valid(&report(Format::Junit, &document));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!valid("<testsuites><testcase/></testsuites>").status.success());
}

#[test]
fn file_names_ask_for_formats() {
    let cases = [
        ("a.json", Some(Format::Json)),
        ("a.SARIF", Some(Format::Sarif)),
        ("a.sarif.json", Some(Format::Sarif)),
        ("a.ndjson", Some(Format::Ndjson)),
        ("a.csv", Some(Format::Csv)),
        ("folder.csv/a.xml", Some(Format::Junit)),
        ("a.ckl", Some(Format::Ckl)),
        ("a.cklb", Some(Format::Cklb)),
        ("a.md", Some(Format::Markdown)),
        ("a.html", Some(Format::Html)),
        ("a.HTM", Some(Format::Html)),
        ("a.txt", None),
        ("a", None),
        ("", None),
    ];
    for (name, expected) in cases {
        assert_eq!(Format::of_file(name.as_ref()), expected, "{name}");
    }
    assert!(
        Format::ALL
            .iter()
            .all(|format| *format == Format::Table || cases.iter().any(|(_, asked)| *asked == Some(*format)))
    );
}
