//! A source whose results are marked while they pass.

use super::Review;
use crate::evaluate::{ControlResult, Summary};
use crate::problem::{Code, Problem};
use crate::report::{Document, DocumentSource, Head, Source};

/// The results of another source, reviewed.
pub struct Reviewed<S> {
    source: S,
    review: Review,
}

impl<S: Source> Reviewed<S> {
    /// Reviews what comes of a source.
    pub fn new(source: S, review: Review) -> Self {
        Reviewed { source, review }
    }
}

impl Reviewed<DocumentSource> {
    /// Reviews an earlier document. `name` is what it is called.
    ///
    /// A document of which `--only-new` left results out is `Err` where there is something to review: neither its sums nor
    /// what became of the others could be told.
    pub fn document(document: Document, name: &str, review: Review) -> Result<Self, Box<Problem>> {
        let partial = document.summary.comparison.as_ref().is_some_and(|comparison| comparison.only_new);
        if partial && !review.is_empty() {
            return Err(Box::new(partial_document(name)));
        }
        Ok(Self::new(DocumentSource::new(document), review))
    }
}

impl<S: Source> Source for Reviewed<S> {
    fn head(&self) -> Head {
        self.source.head()
    }

    fn next(&mut self) -> Option<ControlResult> {
        loop {
            let result = self.source.next()?;
            if let Some(marked) = self.review.mark(result) {
                return Some(marked);
            }
        }
    }

    fn conclude(&mut self) -> (Summary, Vec<Problem>) {
        let (summary, problems) = self.source.conclude();
        self.review.conclude(summary, problems)
    }
}

/// The problem of a document that lacks what was not new.
pub(super) fn partial_document(name: &str) -> Problem {
    let message = "the document holds only what was new (--only-new), so that it does not tell of the rest; use one that was \
                   written without it";
    Problem::new(Code::UnreadableInput, message).in_source(name).at_path("/summary/comparison/onlyNew")
}
