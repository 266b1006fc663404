//! The fix as text: the policy to serve and the record to publish. Every line is a comment, so nothing in it runs.

use super::demands::{SHORTEST_MAX_AGE, uncovered};
use super::mail::Mail;
use super::policy::Policy;
use super::record::{self, Id, Record};
use super::served::Served;
use super::{Finding, Mode, MxPattern, Settings, Severity, domain, excerpt};

/// The `max_age` of a policy that has none: a week.
const MAX_AGE: u32 = 604_800;
/// How many faults, patterns and fields of one kind are written.
const WRITTEN: usize = 100;
/// The length of a line in characters. A TXT string has at most 255 bytes, each of which may need an escape.
const LINE: usize = 2_000;

/// What to do, in the order in which it is safe: first the policy, then the record that tells senders of it.
pub fn script(
    domain: &str,
    reading: &record::Reading,
    served: &Served,
    mail: &Mail,
    settings: &Settings,
    findings: &[Finding],
    fresh_id: &Id,
) -> String {
    let mut script = Script::default();
    script.say(&format!("MTA-STS for {domain} (RFC 8461). These lines are instructions; none of them runs."));
    script.say("What is wrong:");
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    errors.iter().take(WRITTEN).for_each(|finding| script.say(&format!("- {}", finding.message)));
    script.gap();
    let changes_policy = policy_step(&mut script, domain, served, mail, settings);
    script.gap();
    record_step(&mut script, domain, reading, changes_policy, fresh_id);
    script.lines.join("\n")
}

/// Lines of comment.
#[derive(Default)]
struct Script {
    lines: Vec<String>,
}

impl Script {
    fn say(&mut self, text: &str) {
        self.lines.push(format!("# {}", excerpt::text(text, LINE)));
    }

    /// A line that is to be copied.
    fn quote(&mut self, text: &str) {
        self.say(&format!("    {text}"));
    }

    fn gap(&mut self) {
        self.lines.push("#".to_owned());
    }
}

/// Writes the policy that is to be served. Whether it is another than the one that is.
///
/// A policy that is there keeps its mode: to lower it would take away protection, to raise it is for who reads the TLS
/// reports, unless the control demands it. One that is new begins in mode testing.
fn policy_step(script: &mut Script, domain: &str, served: &Served, mail: &Mail, settings: &Settings) -> bool {
    let url = domain::policy_url(domain);
    let how = "with status 200, Content-Type text/plain and a certificate that is trusted for that host";
    let is_wrong = served
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error && (finding.code.name().starts_with("policy-")));
    let existing = served.policy.as_ref().filter(|policy| **policy != Policy::default());
    let wanted = wanted(existing, domain, mail, settings);
    if !is_wrong && existing == Some(&wanted) {
        script.say(&format!("1. The policy is right as it is. Serve it at {url}"));
        script.say(&format!("   {how}."));
        return false;
    }
    script.say(&format!("1. Serve this policy at {url}"));
    script.say(&format!("   {how}:"));
    write_policy(script, &wanted, domain, mail);
    match (existing, &served.policy, served.findings.is_empty()) {
        (Some(policy), _, _) => say_mode(script, policy.mode, wanted.mode),
        (None, None, false) => {
            script.say("   If that host has a policy which only could not be fetched, keep that one.");
            say_mode(script, None, wanted.mode);
        }
        (None, _, _) => say_mode(script, None, wanted.mode),
    }
    true
}

/// The policy that would be right: what is there, mended, or a new one.
fn wanted(existing: Option<&Policy>, domain: &str, mail: &Mail, settings: &Settings) -> Policy {
    let mut policy = existing.cloned().unwrap_or_default();
    let mode = policy.mode.map_or(Mode::Testing, |mode| mode.max(settings.minimum_mode));
    policy.mode = Some(mode);
    if policy.max_age.is_none_or(|seconds| seconds < SHORTEST_MAX_AGE && mode != Mode::None) {
        policy.max_age = Some(MAX_AGE);
    }
    if mode != Mode::None {
        let missing = uncovered(&policy, mail.hosts(domain).unwrap_or_default());
        let missing: Vec<MxPattern> = missing.into_iter().filter_map(|host| MxPattern::parse(host).ok()).collect();
        policy.mx.extend(missing);
    }
    policy
}

/// Writes a policy as a file to copy. What is too much, or cannot be named, is said instead.
fn write_policy(script: &mut Script, policy: &Policy, domain: &str, mail: &Mail) {
    let short = Policy {
        mx: policy.mx.iter().take(WRITTEN).cloned().collect(),
        extensions: policy.extensions.iter().take(WRITTEN).cloned().collect(),
        ..policy.clone()
    };
    script.gap();
    for line in short.to_string().lines() {
        script.quote(line);
        if line.starts_with("mode:") && short.mx.is_empty() && short.mode != Some(Mode::None) {
            script.quote(&format!("mx: <each MX host of {domain}, a line for each>"));
        }
    }
    script.gap();
    let left_out = policy.mx.len() + policy.extensions.len() - short.mx.len() - short.extensions.len();
    if left_out > 0 {
        script.say(&format!("   {left_out} more lines that the policy needs are not written here."));
    }
    let hosts = mail.hosts(domain).unwrap_or_default();
    let unnamed: Vec<&str> = hosts.into_iter().filter(|host| MxPattern::parse(host).is_err()).collect();
    if !unnamed.is_empty() {
        let unnamed = excerpt::list(&unnamed, 5);
        script.say(&format!("   No policy can name these MX hosts, as they are no host names: {unnamed}"));
    }
}

fn say_mode(script: &mut Script, existing: Option<Mode>, wanted: Option<Mode>) {
    let Some(wanted) = wanted else { return };
    match existing {
        Some(mode) if mode == wanted => script.say(&format!("   The mode stays {}.", mode.name())),
        Some(mode) => {
            let (mode, wanted) = (mode.name(), wanted.name());
            script.say(&format!("   The mode goes from {mode} to {wanted}, as the control demands it."));
            script.say("   Look first at what senders report (TLSRPT, RFC 8460).");
        }
        None => {
            script.say("   Mode testing is the one to begin with. When senders report no failures (TLSRPT, RFC 8460),");
            script.say("   change it to enforce, and give the record a new id.");
        }
    }
}

/// Writes the record that is to be published. A policy that changes needs a new `id`.
fn record_step(script: &mut Script, domain: &str, reading: &record::Reading, changes_policy: bool, fresh_id: &Id) {
    if reading.record.is_some() && !changes_policy {
        return script.say("2. The TXT record is right as it is.");
    }
    let fields = reading.record.as_ref().map(|record| record.fields.clone()).unwrap_or_default();
    let record = Record { id: fresh_id.clone(), fields };
    match reading.shown.is_empty() {
        true => script.say("2. Then publish this TXT record:"),
        false => script.say("2. Then publish this TXT record in place of any other that is about MTA-STS:"),
    }
    script.gap();
    script.quote(&format!("{}. IN TXT {}", domain::record_name(domain), strings(&record.to_string())));
}

/// A text as the strings of a TXT record in a zone file (RFC 1035 section 5.1), 255 bytes at most in each.
fn strings(text: &str) -> String {
    let strings: Vec<String> = text
        .as_bytes()
        .chunks(255)
        .map(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        })
        .collect();
    strings.join(" ")
}
