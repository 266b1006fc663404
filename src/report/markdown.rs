//! Written in the next step.

use std::io::{self, Write};

use super::Source;
use crate::evaluate::Summary;
use crate::problem::Problem;

/// Writes the report.
pub fn write(source: &mut dyn Source, _: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    while source.next().is_some() {}
    Ok(source.conclude())
}
