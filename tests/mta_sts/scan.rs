//! A whole run of the probe's control.

use std::collections::HashMap;
use std::time::Duration;

use exchange_control::control::Catalog;
use exchange_control::evaluate::{ControlResult, Order, Run, Scan, Step};
use exchange_control::probe::Network;
use exchange_control::probe::mta_sts::Code;
use exchange_control::target::{Inventory, Targets};

/// What each domain came to, by the name that was given.
pub type Results = HashMap<String, ControlResult>;

/// Runs the built-in control over some domains.
pub fn scan(domains: &[impl AsRef<str>], network: &Network) -> Results {
    run(&Catalog::built_in().clone().select(&["EDCA-TLS-025".to_owned()]), domains, network)
}

/// The same with settings of one's own, as JSON.
pub fn scan_with(settings: &str, domains: &[impl AsRef<str>], network: &Network) -> Results {
    let control = format!(
        r#"{{ "id": "LAB-001", "title": "Policies", "severity": "Medium",
              "check": {{ "target": "AcceptedDomain", "probe": "mta-sts", "settings": {settings} }} }}"#
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("LAB-001.json"), control).unwrap();
    let catalog = Catalog::with_folders([folder.path()]).select(&["LAB-001".to_owned()]);
    assert_eq!(catalog.problems(), []);
    run(&catalog, domains, network)
}

fn run(catalog: &Catalog, domains: &[impl AsRef<str>], network: &Network) -> Results {
    let targets = targets(catalog, domains);
    let run = Run::new(catalog, &targets);
    let mut scan = run.scan(network, Order::AsTheyCome).unwrap();
    let mut results = Results::new();
    loop {
        match scan.next(run, Duration::from_secs(1)) {
            Step::Result(result) => _ = results.insert(result.target.identity.clone(), *result),
            Step::Pending => {}
            Step::Over => return results,
        }
    }
}

/// Begins a run whose results nobody wants; it ends when what this returns is dropped.
pub fn begin(domains: &[impl AsRef<str>], network: &Network) -> Scan {
    let catalog = Catalog::built_in().clone().select(&["EDCA-TLS-025".to_owned()]);
    let targets = targets(&catalog, domains);
    Run::new(&catalog, &targets).scan(network, Order::AsTheyCome).unwrap()
}

fn targets(catalog: &Catalog, domains: &[impl AsRef<str>]) -> Targets {
    let mut inventory = Inventory::new(catalog.properties());
    domains.iter().for_each(|domain| inventory.add_domain(domain.as_ref()));
    inventory.finish()
}

/// The codes of a result's issues, each once, in the order of [`Code::ALL`].
pub fn codes(result: &ControlResult) -> Vec<&str> {
    let known: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let mut codes: Vec<&str> = result.issues.iter().map(|issue| issue.code.as_str()).collect();
    codes.sort_by_key(|code| known.iter().position(|known| known == code));
    codes.dedup();
    codes
}
