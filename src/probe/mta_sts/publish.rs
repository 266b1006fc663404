//! The fix as text: the policy to serve and the record to publish. Every line is a comment, so nothing in it runs.

use super::demands::{SHORTEST_MAX_AGE, uncovered};
use super::mail::Mail;
use super::policy::{self, Policy};
use super::record::{self, Id, Record};
use super::served::Served;
use super::{Finding, Mode, MxPattern, Settings, Severity, domain, excerpt};
use crate::evaluate::is_invisible;

/// The `max_age` of a policy that has none: a week.
const MAX_AGE: u32 = 604_800;
/// How many faults, patterns and fields of one kind are written.
const WRITTEN: usize = 50;
/// The length of a message in characters.
const MESSAGE: usize = 500;
/// How long a field or a record may be to be written again, in bytes.
const COPIED: usize = 500;

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
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.take(WRITTEN).for_each(|finding| script.say(&format!("- {}", excerpt::text(&finding.message, MESSAGE))));
    script.gap();
    let changes = match &served.reading {
        Some(reading) => mend(&mut script, domain, reading, mail, settings),
        None => begin(&mut script, domain, served, mail, settings),
    };
    script.gap();
    record_step(&mut script, domain, reading, changes, fresh_id);
    script.lines.join("\n")
}

/// Lines of comment.
#[derive(Default)]
struct Script {
    lines: Vec<String>,
}

impl Script {
    fn say(&mut self, text: &str) {
        self.lines.push(format!("# {text}"));
    }

    /// A line that is to be copied.
    fn quote(&mut self, text: &str) {
        self.say(&format!("    {text}"));
    }

    fn gap(&mut self) {
        self.lines.push("#".to_owned());
    }
}

/// Whether the policy that senders may hold changes, so that the record needs a new `id`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changes {
    Yes,
    No,
}

/// Where the policy belongs, and how it is served.
fn place(domain: &str) -> String {
    format!(
        "at {} with status 200, Content-Type text/plain and a trusted certificate for that host",
        domain::policy_url(domain)
    )
}

/// Writes what becomes of a policy that is served.
///
/// It keeps its mode: to lower it would take away protection, and to raise it is for who reads the TLS reports, unless
/// the control demands it.
fn mend(script: &mut Script, domain: &str, reading: &policy::Reading, mail: &Mail, settings: &Settings) -> Changes {
    let wanted = wanted(&reading.policy, domain, mail, settings);
    let is_wrong = reading.findings.iter().any(|finding| finding.severity == Severity::Error);
    if !is_wrong && wanted == reading.policy {
        script.say(&format!("1. The policy is right as it is. Serve it {}.", place(domain)));
        return Changes::No;
    }
    script.say(&format!("1. Serve this policy {}:", place(domain)));
    write_policy(script, &wanted, domain, mail);
    match (reading.policy.mode, wanted.mode) {
        (None, _) => say_begin(script, settings),
        (Some(mode), Some(wanted)) if mode != wanted => {
            script.say(&format!("   The control demands mode {}; it was {}.", wanted.name(), mode.name()));
            script.say("   Look first at what senders report (TLSRPT, RFC 8460).");
        }
        (Some(mode), _) => script.say(&format!("   The mode stays {}.", mode.name())),
    }
    Changes::Yes
}

/// Writes a policy where none could be read. There may be one all the same, in mode enforce even.
fn begin(script: &mut Script, domain: &str, served: &Served, mail: &Mail, settings: &Settings) -> Changes {
    let first = match served.findings.is_empty() {
        true => "1. Serve this policy",
        false => "1. Put right what is wrong above. A policy that is there already stays as it is; else serve this one",
    };
    script.say(&format!("{first} {}:", place(domain)));
    write_policy(script, &wanted(&Policy::default(), domain, mail, settings), domain, mail);
    say_begin(script, settings);
    Changes::No
}

