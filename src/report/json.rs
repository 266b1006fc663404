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
    let mut serializer = serde_json::Serializer::pretty(&mut out);
    let mut document = serializer.serialize_map(None)?;
    document.serialize_entry("schemaVersion", &SCHEMA_VERSION)?;
    document.serialize_entry("tool", &tool)?;
    document.serialize_entry("generated", &generated)?;
    document.serialize_entry("results", &Streamed::new(|| source.next()))?;
    let (summary, problems) = source.conclude();
    document.serialize_entry("summary", &summary)?;
    document.serialize_entry("errors", &problems)?;
    document.end()?;
    out.write_all(b"\n")?;
    Ok((summary, problems))
}

/// A list whose items are made one by one while it is written.
pub struct Streamed<F>(RefCell<F>);

impl<F> Streamed<F> {
    /// A list of what `next` gives until it gives nothing.
    pub fn new(next: F) -> Self {
        Streamed(RefCell::new(next))
    }
}

impl<T: Serialize, F: FnMut() -> Option<T>> Serialize for Streamed<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::from_fn(&mut *self.0.borrow_mut()))
    }
}
