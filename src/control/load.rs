//! Reads one control file. A wrong file is refused with the place and what was expected there; nothing is guessed.
//! Metadata is read leniently, so that EDCA's own files load; what decides a verdict is read strictly.

use super::condition::{self, Condition};
use super::document::{self, Node, Refusal};
use super::reader::{Members, expected, list, text, truth};
use super::{
    Argument, Check, Control, Fix, Probe, Reference, Remediation, Requirement, Severity, Source, Stig, Subject,
};
use crate::probe::mta_sts;
use crate::problem::{Code, Problem, pointer};
use crate::target::{Kind, Value, domain_key};

/// Parameters that a fix must not set: they name the target, carry a secret, steer the shell, or would rewrite routing.
const NEVER_SET: [&str; 7] =
    ["Identity", "AuthenticationCredential", "AddressSpaces", "Confirm", "WhatIf", "Force", "DomainController"];

/// Reads a control file's bytes.
pub fn load(bytes: &[u8], source: Source) -> Result<Control, Box<Problem>> {
    document::read(bytes)
        .and_then(|(node, text)| read_control(&node, source.clone()).map_err(|refusal| refusal.with_line(text)))
        .map_err(|refusal| {
            let problem = Problem::new(Code::InvalidControl, refusal.message);
            let problem = problem.in_source(source.to_string()).at_path(refusal.path);
            Box::new(Problem { line: refusal.line, ..problem })
        })
}

fn read_control(node: &Node, source: Source) -> Result<Control, Refusal> {
    let mut members = Members::of(node, "")?;
    members.take("$schema");
    let id = {
        let (at, node) = members.required("id")?;
        read_id(node, &at)?.to_owned()
    };
    let title = {
        let (at, node) = members.required("title")?;
        match text(node, &at)? {
            title if title.trim().is_empty() => return Err(Refusal::at(&at, "expected a title, found a blank string")),
            title => title.to_owned(),
        }
    };
    let severity = {
        let (at, node) = members.required("severity")?;
        read_severity(node, &at)?
    };
    let mut warnings = Vec::new();
    let control = Control {
        id,
        title,
        severity,
        description: optional_text(&mut members, "description")?.unwrap_or_default(),
        verify: optional(&mut members, "verify", truth)?.unwrap_or(true),
        subject: optional(&mut members, "subject", read_subject)?.unwrap_or(Subject::Organization),
        category: optional_text(&mut members, "category")?.unwrap_or_default(),
        severity_weight: match optional(&mut members, "severityWeight", read_weight)? {
            Some(weight) => {
                let range = severity.weights();
                if !range.contains(&weight) {
                    let (name, low, high) = (severity.name(), range.start(), range.end());
                    warnings.push(format!(
                        "severityWeight {weight} is outside {low} to {high}, the range of severity {name}"
                    ));
                }
                weight.clamp(1, 10)
            }
            None => *severity.weights().start(),
        },
        frameworks: optional(&mut members, "frameworks", read_texts)?.unwrap_or_default(),
        references: optional(&mut members, "references", |node, at| list(node, at, read_reference))?
            .unwrap_or_default(),
        considerations: optional_text(&mut members, "considerations")?.unwrap_or_default(),
        roles: optional(&mut members, "roles", read_texts)?.unwrap_or_default(),
        stig: optional(&mut members, "stig", read_stig)?,
        check: optional(&mut members, "check", read_check)?,
        remediation: optional(&mut members, "remediation", read_remediation)?.unwrap_or_default(),
        warnings: Vec::new(),
        source,
    };
    members.end("the members of a control are listed in the schema (exchange-control schema)")?;
    if let Some(kind) = control.target() {
        let mut unknown = std::collections::HashSet::new();
        control.visit_fields(&mut |field| {
            if !kind.knows(field) && unknown.insert(field) {
                warnings.push(format!("{field} is not a property that {kind} objects are known to have"));
            }
        });
    }
    Ok(Control { warnings, ..control })
}

/// Reads a member that may be absent.
fn optional<T>(
    members: &mut Members,
    name: &str,
    read: impl FnOnce(&Node, &str) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    members.take(name).map(|(at, node)| read(node, &at)).transpose()
}

fn optional_text(members: &mut Members, name: &str) -> Result<Option<String>, Refusal> {
    optional(members, name, |node, at| text(node, at).map(str::to_owned))
}

fn read_texts(node: &Node, path: &str) -> Result<Vec<String>, Refusal> {
    list(node, path, |node, path| text(node, path).map(str::to_owned))
}