fn say_begin(script: &mut Script, settings: &Settings) {
    script.say("   Mode testing is the one to begin with. When senders report no failures (TLSRPT, RFC 8460),");
    script.say("   change it to enforce, and give the record a new id.");
    if settings.minimum_mode > Mode::Testing {
        script.say(&format!("   The control demands mode {}: until then it fails.", settings.minimum_mode.name()));
    }
}

/// The policy that would be right: what is there, mended, and what it lacks.
fn wanted(existing: &Policy, domain: &str, mail: &Mail, settings: &Settings) -> Policy {
    let mut policy = existing.clone();
    let mode = policy.mode.map_or(Mode::Testing, |mode| mode.max(settings.minimum_mode));
    policy.mode = Some(mode);
    if policy.max_age.is_none_or(|seconds| seconds < SHORTEST_MAX_AGE && mode != Mode::None) {
        policy.max_age = Some(MAX_AGE);
    }
    if mode != Mode::None {
        let lacking = uncovered(&policy, mail.hosts(domain).unwrap_or_default());
        let lacking: Vec<MxPattern> = lacking.into_iter().filter_map(|host| MxPattern::parse(host).ok()).collect();
        policy.mx.extend(lacking);
    }
    policy
}

/// Writes a policy as a file to copy. What is too much for that, or cannot be named, is said.
fn write_policy(script: &mut Script, policy: &Policy, domain: &str, mail: &Mail) {
    let is_plain =
        |(key, value): &&(String, String)| key.len() + value.len() <= COPIED && !value.chars().any(is_invisible);
    let written = Policy {
        mx: policy.mx.iter().take(WRITTEN).cloned().collect(),
        extensions: policy.extensions.iter().filter(is_plain).take(WRITTEN).cloned().collect(),
        ..policy.clone()
    };
    script.gap();
    for line in written.to_string().lines() {
        script.quote(line);
        if line.starts_with("mode:") && written.mx.is_empty() && written.mode != Some(Mode::None) {
            script.quote(&format!("mx: <each MX host of {domain}, one on a line>"));
        }
    }
    script.gap();
    let left_out = policy.mx.len() + policy.extensions.len() - written.mx.len() - written.extensions.len();
    if left_out > 0 {
        script.say(&format!("   Lines that belong to it and are not written here: {left_out}."));
    }
    let hosts = mail.hosts(domain).unwrap_or_default();
    let unnamed: Vec<&str> = hosts.into_iter().filter(|host| MxPattern::parse(host).is_err()).collect();
    if !unnamed.is_empty() {
        let unnamed = excerpt::list(&unnamed, 5);
        script.say(&format!("   No policy can name these MX hosts, as they are no host names: {unnamed}."));
    }
}

/// Writes the record that is to be published.
fn record_step(script: &mut Script, domain: &str, reading: &record::Reading, changes: Changes, fresh_id: &Id) {
    let existing = reading.record.as_ref();
    match existing {
        Some(_) if changes == Changes::No => return script.say("2. The TXT record is right as it is."),
        Some(_) => script.say("2. Then change the id of the TXT record, so that senders fetch the policy anew:"),
        None if reading.shown.is_empty() => script.say("2. Then publish this TXT record:"),
        None => script.say("2. Then publish this TXT record, in place of any other there that is about MTA-STS:"),
    }
    let fields = existing.map(|record| record.fields.clone()).unwrap_or_default();
    let mut record = Record { id: fresh_id.clone(), fields };
    if record.to_string().len() > COPIED {
        record.fields.clear();
        script.say("   Its other fields, which are too long to be written here, stay.");
    }
    script.gap();
    script.quote(&format!("{}. IN TXT {}", domain::record_name(domain), strings(&record.to_string())));
}

