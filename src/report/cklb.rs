//! A checklist of STIG Viewer 3 (.cklb, JSON). An existing one is brought up to date where the results have something to say,
//! and every other byte of it stays as it is; without one, a new one holds the rules that the results' controls come from.

use std::io::{self, Write};
use std::ops::Range;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::checklist::{self, Finding};
use super::{Head, Source, document};
use crate::control::{Catalog, Stig};
use crate::evaluate::{Status, Summary};
use crate::problem::Problem;

/// A checklist that is there, as text, and where in it the rules stand.
#[derive(Debug)]
pub struct Checklist<'a> {
    text: &'a str,
    rules: Vec<Rule<'a>>,
}

#[derive(Deserialize)]
struct Stigs<'a> {
    #[serde(borrow)]
    stigs: Vec<Rules<'a>>,
}

#[derive(Deserialize)]
struct Rules<'a> {
    #[serde(borrow)]
    rules: Vec<Rule<'a>>,
}

/// What is read of a rule.
#[derive(Debug, Deserialize)]
struct Rule<'a> {
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    group_id_src: Option<String>,
    #[serde(default)]
    rule_id_src: Option<String>,
    #[serde(borrow)]
    status: Member<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    finding_details: Option<Member<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    comments: Option<Member<'a>>,
}

/// The text of a member, and how it stands in the file.
#[derive(Debug)]
struct Member<'a> {
    raw: &'a str,
    text: String,
}

impl<'de: 'a, 'a> Deserialize<'de> for Member<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text: Option<String> =
            serde_json::from_str(raw).map_err(|_| D::Error::custom(format!("expected a text, found {raw:.20}")))?;
        Ok(Member { raw, text: text.unwrap_or_default() })
    }
}

/// A member that is there, be it null.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Member<'a>>, D::Error> {
    Member::deserialize(deserializer).map(Some)
}

impl<'a> Checklist<'a> {
    /// Reads a checklist.
    pub fn read(text: &'a str) -> Result<Self, Problem> {
        let stigs: Stigs = document::from_json(text.strip_prefix('\u{FEFF}').unwrap_or(text))?;
        Ok(Checklist { text, rules: stigs.stigs.into_iter().flat_map(|stig| stig.rules).collect() })
    }

    /// The text with what the findings say in its place.
    fn updated(&self, findings: &[Finding], head: &Head) -> io::Result<String> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut known = false;
        for rule in &self.rules {
            if let Some(finding) = findings.iter().find(|finding| rule.is_of(finding.stig)) {
                known = true;
                self.edit(rule, finding, head, &mut edits);
            }
        }
        if !known {
            let ids: Vec<&str> = findings.iter().map(|finding| finding.stig.vuln_id.as_str()).collect();
            let message = format!("the checklist has none of the rules that the results are of ({})", ids.join(", "));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let mut text = String::with_capacity(self.text.len());
        let mut end = 0;
        edits.sort_by_key(|(range, _)| range.start);
        for (range, replacement) in edits {
            text.push_str(self.text.get(end..range.start).unwrap_or_default());
            text.push_str(&replacement);
            end = range.end;
        }
        text.push_str(self.text.get(end..).unwrap_or_default());
        Ok(text)
    }

    /// Adds what is to be changed about a rule.
    fn edit(&self, rule: &Rule, finding: &Finding, head: &Head, edits: &mut Vec<(Range<usize>, String)>) {
        let status = status(finding.status());
        if rule.status.text != status {
            edits.push((self.place(&rule.status), json!(status).to_string()));
        }
        let behind_status = self.place(&rule.status).end;
        let mut put = |member: &Option<Member>, name: &str, text: String| match member {
            Some(member) if member.text == text => {}
            Some(member) => edits.push((self.place(member), json!(text).to_string())),
            None if text.is_empty() => {}
            None => edits.push((behind_status..behind_status, format!(",\"{name}\":{}", json!(text)))),
        };
        let existing = |member: &Option<Member>| member.as_ref().map_or(String::new(), |member| member.text.clone());
        put(&rule.finding_details, "finding_details", finding.details(head, &existing(&rule.finding_details)));
        if let Some(comment) = finding.comment(&existing(&rule.comments)) {
            put(&rule.comments, "comments", comment);
        }
    }

