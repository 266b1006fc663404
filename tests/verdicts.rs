//! The verdicts of the built-in controls on the recorded objects, the same in whichever shape they were exported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exchange_control::control::Catalog;
use exchange_control::evaluate::{ControlResult, Run, Status};
use exchange_control::target::{Inventory, Kind, Properties, Target, Targets, Value};

const CONNECTORS: [&str; 6] = [
    "send-connectors.ems.clixml",
    "send-connectors.ems.json",
    "send-connectors.remote.clixml",
    "send-connectors.remote.json",
    "send-connectors.windows.clixml",
    "send-connectors.windows.json",
];
const DOMAINS: [&str; 4] = [
    "accepted-domains.ems.clixml",
    "accepted-domains.remote.clixml",
    "accepted-domains.remote.json",
    "accepted-domains.windows.json",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read(properties: Properties, names: &[&str]) -> Targets {
    let mut inventory = Inventory::new(properties);
    names.iter().for_each(|name| inventory.read_path(&fixture(name)));
    let targets = inventory.finish();
    assert_eq!(targets.problems(), [], "{names:?}");
    targets
}

fn results(names: &[&str]) -> Vec<ControlResult> {
    let catalog = Catalog::built_in();
    Run::new(catalog, &read(catalog.properties(), names)).results().collect()
}

/// What EDCA-TLS-011 and EX16-ED-000170 say of each connector, with and without accepted domains.
const VERDICTS: [(&str, [Status; 2], [Status; 2]); 9] = {
    use Status::{Fail, NotApplicable, Pass, Unknown};
    [
        ("Internet", [Pass, NotApplicable], [Pass, NotApplicable]),
        ("Internet (legacy gateway)", [Fail, NotApplicable], [Fail, NotApplicable]),
        ("Internet (old, disabled)", [NotApplicable, NotApplicable], [NotApplicable, NotApplicable]),
        ("EdgeSync - Inbound to Default-First-Site-Name", [NotApplicable, Fail], [NotApplicable, Fail]),
        ("Outbound to Office 365 - 4d1c2c9e-8c1d-4c61-9a5e-0d6d9b8a7f10", [Pass, NotApplicable], [Pass, NotApplicable]),
        ("Branch office", [NotApplicable, Fail], [Unknown, Unknown]),
        ("Plant relay", [NotApplicable, Pass], [Unknown, Unknown]),
        ("Partner Litware", [Pass, NotApplicable], [Unknown, Unknown]),
        ("X400 archive", [NotApplicable, NotApplicable], [NotApplicable, NotApplicable]),
    ]
};

/// The order is: control id, then the order of the targets.
fn expected(verdicts: fn(&([Status; 2], [Status; 2])) -> [Status; 2]) -> Vec<(String, String, Status)> {
    ["EDCA-TLS-011", "EX16-ED-000170"]
        .iter()
        .enumerate()
        .flat_map(|(index, id)| {
            VERDICTS.iter().map(move |(name, with, without)| {
                ((*id).to_owned(), (*name).to_owned(), verdicts(&(*with, *without))[index])
            })
        })
        .collect()
}

fn found(results: &[ControlResult]) -> Vec<(String, String, Status)> {
    let of_connectors = results.iter().filter(|result| result.target.kind == Kind::SendConnector.name());
    of_connectors.map(|result| (result.control_id.clone(), result.target.identity.clone(), result.status)).collect()
}

#[test]
fn with_accepted_domains() {
    for connectors in CONNECTORS {
        for domains in DOMAINS {
            let results = results(&[connectors, domains]);
            assert_eq!(found(&results), expected(|(with, _)| *with), "{connectors} {domains}");
        }
    }
}

#[test]
fn without_accepted_domains() {
    for connectors in CONNECTORS {
        let results = results(&[connectors]);
        assert_eq!(found(&results), expected(|(_, without)| *without), "{connectors}");
        for unknown in results.iter().filter(|result| result.status == Status::Unknown) {
            assert!(unknown.reason.contains("accepted domains are needed"), "{}", unknown.reason);
        }
    }
}

/// What EDCA-TLS-025 says of each accepted domain as long as nobody asks the network.
#[test]
fn domains_without_the_network() {
    use Status::{NotApplicable, Unknown};
    let expected = [
        ("contoso.com", Unknown),
        ("branch.contoso.com", Unknown),
        ("plant.contoso.com", Unknown),
        ("fabrikam.com", Unknown),
        ("*.contoso.local", NotApplicable),
        ("contoso.onmicrosoft.com", NotApplicable),
    ];
    for domains in DOMAINS {
        let results = results(&[domains]);
        let found: Vec<_> = results.iter().map(|result| (result.target.identity.as_str(), result.status)).collect();
        assert_eq!(found, expected, "{domains}");
        for result in &results {
            let reason = if result.status == Unknown { "offline" } else { "no policy is expected" };
            assert!(result.control_id == "EDCA-TLS-025" && result.reason.contains(reason), "{}", result.reason);
        }
    }
}

#[test]
fn the_order_of_the_inputs_does_not_matter() {
    let results = results(&["accepted-domains.remote.json", "send-connectors.remote.json"]);
    assert_eq!(found(&results), expected(|(with, _)| *with));
}

/// All facts of a target, but for those that shapes cannot agree on: what an object looks like inside, and the lists of
/// .NET types that one shape has and another lacks.
fn facts(target: &Target) -> BTreeMap<String, Value> {
    target.facts.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
}

#[test]
fn every_shape_holds_the_same_facts() {
    for (kind, names) in [(Kind::SendConnector, &CONNECTORS[..]), (Kind::AcceptedDomain, &DOMAINS[..])] {
        let of = |name: &str| -> Vec<(String, BTreeMap<String, Value>)> {
            let targets = read(Properties::all(), &[name]);
            assert!(targets.all().iter().all(|target| target.kind == kind), "{name}");
            targets.all().iter().map(|target| (target.identity.clone(), facts(target))).collect()
        };
        let first = of(names[0]);
        for name in &names[1..] {
            for (expected, found) in first.iter().zip(of(name)) {
                assert_eq!(*expected, found, "{name} against {}", names[0]);
            }
            assert_eq!(first.len(), of(name).len(), "{name}");
        }
    }
}

#[test]
fn the_fixes() {
    let results = results(&["send-connectors.ems.clixml", "accepted-domains.ems.clixml"]);
    let fixes: Vec<_> = results
        .iter()
        .filter(|result| result.status == Status::Fail)
        .map(|result| (result.remediation.automatable, result.remediation.command.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        fixes,
        [
            (true, "Set-SendConnector -Identity 'Internet (legacy gateway)' -IgnoreSTARTTLS $false"),
            (
                false,
                "Set-SendConnector -Identity 'EdgeSync - Inbound to Default-First-Site-Name' -RequireTLS $true \
                 -IgnoreSTARTTLS $false -DNSRoutingEnabled $false -TlsAuthLevel DomainValidation -TlsDomain <domain>"
            ),
            (
                true,
                "Set-SendConnector -Identity 'Branch office' -DomainSecureEnabled $true -DNSRoutingEnabled $true \
                 -IgnoreSTARTTLS $false"
            ),
        ]
    );
    let edge = &results.iter().find(|result| !result.remediation.automatable && result.status == Status::Fail);
    let script = edge.and_then(|result| result.remediation.script.as_deref()).unwrap_or_default();
    assert!(script.ends_with("\nStart-EdgeSynchronization"), "{script}");
    for result in results.iter().filter(|result| result.status != Status::Fail) {
        let fix = &result.remediation;
        let nothing = !fix.automatable && fix.parameters.is_empty() && fix.command.is_none() && fix.script.is_none();
        assert!(nothing, "{result:?}");
    }
}

#[test]
fn the_evidence() {
    let results = results(&["send-connectors.remote.json", "accepted-domains.remote.json"]);
    let evidence = |identity: &str, id: &str| {
        let result = results.iter().find(|result| result.target.identity == identity && result.control_id == id);
        serde_json::to_value(&result.expect("result").evidence).expect("JSON")
    };
    assert_eq!(
        evidence("Internet (legacy gateway)", "EDCA-TLS-011"),
        serde_json::json!([{ "field": "IgnoreSTARTTLS", "operator": "equals", "expected": false, "actual": true, "status": "Fail" }])
    );
    assert_eq!(
        evidence("Internet (old, disabled)", "EDCA-TLS-011"),
        serde_json::json!([{ "field": "Enabled", "operator": "equals", "expected": true, "actual": false, "status": "Fail" }])
    );
    assert_eq!(
        evidence("Plant relay", "EX16-ED-000170"),
        serde_json::json!([
            { "field": "DNSRoutingEnabled", "operator": "equals", "expected": false, "actual": false, "status": "Pass" },
            { "field": "RequireTLS", "operator": "equals", "expected": true, "actual": true, "status": "Pass" },
            { "field": "TlsAuthLevel", "operator": "equals", "expected": "DomainValidation", "actual": "DomainValidation", "status": "Pass" }
        ])
    );
}

/// A property that is taken away or emptied never turns a verdict into a Pass.
#[test]
fn nothing_missing_ever_passes() {
    let catalog = Catalog::built_in();
    let text = std::fs::read_to_string(fixture("send-connectors.remote.json")).expect("fixture");
    let domains = std::fs::read_to_string(fixture("accepted-domains.remote.json")).expect("fixture");
    let connectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let statuses = |connector: &serde_json::Value| -> Vec<Status> {
        let mut inventory = Inventory::new(catalog.properties());
        inventory.read_text("connector", &connector.to_string());
        inventory.read_text("domains", &domains);
        Run::new(catalog, &inventory.finish()).results().map(|result| result.status).collect()
    };
    let mut changed = 0;
    for connector in &connectors {
        let whole = statuses(connector);
        let names: Vec<&String> = connector.as_object().expect("object").keys().collect();
        for name in names {
            let mut emptied = connector.clone();
            emptied[name] = serde_json::Value::Null;
            let mut removed = connector.clone();
            removed.as_object_mut().expect("object").remove(name);
            for without in [emptied, removed] {
                let without = statuses(&without);
                for (before, after) in whole.iter().zip(&without) {
                    assert!(*after != Status::Pass || *before == Status::Pass, "{name}: {before:?} became {after:?}");
                    changed += usize::from(before != after);
                }
            }
        }
    }
    assert!(changed > 20, "the properties that decide were taken away: {changed}");
}