/// A text as the strings of a TXT record in a zone file (RFC 1035 section 5.1), at most 255 bytes in each.
fn strings(text: &str) -> String {
    let quoted = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    };
    text.as_bytes().chunks(255).map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::judge::judge;
    use super::super::observation::{Observation, example};
    use super::*;
    use crate::probe::dns::{MailExchanger, NoAnswer};

    fn written(observation: &Observation, settings: &Settings) -> String {
        let id = Id::parse("fresh1").unwrap();
        let script = judge(observation, false, settings, &id).script.expect("a failure has a fix");
        assert!(script.lines().all(|line| line == "#" || line.starts_with("# ")), "{script}");
        assert!(!script.chars().any(|c| c != '\n' && is_invisible(c)), "{script}");
        script
    }

    /// The policy that a script has written out, as a file.
    fn policy_of(script: &str) -> String {
        let lines = script.lines().filter_map(|line| line.strip_prefix("#     "));
        lines.filter(|line| !line.starts_with("_mta-sts.")).map(|line| format!("{line}\n")).collect()
    }

    /// The record that a script has written out.
    fn record_of(script: &str) -> Option<&str> {
        script.lines().find_map(|line| line.strip_prefix("#     _mta-sts.contoso.com. IN TXT "))
    }

    fn serve(observation: &mut Observation, body: &str) {
        observation.response().body = body.as_bytes().to_vec();
    }

    #[test]
    fn scripts_by_the_table() {
        const NEW: &str =
            "version: STSv1\nmode: testing\nmx: mx1.contoso.com\nmx: b.mail.contoso.com\nmax_age: 604800\n";
        const FRESH: Option<&str> = Some("\"v=STSv1; id=fresh1\"");
        let nothing = |observation: &mut Observation| {
            observation.txt = Err(NoAnswer::NoData);
            observation.fetch = super::super::Fetch::NotTried;
        };
        type Case<'a> = (&'a str, Box<dyn Fn(&mut Observation)>, Mode, String, Option<&'a str>);
        let cases: Vec<Case> = vec![
            ("nothing is there", Box::new(nothing), Mode::None, NEW.into(), FRESH),
            ("nothing is there, enforce is demanded", Box::new(nothing), Mode::Enforce, NEW.into(), FRESH),
            (
                "implicit MX",
                Box::new(move |seen| {
                    nothing(seen);
                    seen.mx = Err(NoAnswer::NoData);
                    seen.own_addresses = Some(Ok(vec!["203.0.113.9".parse().unwrap()]));
                }),
                Mode::None,
                "version: STSv1\nmode: testing\nmx: contoso.com\nmax_age: 604800\n".into(),
                FRESH,
            ),
            (
                "an MX host that is no host name",
                Box::new(move |seen| {
                    nothing(seen);
                    seen.mx = Ok(vec![
                        MailExchanger { preference: 1, host: "a\n$(calc)".into() },
                        MailExchanger { preference: 2, host: "b.contoso.com".into() },
                    ]);
                }),
                Mode::None,
                "version: STSv1\nmode: testing\nmx: b.contoso.com\nmax_age: 604800\n".into(),
                FRESH,
            ),
            (
                "MX unknown, record wrong",
                Box::new(move |seen| {
                    nothing(seen);
                    seen.txt = Ok(vec![vec![b"v=STSv1".to_vec()]]);
                    seen.host = Err(NoAnswer::NoData);
                    seen.mx = Err(NoAnswer::Failed("SERVFAIL".into()));
                }),
                Mode::None,
                "version: STSv1\nmode: testing\nmx: <each MX host of contoso.com, one on a line>\nmax_age: 604800\n"
                    .into(),
                FRESH,
            ),
            (
                "only the record is wrong",
                Box::new(|seen| seen.txt = Ok(vec![vec![b"v=STSv1; id=a-b".to_vec()]])),
                Mode::None,
                String::new(),
                FRESH,
            ),
            (
                "only the media type is wrong",
                Box::new(|seen| seen.response().content_types.clear()),
                Mode::None,
                String::new(),
                None,
            ),
            (
                "the policy is not fetched, the record is right",
                Box::new(|seen| seen.response().status = 404),
                Mode::None,
                NEW.into(),
                None,
            ),
            (
                "enforce without one host stays enforce",
                Box::new(|seen| {
                    serve(seen, "version: STSv1\nmode: enforce\nmx: mx1.contoso.com\nmax_age: 86400\nk: v\n");
                    seen.txt = Ok(vec![vec![b"v=STSv1; id=1; a=\"\\".to_vec()]]);
                }),
                Mode::None,
                "version: STSv1\nmode: enforce\nmx: mx1.contoso.com\nmx: b.mail.contoso.com\nmax_age: 86400\nk: v\n"
                    .into(),
                Some("\"v=STSv1; id=fresh1; a=\\\"\\\\\""),
            ),
            (
                "testing where enforce is demanded",
                Box::new(|seen| {
                    serve(
                        seen,
                        "version: STSv1\nmode: testing\nmx: *.contoso.com\nmx: b.mail.contoso.com\nmax_age: 1\n",
                    )
                }),
                Mode::Enforce,
                "version: STSv1\nmode: enforce\nmx: *.contoso.com\nmx: b.mail.contoso.com\nmax_age: 604800\n".into(),
                FRESH,
            ),
            (
                "none stays none",
                Box::new(|seen| serve(seen, "version: STSv1\nmode: none\nmax_age: 60\nMax: 1\nx\n")),
                Mode::None,
                "version: STSv1\nmode: none\nmax_age: 60\nMax: 1\n".into(),
                FRESH,
            ),
            ("a web page", Box::new(|seen| serve(seen, "<html>")), Mode::None, NEW.into(), FRESH),
        ];
        for (name, change, minimum_mode, policy, record) in cases {
            let mut observation = example();
            change(&mut observation);
            let settings = Settings { minimum_mode, ..Settings::default() };
            let script = written(&observation, &settings);
            assert_eq!(policy_of(&script), policy, "{name}: {script}");
            assert_eq!(record_of(&script), record, "{name}: {script}");
            if !policy.is_empty() && !policy.contains('<') {
                let findings = policy::read(policy.as_bytes()).findings;
                assert!(findings.is_empty(), "{name}: what is written is right: {findings:?}");
            }
            let demand = "demands mode enforce";
            assert_eq!(script.contains(demand), minimum_mode == Mode::Enforce, "{name}: {script}");
        }
    }

    #[test]
    fn a_script_is_short_and_whole() {
        let mut observation = example();
        let mut body = "version: STSv1\nmode: enforce\nmax_age: 604800\nlong: ".to_owned() + &"x".repeat(600);
        body += "\nturned: a\u{202E}b\n";
        (0..1500).for_each(|number| body += &format!("mx: a{number}.contoso.com\nk{number}: v\nmx:\n"));
        serve(&mut observation, &body);
        let fields: String = (0..200).map(|number| format!("; k{number}=v")).collect();
        observation.txt = Ok(vec![vec![format!("v=STSv1; id=1{fields}").into_bytes()]]);
        observation.mx = Ok((0..3000)
            .map(|number| MailExchanger { preference: 1, host: format!("m{number}.contoso.com") })
            .collect());
        let script = written(&observation, &Settings::default());
        assert!(script.len() < 20_000, "{}", script.len());
        let kept = 2 * WRITTEN;
        let lines = policy_of(&script).lines().count();
        assert_eq!(lines, 3 + kept);
        // 1500 and 3000 patterns, 1500 fields and the two that cannot be copied.
        let left_out = 1500 + 3000 + 1502 - kept;
        assert!(script.contains(&format!("Lines that belong to it and are not written here: {left_out}.")), "{script}");
        assert_eq!(record_of(&script), Some("\"v=STSv1; id=fresh1\""));
        assert!(script.contains("Its other fields"));
    }

    #[test]
    fn long_records_are_several_strings() {
        let long = "a".repeat(256);
        assert_eq!(strings(&long), format!("\"{}\" \"a\"", "a".repeat(255)));
    }
}
