//! `exchange-control list`, `show` and `schema`: the controls themselves.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;

use exchange_control::control::{Catalog, Control, Requirement, SCHEMA};
use exchange_control::evaluate::Outcome;
use exchange_control::report;

use super::{Selection, print_error, print_problems};

/// What `list` takes.
#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[command(flatten)]
    selection: Selection,
    /// How to write the list
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: CatalogFormat,
}

/// What `show` takes.
#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// The control
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    selection: Selection,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: CatalogFormat,
}

/// What `schema` takes.
#[derive(Debug, clap::Args)]
pub struct SchemaArguments {
    /// The schema of the result document
    #[arg(long)]
    results: bool,
}

/// The formats of `list` and `show`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CatalogFormat {
    /// For people
    Table,
    /// JSON
    Json,
}

/// Lists the controls.
pub fn list(arguments: &ListArguments) -> Outcome {
    let catalog = Catalog::with_folders(&arguments.selection.folders);
    print_problems(catalog.problems());
    let outcome = if catalog.problems().is_empty() { Outcome::NothingFailed } else { Outcome::Undetermined };
    printed(outcome, |out| match arguments.format {
        CatalogFormat::Json => json(out, &catalog.controls()),
        CatalogFormat::Table => list_table(out, catalog.controls()),
    })
}

/// Shows one control.
pub fn show(arguments: &ShowArguments) -> Outcome {
    let catalog = Catalog::with_folders(&arguments.selection.folders).select(&[&arguments.id]);
    print_problems(catalog.problems());
    if catalog.controls().is_empty() {
        return Outcome::NotDone;
    }
    printed(Outcome::NothingFailed, |out| match (arguments.format, catalog.controls()) {
        (CatalogFormat::Json, [control]) => json(out, control),
        (CatalogFormat::Json, controls) => json(out, &controls),
        (CatalogFormat::Table, controls) => controls.iter().try_for_each(|control| show_text(out, control)),
    })
}

/// Prints a schema.
pub fn schema(arguments: &SchemaArguments) -> Outcome {
    let schema = if arguments.results { report::SCHEMA } else { SCHEMA };
    printed(Outcome::NothingFailed, |out| out.write_all(schema.as_bytes()))
}

/// Prints to standard output; a reader that has seen enough is no error.
fn printed(outcome: Outcome, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
    let mut out = BufWriter::new(anstream::stdout().lock());
    match print(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            print_error(&format!("standard output cannot be written: {error}"));
            Outcome::NotDone
        }
        _ => outcome,
    }
}

fn json(mut out: &mut dyn Write, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")
}

fn list_table(out: &mut dyn Write, controls: &[Control]) -> io::Result<()> {
    let width = controls.iter().map(|control| control.id.len()).max().unwrap_or(0).max(2);
    writeln!(out, "{:<width$}  SEVERITY  WEIGHT  TARGET          TITLE", "ID")?;
    for control in controls {
        let target = control.target().map_or("(no check)", |kind| kind.name());
        let (severity, weight) = (control.severity.name(), control.severity_weight);
        writeln!(out, "{:<width$}  {severity:<8}  {weight:>6}  {target:<14}  {}", control.id, control.title)?;
        for warning in &control.warnings {
            writeln!(out, "{:<width$}  warning: {warning}", "")?;
        }
    }
    Ok(())
}

fn show_text(out: &mut dyn Write, control: &Control) -> io::Result<()> {
    writeln!(out, "{}  {}", control.id, control.title)?;
    let mut line = |name: &str, value: &str| {
        if value.is_empty() { Ok(()) } else { writeln!(out, "  {name:<15} {value}") }
    };
    line("Severity", &format!("{} (weight {})", control.severity.name(), control.severity_weight))?;
    line("Category", &control.category)?;
    line("Subject", control.subject.name())?;
    line("Roles", &control.roles.join(", "))?;
    line("Frameworks", &control.frameworks.join(", "))?;
    if let Some(stig) = &control.stig {
        let mut ids = vec![stig.rule_id.clone(), stig.vuln_id.clone()];
        ids.extend(stig.cci.iter().chain(&stig.legacy_ids).cloned());
        line("STIG", &ids.join(", "))?;
    }
    if !control.verify {
        line("Score", "left out of it")?;
    }
    line("From", &control.source.to_string())?;
    line("Description", &control.description)?;
    line("Fix", &control.remediation.description)?;
    line("Considerations", &control.considerations)?;
    for reference in &control.references {
        line("Reference", &format!("{} <{}>", reference.name, reference.url))?;
    }
    for warning in &control.warnings {
        line("Warning", warning)?;
    }
    let Some(check) = &control.check else { return line("Check", "none: the control yields Unknown") };
    line("Target", check.target.name())?;
    if let Requirement::Probe(probe) = &check.requirement {
        line("Probe", probe.name())?;
    }
    let mut parameters: Vec<&str> = Vec::new();
    for (name, _) in control.remediation.fixes.iter().flat_map(|fix| &fix.set) {
        if !parameters.contains(&name.as_str()) {
            parameters.push(name);
        }
    }
    line("Fix sets", &parameters.join(", "))?;
    let written = serde_json::to_string_pretty(&check.written).unwrap_or_default();
    writeln!(out, "  Check")?;
    written.lines().try_for_each(|text| writeln!(out, "    {text}"))
}
