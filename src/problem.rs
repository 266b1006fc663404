//! What went wrong outside any verdict: a control file that was refused, an input that could not be read.
//!
//! A problem is for a person: what was wrong, where, what was expected. It never stops what else can be done.

use serde::{Deserialize, Serialize};
use serde_path_to_error::Segment;

/// One thing that could not be used, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which part of the run it took away.
    pub code: Code,
    /// What was wrong, what was expected, what to do.
    pub message: String,
    /// The file, or the name that the caller gave the input.
    pub source: Option<String>,
    /// JSON pointer (RFC 6901) to the place, where the source is JSON.
    pub path: Option<String>,
    /// Line of the place, counted from 1.
    pub line: Option<usize>,
}

/// What kind of thing could not be used. The text of a code is stable: scripts may compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A control file was refused; the other controls still run.
    InvalidControl,
    /// No control has the id that was asked for, or matches the pattern.
    UnknownControl,
    /// A control file or folder could not be read.
    UnreadableControl,
    /// An input could not be opened, decoded or parsed to its end.
    UnreadableInput,
    /// An object in the input is neither a send connector nor an accepted domain.
    UnknownObject,
    /// An accepted risk, or the whole file of them, was refused; what it was to cover counts.
    InvalidException,
    /// A file of accepted risks could not be read; what it was to cover counts.
    UnreadableExceptions,
    /// An accepted risk is over, and what it covered counts again.
    ExpiredException,
    /// An accepted risk is about no result of the run.
    UnmatchedException,
    /// A file in a folder of earlier documents is none.
    SkippedDocument,
    /// Stands for the problems that are counted and not listed.
    More,
}

impl Problem {
    /// A problem with no place yet; the `in_*` and `at_*` methods say where.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Problem { code, message: message.into(), source: None, path: None, line: None }
    }

    /// Names the file or input.
    pub fn in_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Names the place by JSON pointer.
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Names the place by line.
    pub fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Whether the input that was given could not be read in full, so that the run itself is not what was asked for.
    pub fn is_unreadable_input(&self) -> bool {
        self.code == Code::UnreadableInput
    }

    /// Whether it is told and no more: nothing that was asked for was left out, so it does not change the outcome.
    pub fn is_warning(&self) -> bool {
        matches!(self.code, Code::ExpiredException | Code::UnmatchedException | Code::SkippedDocument)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            match self.path.as_deref() {
                Some("") => f.write_str(" (the whole document)")?,
                Some(path) => write!(f, " at {path}")?,
                None => {}
            }
            f.write_str(": ")?;
        } else if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// Problems as they come up. Many of one cause say no more than a few: beyond a hundred they are counted, not kept.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    /// More than this are counted, not kept.
    const MAX: usize = 100;

    /// Adds a problem. It is made only if it is kept.
    pub fn add(&mut self, code: Code, make: impl FnOnce() -> Problem) {
        // An unreadable input decides the outcome of the run, so the first of these is always kept.
        let decides = code == Code::UnreadableInput && !self.kept.iter().any(Problem::is_unreadable_input);
        if self.kept.len() < Self::MAX || decides {
            self.kept.push(make());
            return;
        }
        self.left_out += 1;
        let message = format!("{} more problems are not listed", self.left_out);
        match self.kept.last_mut() {
            Some(last) if self.left_out > 1 && last.code == Code::More => last.message = message,
            _ => self.kept.push(Problem::new(Code::More, message)),
        }
    }

    /// Adds a problem that is at hand.
    pub fn push(&mut self, problem: Problem) {
        self.add(problem.code, || problem);
    }

    /// What was kept, and how many were not.
    pub fn all(&self) -> &[Problem] {
        &self.kept
    }
}

/// The JSON pointer to where reading stopped.
pub fn pointer_to(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |parent, segment| match segment {
        Segment::Seq { index } => pointer(&parent, index),
        Segment::Map { key } | Segment::Enum { variant: key } => pointer(&parent, key),
        Segment::Unknown => parent,
    })
}

/// Appends one step to a JSON pointer, escaped as RFC 6901 says.
pub fn pointer(parent: &str, step: impl std::fmt::Display) -> String {
    let step = step.to_string().replace('~', "~0").replace('/', "~1");
    format!("{parent}/{step}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_problems_are_counted() {
        let mut problems = Problems::default();
        for number in 0..250 {
            problems.push(Problem::new(Code::UnknownObject, number.to_string()));
        }
        problems.push(Problem::new(Code::UnreadableInput, "cut off"));
        problems.push(Problem::new(Code::UnreadableInput, "cut off too"));
        problems.push(Problem::new(Code::UnknownObject, "another"));
        let tail: Vec<String> = problems.all()[99..].iter().map(ToString::to_string).collect();
        assert_eq!(tail, ["99", "150 more problems are not listed", "cut off", "152 more problems are not listed"]);
    }

    #[test]
    fn places_are_told() {
        let problem = || Problem::new(Code::InvalidControl, "wrong");
        let cases = [
            (problem(), "wrong"),
            (problem().in_source("a.json"), "a.json: wrong"),
            (problem().in_source("a.json").at_line(3).at_path("/check/a~1b"), "a.json:3 at /check/a~1b: wrong"),
            (problem().in_source("a.json").at_path(""), "a.json (the whole document): wrong"),
            (problem().at_path("/targets/1"), "/targets/1: wrong"),
        ];
        for (problem, expected) in cases {
            assert_eq!(problem.to_string(), expected);
        }
        assert_eq!(pointer("/a", "b/c~d"), "/a/b~1c~0d");
    }
}
