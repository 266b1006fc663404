//! Findings as they come up, so many of each code and no more.

use std::collections::HashMap;

use super::{Code, Finding, Place, Severity};

/// Collects findings. Beyond [`Findings::LISTED`] of one code they are counted, not kept.
#[derive(Debug)]
pub struct Findings {
    /// What the places lie in, as messages begin.
    subject: &'static str,
    kept: Vec<Finding>,
    counts: HashMap<Code, Count>,
}

#[derive(Debug, Default)]
struct Count {
    kept: usize,
    left_out: usize,
    worst: Option<Severity>,
}

impl Findings {
    /// How many of one code are listed.
    pub const LISTED: usize = 20;

    /// None yet.
    pub fn new(subject: &'static str) -> Self {
        Findings { subject, kept: Vec::new(), counts: HashMap::new() }
    }

    /// Adds a finding at a place: what stands there, and what was expected.
    pub fn at(&mut self, severity: Severity, code: Code, place: Place, found: &[u8], expected: &str) {
        let subject = self.subject;
        self.add(severity, code, Some(place), || {
            let found = match found {
                [] => "nothing".to_owned(),
                _ => format!("'{}'", super::excerpt::bytes(found, super::excerpt::QUOTED)),
            };
            format!("{subject}, {place}: found {found}; expected {expected}")
        });
    }

    /// Adds a finding that is about the whole.
    pub fn whole(&mut self, severity: Severity, code: Code, message: impl Into<String>) {
        self.add(severity, code, None, || message.into());
    }

    /// Adds a finding. Its message is made only if it is kept.
    fn add(&mut self, severity: Severity, code: Code, place: Option<Place>, message: impl FnOnce() -> String) {
        let count = self.counts.entry(code).or_default();
        if count.kept < Self::LISTED {
            count.kept += 1;
            self.kept.push(Finding { code, severity, place, message: message() });
        } else {
            count.left_out += 1;
            count.worst = Some(count.worst.map_or(severity, |worst| worst.min(severity)));
        }
    }

    /// The findings in the order of their places, then those about the whole, then what was only counted.
    pub fn finish(mut self) -> Vec<Finding> {
        self.kept.sort_by_key(|finding| finding.place.map_or((usize::MAX, 0), |place| (place.line, place.column)));
        for code in Code::ALL {
            if let Some(Count { left_out, worst: Some(severity), .. }) = self.counts.get(code) {
                let message = format!("{}: {left_out} more of {} are not listed", self.subject, code.name());
                self.kept.push(Finding { code: *code, severity: *severity, place: None, message });
            }
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_one_code_are_counted_and_hide_no_other() {
        let mut findings = Findings::new("Policy");
        for line in (1..=1000).rev() {
            let severity = if line == 1 { Severity::Error } else { Severity::Warning };
            findings.at(severity, Code::BlankLine, Place { line, column: 1 }, b"", "a field");
        }
        findings.whole(Severity::Error, Code::PolicyFieldMissing, "The policy has no mode");
        let findings = findings.finish();
        assert_eq!(findings.len(), Findings::LISTED + 2);
        assert_eq!(findings[0].message, "Policy, line 981, column 1: found nothing; expected a field");
        assert_eq!(findings[Findings::LISTED].code, Code::PolicyFieldMissing);
        let last = &findings[Findings::LISTED + 1];
        assert_eq!(last.message, "Policy: 980 more of blank-line are not listed");
        assert_eq!(last.severity, Severity::Error, "what is not listed still counts");
    }
}
