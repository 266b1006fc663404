//! What must hold whatever the input. Each check panics where it does not, which is how a fuzz target finds fault.

use std::sync::LazyLock;

use exchange_control::control::{Catalog, Control};
use exchange_control::evaluate::{ControlResult, Issue, IssueSeverity, Run, Scan, Status, is_invisible, judge};
use exchange_control::probe::dns::MailExchanger;
use exchange_control::probe::https::{Exchange, Response};
use exchange_control::probe::mta_sts::{self, Fetch, Finding, Observation, Settings, Severity, record::Id};
use exchange_control::report::{Checklist, Document, DocumentSource, Format, Report, RunSource, document};
use exchange_control::review::{Day, Exceptions};
use exchange_control::target::{Facts, Inventory, Properties, Target, Targets, Value};

/// Reads an export, with all properties and with those alone that the built-in controls ask for, and checks what comes
/// of either. `starts` are the characters that choose the parser under test.
pub fn check_export(bytes: &[u8], starts: &[char]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if !text.trim_start().starts_with(starts) {
        return;
    }
    let catalog = Catalog::built_in();
    let all = read(Properties::all(), text);
    let asked = read(catalog.properties(), text);
    // What nobody asks for must not change a verdict. Where it is broken, only who reads it finds out.
    if let (Some(all), Some(asked)) = (check_targets(catalog, &all), check_targets(catalog, &asked)) {
        assert_eq!(all, asked, "more properties, other verdicts");
    }
}

fn read(properties: Properties, text: &str) -> Targets {
    let mut inventory = Inventory::new(properties);
    inventory.read_text("fuzz", text);
    inventory.finish()
}

/// Runs the controls; the identities and statuses, unless something could not be read.
fn check_targets(catalog: &Catalog, targets: &Targets) -> Option<Vec<(String, Status)>> {
    for target in targets.all() {
        check_facts(&target.facts);
    }
    for problem in targets.problems() {
        assert!(!problem.message.is_empty() && problem.line != Some(0), "{problem:?}");
    }
    let run = Run::new(catalog, targets);
    let mut verdicts = Vec::new();
    for control in catalog.controls() {
        for target in targets.all().iter().filter(|target| Some(target.kind) == control.target()) {
            let result = check_result(control, target);
            check_verdict(&result, &target.facts);
            verdicts.push((result.target.identity, result.status));
        }
    }
    // A domain that stands there twice has one result.
    let total = Scan::offline(run).progress().total;
    assert!(run.results().count() == total && total <= verdicts.len(), "{total} of {}", verdicts.len());
    let mut table = Vec::new();
    Report::new(Format::Table).write(&mut RunSource::new(run, Scan::offline(run), |_| {}), &mut table).expect("memory can be written");
    let table = String::from_utf8(table).expect("a table is UTF-8");
    // Escapes are the table's own styles.
    assert!(!table.chars().any(|c| c.is_control() && c != '\n' && c != '\u{1b}'), "{table:?}");
    assert!(table.split('\u{1b}').skip(1).all(|style| style.starts_with('[')), "{table:?}");
    targets.problems().is_empty().then_some(verdicts)
}

/// What is derived is never taken from an input, and what is secret is never kept.
fn check_facts(facts: &Facts) {
    assert!(!facts.has("authenticationcredential") && !facts.has("serializationdata"));
    let known = ["Internet", "Partner", "ExchangeOnline", "Internal", "InboundToOrg", "NonSmtp"];
    for destination in facts.get("destinations").and_then(Value::elements).unwrap_or_default() {
        assert!(destination.as_text().is_some_and(|name| known.contains(&name)), "{destination:?}");
    }
    for (name, _) in facts.iter() {
        assert!(name.len() <= 64 && name.to_ascii_lowercase() == name, "{name:?}");
        assert!(facts.why_missing(name).is_none(), "{name} is there and missing");
    }
}

/// Evaluates a control on a target, and checks what it says.
pub fn check_result(control: &Control, target: &Target) -> ControlResult {
    let result = ControlResult::of(control, target, &judge(control, &target.facts));
    assert!(!result.reason.is_empty(), "no reason: {result:?}");
    let fix = &result.remediation;
    if result.status != Status::Fail {
        assert!(!fix.automatable && fix.parameters.is_empty() && fix.command.is_none() && fix.script.is_none());
    }
    if fix.automatable {
        assert!(!target.identity.is_empty() && fix.command.is_some() && !fix.parameters.is_empty(), "{result:?}");
    }
    if let Some(command) = &fix.command {
        assert!(!command.chars().any(char::is_control), "{command:?}");
        let start = format!("{} -Identity ", target.kind.set_cmdlet());
        let argument = command.strip_prefix(&start).unwrap_or_else(|| panic!("{command:?}"));
        if !target.identity.is_empty() {
            let (identity, rest) = powershell_text(argument).unwrap_or_else(|| panic!("not a text: {command:?}"));
            assert_eq!(identity, target.identity, "{command:?}");
            assert!(rest.is_empty() || rest.starts_with(" -"), "{command:?}");
        }
    }
    if let (Some(_), Some(script)) = (&fix.command, &fix.script) {
        // PowerShell ends a comment at either line end.
        assert!(!script.contains('\r'), "{script:?}");
    }
    let json = serde_json::to_string(&result).expect("a result is JSON");
    serde_json::from_str::<ControlResult>(&json).expect("a result reads back");
    result
}

