//! Collects targets from inputs, whichever they are, and computes what can only be told once all are read.

use std::path::Path;

use super::accepted_domain::AcceptedDomains;
use super::input::{self, Sink};
use super::{Facts, Kind, Properties, Target, Value, send_connector};
use crate::problem::{Code, Problem, Problems};

/// Inputs being read.
#[derive(Debug)]
pub struct Inventory {
    properties: Properties,
    targets: Vec<Target>,
    /// Domains to test of which nothing is known but the name.
    domains: Vec<Target>,
    /// Objects that only tell about others, and are not tested themselves.
    context: Vec<Target>,
    problems: Problems,
}

/// What was read: the objects under test and what could not be used.
#[derive(Debug, Clone, Default)]
pub struct Targets {
    targets: Vec<Target>,
    problems: Problems,
}

impl Inventory {
    /// Starts with nothing read. Of each object only `properties` will be kept.
    pub fn new(properties: Properties) -> Self {
        Inventory {
            properties,
            targets: Vec::new(),
            domains: Vec::new(),
            context: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// Reads a file, or the exports in a folder and the folders below it.
    pub fn read_path(&mut self, path: &Path) {
        match input::files(path) {
            Ok(files) => files.iter().for_each(|file| self.read_file(file)),
            Err(problem) => self.problems.push(problem),
        }
    }

    /// Reads everything that a reader yields.
    pub fn read_from(&mut self, source: &str, reader: impl std::io::Read) {
        match input::bytes(source, reader) {
            Ok(bytes) => self.read_bytes(source, bytes),
            Err(problem) => self.problems.push(problem),
        }
    }

    /// Reads one export in UTF-8, or in UTF-16 with a byte order mark.
    pub fn read_bytes(&mut self, source: &str, bytes: Vec<u8>) {
        match input::decode(source, bytes) {
            Ok(text) => self.read_text(source, &text),
            Err(problem) => self.problems.push(problem),
        }
    }

    /// Reads one export: CLIXML or JSON.
    pub fn read_text(&mut self, source: &str, text: &str) {
        let properties = std::mem::take(&mut self.properties);
        input::read(source, text, &properties, self);
        self.properties = properties;
    }

    /// Reads targets of a JSON list that stands at `path` in a request.
    pub fn read_json_at(&mut self, path: &str, text: &str) {
        let properties = std::mem::take(&mut self.properties);
        input::json::read(None, path, text, &properties, self);
        self.properties = properties;
    }

    /// Reads accepted domains of a JSON list that stands at `path` in a request. They tell where connectors lead, and
    /// are not tested themselves.
    pub fn read_context_at(&mut self, path: &str, text: &str) {
        let tested = std::mem::take(&mut self.targets);
        self.read_json_at(path, text);
        let context = std::mem::replace(&mut self.targets, tested);
        self.context.extend(context);
    }

    /// Adds a domain to test by its name alone. It says nothing of whose domain it is.
    pub fn add_domain(&mut self, name: &str) {
        let name = name.trim();
        let mut facts = Facts::default();
        facts.set("domainname", Value::text(name));
        self.domains.push(Target { kind: Kind::AcceptedDomain, identity: name.to_owned(), facts });
    }

    /// Computes what the inputs tell together.
    pub fn finish(mut self) -> Targets {
        let mut accepted = AcceptedDomains::of(self.targets.iter().chain(&self.context));
        // What could not be read may have held accepted domains, and a space that seems a partner's may be our own.
        if let Some(problem) = self.problems.all().iter().find(|problem| problem.is_unreadable_input()) {
            let source = problem.source.as_deref().unwrap_or("an input");
            accepted.mark_incomplete(format!("{source} could not be read in full and may hold accepted domains"));
        }
        for target in &mut self.targets {
            if target.kind == Kind::SendConnector {
                send_connector::derive(&mut target.facts, &accepted);
            }
            target.facts.shrink();
        }
        self.targets.extend(self.domains);
        Targets { targets: self.targets, problems: self.problems }
    }

    fn read_file(&mut self, path: &Path) {
        let source = path.display().to_string();
        match std::fs::File::open(path) {
            Ok(file) => self.read_from(&source, file),
            Err(error) => self.problems.push(input::unreadable(&source, &error)),
        }
    }
}

impl Sink for Inventory {
    fn accept(&mut self, target: Target) {
        self.targets.push(target);
    }

    fn report(&mut self, code: Code, make: &mut dyn FnMut() -> Problem) {
        self.problems.add(code, make);
    }
}

impl Targets {
    /// The objects, in the order in which they were read.
    pub fn all(&self) -> &[Target] {
        &self.targets
    }

    /// The objects of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Target> {
        self.targets.iter().filter(move |target| target.kind == kind)
    }

    /// What could not be used.
    pub fn problems(&self) -> &[Problem] {
        self.problems.all()
    }
}
