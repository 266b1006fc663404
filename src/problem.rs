//! What went wrong outside any verdict: a control file that was refused, an input that could not be read.
//!
//! A problem is for a person: what was wrong, where, what was expected. It never stops what else can be done.

use serde::{Deserialize, Serialize};

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
    /// An object was recognised but a part of it contradicts itself or cannot be.
    InvalidObject,
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

/// Appends one step to a JSON pointer, escaped as RFC 6901 says.
pub fn pointer(parent: &str, step: impl std::fmt::Display) -> String {
    let step = step.to_string().replace('~', "~0").replace('/', "~1");
    format!("{parent}/{step}")
}
