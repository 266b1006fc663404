//! Which controls there are: the built-in ones, and those of the folders that an admin adds.

use std::fmt;
use std::path::{Path, PathBuf};

use once_cell::sync::Lazy;
use serde::{Serialize, Serializer};

use super::{Control, condition::Pattern, document::read_bounded, load};
use crate::problem::{Code, Problem, Problems};
use crate::target::Properties;

/// The built-in control files. A test holds this list against the folder.
const BUILT_IN: &[(&str, &str)] = &[
    ("EDCA-TLS-011.json", include_str!("../../module/ExchangeControl/Controls/EDCA-TLS-011.json")),
    ("EDCA-TLS-025.json", include_str!("../../module/ExchangeControl/Controls/EDCA-TLS-025.json")),
    ("EX16-ED-000170.json", include_str!("../../module/ExchangeControl/Controls/EX16-ED-000170.json")),
];

static BUILT_IN_CATALOG: Lazy<Catalog> = Lazy::new(|| {
    let mut catalog = Catalog { controls: Vec::new(), problems: Problems::default() };
    catalog.add(BUILT_IN.iter().map(|(_, text)| load(text.as_bytes(), Source::BuiltIn)));
    catalog
});

/// Where a control comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    BuiltIn,
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::BuiltIn => f.write_str("built-in"),
            Source::File(path) => path.display().fmt(f),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The controls in the order of their ids, and what could not be used of the files that were to give more.
#[derive(Debug, Clone)]
pub struct Catalog {
    controls: Vec<Control>,
    problems: Problems,
}

impl Catalog {
    /// The controls that come with the library.
    pub fn built_in() -> &'static Catalog {
        &BUILT_IN_CATALOG
    }

    /// The built-in controls and those of the folders. A later folder's control takes the place of an earlier one of
    /// the same id; a file without a check keeps the check and the fix of the control that it replaces.
    pub fn with_folders<P: AsRef<Path>>(folders: impl IntoIterator<Item = P>) -> Catalog {
        let mut catalog = Catalog::built_in().clone();
        for folder in folders {
            catalog.add_folder(folder.as_ref());
        }
        catalog
    }

    /// Keeps the controls that the patterns name (`*` and `?` are wildcards); no pattern keeps all.
    pub fn select<S: AsRef<str>>(mut self, patterns: &[S]) -> Catalog {
        if patterns.is_empty() {
            return self;
        }
        let mut keep = vec![false; self.controls.len()];
        for pattern in patterns.iter().map(AsRef::as_ref) {
            let matcher = Pattern::new(pattern);
            let mut found = false;
            for (index, control) in self.controls.iter().enumerate() {
                if matcher.matches(&control.id) {
                    keep[index] = true;
                    found = true;
                }
            }
            if !found {
                let controls = &self.controls;
                self.problems.add(Code::UnknownControl, || {
                    let ids: Vec<&str> = controls.iter().map(|control| control.id.as_str()).take(20).collect();
                    let message = format!("no control is called \"{pattern}\"; there are {}", ids.join(", "));
                    Problem::new(Code::UnknownControl, message)
                });
            }
        }
        let mut keep = keep.into_iter();
        self.controls.retain(|_| keep.next().unwrap_or(false));
        self
    }

    /// The controls, in the order of their ids.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// What could not be used.
    pub fn problems(&self) -> &[Problem] {
        self.problems.all()
    }

    /// The properties that these controls read of each kind of target.
    pub fn properties(&self) -> Properties {
        let mut properties = Properties::default();
        for control in &self.controls {
            if let Some(kind) = control.target() {
                control.visit_fields(&mut |field| properties.add(kind, field));
            }
        }
        properties
    }

    fn add_folder(&mut self, folder: &Path) {
        let unreadable = |error: &dyn fmt::Display| {
            let message = format!("the controls cannot be read: {error}; expected a folder of .json files");
            Problem::new(Code::UnreadableControl, message).in_source(folder.display().to_string())
        };
        let mut files = Vec::new();
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(entry) => files.push(entry.path()),
                        Err(error) => self.problems.push(unreadable(&error)),
                    }
                }
            }
            Err(error) => self.problems.push(unreadable(&error)),
        }
        files.retain(|path| {
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) && path.is_file()
        });
        files.sort();
        self.add(files.into_iter().map(|path| {
            let bytes = read_bounded(&path).map_err(|error| {
                let problem = Problem::new(Code::UnreadableControl, format!("the file cannot be read: {error}"));
                Box::new(problem.in_source(path.display().to_string()))
            })?;
            load(&bytes, Source::File(path))
        }));
    }

    /// Adds the controls of one folder; an id that the folder has twice is used once and reported.
    fn add(&mut self, loaded: impl Iterator<Item = Result<Control, Box<Problem>>>) {
        let mut added: Vec<String> = Vec::new();
        for control in loaded {
            match control {
                Ok(control) if added.iter().any(|id| id.eq_ignore_ascii_case(&control.id)) => {
                    let message = format!("the id {} stands in another file of this folder too; keep one", control.id);
                    let problem = Problem::new(Code::InvalidControl, message).in_source(control.source.to_string());
                    self.problems.push(problem.at_path("/id"));
                }
                Ok(control) => {
                    added.push(control.id.clone());
                    self.put(control);
                }
                Err(problem) => self.problems.push(*problem),
            }
        }
    }

    fn put(&mut self, mut control: Control) {
        let key = |id: &str| id.to_ascii_uppercase();
        match self.controls.binary_search_by_key(&key(&control.id), |other| key(&other.id)) {
            Ok(index) => {
                let replaced = &mut self.controls[index];
                if control.check.is_none() {
                    control.check = replaced.check.take();
                    control.remediation.fixes = std::mem::take(&mut replaced.remediation.fixes);
                }
                *replaced = control;
            }
            Err(index) => self.controls.insert(index, control),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("module/ExchangeControl/Controls");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().into_string().expect("name"))
            .collect();
        files.sort();
        assert_eq!(files, BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn built_in_controls_are_sound() {
        let catalog = Catalog::built_in();
        assert_eq!(catalog.problems(), []);
        assert_eq!(catalog.controls().len(), BUILT_IN.len());
        for (control, (file, _)) in catalog.controls().iter().zip(BUILT_IN) {
            assert_eq!(format!("{}.json", control.id), *file);
            assert_eq!(control.warnings, Vec::<String>::new(), "{}", control.id);
            assert!(control.check.is_some(), "{}", control.id);
        }
    }

    #[test]
    fn selects_by_pattern_and_reports_what_matches_nothing() {
        let ids = |catalog: &Catalog| catalog.controls().iter().map(|control| control.id.clone()).collect::<Vec<_>>();
        let cases: [(&[&str], &[&str], usize); 5] = [
            (&[], &["EDCA-TLS-011", "EDCA-TLS-025", "EX16-ED-000170"], 0),
            (&["edca-tls-011"], &["EDCA-TLS-011"], 0),
            (&["EX16-*"], &["EX16-ED-000170"], 0),
            (&["EX16-*", "*011"], &["EDCA-TLS-011", "EX16-ED-000170"], 0),
            (&["nothing", "*011"], &["EDCA-TLS-011"], 1),
        ];
        for (patterns, expected, problems) in cases {
            let catalog = Catalog::built_in().clone().select(patterns);
            assert_eq!(
                (ids(&catalog), catalog.problems().len()),
                (expected.iter().map(|id| (*id).to_owned()).collect(), problems),
                "{patterns:?}"
            );
        }
    }
}
