//! Where a report goes: standard output, or a file that is whole or not there at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use exchange_control::evaluate::Summary;
use exchange_control::problem::Problem;
use exchange_control::report::{Report, Source};

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
pub fn to_stdout(report: Report, quiet: bool, source: &mut dyn Source) -> Written {
    let result = if quiet {
        report.write(source, &mut io::sink())
    } else {
        let mut out = BufWriter::with_capacity(1 << 16, anstream::stdout().lock());
        report.write(source, &mut out).and_then(|written| out.flush().map(|()| written))
    };
    match result {
        // Whoever read the output has seen enough; the exit code still tells what came of the whole run.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            while source.next().is_some() {}
            Ok(source.conclude())
        }
        other => other.map_err(|error| format!("standard output cannot be written: {error}")),
    }
}

/// Writes a report to a file by way of another one beside it, so that the file is never seen half written.
pub fn to_file(path: &Path, report: Report, source: &mut dyn Source) -> Written {
    let explained = |error: io::Error| format!("{}: the output cannot be written: {error}", path.display());
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
    let mut out = BufWriter::with_capacity(1 << 16, anstream::StripStream::new(file));
    let written = report.write(source, &mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?.into_inner();
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
