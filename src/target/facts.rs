//! What is known of one target: its properties by lower-case name, and why those are missing that could not be had.

use std::sync::Arc;

use super::{Value, truth_of};

/// The properties of one target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    values: Vec<(Arc<str>, Value)>,
    missing: Vec<(Arc<str>, String)>,
}

impl Facts {
    /// The value of a property, by its name in lower case.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.iter().find(|(name, _)| **name == *key).map(|(_, value)| value)
    }

    /// Whether the object has the property, be it null or not to be made out.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some() || self.why_missing(key).is_some()
    }

    /// Why a property is missing, where there is more to say than that the input does not have it.
    pub fn why_missing(&self, key: &str) -> Option<&str> {
        self.missing.iter().find(|(name, _)| **name == *key).map(|(_, reason)| reason.as_str())
    }

    /// The names, in lower case, and values that are there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (&**name, value))
    }

    /// Puts a value in the place of whatever was known.
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.missing.retain(|(name, _)| **name != *key);
        match self.values.iter_mut().find(|(name, _)| **name == *key) {
            Some((_, old)) => *old = value,
            None => self.values.push((key.into(), value)),
        }
    }

    /// Records that a property cannot be had, and why.
    pub(super) fn set_missing(&mut self, key: &str, reason: impl Into<String>) {
        self.values.retain(|(name, _)| **name != *key);
        if self.why_missing(key).is_none() {
            self.missing.push((key.into(), reason.into()));
        }
    }

    /// Takes a property from an input. One that stands there twice with different values is not known at all.
    pub(super) fn add(&mut self, key: Arc<str>, value: Value) {
        if self.why_missing(&key).is_some() {
            return;
        }
        match self.get(&key) {
            None => self.values.push((key, value)),
            Some(old) if *old == value => {}
            Some(_) => self.set_missing(&key, "the object has it twice, with different values"),
        }
    }

    /// Changes a value in place.
    pub(super) fn change(&mut self, key: &str, change: impl FnOnce(&Value) -> Option<Value>) {
        if let Some((_, value)) = self.values.iter_mut().find(|(name, _)| **name == *key)
            && let Some(changed) = change(value)
        {
            *value = changed;
        }
    }

    /// Makes true or false of a text that says so.
    pub(super) fn change_to_truth(&mut self, key: &str) {
        self.change(key, |value| truth_of(value.as_text()?).map(Value::Bool));
    }

    /// Gives back what growing took too much; targets are kept by the ten thousand.
    pub(super) fn shrink(&mut self) {
        self.values.shrink_to_fit();
    }
}
