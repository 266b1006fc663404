//! Says in a sentence why a verdict is what it is.

use super::condition::Decider;
use super::truth::Truth;
use super::verdict::{Stage, Status, Verdict};
use crate::control::condition::{Comparison, Condition, Leaf, Test};
use crate::target::{Facts, Value};

/// The reason of a verdict, for a person.
pub fn reason(verdict: &Verdict, facts: &Facts) -> String {
    let found = || joined(verdict.deciders.iter().map(|decider| finding(decider, facts)));
    match (verdict.stage, verdict.status) {
        (Stage::NoCheck, _) => "no check: this control says what to look at, not how to test it".to_owned(),
        (Stage::Probe(probe), _) => format!("offline: the network was not asked (probe {})", probe.name()),
        (Stage::When, Status::NotApplicable) => format!("{}: the control does not apply", found()),
        (_, Status::Fail) => joined(
            verdict
                .deciders
                .iter()
                .map(|decider| format!("{}, but must {}", finding(decider, facts), wanted(decider, Modal::Be))),
        ),
        _ => found(),
    }
}

/// Parts of a sentence, each said once.
fn joined(parts: impl Iterator<Item = String>) -> String {
    let mut known = std::collections::HashSet::new();
    let said: Vec<String> = parts.filter(|part| known.insert(part.clone())).collect();
    said.join("; ")
}

/// What was found of one leaf's property.
fn finding(decider: &Decider, facts: &Facts) -> String {
    let field = &decider.leaf.field;
    match decider.actual {
        None => match facts.why_missing(&decider.leaf.key) {
            Some(why) => format!("{field} is not known: {why}"),
            None => format!("{field} is missing from the input"),
        },
        Some(Value::Null) => format!("{field} is null"),
        Some(value) if decider.truth == Truth::Unknown => {
            format!("{field} is {value}, which cannot be compared with {}", shown(&decider.leaf.expected))
        }
        Some(Value::List(items)) if items.is_empty() => format!("{field} is empty"),
        Some(value) => format!("{field} is {value}"),
    }
}

/// Whether what is wanted is told as "is …" or "must be …".
#[derive(Clone, Copy)]
enum Modal {
    Is,
    Be,
}

/// What one leaf wants, its opposite where it stood under a `not`.
fn wanted(decider: &Decider, modal: Modal) -> String {
    let (be, have) = match modal {
        Modal::Is => ("is", "has"),
        Modal::Be => ("be", "have"),
    };
    let Leaf { test, expected, .. } = decider.leaf;
    let not = if decider.negated { "not " } else { "" };
    let opposite = if decider.negated { "" } else { "not " };
    let value = shown(expected);
    match test {
        Test::Exists(wanted) if *wanted != decider.negated => format!("{be} set"),
        Test::Exists(_) => format!("{be} absent"),
        Test::Equals(_) => format!("{be} {not}{value}"),
        Test::NotEquals(_) => format!("{be} {opposite}{value}"),
        Test::In(_) => format!("{be} {not}one of {value}"),
        Test::NotIn(_) => format!("{be} {opposite}one of {value}"),
        Test::Like(_) => format!("{be} {not}like {value}"),
        Test::NotLike(_) => format!("{be} {opposite}like {value}"),
        Test::Contains(_) => format!("{have} {not}{value} in it"),
        Test::Compare(comparison, _) => format!("{be} {not}{} {value}", compared(*comparison)),
        Test::Count(comparison, count) => format!("{have} {not}{} {count} elements", counted(*comparison)),
        Test::Any(condition) => match &**condition {
            Condition::Leaf(Leaf { test: Test::In(_), expected, .. }) => {
                format!("{have} {not}one of {}", shown(expected))
            }
            Condition::Leaf(Leaf { test: Test::Equals(_), expected, .. }) => {
                format!("{have} {not}{} in it", shown(expected))
            }
            _ => format!("{have} {not}an element that {}", element(condition, expected)),
        },
        Test::All(condition) => format!("{have} {not}only elements that {}", element(condition, expected)),
    }
}

/// What an element is to be. A lone operator is told in words, more is shown as it is written.
fn element(condition: &Condition, written: &serde_json::Value) -> String {
    match condition {
        Condition::Leaf(leaf) => {
            wanted(&Decider { leaf, actual: None, negated: false, truth: Truth::Unknown }, Modal::Is)
        }
        _ => format!("meet {written}"),
    }
}

fn compared(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equals => "equal to",
        Comparison::NotEquals => "other than",
        Comparison::Greater => "greater than",
        Comparison::GreaterOrEquals => "at least",
        Comparison::Less => "less than",
        Comparison::LessOrEquals => "at most",
    }
}

fn counted(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equals => "exactly",
        Comparison::NotEquals => "other than",
        Comparison::Greater => "more than",
        Comparison::GreaterOrEquals => "at least",
        Comparison::Less => "fewer than",
        Comparison::LessOrEquals => "at most",
    }
}

/// An operand as PowerShell would show it.
fn shown(expected: &serde_json::Value) -> String {
    match expected {
        serde_json::Value::Bool(true) => "True".to_owned(),
        serde_json::Value::Bool(false) => "False".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