    /// Where a member's value stands in the text.
    fn place(&self, member: &Member) -> Range<usize> {
        let start = (member.raw.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        start..start + member.raw.len()
    }
}

impl Rule<'_> {
    /// Whether it is the STIG's rule: by its V number, now or formerly, else by the rule's id.
    fn is_of(&self, stig: &Stig) -> bool {
        let known = |id: &Option<String>| {
            let id = id.as_deref().unwrap_or_default();
            let mut ids = [&stig.vuln_id, &stig.rule_id].into_iter().chain(&stig.legacy_ids);
            !id.is_empty() && ids.any(|known| known.eq_ignore_ascii_case(id))
        };
        known(&self.group_id) || known(&self.group_id_src) || known(&self.rule_id_src)
    }
}

/// Writes the checklist.
pub fn write(
    source: &mut dyn Source,
    catalog: &Catalog,
    existing: Option<&Checklist>,
    mut out: &mut dyn Write,
) -> io::Result<(Summary, Vec<Problem>)> {
    let head = source.head();
    let findings = checklist::findings(source, catalog)?;
    match existing {
        Some(checklist) => out.write_all(checklist.updated(&findings, &head)?.as_bytes())?,
        None => {
            serde_json::to_writer_pretty(&mut out, &anew(&findings, &head))?;
            out.write_all(b"\n")?;
        }
    }
    Ok(source.conclude())
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Fail => "open",
        Status::Pass => "not_a_finding",
        Status::NotApplicable => "not_applicable",
        Status::Unknown => "not_reviewed",
    }
}

/// A new checklist. The machine, which results do not name, is for a person to fill in.
fn anew(findings: &[Finding], head: &Head) -> Value {
    let stig = uuid_of(checklist::STIG_ID);
    let rules: Vec<Value> = findings.iter().map(|finding| rule(finding, &stig, head)).collect();
    json!({
        "title": checklist::STIG_TITLE,
        "id": uuid_of("checklist"),
        "active": false,
        "mode": 2,
        "has_path": true,
        "target_data": {
            "target_type": "Computing",
            "host_name": "",
            "ip_address": "",
            "mac_address": "",
            "fqdn": "",
            "comments": "",
            "role": "None",
            "is_web_database": false,
            "technology_area": "",
            "web_db_site": "",
            "web_db_instance": "",
            "classification": null,
        },
        "stigs": [{
            "stig_name": checklist::STIG_TITLE,
            "display_name": checklist::STIG_TITLE,
            "stig_id": checklist::STIG_ID,
            "release_info": "",
            "version": crate::VERSION,
            "uuid": stig,
            "reference_identifier": "",
            "size": rules.len(),
            "rules": rules,
        }],
        "cklb_version": "1.0",
    })
}

fn rule(finding: &Finding, stig_uuid: &str, head: &Head) -> Value {
    let (control, stig) = (finding.control, finding.stig);
    json!({
        "uuid": uuid_of(&stig.rule_id),
        "stig_uuid": stig_uuid,
        "reference_identifier": "",
        "target_key": null,
        "stig_ref": null,
        "group_id": stig.vuln_id,
        "group_id_src": stig.vuln_id,
        "group_title": control.title,
        "group_tree": [{ "id": stig.vuln_id, "title": control.title, "description": "" }],
        "rule_id": stig.rule_id.strip_suffix("_rule").unwrap_or(&stig.rule_id),
        "rule_id_src": stig.rule_id,
        "rule_version": control.id,
        "rule_title": control.title,
        "severity": finding.severity(),
        "weight": "10.0",
        "classification": "UNCLASSIFIED",
        "discussion": control.description,
        "check_content": "",
        "check_content_ref": { "href": "", "name": "M" },
        "fix_text": control.remediation.description,
        "false_positives": "",
        "false_negatives": "",
        "documentable": "false",
        "security_override_guidance": "",
        "potential_impacts": "",
        "third_party_tools": "",
        "ia_controls": "",
        "responsibility": "",
        "mitigations": "",
        "mitigation_control": "",
        "legacy_ids": stig.legacy_ids,
        "ccis": stig.cci,
        "status": status(finding.status()),
        "overrides": {},
        "comments": finding.comment("").unwrap_or_default(),
        "finding_details": finding.details(head, ""),
    })
}

/// The same id for the same name, so that checklists of two runs differ in the findings alone.
fn uuid_of(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:{}:{name}", crate::NAME).as_bytes()).to_string()
}
