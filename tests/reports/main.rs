//! Reports: that every format says the same, holds what its readers demand, and bears any name.

#[path = "../lab/mod.rs"]
mod lab;

mod abi;
mod agree;
mod checklists;
mod command;
mod documents;
mod hostile;
mod standards;

use exchange_control::control::{Catalog, Severity};
use exchange_control::evaluate::{
    Change, ControlResult, Evidence, Exception, Issue, IssueSeverity, Order, Remediation, ResultTarget, Run, Status,
};
use exchange_control::probe::Network;
use exchange_control::problem::{Code, Problem};
use exchange_control::report::{Document, DocumentSource, Format, Report, RunSource, document};
use exchange_control::target::Inventory;

/// A report of a document.
fn report(format: Format, document: &Document) -> String {
    let mut bytes = Vec::new();
    let written = Report::new(format).write_plain(&mut DocumentSource::new(document.clone()), &mut bytes);
    let (summary, problems) = written.unwrap_or_else(|error| panic!("{format:?}: {error}"));
    assert_eq!((&summary, &problems), (&document.summary, &document.errors), "{format:?}");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The document of a run over files of the project.
fn run_over(files: &[&str]) -> Document {
    let catalog = Catalog::built_in();
    let mut inventory = Inventory::new(catalog.properties());
    for file in files {
        inventory.read_path(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    }
    let network = Network { offline: true, ..Network::default() };
    finished(catalog, inventory, &network)
}

fn finished(catalog: &Catalog, inventory: Inventory, network: &Network) -> Document {
    let targets = inventory.finish();
    let run = Run::new(catalog, &targets);
    let scan = run.scan(network, Order::Document).expect("the settings can be used");
    let mut json = Vec::new();
    Report::new(Format::Json).write(&mut RunSource::new(run, scan, |_| {}), &mut json).expect("written");
    document::read(std::str::from_utf8(&json).expect("UTF-8")).expect("a document")
}

/// The document of a run that asks a network.
fn probed() -> Document {
    let mut table = lab::Table::new();
    table.domain("right.contoso.com");
    table.domain("expired.contoso.com").certificate(lab::Certificate::Expired);
    table.domain("bare.contoso.com").txt([] as [&str; 0]);
    let lab = table.start();
    let catalog = Catalog::built_in();
    let mut inventory = Inventory::new(catalog.properties());
    for domain in ["right.contoso.com", "expired.contoso.com", "bare.contoso.com"] {
        inventory.add_domain(domain);
    }
    finished(catalog, inventory, &lab.network())
}

fn example() -> Document {
    run_over(&["examples/contoso"])
}

/// A result that fails, for a control of the catalog.
fn result(control: &str, identity: &str, status: Status) -> ControlResult {
    ControlResult {
        control_id: control.to_owned(),
        title: "A title".to_owned(),
        category: "Transport Security".to_owned(),
        severity: Severity::Medium,
        severity_weight: 5,
        frameworks: vec!["DISA".to_owned()],
        target: ResultTarget { kind: "SendConnector".to_owned(), identity: identity.to_owned() },
        status,
        reason: "A reason".to_owned(),
        evidence: vec![Evidence {
            field: "RequireTLS".to_owned(),
            operator: "equals".to_owned(),
            expected: true.into(),
            actual: false.into(),
            status: Status::Fail,
        }],
        issues: Vec::new(),
        remediation: Remediation { description: "A fix".to_owned(), ..Remediation::default() },
        considerations: String::new(),
        references: Vec::new(),
        exception: None,
        change: None,
    }
}

fn accepted() -> Exception {
    Exception { justification: "Old relay".to_owned(), owner: "Ada".to_owned(), expires: "2027-01-31".to_owned() }
}

/// Every status with every change, with an exception and without, and errors.
fn of_all_kinds() -> Document {
    let mut results = Vec::new();
    for status in Status::WORST_FIRST {
        let changes =
            [Change::New, Change::Fixed, Change::StillFailing, Change::ChangedEvidence, Change::Unchanged].map(Some);
        for (index, change) in changes.into_iter().chain([None]).enumerate() {
            let mut result = result("EX16-ED-000170", &format!("{} {index}", status.name()), status);
            result.change = change;
            result.exception = (index % 2 == 1).then(accepted);
            let issue = |severity| Issue { code: "a-code".to_owned(), severity, message: "An issue".to_owned() };
            result.issues = [IssueSeverity::Error, IssueSeverity::Warning, IssueSeverity::Info].map(issue).to_vec();
            results.push(result);
        }
    }
    let problem =
        Problem::new(Code::UnknownObject, "not a connector").in_source("a file.json").at_line(7).at_path("/3");
    Document::of(results, vec![problem, Problem::new(Code::More, "12 more")], Catalog::built_in())
}
