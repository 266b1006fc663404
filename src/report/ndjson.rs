//! One result a line, for tools that read as it comes. The document's head, summary and errors are left out.

use std::io::{self, Write};

use super::Source;
use crate::evaluate::Summary;
use crate::problem::Problem;

/// Writes the lines.
pub fn write(source: &mut dyn Source, mut out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    while let Some(result) = source.next() {
        serde_json::to_writer(&mut out, &result)?;
        out.write_all(b"\n")?;
    }
    Ok(source.conclude())
}
