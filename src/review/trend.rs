//! How counts and score went over time, from a folder of earlier documents.

use std::path::{Path, PathBuf};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::document;
use crate::evaluate::Counts;
use crate::problem::{Code, Problem, Problems};

/// How many documents a trend is made of, the newest.
const NEWEST: usize = 100;

/// What one document came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrendPoint {
    /// When it was made (RFC 3339).
    pub generated: String,
    /// 0 to 100; None where nothing counted towards it.
    pub score: Option<f64>,
    pub counts: Counts,
}

/// The newest 100 of the documents in a folder (`*.json`, not below it), oldest first. What is no result document is left
/// out and told of. A document is read through without being held.
pub fn trend(folder: &Path) -> (Vec<TrendPoint>, Vec<Problem>) {
    let mut problems = Problems::default();
    let mut points: Vec<(OffsetDateTime, TrendPoint)> = Vec::new();
    for file in files(folder, &mut problems) {
        match point(&file) {
            Ok(point) => points.push(point),
            Err(problem) => problems.push(*problem),
        }
    }
    points.sort_by_key(|(time, _)| *time);
    let older = points.len().saturating_sub(NEWEST);
    let points = points.into_iter().skip(older).map(|(_, point)| point).collect();
    (points, problems.all().iter().map(|problem| Problem { code: Code::SkippedDocument, ..problem.clone() }).collect())
}

fn point(file: &Path) -> Result<(OffsetDateTime, TrendPoint), Box<Problem>> {
    let head = document::head(file)?;
    let time = OffsetDateTime::parse(&head.generated, &Rfc3339).map_err(|_| {
        let message = format!("expected the time at which it was made (RFC 3339), found \"{}\"", head.generated);
        Problem::new(Code::SkippedDocument, message).in_source(file.display().to_string()).at_path("/generated")
    })?;
    Ok((time, TrendPoint { generated: head.generated, score: head.totals.score, counts: head.totals.counts }))
}

/// The documents of a folder, in the order of their names.
fn files(folder: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let unreadable = |error: std::io::Error| {
        let message = format!("the earlier documents cannot be read: {error}; expected a folder of .json files");
        Problem::new(Code::SkippedDocument, message).in_source(folder.display().to_string())
    };
    let mut files = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => files.push(entry.path()),
                    Err(error) => problems.push(unreadable(error)),
                }
            }
        }
        Err(error) => problems.push(unreadable(error)),
    }
    files.retain(|path| {
        path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) && path.is_file()
    });
    files.sort();
    files
}
