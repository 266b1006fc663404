//! A JSON document read so that a person can be told what is wrong with it: members stay in order, a repeated key is
//! an error rather than a silent replacement, nesting has a limit, and every error has a JSON pointer and a line.
//!
//! Not for inputs from Exchange, which are large and read in one pass (see `target::input`).

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::pointer;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;
/// How long the name of a member may be, in bytes.
pub const MAX_KEY: usize = 256;
/// How large a file may be, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A JSON value that keeps the order of its members.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// Stands where the limit of [`MAX_DEPTH`] was passed; what lies below was not kept.
    TooDeep,
}

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub path: String,
    pub line: Option<usize>,
    pub message: String,
}

impl Refusal {
    pub fn at(path: &str, message: impl Into<String>) -> Self {
        Refusal { path: path.to_owned(), line: None, message: message.into() }
    }
}

/// The bytes of a file, at most one more than it may have, so that a huge file is refused without being held.
pub fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a whole document. The text may start with a UTF-8 byte order mark.
pub fn read(bytes: &[u8]) -> Result<(Node, &str), Refusal> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the file is more than {MAX_BYTES} bytes (1 MiB) long, which is the most that it may be");
        return Err(Refusal::at("", message));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(Refusal::at("", "the file is UTF-16; save it as UTF-8"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        let message = format!("not UTF-8: byte {} cannot be decoded; save the file as UTF-8", error.valid_up_to());
        Refusal { path: String::new(), line: Some(line), message }
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Refusal::at("", "the file is empty; expected a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = NodeSeed { depth: 0 }.deserialize(&mut deserializer).and_then(|node| deserializer.end().map(|()| node));
    let node = node.map_err(|error| Refusal {
        path: String::new(),
        line: Some(error.line()),
        message: format!("not valid JSON: {error}"),
    })?;
    check(&node, "").map_err(|refusal| refusal.with_line(text))?;
    Ok((node, text))
}

impl Refusal {
    /// Looks the pointer up in the text to name the line too.
    pub fn with_line(mut self, text: &str) -> Self {
        if self.line.is_none() {
            self.line = line_of(text, &self.path);
        }
        self
    }
}

/// Refuses what [`Node`] can hold but a document must not: repeated keys, too deep nesting.
fn check(node: &Node, path: &str) -> Result<(), Refusal> {
    match node {
        Node::TooDeep => Err(Refusal::at(path, format!("nested more than {MAX_DEPTH} levels deep; simplify it"))),
        Node::List(items) => items.iter().enumerate().try_for_each(|(index, item)| check(item, &pointer(path, index))),
        Node::Object(members) => {
            let mut seen = std::collections::HashMap::with_capacity(members.len());
            for (key, value) in members {
                if key.len() > MAX_KEY {
                    let message =
                        format!("the name of a member is {} bytes long; expected at most {MAX_KEY}", key.len());
                    return Err(Refusal::at(path, message));
                }
                let here = pointer(path, key);
                if let Some(first) = seen.insert(key.to_lowercase(), key) {
                    let message = if first == key {
                        format!("the key \"{key}\" stands here twice; keep one")
                    } else {
                        format!("the keys \"{first}\" and \"{key}\" differ only in case; keep one")
                    };
                    return Err(Refusal::at(&here, message));
                }
                check(value, &here)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Node {
    /// What this value is called in a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "true or false",
            Node::Integer(_) | Node::Number(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
            Node::TooDeep => "a value nested too deep",
        }
    }
}

/// The same value as `serde_json` has it, for showing a check as it was written.
impl From<&Node> for serde_json::Value {
    fn from(node: &Node) -> Self {
        match node {
            Node::Null | Node::TooDeep => serde_json::Value::Null,
            Node::Bool(value) => (*value).into(),
            Node::Integer(value) => (*value).into(),
            Node::Number(value) => (*value).into(),
            Node::Text(value) => value.as_str().into(),
            Node::List(items) => items.iter().map(serde_json::Value::from).collect::<Vec<_>>().into(),
            Node::Object(members) => serde_json::Value::Object(
                members.iter().map(|(key, value)| (key.clone(), serde_json::Value::from(value))).collect(),
            ),
        }
    }
}

struct NodeSeed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for NodeSeed {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Number(value as f64), Node::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // To JSON 1.0 is a whole number.
        let whole = value.fract() == 0.0 && value.abs() < 9e15;
        Ok(if whole { Node::Integer(value as i64) } else { Node::Number(value) })
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        if self.depth >= MAX_DEPTH {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Node::TooDeep);
        }
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(NodeSeed { depth: self.depth + 1 })? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        if self.depth >= MAX_DEPTH {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Node::TooDeep);
        }
        let mut members = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            members.push((key, entries.next_value_seed(NodeSeed { depth: self.depth + 1 })?));
        }
        Ok(Node::Object(members))
    }
}

/// The line, from 1, on which the value that a JSON pointer names begins.
fn line_of(text: &str, path: &str) -> Option<usize> {
    let mut rest = text;
    for step in path.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        rest = if rest.trim_start().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(rest).ok()?;
            items.get(step.parse::<usize>().ok()?)?.get()
        } else {
            // The last of repeated keys is the one that is one too many.
            let members: std::collections::HashMap<String, &RawValue> = serde_json::from_str(rest).ok()?;
            members.get(&step)?.get()
        };
    }
    let start = rest.trim_start().as_ptr() as usize - text.as_ptr() as usize;
    Some(1 + text[..start].bytes().filter(|byte| *byte == b'\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_with_pointer_and_line() {
        let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
        let long_key = format!("{{\"{}\":1}}", "k".repeat(257));
        let cases: &[(&str, &[u8], &str, Option<usize>, &str)] = &[
            ("empty", b"", "", None, "empty"),
            ("blank", b" \n ", "", None, "empty"),
            ("BOM alone", b"\xEF\xBB\xBF", "", None, "empty"),
            ("cut off", b"{\n\"a\": ", "", Some(2), "not valid JSON"),
            ("two documents", b"{} {}", "", Some(1), "not valid JSON"),
            ("not UTF-8", b"{\n\"a\": \"\xFF\"}", "", Some(2), "not UTF-8"),
            ("UTF-16", b"\xFF\xFE{\0}\0", "", None, "UTF-16"),
            ("a key without end", long_key.as_bytes(), "", Some(1), "at most 256"),
            ("repeated key", b"{\"a\":1,\n\"a\":2}", "/a", Some(2), "twice"),
            ("repeated but for case", b"{\"x\":[{\"a\":1,\n\"A\":2}]}", "/x/0/A", Some(2), "differ only in case"),
            ("too deep", deep.as_bytes(), &"/0".repeat(32), Some(1), "32 levels"),
        ];
        for (name, bytes, path, line, part) in cases {
            let refusal = read(bytes).expect_err(name);
            assert_eq!((refusal.path.as_str(), refusal.line), (*path, *line), "{name}: {refusal:?}");
            assert!(refusal.message.contains(part), "{name}: {}", refusal.message);
        }
    }

    #[test]
    fn accepts() {
        let deep = format!("{}1{}", "[".repeat(32), "]".repeat(32));
        for (name, bytes) in [("BOM", &b"\xEF\xBB\xBF{\"a\":1}"[..]), ("32 levels", deep.as_bytes())] {
            assert!(read(bytes).is_ok(), "{name}");
        }
    }

    #[test]
    fn too_large_is_refused_before_it_is_read() {
        let refusal = read(&vec![b' '; MAX_BYTES + 1]).expect_err("too large");
        assert!(refusal.message.contains("1 MiB"), "{}", refusal.message);
    }

    #[test]
    fn hostile_depth_does_not_overflow_the_stack() {
        let refusal = read("[".repeat(500_000).as_bytes()).expect_err("never closed");
        assert!(refusal.message.contains("not valid JSON"), "{}", refusal.message);
        let closed = format!("{}{}", "[".repeat(400_000), "]".repeat(400_000));
        assert!(read(closed.as_bytes()).expect_err("too deep").message.contains("32 levels"));
    }
}
