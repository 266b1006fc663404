//! `exchange-control test`.

use std::path::{Path, PathBuf};

use exchange_control::control::Catalog;
use exchange_control::evaluate::{Order, Outcome, Run};
use exchange_control::report::RunSource;
use exchange_control::review::Reviewed;
use exchange_control::target::Inventory;

use super::network::NetworkArguments;
use super::output::ReportArguments;
use super::progress::{self, Bar};
use super::review::ReviewArguments;
use super::{Selection, print_problems};

/// What `test` takes.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["inputs", "domains"]).required(true).multiple(true)))]
pub struct Arguments {
    /// Exports to test; folders are walked for .clixml, .xml and .json files; - reads standard input
    #[arg(value_name = "FILE")]
    inputs: Vec<PathBuf>,
    /// Test this domain as if it were an accepted domain (repeatable, or several with commas)
    #[arg(long = "domain", value_name = "DOMAIN", value_delimiter = ',')]
    domains: Vec<String>,
    /// Run only this control (repeatable, or several with commas; * and ? are wildcards)
    #[arg(long = "control", value_name = "ID", value_delimiter = ',')]
    controls: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    report: ReportArguments,
    #[command(flatten)]
    review: ReviewArguments,
    #[command(flatten)]
    network: NetworkArguments,
}

/// Tests the inputs and writes the results, or says why it cannot.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let network = arguments.network.settings()?;
    let checklist = arguments.report.checklist()?;
    let checklist = arguments.report.read_checklist(checklist.as_deref())?;
    let review = arguments.review.review().map_err(|problem| problem.to_string())?;
    let catalog = Catalog::with_folders(&arguments.selection.folders).select(&arguments.controls);
    if catalog.controls().is_empty() {
        print_problems(catalog.problems());
        return Err("no control is left to run; `exchange-control list` shows what there is".to_owned());
    }
    let mut inventory = Inventory::new(catalog.properties());
    for input in &arguments.inputs {
        if input == Path::new("-") {
            inventory.read_from("standard input", std::io::stdin().lock());
        } else {
            inventory.read_path(input);
        }
    }
    arguments.domains.iter().for_each(|domain| inventory.add_domain(domain));
    let targets = inventory.finish();
    let run = Run::new(&catalog, &targets);
    print_problems(run.problems().chain(review.problems()));
    let told = run.problems().count() + review.problems().len();
    let scan = run.scan(&network, Order::Document)?;
    let (mut bar, wanted) = (Bar::default(), progress::is_wanted(arguments.report.streams()));
    let source = RunSource::new(run, scan, |progress| {
        if wanted {
            bar.show(progress);
        }
    });
    Ok(arguments.report.write(&catalog, checklist.as_ref(), told, &mut Reviewed::new(source, review)))
}
