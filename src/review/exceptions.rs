//! Accepted risks: a file that says which failures somebody answers for, why, and until when.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::day::Day;
use crate::control::condition::Pattern;
use crate::control::document::{self, Node, Refusal};
use crate::control::reader::{Members, expected, text};
use crate::evaluate::{ControlResult, Exception, Status};
use crate::problem::{Code, Problem, Problems, pointer};

/// The JSON Schema of a file of accepted risks, for editors. It accepts what [`Exceptions::of`] accepts, but for what a
/// schema cannot say (repeated keys, size, that a month has no such day).
pub const SCHEMA: &str = include_str!("../../module/ExchangeControl/Schemas/exceptions.schema.json");

/// How long a pattern may be, in characters.
const LONGEST_PATTERN: usize = 512;
/// Of entries that are over, or that match nothing, more than this are counted, not listed.
const LISTED: usize = 100;

/// The accepted risks of a file, and what became of them so far.
#[derive(Debug, Default)]
pub struct Exceptions {
    source: String,
    /// The file, to find the lines of what has to be told.
    text: String,
    entries: Vec<Entry>,
    problems: Problems,
    /// Of each control that was seen, the entries that name it.
    naming: HashMap<String, Arc<[usize]>>,
}

/// One accepted risk.
#[derive(Debug)]
struct Entry {
    /// JSON pointer to it.
    path: String,
    /// What it is about, as it is written.
    control: String,
    target: String,
    control_pattern: Pattern,
    target_pattern: Pattern,
    exception: Exception,
    /// Whether its last day is not over.
    holds: bool,
    /// Whether it is about any result.
    matched: bool,
    /// How many results count that it would cover if it were not over.
    counting: usize,
}

impl Exceptions {
    /// Reads a file. Entries whose last day is before `today` are over.
    pub fn read(file: &Path, today: Day) -> Self {
        let source = file.display().to_string();
        match document::read_bounded(file) {
            Ok(bytes) => Self::of(&bytes, &source, today),
            Err(error) => {
                let message = format!("the accepted risks cannot be read, so that none holds: {error}");
                let problem = Problem::new(Code::UnreadableExceptions, message).in_source(&source);
                let mut exceptions = Exceptions { source, ..Exceptions::default() };
                exceptions.problems.push(problem);
                exceptions
            }
        }
    }

    /// Reads a file's bytes. A wrong entry is left out and told of; a file that is wrong as a whole is left out whole.
    pub fn of(bytes: &[u8], source: &str, today: Day) -> Self {
        let mut exceptions = Exceptions { source: source.to_owned(), ..Exceptions::default() };
        match document::read(bytes) {
            Ok((node, text)) => {
                exceptions.text = text.to_owned();
                match list(&node) {
                    Ok(items) => items.iter().enumerate().for_each(|(index, item)| exceptions.add(index, item, today)),
                    Err(refusal) => exceptions.refuse(refusal),
                }
            }
            Err(refusal) => exceptions.refuse(refusal),
        }
        exceptions
    }

    /// What could not be used.
    pub fn problems(&self) -> &[Problem] {
        self.problems.all()
    }

    /// Says of a result whether it is an accepted risk, whatever was said of that before.
    pub fn mark(&mut self, result: &mut ControlResult) {
        result.exception = None;
        let may_count = matches!(result.status, Status::Fail | Status::Unknown);
        let identity = Pattern::lowered(&result.target.identity);
        let (mut covering, mut over) = (None, Vec::new());
        for index in self.naming(&result.control_id).iter().copied() {
            let entry = &mut self.entries[index];
            let is_sought = may_count && covering.is_none();
            if (entry.matched && !is_sought) || !entry.target_pattern.fits(&identity) {
                continue;
            }
            entry.matched = true;
            if is_sought && entry.holds {
                covering = Some(entry.exception.clone());
            } else if is_sought {
                over.push(index);
            }
        }
        if covering.is_none() {
            over.into_iter().for_each(|index| self.entries[index].counting += 1);
        }
        result.exception = covering;
    }

    /// Of the results that were marked: the entries that are over and would cover some, and those that are about none.
    pub fn warnings(&self) -> Vec<Problem> {
        let expired = self.entries.iter().filter(|entry| entry.counting > 0);
        let unmatched = self.entries.iter().filter(|entry| !entry.matched);
        let mut warnings = self.listed(Code::ExpiredException, expired, Entry::tell_expired);
        warnings.extend(self.listed(Code::UnmatchedException, unmatched, Entry::tell_unmatched));
        warnings
    }

    /// The entries that name a control, in the order of the file.
    fn naming(&mut self, control_id: &str) -> Arc<[usize]> {
        if let Some(known) = self.naming.get(control_id) {
            return known.clone();
        }
        let id = Pattern::lowered(control_id);
        let entries = self.entries.iter().enumerate();
        let naming: Arc<[usize]> =
            entries.filter(|(_, entry)| entry.control_pattern.fits(&id)).map(|(index, _)| index).collect();
        self.naming.insert(control_id.to_owned(), naming.clone());
        naming
    }

