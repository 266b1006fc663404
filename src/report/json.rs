//! The result document: JSON, schemaVersion 1, written as the results come.

use std::cell::RefCell;
use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Head, SCHEMA_VERSION, Source};
use crate::evaluate::Summary;
use crate::problem::Problem;

/// Writes the document.
pub fn write(source: &mut dyn Source, mut out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    let Head { tool, generated } = source.head();
    let source = RefCell::new(source);
    let mut serializer = serde_json::Serializer::pretty(&mut out);
    let mut document = serializer.serialize_map(None)?;
    document.serialize_entry("schemaVersion", &SCHEMA_VERSION)?;
    document.serialize_entry("tool", &tool)?;
    document.serialize_entry("generated", &generated)?;
    document.serialize_entry("results", &Streamed(&source))?;
    let (summary, problems) = source.borrow_mut().conclude();
    document.serialize_entry("summary", &summary)?;
    document.serialize_entry("errors", &problems)?;
    document.end()?;
    out.write_all(b"\n")?;
    Ok((summary, problems))
}

/// A list that is drawn from the source while it is written.
struct Streamed<'a, 's>(&'a RefCell<&'s mut dyn Source>);

impl Serialize for Streamed<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::from_fn(|| self.0.borrow_mut().next()))
    }
}