/// The built-in controls pass and fail on what is known alone.
fn check_verdict(result: &ControlResult, facts: &Facts) {
    let truth = |name: &str| facts.get(name).and_then(Value::as_bool);
    let (passed, failed) = (result.status == Status::Pass, result.status == Status::Fail);
    if !passed && !failed {
        return;
    }
    match result.control_id.as_str() {
        "EDCA-TLS-011" => {
            assert!(truth("enabled") == Some(true) && facts.get("destinations").is_some(), "{result:?}");
            assert_eq!(truth("ignorestarttls"), Some(failed), "{result:?}");
        }
        "EX16-ED-000170" => {
            assert!(truth("enabled") == Some(true) && facts.get("destinations").is_some(), "{result:?}");
            let mutual = truth("domainsecureenabled") == Some(true);
            let validated = truth("requiretls") == Some(true) && truth("dnsroutingenabled") == Some(false);
            assert!(failed || mutual || validated, "{result:?}");
        }
        _ => {}
    }
}

/// Reads a PowerShell text argument back: `'…'`, or `('…' + [char]0x000A + …)`. Answers it and what comes after.
fn powershell_text(argument: &str) -> Option<(String, &str)> {
    let Some(mut rest) = argument.strip_prefix('(') else { return single_quoted(argument) };
    let mut text = String::new();
    loop {
        if let Some(number) = rest.strip_prefix("[char]0x") {
            let (code, after) = number.split_at_checked(4)?;
            text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest = after;
        } else {
            let (part, after) = single_quoted(rest)?;
            text.push_str(&part);
            rest = after;
        }
        match rest.strip_prefix(" + ") {
            Some(after) => rest = after,
            None => return Some((text, rest.strip_prefix(')')?)),
        }
    }
}

/// PowerShell takes any of these for a single quote, and two in a row for one that stands for itself.
fn single_quoted(argument: &str) -> Option<(String, &str)> {
    const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201A}', '\u{201B}'];
    let mut text = String::new();
    let mut rest = argument.strip_prefix('\'')?.chars();
    while let Some(c) = rest.next() {
        if QUOTES.contains(&c) {
            match rest.as_str().chars().next() {
                Some(second) if QUOTES.contains(&second) => _ = rest.next(),
                _ => return Some((text, rest.as_str())),
            }
        }
        text.push(c);
    }
    None
}

/// Reads a file of accepted risks, and checks what it makes of the results of the fixtures.
pub fn check_exceptions(bytes: &[u8]) {
    let today = Day::parse("2027-03-31").expect("a day");
    let mut exceptions = Exceptions::of(bytes, "fuzz", today);
    let refused = exceptions.problems().to_vec();
    let mut marked = RESULTS.clone();
    marked.iter_mut().for_each(|result| exceptions.mark(result));
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for problem in refused.iter().chain(&exceptions.warnings()) {
        assert!(!problem.message.is_empty() && problem.to_string().starts_with("fuzz"), "{problem:?}");
        assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem:?}");
        assert!(problem.path.as_deref().is_none_or(|path| path.is_empty() || path.starts_with('/')), "{problem:?}");
    }
    for (before, after) in RESULTS.iter().zip(&marked) {
        if let Some(exception) = &after.exception {
            assert!(matches!(after.status, Status::Fail | Status::Unknown), "{after:?}");
            assert!(Day::parse(&exception.expires).is_some_and(|last| last >= today), "{exception:?}");
            assert!(!exception.owner.trim().is_empty() && !exception.justification.trim().is_empty(), "{exception:?}");
        }
        assert_eq!(*before, ControlResult { exception: None, ..after.clone() }, "more than the mark changed");
    }
    let file = serde_json::from_slice::<serde_json::Value>(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
    let entries = file.ok().and_then(|file| Some(file.get("exceptions")?.as_array()?.len()));
    assert!(entries.is_some() || !refused.is_empty(), "a file that is none was taken");
}

/// What the built-in controls say of the fixtures, with failures of every kind among it.
static RESULTS: LazyLock<Vec<ControlResult>> = LazyLock::new(|| {
    let catalog = Catalog::built_in();
    let mut inventory = Inventory::new(catalog.properties());
    inventory.read_text("connectors", include_str!("../../tests/fixtures/send-connectors.remote.json"));
    inventory.read_text("domains", include_str!("../../tests/fixtures/accepted-domains.remote.json"));
    Run::new(catalog, &inventory.finish()).results().collect()
});

