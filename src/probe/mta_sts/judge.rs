//! The verdict on a domain, from all that was seen of it.

use super::evidence;
use super::mail::Mail;
use super::publish;
use super::record::{self, Id};
use super::served::Served;
use super::{Code, Finding, Observation, Settings, Severity, demands, domain, excerpt};
use crate::evaluate::{Evidence, Issue, Status};
use crate::probe::dns::NoAnswer;

/// A verdict with all that a person needs to act on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub status: Status,
    /// One or a few sentences.
    pub reason: String,
    pub issues: Vec<Issue>,
    pub evidence: Vec<Evidence>,
    /// What to publish, where the verdict is Fail. Every line is a comment: nothing in it runs.
    pub script: Option<String>,
}

impl Judgement {
    /// The verdict on a domain that nothing was asked about.
    pub fn without_asking(status: Status, reason: impl Into<String>) -> Self {
        Judgement { status, reason: reason.into(), issues: Vec::new(), evidence: Vec::new(), script: None }
    }
}

/// Judges a domain: NotApplicable where it receives no mail; else Fail where anything is wrong, Unknown where the
/// answer could not be had, and else Pass. `with_subdomains`: the accepted domain is `*.<domain>`. `fresh_id` is the
/// `id` of the record that the fix proposes.
pub fn judge(observation: &Observation, with_subdomains: bool, settings: &Settings, fresh_id: &Id) -> Judgement {
    let domain = &observation.domain;
    let mail = Mail::of(observation);
    let reading = read_record(observation);
    let served = Served::of(observation);
    if let Mail::Nowhere(why) = &mail {
        let evidence = evidence::of(observation, &reading, &served, &mail, settings, &[]);
        return Judgement { evidence, ..Judgement::without_asking(Status::NotApplicable, format!("{why}.")) };
    }
    let mut findings = about_domain(observation, with_subdomains, &mail);
    findings.extend(reading.findings.iter().cloned().map(|finding| unless_mail_is_unknown(finding, &mail)));
    findings.extend(served.all_findings().cloned());
    findings.extend(served.policy().into_iter().flat_map(|policy| demands::check(policy, domain, &mail, settings)));
    let status = status(&findings);
    let reason = match status {
        Status::Fail => sentences(&findings, Severity::Error),
        Status::Unknown => sentences(&findings, Severity::Undetermined),
        Status::Pass | Status::NotApplicable => passed(&served, &findings),
    };
    let script = (status == Status::Fail)
        .then(|| publish::script(domain, &reading, &served, &mail, settings, &findings, fresh_id));
    let evidence = evidence::of(observation, &reading, &served, &mail, settings, &findings);
    Judgement { status, reason, issues: findings.into_iter().map(Issue::from).collect(), evidence, script }
}

/// Reads the record, or says why there is none.
fn read_record(observation: &Observation) -> record::Reading {
    let name = domain::record_name(&observation.domain);
    let (severity, code, message) = match &observation.txt {
        Ok(records) => return record::read(records),
        Err(NoAnswer::NoSuchName) => missing(format!("There is no TXT record at {name} (NXDOMAIN)")),
        Err(NoAnswer::NoData) => missing(format!("There is no TXT record at {name} (NODATA)")),
        Err(NoAnswer::DanglingAlias(alias)) => missing(format!(
            "There is no TXT record at {name}: it is an alias of {}, which has none",
            excerpt::text(alias, 253)
        )),
        Err(NoAnswer::Failed(why)) => (
            Severity::Undetermined,
            Code::DnsError,
            format!("The TXT record at {name} could not be looked up: {}", excerpt::text(why, 500)),
        ),
    };
    let findings = vec![Finding { code, severity, place: None, message }];
    record::Reading { record: None, shown: Vec::new(), findings }
}

fn missing(message: String) -> (Severity, Code, String) {
    (Severity::Error, Code::RecordMissing, message)
}

/// A domain that may receive no mail need not have a record: while DNS does not say where its mail goes, that there is
/// none is no fault yet. A wrong record is one, for whoever publishes it expects mail.
fn unless_mail_is_unknown(finding: Finding, mail: &Mail) -> Finding {
    match mail {
        Mail::Unknown(_) if finding.code == Code::RecordMissing => Finding {
            severity: Severity::Undetermined,
            message: format!("{}; whether the domain receives mail could not be told", finding.message),
            ..finding
        },
        _ => finding,
    }
}

/// What is to be said whatever the record and the policy are.
fn about_domain(observation: &Observation, with_subdomains: bool, mail: &Mail) -> Vec<Finding> {
    let domain = &observation.domain;
    let info = |code, message| Finding { code, severity: Severity::Info, place: None, message };
    let subdomains = with_subdomains.then(|| {
        info(
            Code::Subdomains,
            format!("Only {domain} itself is looked at; each of its subdomains needs a record and a policy of its own"),
        )
    });
    let mx = match mail {
        Mail::Unknown(why) => Some(info(
            Code::MxUnknown,
            format!("The MX hosts of {domain} are not known, so nothing is said of them: {}", excerpt::text(why, 500)),
        )),
        _ => None,
    };
    subdomains.into_iter().chain(mx).collect()
}

fn status(findings: &[Finding]) -> Status {
    match findings.iter().map(|finding| finding.severity).min() {
        Some(Severity::Error) => Status::Fail,
        Some(Severity::Undetermined) => Status::Unknown,
        Some(Severity::Warning | Severity::Info) | None => Status::Pass,
    }
}

/// The first findings of a severity as sentences, the rest counted.
fn sentences(findings: &[Finding], severity: Severity) -> String {
    const TOLD: usize = 3;
    let messages: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .map(|finding| finding.message.as_str())
        .collect();
    let mut told: Vec<String> =
        messages.iter().take(TOLD).map(|text| format!("{}.", excerpt::text(text, 400))).collect();
    if messages.len() > TOLD {
        told.push(format!("And {} more, among the issues.", messages.len() - TOLD));
    }
    told.join(" ")
}

fn passed(served: &Served, findings: &[Finding]) -> String {
    let policy = served.policy();
    let mode = policy.and_then(|policy| policy.mode).map_or("unknown", |mode| mode.name());
    let max_age = policy.and_then(|policy| policy.max_age).unwrap_or_default();
    let patterns = policy.map_or(0, |policy| policy.mx.len());
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    let counted = |number: usize, thing: &str| match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    };
    let valid = format!("The policy is valid (mode {mode}, max_age {max_age}, {}).", counted(patterns, "mx pattern"));
    match warnings {
        0 => valid,
        _ => format!("{valid} {} among the issues.", counted(warnings, "warning")),
    }
}
