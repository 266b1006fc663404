//! `exchange-control test --domain …`.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::lab::Table;
use super::{DOMAINS, STATUSES, lab, options};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-control"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).arg("test");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn document(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)))
}

#[test]
fn domains_by_name_in_their_order() {
    let lab = lab();
    let output = command()
        .args(options(&lab))
        .args(["--format=json", "--domain", &DOMAINS[..2].join(","), "--domain", " Right.Contoso.COM. "])
        .args(["--domain", DOMAINS[2], "--domain", DOMAINS[3]])
        .output()
        .expect("it starts");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
    let document = document(&output);
    let results = document["results"].as_array().expect("results");
    let found: Vec<_> = results
        .iter()
        .map(|result| (result["target"]["identity"].as_str().unwrap(), result["status"].as_str().unwrap()))
        .collect();
    assert_eq!(found, DOMAINS.into_iter().zip(STATUSES).collect::<Vec<_>>(), "once each, as they were given");
    assert!(results.iter().all(|result| result["controlId"] == "EDCA-TLS-025"));
    let script = results[3]["remediation"]["script"].as_str().expect("what to publish");
    for part in ["_mta-sts.bare.contoso.com", "v=STSv1; id=", "mode: testing", "mx: mail.bare.contoso.com"] {
        assert!(script.contains(part), "{part}: {script}");
    }
    assert_eq!(results[3]["remediation"]["command"], serde_json::Value::Null);
    assert_eq!(lab.requests("mta-sts.right.contoso.com").len(), 1, "asked once, however often it is named");
}

#[test]
fn accepted_domains_of_an_export() {
    let lab = lab();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("domains.json");
    let domains: Vec<_> = DOMAINS
        .iter()
        .map(|name| serde_json::json!({ "Name": "x", "DomainName": name, "DomainType": "Authoritative" }))
        .collect();
    std::fs::write(&file, serde_json::to_vec(&domains).expect("JSON")).expect("written");
    let output = command().args(options(&lab)).arg("--format=ndjson").arg(&file).output().expect("it starts");
    let statuses: Vec<String> = text(&output.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["status"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!((output.status.code(), statuses), (Some(1), STATUSES.map(str::to_owned).to_vec()));
}

#[test]
fn controls_that_ask_about_one_domain_share_what_was_asked() {
    let lab = lab();
    let folder = tempfile::tempdir().expect("a folder");
    let control = r#"{ "id": "CONTOSO-1", "title": "Enforced", "severity": "Low", "check": { "target": "AcceptedDomain",
        "probe": "mta-sts", "settings": { "minimumMode": "enforce" } } }"#;
    std::fs::write(folder.path().join("CONTOSO-1.json"), control).expect("written");
    let output = command()
        .args(options(&lab))
        .args(["--format=json", "--domain", DOMAINS[0], "--controls"])
        .arg(folder.path())
        .output()
        .expect("it starts");
    let document = document(&output);
    let found: Vec<_> = document["results"].as_array().unwrap().iter().map(|result| &result["controlId"]).collect();
    assert_eq!(found, ["CONTOSO-1", "EDCA-TLS-025"]);
    assert_eq!(document["summary"]["counts"]["Pass"], 2);
    assert_eq!(lab.requests("mta-sts.right.contoso.com").len(), 1);
}

#[test]
fn offline_nobody_is_asked() {
    let lab = lab();
    let output = command().args(options(&lab)).args(["--offline", "--domain", DOMAINS[0]]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("offline"), "{}", text(&output.stdout));
    assert!(lab.questions().is_empty() && lab.connections().0 == 0);
}

#[test]
fn settings_that_cannot_be_used() {
    let cases: [(&[&str], &str); 10] = [
        (&[], "--domain"),
        (&["--domain=contoso.com", "--dns-server=dns.contoso.com"], "expected 192.0.2.53"),
        (&["--domain=contoso.com", "--proxy=https://proxy:8080"], "expected http://host:port"),
        (&["--domain=contoso.com", "--proxy=http://me:secret@proxy:8080"], "not supported"),
        (&["--domain=contoso.com", "--timeout=0"], "expected 1 to 3600"),
        (&["--domain=contoso.com", "--timeout=x"], "invalid value"),
        (&["--domain=contoso.com", "--throttle=0"], "expected 1 to 1024"),
        (&["--domain=contoso.com", "--throttle=5000"], "expected 1 to 1024"),
        (&["--domain=contoso.com", "--roots=no-such-file.pem"], "no-such-file.pem"),
        (&["--domain=contoso.com", "--roots=Cargo.toml"], "certificate"),
    ];
    for (arguments, part) in cases {
        let output = command().args(arguments).output().expect("it starts");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {told}");
        assert!(told.contains(part) && !told.contains("panicked"), "{arguments:?}: {told}");
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}

/// A person who asks about a few domains sees what to publish; one who asks about many is told where it is.
#[test]
fn the_table_says_what_to_publish() {
    let names = ["a.contoso.com", "b.contoso.com", "c.contoso.com", "d.contoso.com"];
    let mut table = Table::new();
    names.iter().for_each(|name| _ = table.domain(name).txt([] as [&str; 0]));
    let lab = table.start();
    let shown = |domains: &[&str]| {
        let domains = domains.iter().map(|domain| format!("--domain={domain}"));
        text(&command().args(options(&lab)).args(domains).output().expect("it starts").stdout)
    };
    for (domains, texts, hint) in [(&names[..1], 1, false), (&names[..3], 3, false), (&names[..], 0, true)] {
        let table = shown(domains);
        assert_eq!(table.matches("v=STSv1; id=").count(), texts, "{table}");
        assert_eq!(table.contains("remediation.script"), hint, "{table}");
    }
}

/// Names that are no domains, or that mean harm, cost a result each and nothing else.
#[test]
fn hostile_names() {
    let long = format!("{}.com", ["a".repeat(63).as_str(); 4].join("."));
    let cases = [
        ("", "Unknown"),
        ("*", "NotApplicable"),
        ("localhost", "NotApplicable"),
        ("*.contoso.local", "NotApplicable"),
        ("a b.com", "Unknown"),
        ("\u{1b}[31mred.com", "Unknown"),
        ("contoso.com/../../x", "Unknown"),
        ("http://contoso.com", "Unknown"),
        (long.as_str(), "Unknown"),
        ("bücher.invalid", "NotApplicable"),
    ];
    let mut command = command();
    command.args(["--format=json", "--dns-server=127.0.0.1:9", "--timeout=1"]);
    cases.iter().for_each(|(name, _)| _ = command.arg(format!("--domain={name}")));
    let output = command.output().expect("it starts");
    let document = document(&output);
    let found: Vec<_> =
        document["results"].as_array().unwrap().iter().map(|result| result["status"].as_str().unwrap()).collect();
    assert_eq!(found, cases.map(|(_, status)| status), "{document:#}");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), ""));
}

#[cfg(unix)]
#[test]
fn interrupted_while_it_asks() {
    let lab = lab();
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command()
        .args(options(&lab).iter().filter(|option| !option.starts_with("--timeout")))
        .args(["--format=json", "--domain", DOMAINS[2], "--output"])
        .arg(folder.path().join("results.json"))
        .spawn()
        .expect("it starts");
    while lab.tunnels().is_empty() {
        assert!(child.try_wait().expect("it runs").is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    let begun = Instant::now();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "no file is left");
}
