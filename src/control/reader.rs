//! Reads the members of a JSON object one by one, so that what nobody took is known and can be refused by name.

use super::document::{Node, Refusal};
use crate::problem::pointer;

/// The members of an object that were not taken yet.
pub struct Members<'a> {
    path: &'a str,
    left: Vec<&'a (String, Node)>,
}

impl<'a> Members<'a> {
    /// Opens an object; anything else is refused.
    pub fn of(node: &'a Node, path: &'a str) -> Result<Self, Refusal> {
        match node {
            Node::Object(members) => Ok(Members { path, left: members.iter().collect() }),
            other => Err(expected("an object", other, path)),
        }
    }

    /// Takes a member by name, with its pointer.
    pub fn take(&mut self, name: &str) -> Option<(String, &'a Node)> {
        let index = self.left.iter().position(|(key, _)| key == name)?;
        Some((pointer(self.path, name), &self.left.remove(index).1))
    }

    /// Takes a member by name; its absence is refused.
    pub fn required(&mut self, name: &str) -> Result<(String, &'a Node), Refusal> {
        self.take(name).ok_or_else(|| Refusal::at(self.path, format!("the member \"{name}\" is missing")))
    }

    /// Takes whichever member comes first.
    pub fn take_any(&mut self) -> Option<(&'a str, &'a Node)> {
        if self.left.is_empty() {
            return None;
        }
        let (key, node) = self.left.remove(0);
        Some((key, node))
    }

    /// The name of the first member not taken yet.
    pub fn first_key(&self) -> Option<&'a str> {
        self.left.first().map(|(key, _)| key.as_str())
    }

    /// Refuses the first member that nobody took.
    pub fn end(self, rule: &str) -> Result<(), Refusal> {
        match self.left.first() {
            None => Ok(()),
            Some((key, _)) => {
                Err(Refusal::at(&pointer(self.path, key), format!("unexpected member \"{key}\"; {rule}")))
            }
        }
    }
}

/// The refusal of a value of the wrong type.
pub fn expected(wanted: &str, found: &Node, path: &str) -> Refusal {
    let found = match found {
        Node::Text(text) if text.chars().count() <= 40 => format!("the string \"{text}\""),
        Node::Integer(value) => format!("the number {value}"),
        other => other.kind().to_owned(),
    };
    Refusal::at(path, format!("expected {wanted}, found {found}"))
}

/// Reads a string.
pub fn text<'a>(node: &'a Node, path: &str) -> Result<&'a str, Refusal> {
    match node {
        Node::Text(text) => Ok(text),
        other => Err(expected("a string", other, path)),
    }
}

/// Reads true or false.
pub fn truth(node: &Node, path: &str) -> Result<bool, Refusal> {
    match node {
        Node::Bool(value) => Ok(*value),
        other => Err(expected("true or false", other, path)),
    }
}

/// Reads a list, each item by `read`.
pub fn list<T>(node: &Node, path: &str, read: impl Fn(&Node, &str) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
    match node {
        Node::List(items) => items.iter().enumerate().map(|(index, item)| read(item, &pointer(path, index))).collect(),
        other => Err(expected("a list", other, path)),
    }
}
