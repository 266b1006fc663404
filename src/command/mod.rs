//! The command line: what can be asked, and the exit code that answers. The work itself is the library's.

mod catalog;
mod network;
mod output;
mod progress;
mod report;
mod review;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};

use exchange_control::evaluate::Outcome;
use exchange_control::problem::Problem;
use exchange_control::report::{Format, visible};

const AFTER_HELP: &str = "\
Exit codes:
  0  nothing failed
  1  a control failed (accepted risks do not count; with --only-new, what failed before does not either)
  2  nothing failed, but something is Unknown, or a control, an object or an accepted risk was refused
  3  the run could not be done: bad usage, unreadable input or baseline, no valid control";

/// Evaluates security controls against Exchange transport configuration.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Test exports of send connectors and accepted domains (Export-Clixml or ConvertTo-Json), or domains by name
    #[command(after_help = AFTER_HELP)]
    Test(Box<test::Arguments>),
    /// Write an earlier result document as a report of another format
    #[command(after_help = AFTER_HELP)]
    Report(report::Arguments),
    /// List the controls
    List(catalog::ListArguments),
    /// Show one control in full
    Show(catalog::ShowArguments),
    /// Print the JSON Schema of control files, or of the result document
    Schema(catalog::SchemaArguments),
}

/// Which controls a command is about.
#[derive(Debug, clap::Args)]
struct Selection {
    /// Add the control files (*.json) of a folder; the same id takes the place of a built-in control
    #[arg(long = "controls", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// The formats of `test` and `report`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// For people: failures first, with reason and fix
    Table,
    /// The result document
    Json,
    /// One result a line
    Ndjson,
    /// One row a result, for spreadsheets
    Csv,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for build servers
    Junit,
    /// A checklist of STIG Viewer 2
    Ckl,
    /// A checklist of STIG Viewer 3
    Cklb,
    /// For wikis and tickets
    Markdown,
    /// A page for people, in one file
    Html,
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Table => Format::Table,
            ReportFormat::Json => Format::Json,
            ReportFormat::Ndjson => Format::Ndjson,
            ReportFormat::Csv => Format::Csv,
            ReportFormat::Sarif => Format::Sarif,
            ReportFormat::Junit => Format::Junit,
            ReportFormat::Ckl => Format::Ckl,
            ReportFormat::Cklb => Format::Cklb,
            ReportFormat::Markdown => Format::Markdown,
            ReportFormat::Html => Format::Html,
        }
    }
}

/// Runs the command.
pub fn run() -> ExitCode {
    output::clean_up_on_interrupt();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing is left to be done where even this cannot be printed.
            let _ = error.print();
            let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return if asked_for { ExitCode::SUCCESS } else { Outcome::NotDone.code().into() };
        }
    };
    let outcome = match arguments.action {
        Action::Test(arguments) => test::run(&arguments),
        Action::Report(arguments) => report::run(&arguments),
        Action::List(arguments) => Ok(catalog::list(&arguments)),
        Action::Show(arguments) => Ok(catalog::show(&arguments)),
        Action::Schema(arguments) => Ok(catalog::schema(&arguments)),
    };
    let outcome = outcome.unwrap_or_else(|why| {
        print_error(&why);
        Outcome::NotDone
    });
    outcome.code().into()
}

/// Prints what could not be used on standard error.
fn print_problems<'a>(problems: impl IntoIterator<Item = &'a Problem>) {
    for problem in problems {
        let (label, colour) =
            if problem.is_warning() { ("warning:", AnsiColor::Yellow) } else { ("error:", AnsiColor::Red) };
        print_labelled(label, colour, &problem.to_string());
    }
}

fn print_error(message: &str) {
    print_labelled("error:", AnsiColor::Red, message);
}

fn print_labelled(label: &str, colour: AnsiColor, message: &str) {
    let style = Style::new().bold().fg_color(Some(colour.into()));
    anstream::eprintln!("{style}{label}{style:#} {}", visible(message));
}
