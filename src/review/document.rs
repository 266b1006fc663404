//! Reads result documents result by result, so that a large one is never held whole.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::evaluate::{Counts, Evidence, Issue, ResultTarget, Status};
use crate::problem::{Code, Problem, pointer_to};
use crate::report::SCHEMA_VERSION;

/// What a document says beside its results.
#[derive(Debug, Default)]
pub struct Head {
    pub generated: String,
    pub totals: Totals,
}

/// What is read of a summary.
#[derive(Debug, Default, Deserialize)]
pub struct Totals {
    pub counts: Counts,
    pub score: Option<f64>,
    #[serde(default)]
    comparison: Option<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    only_new: bool,
}

impl Totals {
    /// Whether the document lacks results that were not new.
    pub fn is_partial(&self) -> bool {
        self.comparison.as_ref().is_some_and(|part| part.only_new)
    }
}

/// What a comparison needs of a result.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlierResult {
    pub control_id: String,
    pub target: ResultTarget,
    pub status: Status,
    pub evidence: Vec<Evidence>,
    pub issues: Vec<Issue>,
}

/// Reads what stands beside the results.
pub fn head(path: &Path) -> Result<Head, Box<Problem>> {
    read(path, None)
}

/// Calls `take` with every result, and reads what stands beside them. Where that is wrong, results were taken for nothing.
pub fn whole(path: &Path, take: &mut dyn FnMut(EarlierResult)) -> Result<Head, Box<Problem>> {
    read(path, Some(take))
}

type Take<'t> = Option<&'t mut dyn FnMut(EarlierResult)>;

fn read(path: &Path, take: Take) -> Result<Head, Box<Problem>> {
    let problem =
        |message: String| Box::new(Problem::new(Code::UnreadableInput, message).in_source(path.display().to_string()));
    let unreadable = |error: std::io::Error| problem(format!("the document cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    // A pipe or a device need not end.
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(problem("the document cannot be read: it is not a file".to_owned()));
    }
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let start = reader.fill_buf().map_err(unreadable)?;
    match start {
        [0xEF, 0xBB, 0xBF, ..] => reader.consume(3),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            return Err(problem("the document is UTF-16; save it as UTF-8".to_owned()));
        }
        _ => {}
    }
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut track = serde_path_to_error::Track::new();
    let head = DocumentSeed { take }.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    head.and_then(|head| json.end().map(|()| head)).map_err(|error| {
        let mut problem = problem(format!("no result document: {error}"));
        problem.line = Some(error.line()).filter(|line| *line > 0);
        problem.path = Some(pointer_to(&track.path()));
        problem
    })
}

struct DocumentSeed<'t> {
    take: Take<'t>,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Head;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Head, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a result document, as exchange-control writes with --format json")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Head, A::Error> {
        let (mut version, mut generated, mut totals, mut has_results) = (None, None, None, false);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "schemaVersion" => version = Some(members.next_value::<Version>()?),
                "generated" => generated = Some(members.next_value()?),
                "summary" => totals = Some(members.next_value()?),
                "results" => {
                    has_results = true;
                    members.next_value_seed(ResultsSeed { take: self.take.take() })?;
                }
                _ => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        version.ok_or_else(|| A::Error::missing_field("schemaVersion"))?;
        if !has_results {
            return Err(A::Error::missing_field("results"));
        }
        Ok(Head {
            generated: generated.ok_or_else(|| A::Error::missing_field("generated"))?,
            totals: totals.ok_or_else(|| A::Error::missing_field("summary"))?,
        })
    }
}

/// The version of the document's shape, which is the one that is read here.
struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            version if version == u64::from(SCHEMA_VERSION) => Ok(Version),
            other => Err(D::Error::custom(format!("expected schemaVersion {SCHEMA_VERSION}, found {other}"))),
        }
    }
}

/// The list of results: each is handed on, or all are passed over.
struct ResultsSeed<'t> {
    take: Take<'t>,
}

impl<'de> DeserializeSeed<'de> for ResultsSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ResultsSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of results")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        match self.take {
            Some(take) => {
                while let Some(result) = items.next_element()? {
                    take(result);
                }
            }
            None => while items.next_element::<IgnoredAny>()?.is_some() {},
        }
        Ok(())
    }
}