fn read_id<'a>(node: &'a Node, path: &str) -> Result<&'a str, Refusal> {
    let id = text(node, path)?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !plain || id.len() > 64 || !id.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let wanted =
            "expected an id of letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 64";
        return Err(Refusal::at(path, wanted));
    }
    Ok(id)
}

fn read_severity(node: &Node, path: &str) -> Result<Severity, Refusal> {
    let name = text(node, path)?;
    let found = Severity::ALL.into_iter().find(|severity| severity.name() == name);
    found.ok_or_else(|| expected("Low, Medium, High or Critical", node, path))
}

fn read_subject(node: &Node, path: &str) -> Result<Subject, Refusal> {
    let name = text(node, path)?;
    let found = Subject::ALL.into_iter().find(|subject| subject.name() == name);
    found.ok_or_else(|| expected("Organization, Server, Database or Mailbox", node, path))
}

fn read_weight(node: &Node, path: &str) -> Result<i64, Refusal> {
    match node {
        Node::Integer(weight) => Ok(*weight),
        other => Err(expected("a whole number", other, path)),
    }
}

fn read_reference(node: &Node, path: &str) -> Result<Reference, Refusal> {
    let mut members = Members::of(node, path)?;
    let (at, name) = members.required("name")?;
    let name = text(name, &at)?.to_owned();
    let url = optional_text(&mut members, "url")?.unwrap_or_default();
    members.end("a reference has \"name\" and \"url\"")?;
    Ok(Reference { name, url })
}

fn read_stig(node: &Node, path: &str) -> Result<Stig, Refusal> {
    let mut members = Members::of(node, path)?;
    let stig = Stig {
        rule_id: optional_text(&mut members, "ruleId")?.unwrap_or_default(),
        vuln_id: optional_text(&mut members, "vulnId")?.unwrap_or_default(),
        cci: optional(&mut members, "cci", read_texts)?.unwrap_or_default(),
        legacy_ids: optional(&mut members, "legacyIds", read_texts)?.unwrap_or_default(),
    };
    members.end("\"stig\" has ruleId, vulnId, cci and legacyIds").map(|()| stig)
}

fn read_check(node: &Node, path: &str) -> Result<Check, Refusal> {
    let mut members = Members::of(node, path)?;
    let target = {
        let (at, node) = members.required("target")?;
        let name = text(node, &at)?;
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = Kind::ALL.map(Kind::name).join(" or ");
            expected(&names, node, &at)
        })?
    };
    let when = optional(&mut members, "when", condition::read)?;
    let requirement = match (members.take("require"), members.take("probe")) {
        (Some((at, node)), None) => Requirement::Condition(condition::read(node, &at)?),
        (None, Some((at, node))) => {
            if text(node, &at)? != "mta-sts" {
                return Err(expected("a probe (mta-sts)", node, &at));
            }
            if target != Kind::AcceptedDomain {
                return Err(Refusal::at(&at, "the probe mta-sts is for the target AcceptedDomain"));
            }
            let settings = optional(&mut members, "settings", read_mta_sts_settings)?.unwrap_or_default();
            Requirement::Probe(Probe::MtaSts(settings.into()))
        }
        (Some(_), Some((at, _))) => return Err(Refusal::at(&at, "a check has \"require\" or \"probe\", not both")),
        (None, None) => return Err(Refusal::at(path, "the member \"require\" is missing (or \"probe\")")),
    };
    members.end("a check has target, when, and require or probe with settings")?;
    Ok(Check { target, when, requirement, written: node.into() })
}

fn read_mta_sts_settings(node: &Node, path: &str) -> Result<mta_sts::Settings, Refusal> {
    let mut members = Members::of(node, path)?;
    let minimum_mode = optional(&mut members, "minimumMode", |node, at| {
        mta_sts::Mode::named(text(node, at)?).ok_or_else(|| expected("none, testing or enforce", node, at))
    })?;
    let suffixes = optional(&mut members, "internalSuffixes", |node, at| list(node, at, read_suffix))?;
    members.end("the probe mta-sts has the settings minimumMode and internalSuffixes")?;
    let default = mta_sts::Settings::default();
    Ok(mta_sts::Settings {
        minimum_mode: minimum_mode.unwrap_or(default.minimum_mode),
        internal_suffixes: suffixes.unwrap_or(default.internal_suffixes),
    })
}

/// A suffix of domain names, with or without its leading dot.
fn read_suffix(node: &Node, path: &str) -> Result<String, Refusal> {
    let name = text(node, path)?;
    domain_key(name.strip_prefix('.').unwrap_or(name))
        .map(|name| format!(".{name}"))
        .ok_or_else(|| expected("a suffix of domain names such as \".local\"", node, path))
}

