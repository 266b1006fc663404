//! What both kinds of DISA checklist say of a STIG rule: the worst status of its targets, and why.

use std::fmt::Write;
use std::io;

use super::text::{self, visible};
use super::{Head, Source};
use crate::control::{Catalog, Control, Severity, Stig};
use crate::evaluate::{ControlResult, Status};

/// What a new checklist is called. Which STIG a rule is part of, controls do not say.
pub const STIG_ID: &str = "exchange-control";
pub const STIG_TITLE: &str = "STIG rules checked by ExchangeControl";

/// The first and the last line of what the finding details have from here. What a person wrote before and after stays.
const BEGIN: &str = "--- exchange-control ---";
const END: &str = "--- end of exchange-control ---";
/// How a comment about an accepted risk begins.
const ACCEPTED: &str = "Accepted risk (exchange-control): ";

/// A STIG rule and what the results say of it.
pub struct Finding<'a> {
    pub control: &'a Control,
    pub stig: &'a Stig,
    /// The lines of the results with each status, in the order of [`Status::WORST_FIRST`].
    lines: [Lines; 4],
    accepted: Vec<String>,
}

#[derive(Default)]
struct Lines {
    count: usize,
    text: String,
}

/// Gathers the results of the controls that come from a STIG, in the order in which they come. It is an error where there
/// are none: a checklist has something to say or is not written.
pub fn findings<'a>(source: &mut dyn Source, catalog: &'a Catalog) -> io::Result<Vec<Finding<'a>>> {
    let mut findings: Vec<Finding> = Vec::new();
    while let Some(result) = source.next() {
        let of_catalog =
            || catalog.controls().iter().find(|control| control.id.eq_ignore_ascii_case(&result.control_id));
        let Some((control, stig)) = of_catalog().and_then(|control| Some((control, control.stig.as_ref()?))) else {
            continue;
        };
        match findings.iter_mut().rfind(|finding| finding.stig == stig) {
            Some(finding) => finding.add(&result),
            None => {
                let mut finding = Finding { control, stig, lines: Default::default(), accepted: Vec::new() };
                finding.add(&result);
                findings.push(finding);
            }
        }
    }
    if findings.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "there is nothing to put in a checklist: none of the results is of a control that comes from a STIG",
        ));
    }
    Ok(findings)
}

impl Finding<'_> {
    /// The status that prevails among the rule's targets.
    pub fn status(&self) -> Status {
        let worst = Status::WORST_FIRST.into_iter().zip(&self.lines).find(|(_, lines)| lines.count > 0);
        worst.map_or(Status::Unknown, |(status, _)| status)
    }

    /// The severity in a checklist's words.
    pub fn severity(&self) -> &'static str {
        match self.control.severity {
            Severity::Critical | Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }

    /// The finding details, in place of those that were there from an earlier run. A person's text stays.
    pub fn details(&self, head: &Head, existing: &str) -> String {
        let ours = self.block(head);
        match existing.split_once(BEGIN) {
            Some((before, rest)) => {
                let after = rest.split_once(END).map_or("", |(_, after)| after);
                format!("{before}{ours}{after}")
            }
            None if existing.trim().is_empty() => ours,
            None => format!("{existing}\n\n{ours}"),
        }
    }

    /// The comment about accepted risks; None leaves a person's comment alone.
    pub fn comment(&self, existing: &str) -> Option<String> {
        let ours = existing.trim().is_empty() || existing.starts_with(ACCEPTED);
        let lines = self.accepted.iter().map(|line| format!("{ACCEPTED}{line}"));
        ours.then(|| lines.collect::<Vec<_>>().join("\n"))
    }

    fn add(&mut self, result: &ControlResult) {
        let Some(index) = Status::WORST_FIRST.iter().position(|status| *status == result.status) else { return };
        let Some(lines) = self.lines.get_mut(index) else { return };
        let target = text::target(&result.target);
        lines.count += 1;
        // Writing to a String cannot fail.
        let _ = writeln!(lines.text, "{}: {target}: {}", result.status.name(), visible(&result.reason));
        if matches!(result.status, Status::Fail | Status::Unknown) {
            for evidence in &result.evidence {
                let _ = writeln!(lines.text, "  {}", text::evidence(evidence));
            }
        }
        if let Some(exception) = &result.exception {
            self.accepted.push(format!("{target}: {}", text::exception(exception)));
        }
    }

    fn block(&self, head: &Head) -> String {
        let counts: Vec<String> = Status::WORST_FIRST
            .into_iter()
            .zip(&self.lines)
            .map(|(status, lines)| format!("{} {}", lines.count, status.name()))
            .collect();
        let (tool, when) = (visible(&head.tool.version), visible(&head.generated));
        let lines: String = self.lines.iter().map(|lines| lines.text.as_str()).collect();
        format!("{BEGIN}\nVersion {tool}, {when}: {}\n{lines}{END}", counts.join(", "))
    }
}
