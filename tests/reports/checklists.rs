//! Existing checklists of STIG Viewer 3: what is ours is brought up to date, every other byte stays.

use exchange_control::control::Catalog;
use exchange_control::evaluate::{ControlResult, Status};
use exchange_control::report::{Checklist, Document, DocumentSource, Format, Report};
use serde_json::Value;

use super::{accepted, result};

const CONTROL: &str = "EX16-ED-000170";

/// As odd as JSON may be: blanks, escapes, numbers in other notations, members of others, another rule.
const EXISTING: &str = r#"{ "title":"Edge \u0031" ,
	"big": 1.0e+2, "id" : "7", "evaluate-stig": {"x":[1,2.50]},
  "stigs":[ {"stig_name":"Other","rules":[]},
  { "stig_name":"Edge","uuid":"u",
    "rules":[
      {"group_id":"V-1","status":"open","finding_details":"theirs","comments":"theirs \/ \u00fc"},
      {"group_id_src":"V-221218","group_id":"V-221218", "comments" : "COMMENTS","status" : "STATUS" ,"finding_details":"DETAILS","weight":10.0}
    ]}],"cklb_version":"1.0"}
"#;

fn updated(existing: &str, results: Vec<ControlResult>) -> Result<String, String> {
    let checklist = Checklist::read(existing).map_err(|problem| problem.to_string())?;
    let mut document = Document::of(results, Vec::new(), Catalog::built_in());
    document.generated = "2026-01-02T03:04:05Z".to_owned();
    let report = Report { checklist: Some(&checklist), ..Report::new(Format::Cklb) };
    let mut bytes = Vec::new();
    report.write(&mut DocumentSource::new(document), &mut bytes).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

fn of(statuses: &[Status]) -> Vec<ControlResult> {
    statuses.iter().map(|status| result(CONTROL, status.name(), *status)).collect()
}

fn existing(status: &str, details: &str, comments: &str) -> String {
    EXISTING.replace("STATUS", status).replace("DETAILS", details).replace("COMMENTS", comments)
}

/// The rule's member of a checklist.
fn member(text: &str, name: &str) -> String {
    let checklist: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    checklist["stigs"][1]["rules"][1][name].as_str().expect("a text").to_owned()
}

#[test]
fn the_worst_of_a_rule_s_targets_counts() {
    use Status::{Fail, NotApplicable, Pass, Unknown};
    let cases: [(&[Status], &str); 7] = [
        (&[Pass], "not_a_finding"),
        (&[NotApplicable], "not_applicable"),
        (&[Unknown], "not_reviewed"),
        (&[Fail], "open"),
        (&[NotApplicable, Pass], "not_a_finding"),
        (&[Pass, Unknown, NotApplicable], "not_reviewed"),
        (&[Pass, Unknown, Fail, NotApplicable], "open"),
    ];
    for (statuses, expected) in cases {
        let text = updated(&existing("not_reviewed", "", ""), of(statuses)).expect("updated");
        assert_eq!(member(&text, "status"), expected, "{statuses:?}");
        let details = member(&text, "finding_details");
        for status in statuses {
            assert!(details.contains(&format!("\n{0}: {0}: A reason\n", status.name())), "{details}");
        }
    }
}

#[test]
fn every_other_byte_stays() {
    for bom in ["", "\u{FEFF}"] {
        let before = format!("{bom}{}", existing("open", "", "mine"));
        let text = updated(&before, of(&[Status::Pass])).expect("updated");
        let details = member(text.trim_start_matches('\u{FEFF}'), "finding_details");
        let expected = before
            .replace("\"status\" : \"open\"", "\"status\" : \"not_a_finding\"")
            .replace("\"finding_details\":\"\"", &format!("\"finding_details\":{}", Value::from(details)));
        assert_eq!(text, expected);
        assert_eq!(updated(&text, of(&[Status::Pass])).expect("updated"), text, "the same results change nothing");
    }
}

#[test]
fn what_people_wrote_stays() {
    let block = |text: &str| {
        let first = updated(&existing("open", text, ""), of(&[Status::Fail])).expect("updated");
        member(&first, "finding_details")
    };
    let ours = block("");
    assert!(
        ours.starts_with("--- exchange-control ---\n") && ours.ends_with("\n--- end of exchange-control ---"),
        "{ours}"
    );
    assert_eq!(block("Seen by Ada"), format!("Seen by Ada\n\n{ours}"));
    let around = format!("before\n{ours}\nafter").replace('\n', "\\n").replace('"', "\\\"");
    let again = updated(&existing("open", &around, ""), of(&[Status::Pass])).expect("updated");
    let details = member(&again, "finding_details");
    assert!(details.starts_with("before\n--- exchange") && details.ends_with("--- end of exchange-control ---\nafter"));
    assert!(details.contains("Pass: Pass: A reason") && !details.contains("Fail: Fail"), "{details}");
}

#[test]
fn accepted_risks_are_comments_where_nobody_commented() {
    let risk = || {
        let mut results = of(&[Status::Fail]);
        results[0].exception = Some(accepted());
        results
    };
    let ours = "Accepted risk (exchange-control): Fail: Old relay (accepted by Ada until 2027-01-31)";
    let cases: [(&str, Vec<ControlResult>, &str); 5] = [
        ("", risk(), ours),
        ("Ask Ada", risk(), "Ask Ada"),
        ("Ask Ada", of(&[Status::Fail]), "Ask Ada"),
        (ours, risk(), ours),
        (ours, of(&[Status::Fail]), ""),
    ];
    for (before, results, after) in cases {
        let text = updated(&existing("open", "", before), results).expect("updated");
        assert_eq!((member(&text, "comments").as_str(), member(&text, "status").as_str()), (after, "open"), "{before}");
    }
}

#[test]
fn members_that_are_missing_or_null_are_put_there() {
    let rule = |rule: &str| format!(r#"{{"stigs":[{{"rules":[]}},{{"rules":[{{"status":"open"}},{rule}]}}]}}"#);
    let cases = [
        r#"{"group_id":"V-221218","status":"open"}"#,
        r#"{"group_id":"V-221218","status":null,"finding_details":null,"comments":null}"#,
        r#"{"rule_id_src":"sv-221218R811174_rule","status":"x"}"#,
        r#"{"group_id":"V-80517","status":"not_reviewed"}"#,
    ];
    for case in cases {
        let mut results = of(&[Status::Unknown]);
        results[0].exception = Some(accepted());
        let text = updated(&rule(case), results).expect("updated");
        assert_eq!(member(&text, "status"), "not_reviewed", "{text}");
        assert!(member(&text, "finding_details").contains("Unknown: Unknown: A reason"), "{text}");
        assert!(member(&text, "comments").starts_with("Accepted risk"), "{text}");
    }
}

#[test]
fn what_cannot_be_updated_is_told() {
    let other = EXISTING.replace("V-221218", "V-2");
    let cases: [(&str, &str, Vec<ControlResult>, &str); 8] = [
        ("cut off", &EXISTING[..200], of(&[Status::Fail]), "cut off"),
        ("empty", "", of(&[Status::Fail]), "cut off"),
        ("no checklist", "{}", of(&[Status::Fail]), "missing field `stigs`"),
        ("a list", "[]", of(&[Status::Fail]), "expected an object, found a list"),
        (
            "no status",
            r#"{"stigs":[{"rules":[{"group_id":"V-1"}]}]}"#,
            of(&[Status::Fail]),
            "/stigs/0/rules/0: missing field",
        ),
        (
            "a number",
            r#"{"stigs":[{"rules":[{"status":7}]}]}"#,
            of(&[Status::Fail]),
            "/stigs/0/rules/0/status: expected a text, found 7",
        ),
        ("other rules", &other, of(&[Status::Fail]), "none of the rules that the results are of (V-221218)"),
        (
            "no STIG",
            EXISTING,
            vec![result("EDCA-TLS-011", "A", Status::Fail)],
            "none of the results is of a control that comes from a STIG",
        ),
    ];
    for (name, existing, results, expected) in cases {
        let told = updated(existing, results).expect_err(name);
        assert!(told.contains(expected), "{name}: {told}");
    }
}

#[test]
fn a_new_checklist_can_be_brought_up_to_date() {
    let document = Document::of(of(&[Status::Fail]), Vec::new(), Catalog::built_in());
    let first = super::report(Format::Cklb, &document);
    let text = updated(&first, of(&[Status::Pass])).expect("updated");
    let checklist: Value = serde_json::from_str(&text).expect("JSON");
    let rule = &checklist["stigs"][0]["rules"][0];
    assert_eq!((&rule["group_id"], &rule["status"]), (&"V-221218".into(), &"not_a_finding".into()));
    assert_eq!(checklist["stigs"][0]["size"], 1);
    assert_eq!(rule["ccis"][0], "CCI-001184");
    assert_eq!(rule["rule_id"], "SV-221218r811174");
}