fn read_remediation(node: &Node, path: &str) -> Result<Remediation, Refusal> {
    let mut members = Members::of(node, path)?;
    let remediation = Remediation {
        automatable: optional(&mut members, "automatable", truth)?.unwrap_or(false),
        description: optional_text(&mut members, "description")?.unwrap_or_default(),
        script_template: optional_text(&mut members, "scriptTemplate")?,
        fixes: optional(&mut members, "parameters", |node, at| list(node, at, read_fix))?.unwrap_or_default(),
    };
    members.end("a remediation has automatable, description, scriptTemplate and parameters").map(|()| remediation)
}

fn read_fix(node: &Node, path: &str) -> Result<Fix, Refusal> {
    let mut members = Members::of(node, path)?;
    let when: Option<Condition> = optional(&mut members, "when", condition::read)?;
    let set = {
        let (at, node) = members.required("set")?;
        read_set(node, &at)?
    };
    let fix = Fix {
        when,
        set,
        automatable: optional(&mut members, "automatable", truth)?.unwrap_or(true),
        note: optional_text(&mut members, "note")?,
        then: optional(&mut members, "then", |node, at| list(node, at, read_command))?.unwrap_or_default(),
    };
    members.end("a fix has when, set, automatable, note and then").map(|()| fix)
}

fn read_set(node: &Node, path: &str) -> Result<Vec<(String, Argument)>, Refusal> {
    let Node::Object(members) = node else { return Err(expected("an object of parameters", node, path)) };
    if members.is_empty() {
        return Err(Refusal::at(path, "expected at least one parameter"));
    }
    members.iter().map(|(name, node)| read_parameter(name, node, &pointer(path, name))).collect()
}

fn read_parameter(name: &str, node: &Node, path: &str) -> Result<(String, Argument), Refusal> {
    let plain =
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain {
        return Err(Refusal::at(path, "expected a parameter's name: a letter, then letters and digits"));
    }
    if NEVER_SET.iter().any(|never| never.eq_ignore_ascii_case(name)) {
        return Err(Refusal::at(path, format!("a fix must not set {name}")));
    }
    read_argument(node, path).map(|argument| (name.to_owned(), argument))
}

fn read_argument(node: &Node, path: &str) -> Result<Argument, Refusal> {
    let value = match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Integer(value) => Value::Integer(*value),
        Node::Text(value) => Value::text(value.as_str()),
        Node::List(_) => Value::List(read_texts(node, path)?.into_iter().map(Value::text).collect()),
        Node::Object(_) => {
            let mut members = Members::of(node, path)?;
            let (at, fields) = members.required("firstOf")?;
            let fields = list(fields, &at, |node, at| condition::property(node, at).map(str::to_owned))?;
            if fields.is_empty() {
                return Err(Refusal::at(&at, "expected at least one property"));
            }
            let placeholder =
                optional(&mut members, "placeholder", read_id_like)?.unwrap_or_else(|| "value".to_owned());
            members.end("a computed parameter has firstOf and placeholder")?;
            return Ok(Argument::FirstOf { fields, placeholder });
        }
        other => {
            return Err(expected(
                "true, false, a whole number, a string, a list of strings, null or firstOf",
                other,
                path,
            ));
        }
    };
    Ok(Argument::Value(value))
}

fn read_id_like(node: &Node, path: &str) -> Result<String, Refusal> {
    read_id(node, path).map(str::to_owned)
}

