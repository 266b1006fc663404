//! All formats of one run agree in every verdict.

use std::collections::BTreeMap;

use exchange_control::report::{Document, Format};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::{example, of_all_kinds, probed, report, run_over};

/// Control, target and status of each result.
type Verdicts = Vec<(String, String, String)>;

fn verdict(control: &str, target: &str, status: &str) -> (String, String, String) {
    (control.to_owned(), target.to_owned(), status.to_owned())
}

fn of_json(results: &[Value]) -> Verdicts {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    results.iter().map(|r| (text(&r["controlId"]), text(&r["target"]["identity"]), text(&r["status"]))).collect()
}

fn of_csv(text: &str) -> Verdicts {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap_or_else(|| panic!("{name}"));
    let (control, identity, status) = (column("controlId"), column("identity"), column("status"));
    rows.records()
        .map(|row| row.expect("a row"))
        .map(|row| verdict(&row[control], &row[identity], &row[status]))
        .collect()
}

fn of_sarif(text: &str) -> Verdicts {
    let log: Value = serde_json::from_str(text).expect("JSON");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    let one = |result: &Value| {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("a number") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(result["kind"] == "fail", result["level"] != "none", "{result}");
        let status = match result["kind"].as_str().expect("a kind") {
            "fail" => "Fail",
            "pass" => "Pass",
            "open" => "Unknown",
            "notApplicable" => "NotApplicable",
            other => panic!("{other}"),
        };
        let name = &result["locations"][0]["logicalLocations"][0]["name"];
        verdict(rule["id"].as_str().expect("an id"), name.as_str().expect("a name"), status)
    };
    results.iter().map(one).collect()
}

/// Of JUnit, where an accepted risk is skipped whatever the verdict: its status stands as the type.
fn of_junit(text: &str) -> Verdicts {
    let mut verdicts = Verdicts::new();
    let mut reader = Reader::from_str(text);
    let mut skipped = 0;
    loop {
        let event = reader.read_event().expect("XML");
        let (element, empty) = match &event {
            Event::Eof => break,
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            _ => continue,
        };
        let attribute = |name: &str| -> String {
            let attribute = element.attributes().map(|a| a.expect("an attribute")).find(|a| a.key.as_ref() == name);
            let attribute = attribute.unwrap_or_else(|| panic!("{name} of {element:?}"));
            attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).expect("a value").into_owned()
        };
        match element.name().as_ref() {
            "testcase" => {
                let passed = if empty { "Pass" } else { "" };
                verdicts.push(verdict(&attribute("classname"), &attribute("name"), passed));
            }
            status @ ("failure" | "error" | "skipped") => {
                skipped += usize::from(status == "skipped");
                let kind = attribute("type");
                let told = match (status, kind.as_str()) {
                    ("failure", _) => "Fail",
                    (_, status) => status,
                };
                verdicts.last_mut().expect("a case").2 = told.to_owned();
            }
            _ => {}
        }
    }
    assert!(skipped <= verdicts.len());
    verdicts.retain(|(_, _, status)| status != "Problem");
    verdicts
}

/// The statuses of rules in a checklist of either kind, in the words of the older one.
fn of_checklist(text: &str, status: &str) -> Vec<String> {
    let between = |text: &str| text.split(['<', '"']).next().unwrap_or_default().to_lowercase().replace('_', "");
    text.split(status).skip(1).map(between).collect()
}

#[test]
fn every_format_says_the_same() {
    let documents: [(&str, Document); 4] = [
        ("the example", example()),
        (
            "an export",
            run_over(&["tests/fixtures/send-connectors.ems.json", "tests/fixtures/accepted-domains.remote.json"]),
        ),
        ("a probe", probed()),
        ("all kinds", of_all_kinds()),
    ];
    for (name, document) in documents {
        let json: Value = serde_json::from_str(&report(Format::Json, &document)).expect("JSON");
        let expected = of_json(json["results"].as_array().expect("results"));
        assert_eq!(expected.len(), document.results.len(), "{name}");
        let lines: Vec<Value> =
            report(Format::Ndjson, &document).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(of_json(&lines), expected, "{name}: ndjson");
        assert_eq!(of_csv(&report(Format::Csv, &document)), expected, "{name}: csv");
        assert_eq!(of_sarif(&report(Format::Sarif, &document)), expected, "{name}: sarif");
        assert_eq!(of_junit(&report(Format::Junit, &document)), expected, "{name}: junit");
        let markdown = report(Format::Markdown, &document);
        let counts = &document.summary.counts;
        let row = format!("| {} | {} | {} | {} | ", counts.fail, counts.unknown, counts.pass, counts.not_applicable);
        assert!(markdown.contains(&row), "{name}: {markdown}");
        let sections = markdown.lines().filter(|line| line.starts_with("### ")).count();
        assert_eq!(sections, counts.fail + counts.unknown, "{name}: markdown");
    }
}

#[test]
fn checklists_say_the_worst_of_a_rule() {
    let mut worst = BTreeMap::new();
    for (name, document) in [("the example", example()), ("all kinds", of_all_kinds())] {
        let of_summary = document.summary.controls.iter().find(|control| control.control_id == "EX16-ED-000170");
        let status = of_summary.expect("the control").status;
        let ckl = of_checklist(&report(Format::Ckl, &document), "<STATUS>");
        let cklb = of_checklist(&report(Format::Cklb, &document), "\"status\": \"");
        worst.insert(name, (format!("{status:?}"), ckl, cklb));
    }
    let open = || vec!["open".to_owned()];
    assert!(worst.values().all(|found| *found == ("Fail".to_owned(), open(), open())), "{worst:?}");
}

#[test]
fn an_accepted_risk_and_a_change_are_told() {
    let document = of_all_kinds();
    let log: Value = serde_json::from_str(&report(Format::Sarif, &document)).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let states = ["new", "absent", "unchanged", "updated", "unchanged"];
    for (index, (result, of_document)) in results.iter().zip(&document.results).enumerate() {
        assert_eq!(result["baselineState"].as_str(), states.get(index % 6).copied(), "{result}");
        let suppressions = result["suppressions"].as_array().expect("a list");
        assert_eq!(suppressions.len(), usize::from(of_document.exception.is_some()));
        if let Some(suppression) = suppressions.first() {
            let expected = ("external", "accepted", "Old relay");
            let found = ["kind", "status", "justification"].map(|name| suppression[name].as_str().unwrap_or_default());
            assert_eq!((found[0], found[1], found[2]), expected);
        }
    }
    let junit = report(Format::Junit, &document);
    assert!(junit.contains(r#"tests="24" failures="3" errors="3" skipped="12""#), "{junit}");
    assert!(junit.contains(r#"<testsuite name="errors" tests="2" failures="0" errors="2" skipped="0""#), "{junit}");
    assert_eq!(junit.matches("message=\"Accepted risk: Old relay (accepted by Ada until 2027-01-31).").count(), 6);
    let csv = report(Format::Csv, &document);
    assert!(csv.contains(",Old relay,Ada,2027-01-31,fixed,"), "{csv}");
    let markdown = report(Format::Markdown, &document);
    assert!(markdown.contains("- **Accepted risk:** Old relay \\(accepted by Ada until 2027-01-31\\)"), "{markdown}");
    assert!(
        markdown.contains("- **Change:** stillFailing") && markdown.contains("a file.json:7 at /3: not a connector")
    );
}