    fn add(&mut self, index: usize, item: &Node, today: Day) {
        match read_entry(item, pointer("/exceptions", index), today) {
            Ok(entry) => self.entries.push(entry),
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let Exceptions { problems, source, text, .. } = self;
        problems.add(Code::InvalidException, || problem(Code::InvalidException, refusal, source, text));
    }

    /// Tells of entries; of many, it tells how many more there are.
    fn listed<'a>(
        &'a self,
        code: Code,
        entries: impl Iterator<Item = &'a Entry>,
        tell: fn(&Entry) -> String,
    ) -> Vec<Problem> {
        let mut entries = entries.peekable();
        let listed = entries.by_ref().take(LISTED);
        let mut told: Vec<Problem> = listed
            .map(|entry| problem(code, Refusal::at(&entry.path, tell(entry)), &self.source, &self.text))
            .collect();
        let more = entries.count();
        if more > 0 {
            let message = format!("the same is true of {more} more accepted risks, which are not listed");
            told.push(Problem::new(code, message).in_source(&self.source));
        }
        told
    }
}

impl Entry {
    fn tell_expired(&self) -> String {
        let Exception { owner, expires, .. } = &self.exception;
        let results = match self.counting {
            1 => "1 result that it covered counts again".to_owned(),
            many => format!("{many} results that it covered count again"),
        };
        format!("{self} (owner: {owner}) ended with {expires}, and {results}; put it right, or accept the risk anew")
    }

    fn tell_unmatched(&self) -> String {
        format!("{self} is about no result of this run; correct it, or take it out if what it was about is gone")
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the accepted risk of {} for \"{}\"", self.control, self.target)
    }
}

fn problem(code: Code, refusal: Refusal, source: &str, text: &str) -> Problem {
    let refusal = refusal.with_line(text);
    let problem = Problem::new(code, refusal.message).in_source(source).at_path(refusal.path);
    Problem { line: refusal.line, ..problem }
}

/// The entries of a file, unread.
fn list(node: &Node) -> Result<&[Node], Refusal> {
    let mut members = Members::of(node, "")?;
    members.take("$schema");
    let (at, node) = members.required("exceptions")?;
    members.end("a file of accepted risks has \"exceptions\"")?;
    match node {
        Node::List(items) => Ok(items),
        other => Err(expected("a list", other, &at)),
    }
}

fn read_entry(node: &Node, path: String, today: Day) -> Result<Entry, Refusal> {
    let mut members = Members::of(node, &path)?;
    let control = read(&mut members, "control", control)?;
    let target = read(&mut members, "target", target)?;
    let justification = read(&mut members, "justification", |node, at| filled("why the risk is taken", node, at))?;
    let owner = read(&mut members, "owner", |node, at| filled("who answers for it", node, at))?;
    let expires = read(&mut members, "expires", day)?;
    members.end("an accepted risk has control, target, justification, owner and expires")?;
    Ok(Entry {
        control_pattern: Pattern::new(control),
        target_pattern: Pattern::new(target),
        control: control.to_owned(),
        target: target.to_owned(),
        exception: Exception {
            justification: justification.to_owned(),
            owner: owner.to_owned(),
            expires: expires.to_string(),
        },
        holds: today <= expires,
        matched: false,
        counting: 0,
        path,
    })
}

/// Reads a member that must be there.
fn read<'a, T>(
    members: &mut Members<'a>,
    name: &str,
    read: impl FnOnce(&'a Node, &str) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let (at, node) = members.required(name)?;
    read(node, &at)
}

fn control<'a>(node: &'a Node, path: &str) -> Result<&'a str, Refusal> {
    let pattern = text(node, path)?;
    let plain = pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.*?".contains(&byte));
    if !plain || pattern.is_empty() || pattern.len() > LONGEST_PATTERN {
        return Err(expected("a control's id, in which * and ? are wildcards", node, path));
    }
    Ok(pattern)
}

fn target<'a>(node: &'a Node, path: &str) -> Result<&'a str, Refusal> {
    let pattern = filled("the target's identity, in which * and ? are wildcards", node, path)?;
    if pattern.chars().count() > LONGEST_PATTERN {
        return Err(Refusal::at(path, format!("expected at most {LONGEST_PATTERN} characters")));
    }
    Ok(pattern)
}

fn filled<'a>(what: &str, node: &'a Node, path: &str) -> Result<&'a str, Refusal> {
    let text = text(node, path)?;
    if text.trim().is_empty() {
        return Err(Refusal::at(path, format!("expected {what}, found a blank string")));
    }
    Ok(text)
}

fn day(node: &Node, path: &str) -> Result<Day, Refusal> {
    let text = text(node, path)?;
    Day::parse(text).ok_or_else(|| expected("a day of the calendar such as \"2027-03-31\"", node, path))
}