/// A command after a fix is one line, so that it cannot hide another.
fn read_command(node: &Node, path: &str) -> Result<String, Refusal> {
    let command = text(node, path)?;
    if command.trim().is_empty() || command.chars().any(char::is_control) {
        return Err(Refusal::at(path, "expected one command on one line"));
    }
    Ok(command.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{
        "id": "X-1", "title": "T", "severity": "High",
        "check": { "target": "SendConnector", "require": { "field": "Enabled", "equals": true } }
    }"#;

    /// A whole control with one member put in or replaced.
    fn with(member: &str, value: &str) -> String {
        let mut json: serde_json::Value = serde_json::from_str(WHOLE).expect("JSON");
        json[member] = serde_json::from_str(value).expect("JSON");
        json.to_string()
    }

    #[test]
    fn refuses_with_the_place() {
        let cases = [
            ("[]".to_owned(), "", "an object"),
            ("{}".to_owned(), "", "\"id\" is missing"),
            (with("id", "7"), "/id", "a string, found the number 7"),
            (with("id", "\"a b\""), "/id", "an id of letters"),
            (with("title", "\" \""), "/title", "blank"),
            (with("severity", "\"CAT II\""), "/severity", "Low, Medium, High or Critical"),
            (with("severityWeight", "\"8\""), "/severityWeight", "a whole number"),
            (with("severityWeight", "1.5"), "/severityWeight", "a whole number"),
            (with("subject", "\"Forest\""), "/subject", "Organization"),
            (with("verify", "1"), "/verify", "true or false"),
            (with("frameworks", "[1]"), "/frameworks/0", "a string"),
            (with("references", "[{\"url\":\"u\"}]"), "/references/0", "\"name\" is missing"),
            (with("references", "[{\"name\":\"n\",\"link\":\"u\"}]"), "/references/0/link", "unexpected"),
            (with("Title", "\"T\""), "/Title", "differ only in case"),
            (with("owner", "\"me\""), "/owner", "unexpected member \"owner\""),
            (with("check", "{}"), "/check", "\"target\" is missing"),
            (with("check", r#"{"target":"Mailbox","require":{}}"#), "/check/target", "SendConnector or AcceptedDomain"),
            (with("check", r#"{"target":"SendConnector"}"#), "/check", "\"require\" is missing"),
            (with("check", r#"{"target":"SendConnector","probe":"ping"}"#), "/check/probe", "mta-sts"),
            (with("check", r#"{"target":"SendConnector","probe":"mta-sts","require":{}}"#), "/check/probe", "not both"),
            (with("check", r#"{"target":"SendConnector","probe":"mta-sts"}"#), "/check/probe", "AcceptedDomain"),
            (
                with("check", r#"{"target":"AcceptedDomain","probe":"mta-sts","settings":{"minimumMode":"Enforce"}}"#),
                "/check/settings/minimumMode",
                "none, testing or enforce",
            ),
            (
                with("check", r#"{"target":"AcceptedDomain","probe":"mta-sts","settings":{"mode":"none"}}"#),
                "/check/settings/mode",
                "minimumMode",
            ),
            (
                with(
                    "check",
                    r#"{"target":"AcceptedDomain","probe":"mta-sts","settings":{"internalSuffixes":[".a b"]}}"#,
                ),
                "/check/settings/internalSuffixes/0",
                ".local",
            ),
            (
                with("check", r#"{"target":"SendConnector","require":{"field":"A","is":1}}"#),
                "/check/require/is",
                "unknown operator",
            ),
            (with("remediation", r#"{"parameters":{"set":{}}}"#), "/remediation/parameters", "a list"),
            (with("remediation", r#"{"parameters":[{}]}"#), "/remediation/parameters/0", "\"set\" is missing"),
            (
                with("remediation", r#"{"parameters":[{"set":{"Identity":"x"}}]}"#),
                "/remediation/parameters/0/set/Identity",
                "must not set",
            ),
            (
                with("remediation", r#"{"parameters":[{"set":{"A; calc":1}}]}"#),
                "/remediation/parameters/0/set/A; calc",
                "parameter's name",
            ),
            (
                with("remediation", r#"{"parameters":[{"set":{"A":{"fields":["B"]}}}]}"#),
                "/remediation/parameters/0/set/A",
                "firstOf",
            ),
            (
                with("remediation", r#"{"parameters":[{"set":{"A":1},"then":["a\nb"]}]}"#),
                "/remediation/parameters/0/then/0",
                "one line",
            ),
        ];
        for (json, path, part) in cases {
            let problem = load(json.as_bytes(), Source::BuiltIn).expect_err(&json);
            assert_eq!(problem.path.as_deref(), Some(path), "{json}: {problem}");
            assert!(problem.message.contains(part), "{json}: {problem}");
            assert!(problem.line.is_some(), "{json}: {problem}");
        }
    }

    #[test]
    fn warns_and_loads() {
        let cases = [
            (with("severityWeight", "10"), 10, "outside 7 to 8"),
            (with("severityWeight", "-3"), 1, "outside 7 to 8"),
            (
                with("check", r#"{"target":"SendConnector","require":{"field":"IgnoreStartTSL","equals":false}}"#),
                7,
                "IgnoreStartTSL",
            ),
        ];
        for (json, weight, part) in cases {
            let control = load(json.as_bytes(), Source::BuiltIn).expect(&json);
            assert_eq!(control.severity_weight, weight, "{json}");
            assert!(control.warnings.iter().any(|warning| warning.contains(part)), "{json}: {:?}", control.warnings);
        }
        assert_eq!(load(WHOLE.as_bytes(), Source::BuiltIn).expect("whole").warnings, Vec::<String>::new());
    }
}
