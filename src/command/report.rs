//! `exchange-control report`.

use std::path::{Path, PathBuf};

use exchange_control::control::Catalog;
use exchange_control::evaluate::Outcome;
use exchange_control::problem::{Code, Problem};
use exchange_control::report::{Document, document};
use exchange_control::review::Reviewed;

use super::output::ReportArguments;
use super::review::ReviewArguments;
use super::{Selection, print_problems};

/// What `report` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The result document, as `test --format json` writes it; - reads standard input
    #[arg(value_name = "DOCUMENT")]
    document: PathBuf,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    report: ReportArguments,
    #[command(flatten)]
    review: ReviewArguments,
}

/// Renders a document, or says why it cannot.
pub fn run(arguments: &Arguments) -> Result<Outcome, String> {
    let checklist = arguments.report.checklist()?;
    let checklist = arguments.report.read_checklist(checklist.as_deref())?;
    let review = arguments.review.review().map_err(|problem| problem.to_string())?;
    let document = read(&arguments.document).map_err(|problem| problem.to_string())?;
    let catalog = Catalog::with_folders(&arguments.selection.folders);
    print_problems(catalog.problems().iter().chain(&document.errors).chain(review.problems()));
    let told = document.errors.len() + review.problems().len();
    let name = arguments.document.display().to_string();
    let mut source = Reviewed::document(document, &name, review).map_err(|problem| problem.to_string())?;
    Ok(arguments.report.write(&catalog, checklist.as_ref(), told, &mut source))
}

fn read(path: &Path) -> Result<Document, Problem> {
    if path == Path::new("-") {
        return document::read_from("standard input", std::io::stdin().lock());
    }
    let name = path.display().to_string();
    let unreadable = |error| {
        Problem::new(Code::UnreadableInput, format!("the document cannot be read: {error}")).in_source(name.as_str())
    };
    document::read_from(&name, std::fs::File::open(path).map_err(unreadable)?)
}