/// Reads a result document and renders it in every format.
pub fn check_document(text: &str) {
    let document = match document::read(text) {
        Ok(document) => document,
        Err(problem) => {
            assert!(!problem.message.is_empty() && problem.line != Some(0), "{problem:?}");
            assert!(problem.path.as_deref().is_none_or(|path| path.is_empty() || path.starts_with('/')), "{problem:?}");
            return;
        }
    };
    for format in Format::ALL {
        let mut report = Vec::new();
        let written = Report::new(format).write_plain(&mut DocumentSource::new(document.clone()), &mut report);
        let (summary, problems) = match written {
            Ok(written) => written,
            // A checklist has rules of a STIG alone.
            Err(error) if matches!(format, Format::Ckl | Format::Cklb) => {
                assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{format:?}: {error}");
                continue;
            }
            Err(error) => panic!("{format:?}: {error}"),
        };
        assert_eq!((&summary, &problems), (&document.summary, &document.errors), "{format:?}");
        let report = String::from_utf8(report).expect("a report is UTF-8");
        match format {
            Format::Json => assert_eq!(document::read(&report).expect("a document"), document),
            Format::Sarif | Format::Cklb => _ = serde_json::from_str::<serde_json::Value>(&report).expect("JSON"),
            Format::Ndjson => assert_eq!(report.lines().count(), document.results.len()),
            Format::Table | Format::Markdown => {
                assert!(!report.chars().any(|c| !"\n\t".contains(c) && (c.is_control() || is_invisible(c))), "{format:?}: {report:?}");
            }
            _ => {}
        }
    }
}

/// Brings a checklist up to date with the results of the fixtures: what comes of it is one again, which they do not change.
pub fn check_checklist(text: &str) {
    let Some(once) = updated(text) else { return };
    let twice = updated(&once).expect("what was updated can be updated again");
    assert_eq!(once, twice, "the same results change a checklist again");
}

fn updated(text: &str) -> Option<String> {
    let checklist = match Checklist::read(text) {
        Ok(checklist) => checklist,
        Err(problem) => {
            assert!(!problem.message.is_empty() && problem.line != Some(0), "{problem:?}");
            return None;
        }
    };
    let mut document = Document::of(RESULTS.clone(), Vec::new(), Catalog::built_in());
    document.generated = "2027-03-31T00:00:00Z".to_owned();
    let report = Report { checklist: Some(&checklist), ..Report::new(Format::Cklb) };
    let mut updated = Vec::new();
    match report.write_plain(&mut DocumentSource::new(document), &mut updated) {
        Ok(_) => Some(String::from_utf8(updated).expect("a checklist is UTF-8")),
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
            None
        }
    }
}

/// Whether anything is wrong.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Findings are few, and say something that can be shown.
pub fn check_findings(findings: &[Finding]) {
    assert!(findings.len() <= 200, "{} findings", findings.len());
    for finding in findings {
        let issue = Issue::from(finding.clone());
        assert!((10..2000).contains(&issue.message.len()), "{issue:?}");
        assert!(!issue.message.chars().any(is_invisible), "{issue:?}");
        assert!(finding.place.is_none_or(|place| place.line > 0 && place.column > 0), "{finding:?}");
    }
}

/// Judges a domain that has these TXT records and serves this policy, and checks what is said.
pub fn check_judgement(records: Vec<Vec<Vec<u8>>>, body: &[u8]) {
    let observation = Observation {
        domain: "contoso.com".to_owned(),
        txt: Ok(records),
        mx: Ok(vec![MailExchanger { preference: 10, host: "mx1.contoso.com".to_owned() }]),
        own_addresses: None,
        host: Ok(vec![[203, 0, 113, 7].into()]),
        fetch: Fetch::Tried(Box::new(Exchange {
            address: None,
            tls: None,
            times: Default::default(),
            outcome: Ok(Response {
                status: 200,
                location: None,
                content_types: vec![b"text/plain".to_vec()],
                content_encodings: Vec::new(),
                body: body.to_vec(),
            }),
        })),
        times: mta_sts::Times::default(),
    };
    let fresh_id = Id::parse("fresh1").expect("an id");
    let judgement = mta_sts::judge(&observation, false, &Settings::default(), &fresh_id);
    let failed = judgement.issues.iter().any(|issue| issue.severity == IssueSeverity::Error);
    assert_eq!(judgement.status, if failed { Status::Fail } else { Status::Pass }, "{judgement:?}");
    assert_eq!(judgement.script.is_some(), failed);
    assert!((10..2000).contains(&judgement.reason.len()), "{}", judgement.reason);
    if let Some(script) = judgement.script {
        check_script(&script);
    }
}

/// Nothing in the script runs, and a policy that it writes out in full is right.
fn check_script(script: &str) {
    assert!(script.lines().all(|line| line == "#" || line.starts_with("# ")), "{script}");
    assert!(!script.chars().any(|c| c != '\n' && is_invisible(c)), "{script:?}");
    let copied = script.lines().filter_map(|line| line.strip_prefix("#     "));
    let (record, policy): (Vec<&str>, Vec<&str>) = copied.partition(|line| line.starts_with("_mta-sts."));
    assert!(record.len() <= 1, "{script}");
    if !policy.is_empty() {
        let findings = mta_sts::policy::read(policy.join("\n").as_bytes()).findings;
        assert!(findings.is_empty(), "{findings:?}: {script}");
    }
}
