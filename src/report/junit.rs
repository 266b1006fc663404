//! JUnit XML, as build servers read it: a test suite a control, a test case a target. What is Unknown is an error, which no
//! build server takes for a pass; an accepted risk is skipped; what could not be used of the input is an error too.

use std::io::{self, Write};

use quick_xml::events::BytesText;

use super::text::{self, visible, visible_lines};
use super::{Head, Source, xml};
use crate::evaluate::{ControlResult, Status, Summary};
use crate::problem::Problem;

/// The name of the suite of what could not be used of the input.
const PROBLEMS: &str = "errors";

/// What came of a test case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failure,
    Error,
    Skipped,
}

struct Case {
    name: String,
    verdict: Verdict,
    /// What decided, in a word: the severity of a failure, the status or the code of the others.
    kind: &'static str,
    message: String,
    details: String,
}

struct Suite {
    /// As results have it, to find the suite by.
    control: String,
    name: String,
    cases: Vec<Case>,
}

/// Writes the test suites.
pub fn write(source: &mut dyn Source, mut out: &mut dyn Write) -> io::Result<(Summary, Vec<Problem>)> {
    let head = source.head();
    let mut suites: Vec<Suite> = Vec::new();
    while let Some(result) = source.next() {
        let case = Case::of(&result);
        // Those of one control mostly come one after another.
        match suites.iter_mut().rfind(|suite| suite.control == result.control_id) {
            Some(suite) => suite.cases.push(case),
            None => {
                let name = visible(&result.control_id);
                suites.push(Suite { control: result.control_id, name, cases: vec![case] });
            }
        }
    }
    let (summary, problems) = source.conclude();
    if !problems.is_empty() {
        let cases = problems.iter().map(Case::of_problem).collect();
        suites.push(Suite { control: String::new(), name: PROBLEMS.to_owned(), cases });
    }
    let mut document = xml::document(&mut out)?;
    document
        .create_element("testsuites")
        .with_attribute(("name", visible(&head.tool.name).as_str()))
        .write_inner_content(|document| suites.iter().try_for_each(|suite| suite.write(document, &head)))?;
    out.write_all(b"\n")?;
    Ok((summary, problems))
}

impl Case {
    fn of(result: &ControlResult) -> Self {
        let (verdict, kind) = match result.status {
            Status::Pass => (Verdict::Passed, Status::Pass.name()),
            Status::Fail => (Verdict::Failure, result.severity.name()),
            Status::Unknown => (Verdict::Error, Status::Unknown.name()),
            Status::NotApplicable => (Verdict::Skipped, Status::NotApplicable.name()),
        };
        let mut case = Case {
            name: text::target(&result.target),
            verdict,
            kind,
            message: visible(&result.reason),
            details: details(result),
        };
        if let (Some(exception), Status::Fail | Status::Unknown) = (&result.exception, result.status) {
            case.message = format!("Accepted risk: {}. {}", text::exception(exception), case.message);
            (case.verdict, case.kind) = (Verdict::Skipped, result.status.name());
        }
        case
    }

    fn of_problem(problem: &Problem) -> Self {
        Case {
            name: visible(problem.source.as_deref().unwrap_or(PROBLEMS)),
            verdict: Verdict::Error,
            kind: "Problem",
            message: visible(&problem.to_string()),
            details: String::new(),
        }
    }

    fn write(&self, suite: &str, document: &mut xml::Document) -> io::Result<()> {
        let case = document
            .create_element("testcase")
            .with_attribute(("classname", suite))
            .with_attribute(("name", self.name.as_str()));
        let element = match self.verdict {
            Verdict::Passed => {
                case.write_empty()?;
                return Ok(());
            }
            Verdict::Failure => "failure",
            Verdict::Error => "error",
            Verdict::Skipped => "skipped",
        };
        case.write_inner_content(|document| {
            document
                .create_element(element)
                .with_attribute(("type", self.kind))
                .with_attribute(("message", self.message.as_str()))
                .write_text_content(BytesText::new(&self.details))?;
            Ok(())
        })?;
        Ok(())
    }
}

impl Suite {
    fn write(&self, document: &mut xml::Document, head: &Head) -> io::Result<()> {
        let count = |verdict| self.cases.iter().filter(|case| case.verdict == verdict).count().to_string();
        document
            .create_element("testsuite")
            .with_attribute(("name", self.name.as_str()))
            .with_attribute(("tests", self.cases.len().to_string().as_str()))
            .with_attribute(("failures", count(Verdict::Failure).as_str()))
            .with_attribute(("errors", count(Verdict::Error).as_str()))
            .with_attribute(("skipped", count(Verdict::Skipped).as_str()))
            .with_attribute(("timestamp", visible(&head.generated).as_str()))
            .write_inner_content(|document| self.cases.iter().try_for_each(|case| case.write(&self.name, document)))?;
        Ok(())
    }
}

/// Title, evidence and fix, a line each.
fn details(result: &ControlResult) -> String {
    let mut lines = vec![visible(&result.title)];
    lines.extend(result.evidence.iter().map(text::evidence));
    lines.extend(result.issues.iter().map(|issue| visible(&issue.message)));
    if let Some(script) = &result.remediation.script {
        lines.push("Fix:".to_owned());
        lines.push(visible_lines(script));
    }
    lines.join("\n")
}
