//! Writes the fix for a failure: the parameters, the one command line with all of them, and the script round it.

use serde::{Deserialize, Serialize};

use super::condition::evaluate;
use super::powershell::{argument, quoted};
use super::truth::Truth;
use super::verdict::Status;
use crate::control::{Argument, Control, Fix};
use crate::target::{Target, Value};

/// How to put a failure right. Where nothing failed there is nothing to run: no parameters, command or script.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Remediation {
    /// Whether `parameters` may be run as they are, by a pipeline.
    pub automatable: bool,
    pub description: String,
    /// What the Set cmdlet is to be given besides -Identity.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// The one command line; what a person must fill in stands in angle brackets.
    pub command: Option<String>,
    /// The command with what should be known before it and run after it.
    pub script: Option<String>,
}

/// The fix for a target, or the control's description alone where there is nothing to fix or no fix applies.
pub fn of(control: &Control, target: &Target, status: Status) -> Remediation {
    if status != Status::Fail {
        return described(control);
    }
    match fix_for(control, target) {
        Some(fix) => written(control, fix, target),
        // A template is for people: it may name more objects than the one that failed.
        None => Remediation { script: control.remediation.script_template.clone(), ..described(control) },
    }
}

/// What a control says of fixing it, with nothing to run.
pub fn described(control: &Control) -> Remediation {
    Remediation { description: control.remediation.description.clone(), ..Remediation::default() }
}

/// The first fix whose `when` is true. One whose `when` cannot be told ends the search: a later one may be wrong.
fn fix_for<'a>(control: &'a Control, target: &Target) -> Option<&'a Fix> {
    for fix in &control.remediation.fixes {
        let truth = fix.when.as_ref().map_or(Truth::True, |when| evaluate(when, &target.facts, &mut Vec::new()));
        match truth {
            Truth::True => return Some(fix),
            Truth::Unknown => return None,
            Truth::False => {}
        }
    }
    None
}

fn written(control: &Control, fix: &Fix, target: &Target) -> Remediation {
    let mut parameters = serde_json::Map::new();
    let mut complete = !target.identity.is_empty();
    let identity = if complete { quoted(&target.identity) } else { "<identity>".to_owned() };
    let mut command = format!("{} -Identity {identity}", target.kind.set_cmdlet());
    for (name, value) in &fix.set {
        let value = match value {
            Argument::Value(value) => Ok(value),
            Argument::FirstOf { fields, placeholder } => first_of(target, fields).ok_or(placeholder),
        };
        match value {
            Ok(value) => {
                command.push_str(&format!(" -{name} {}", argument(value)));
                parameters.insert(name.clone(), serde_json::to_value(value).unwrap_or_default());
            }
            Err(placeholder) => {
                command.push_str(&format!(" -{name} <{placeholder}>"));
                complete = false;
            }
        }
    }
    let mut description = control.remediation.description.clone();
    if let Some(note) = &fix.note {
        if !description.is_empty() {
            description.push(' ');
        }
        description.push_str(note);
    }
    // PowerShell ends a comment at either of these.
    let comment = description.split(['\r', '\n']).filter(|line| !line.is_empty()).map(|line| format!("# {line}"));
    let script: Vec<String> = comment.chain([command.clone()]).chain(fix.then.iter().cloned()).collect();
    Remediation {
        automatable: control.remediation.automatable && fix.automatable && complete,
        description,
        parameters,
        command: Some(command),
        script: Some(script.join("\n")),
    }
}

/// The first of the properties that the target has and that says something.
fn first_of<'a>(target: &'a Target, fields: &[String]) -> Option<&'a Value> {
    fields.iter().find_map(|field| {
        let value = target.facts.get(&field.to_ascii_lowercase())?;
        let says_nothing = match value {
            Value::Null | Value::Opaque => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        };
        (!says_nothing).then_some(value)
    })
}
