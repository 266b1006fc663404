//! Reading a result document, and any other JSON of an agreed shape: what does not fit is named by its place.

use std::io::Read;

use serde::Deserialize;

use super::{Document, SCHEMA_VERSION};
use crate::problem::{Code, Problem, pointer_to};
use crate::target::input;

/// Reads a result document. What is wrong is told with its place; the caller says which file it is.
pub fn read(text: &str) -> Result<Document, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        schema_version: Option<serde_json::Value>,
    }
    let head: Head = from_json(text)?;
    let found = match head.schema_version {
        Some(version) if version == SCHEMA_VERSION => return from_json(text),
        Some(version) => version.to_string(),
        None => "none".to_owned(),
    };
    let message = format!("expected a result document of schemaVersion {SCHEMA_VERSION}, found {found}");
    Err(problem(message).at_path("/schemaVersion"))
}

/// Reads the result document of a file, in UTF-8 or UTF-16.
pub fn read_from(source: &str, reader: impl Read) -> Result<Document, Problem> {
    let text = input::decode(source, input::bytes(source, reader)?)?;
    if text.trim().is_empty() {
        let message = "the file is empty; expected a result document, as --format json writes it";
        return Err(problem(message).in_source(source));
    }
    read(&text).map_err(|problem| problem.in_source(source))
}

/// Reads a JSON object.
pub fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    // A list would be taken for the members in their order.
    if text.trim_start().starts_with('[') {
        return Err(problem("expected an object, found a list").at_path(""));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        // A text that ends too early is wrong at its end, not at the member that was being read.
        if error.inner().is_eof() {
            return unread(error.inner());
        }
        unread(error.inner()).at_path(pointer_to(error.path()))
    })?;
    deserializer.end().map_err(|error| unread(&error))?;
    Ok(value)
}

fn unread(error: &serde_json::Error) -> Problem {
    let message = if error.is_eof() { format!("the text is cut off: {error}") } else { error.to_string() };
    let problem = problem(message);
    if error.line() > 0 { problem.at_line(error.line()) } else { problem }
}

fn problem(message: impl Into<String>) -> Problem {
    Problem::new(Code::UnreadableInput, message)
}
