//! Reading exports: from bytes to text, from text to the parser that its first character asks for.
//! A parser hands every target on as soon as it is whole, so that what comes before an error is not lost.

pub mod clixml;
pub mod json;

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Properties, Target};
use crate::problem::{Code, Problem};

/// The largest input, in bytes. An export of a hundred thousand connectors is a tenth of it.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// The names that exports in a folder have.
const EXTENSIONS: [&str; 3] = ["clixml", "xml", "json"];

/// Takes what a parser finds.
pub trait Sink {
    /// One object, whole.
    fn accept(&mut self, target: Target);
    /// One thing that could not be used; the problem is made only if it is kept.
    fn report(&mut self, code: Code, make: &mut dyn FnMut() -> Problem);
}

/// The problem of an input that the system does not let us read.
pub fn unreadable(source: &str, error: &std::io::Error) -> Problem {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "; check the path",
        std::io::ErrorKind::PermissionDenied => "; check who may read it",
        _ => "",
    };
    Problem::new(Code::UnreadableInput, format!("the input cannot be read: {error}{hint}")).in_source(source)
}

/// The files that a path stands for: itself, or the exports in the folder and below, in the order of their names.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            Problem::new(Code::UnreadableInput, format!("the folder cannot be read: {error}"))
                .in_source(path.display().to_string())
        })?;
        let extension = entry.path().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if entry.path().is_file() && EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        let message = "the folder holds no export; expected .clixml, .xml or .json files";
        return Err(Problem::new(Code::UnreadableInput, message).in_source(path.display().to_string()));
    }
    Ok(files)
}

/// Everything that a reader yields, up to the limit.
pub fn bytes(source: &str, reader: impl Read) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(source, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = "the input is larger than 2 GiB; export fewer objects at a time";
        return Err(Problem::new(Code::UnreadableInput, message).in_source(source));
    }
    Ok(bytes)
}

/// The text of an input: UTF-8 with or without a byte order mark, UTF-16 with one (Windows PowerShell's `Export-Clixml`).
pub fn decode(source: &str, bytes: Vec<u8>) -> Result<String, Problem> {
    let malformed = |encoding: &str, at: usize| {
        let message = format!("not {encoding}: byte {at} cannot be decoded; export the objects again");
        Problem::new(Code::UnreadableInput, message).in_source(source)
    };
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let body = &bytes[2..];
        let mut text = String::with_capacity(body.len() / 2);
        let units = body.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        for (index, c) in char::decode_utf16(units).enumerate() {
            text.push(c.map_err(|_| malformed("UTF-16", 2 + 2 * index))?);
        }
        if body.len() % 2 == 1 { Err(malformed("UTF-16", bytes.len() - 1)) } else { Ok(text) }
    };
    match bytes.get(..2) {
        Some([0xFF, 0xFE]) => return utf16(&bytes, u16::from_le_bytes),
        Some([0xFE, 0xFF]) => return utf16(&bytes, u16::from_be_bytes),
        _ => {}
    }
    let mut text = String::from_utf8(bytes).map_err(|error| malformed("UTF-8", error.utf8_error().valid_up_to()))?;
    if text.starts_with('\u{FEFF}') {
        text.drain(..'\u{FEFF}'.len_utf8());
    }
    Ok(text)
}

/// Reads one export.
pub fn read(source: &str, text: &str, properties: &Properties, sink: &mut dyn Sink) {
    match text.trim_start().as_bytes().first() {
        Some(b'<') => clixml::read(source, text, properties, sink),
        Some(b'[' | b'{') => json::read(Some(source), "", text, properties, sink),
        found => {
            let message = match found {
                None => "the input is empty; expected the output of Export-Clixml or ConvertTo-Json",
                Some(_) => {
                    "the input is neither CLIXML nor JSON; expected the output of Export-Clixml or ConvertTo-Json"
                }
            };
            sink.report(Code::UnreadableInput, &mut || Problem::new(Code::UnreadableInput, message).in_source(source));
        }
    }
}

/// The problem of an object that is nobody's target.
fn unknown_object(type_name: Option<&str>) -> Problem {
    let found = type_name.map(|name| format!(" of type {name}")).unwrap_or_default();
    let message = format!(
        "an object{found} is neither a send connector (AddressSpaces and IgnoreSTARTTLS) nor an accepted domain (DomainName \
         and DomainType); expected the output of Get-SendConnector or Get-AcceptedDomain"
    );
    Problem::new(Code::UnknownObject, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes_of).collect()
    }

    #[test]
    fn decodes() {
        let text = "grün 𝄞";
        let cases = [
            ("UTF-8", text.as_bytes().to_vec()),
            ("UTF-8 with BOM", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            ("UTF-16LE", utf16(text, u16::to_le_bytes)),
            ("UTF-16BE", utf16(text, u16::to_be_bytes)),
        ];
        for (name, bytes) in cases {
            assert_eq!(decode("x", bytes).as_deref(), Ok(text), "{name}");
        }
        let broken: [(&str, &[u8], &str); 4] = [
            ("UTF-8", b"ab\xFF", "byte 2"),
            ("odd length", b"\xFF\xFEa\0b", "byte 4"),
            ("lone surrogate", b"\xFF\xFE\x00\xD8a\0", "byte 2"),
            ("UTF-16 without BOM", b"<\0\xFF\0", "byte 2"),
        ];
        for (name, bytes, part) in broken {
            let problem = decode("x", bytes.to_vec()).expect_err(name);
            assert!(problem.message.contains(part), "{name}: {problem}");
        }
    }
}
