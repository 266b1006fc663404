//! How a report is asked for, and where it goes: standard output, or a file that is whole or not there at all.

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use exchange_control::control::Catalog;
use exchange_control::evaluate::{Outcome, Summary};
use exchange_control::problem::Problem;
use exchange_control::report::{Checklist, Format, Report, Source};
use exchange_control::review::trend;

use super::{ReportFormat, print_error, print_problems};

/// The options of a report.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Report")]
pub struct ReportArguments {
    /// How to write the results; by default as the ending of --output says, else as a table
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    /// Write to a file, whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Bring this checklist of STIG Viewer 3 up to date (--format cklb); it is left as it is unless --output names it
    #[arg(long, value_name = "FILE")]
    checklist: Option<PathBuf>,
    /// Show how the results of the documents in this folder went over time (--format html)
    #[arg(long, value_name = "FOLDER")]
    trend: Option<PathBuf>,
    /// Print no results on standard output; the exit code tells, and --output is still written
    #[arg(long, short)]
    quiet: bool,
}

impl ReportArguments {
    /// Whether results are printed one by one as they come.
    pub fn streams(&self) -> bool {
        self.format() != Format::Table && self.output.is_none() && !self.quiet
    }

    /// The text of the checklist to bring up to date, or why it cannot be had.
    pub fn checklist(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.checklist else { return Ok(None) };
        if self.format() != Format::Cklb {
            return Err(
                "only --format cklb brings a checklist up to date; name it, or an --output that ends in .cklb".into()
            );
        }
        let unreadable =
            |why: &dyn std::fmt::Display| format!("{}: the checklist cannot be read: {why}", path.display());
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
        file.take(MAX_CHECKLIST + 1).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
        if text.len() as u64 > MAX_CHECKLIST { Err(unreadable(&"it is larger than 256 MiB")) } else { Ok(Some(text)) }
    }

    /// The places of a checklist's text, or what is wrong with it.
    pub fn read_checklist<'a>(&self, text: Option<&'a str>) -> Result<Option<Checklist<'a>>, String> {
        let name = self.checklist.as_deref().unwrap_or(Path::new("")).display().to_string();
        let checklist = text.map(Checklist::read).transpose();
        checklist.map_err(|problem| format!("the checklist cannot be used: {}", problem.in_source(name)))
    }

    /// Writes the report to where it is to go, and says what came of it all. Of the source's problems the first `told` were
    /// printed before; the others are only known at the end.
    pub fn write(
        &self,
        catalog: &Catalog,
        checklist: Option<&Checklist>,
        told: usize,
        source: &mut dyn Source,
    ) -> Outcome {
        let (trend, skipped) = self.trend.as_deref().map(trend).unwrap_or_default();
        print_problems(&skipped);
        let report = Report { catalog, checklist, trend: &trend, ..Report::new(self.format()) };
        let written = match &self.output {
            Some(path) => to_file(path, report, source),
            None => to_stdout(report, self.quiet, source),
        };
        match written {
            Ok((summary, problems)) => {
                print_problems(problems.iter().skip(told));
                Outcome::of(&summary, problems.iter())
            }
            Err(message) => {
                print_error(&message);
                Outcome::NotDone
            }
        }
    }

    fn format(&self) -> Format {
        let by_name = || self.output.as_deref().and_then(Format::of_file).unwrap_or(Format::Table);
        self.format.map_or_else(by_name, Format::from)
    }
}

/// The largest checklist, in bytes. One with every STIG that there is has a tenth of it.
const MAX_CHECKLIST: u64 = 256 * 1024 * 1024;

type Written = Result<(Summary, Vec<Problem>), String>;

/// The unfinished file, to be removed if the run is interrupted.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// What a shell expects of a program that was ended by Ctrl+C: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Makes Ctrl+C end the command at once, wherever it is, and leave no unfinished file behind.
pub fn clean_up_on_interrupt() {
    // Without a handler the system ends the command just as well, only the unfinished file stays.
    let _ = ctrlc::set_handler(|| {
        let unfinished = UNFINISHED.lock().map(|mut path| path.take());
        if let Ok(Some(path)) = unfinished {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(INTERRUPTED);
    });
}

/// Writes a report to standard output; colours stay where a terminal shows them.
fn to_stdout(report: Report, quiet: bool, source: &mut dyn Source) -> Written {
    let mut out: Box<dyn Write> = match report.format {
        _ if quiet => Box::new(io::sink()),
        Format::Table => Box::new(anstream::stdout().lock()),
        _ => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 16, &mut out);
    match report.write(source, &mut out).and_then(|written| out.flush().map(|()| written)) {
        // Whoever read the output has seen enough; the exit code still tells what came of the whole run.
        Err(error) if is_closed_pipe(&error) => {
            while source.next().is_some() {}
            Ok(source.conclude())
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(error.to_string()),
        other => other.map_err(|error| format!("standard output cannot be written: {error}")),
    }
}

/// Whether an error says that nobody reads the pipe any more. Windows has ERROR_NO_DATA (232) for it, Wine ERROR_PIPE_NOT_CONNECTED.
fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe || (cfg!(windows) && matches!(error.raw_os_error(), Some(232 | 233)))
}

/// Writes a report to a file by way of another one beside it, so that the file is never seen half written; none is written of a run
/// that could not be done.
fn to_file(path: &Path, report: Report, source: &mut dyn Source) -> Written {
    let explained = |error: io::Error| match error.kind() {
        // The results themselves do not make a report of this format.
        io::ErrorKind::InvalidInput => format!("{} is not written: {error}", path.display()),
        _ => format!("{}: the output cannot be written: {error}", path.display()),
    };
    // A device or a pipe is written to; a file put in its place would end it.
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_symlink() && !metadata.is_dir())
    {
        let file = std::fs::OpenOptions::new().write(true).open(path).map_err(explained)?;
        return plain(file, report, source).map_err(explained).map(|(written, _)| written);
    }
    // What a link points to is replaced, not the link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        return Err(format!("{}: the output cannot be written: it is a folder; name a file", path.display()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = temporary_file(folder).map_err(explained)?;
    remember(Some(file.path().to_owned()));
    let (file, temporary) = file.into_parts();
    let (written, file) = plain(file, report, source).map_err(explained)?;
    let (summary, problems) = &written;
    if summary.counts.total() == 0 && Outcome::of(summary, problems.iter()) == Outcome::NotDone {
        print_error(&format!("{} is not written: there is no result", path.display()));
        return Ok(written);
    }
    file.sync_all().map_err(explained)?;
    temporary.persist(&path).map_err(|error| explained(error.error))?;
    remember(None);
    Ok(written)
}

fn remember(path: Option<PathBuf>) {
    if let Ok(mut unfinished) = UNFINISHED.lock() {
        *unfinished = path;
    }
}

/// Writes a report without colours.
fn plain(
    file: std::fs::File,
    report: Report,
    source: &mut dyn Source,
) -> io::Result<((Summary, Vec<Problem>), std::fs::File)> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let written = report.write_plain(source, &mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok((written, file))
}

fn temporary_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".exchange-control-").suffix(".tmp");
    // As any new file: readable by whom the user's mask says, not by the user alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
