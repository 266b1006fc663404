//! `exchange-control test`.

use std::path::{Path, PathBuf};

use exchange_control::control::Catalog;
use exchange_control::evaluate::{Order, Outcome, Run};
use exchange_control::report::{Format, RunSource};
use exchange_control::review::Reviewed;
use exchange_control::target::Inventory;

use super::network::NetworkArguments;
use super::progress::{self, Bar};
use super::review::ReviewArguments;
use super::{ReportFormat, Selection, output, print_error, print_problems};

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
    /// How to write the results
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: ReportFormat,
    /// Write to a file, whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print no results on standard output; the exit code tells, and --output is still written
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    review: ReviewArguments,
    #[command(flatten)]
    network: NetworkArguments,
}

/// Tests the inputs and writes the results.
pub fn run(arguments: &Arguments) -> Outcome {
    let network = match arguments.network.settings() {
        Ok(network) => network,
        Err(why) => {
            print_error(&why);
            return Outcome::NotDone;
        }
    };
    let review = match arguments.review.review() {
        Ok(review) => review,
        Err(problem) => {
            print_problems([&*problem]);
            return Outcome::NotDone;
        }
    };
    let catalog = Catalog::with_folders(&arguments.selection.folders).select(&arguments.controls);
    if catalog.controls().is_empty() {
        print_problems(catalog.problems());
        print_error("no control is left to run; `exchange-control list` shows what there is");
        return Outcome::NotDone;
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
    let scan = match run.scan(&network, Order::Document) {
        Ok(scan) => scan,
        Err(why) => {
            print_error(&why);
            return Outcome::NotDone;
        }
    };
    let format: Format = arguments.format.into();
    let streams = format != Format::Table && arguments.output.is_none() && !arguments.quiet;
    let (mut bar, wanted) = (Bar::default(), progress::is_wanted(streams));
    let source = RunSource::new(run, scan, |progress| {
        if wanted {
            bar.show(progress);
        }
    });
    let mut source = Reviewed::new(source, review);
    let written = match &arguments.output {
        Some(path) => output::to_file(path, format, &mut source),
        None => output::to_stdout(format, arguments.quiet, &mut source),
    };
    match written {
        Ok((summary, problems)) => {
            // What is only known at the end.
            print_problems(problems.iter().skip(told));
            Outcome::of(&summary, problems.iter())
        }
        Err(message) => {
            print_error(&message);
            Outcome::NotDone
        }
    }
}
