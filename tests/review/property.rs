//! Whatever the results and the accepted risks: no status changes, and without the risks all is as it was.

use proptest::prelude::*;

use exchange_control::evaluate::{ControlResult, Outcome, Status, Summary};

use super::{Given, Reviewing, TODAY, excepting, many, parsed, result};
use exchange_control::report::{Format, Report};
use exchange_control::review::Reviewed;

fn results() -> impl Strategy<Value = Vec<ControlResult>> {
    let status = prop::sample::select(Status::WORST_FIRST.to_vec());
    let one = (prop::sample::select(vec!["X-1", "X-2", "W-1"]), prop::sample::select(vec!["A", "B", "Ab", ""]), status);
    prop::collection::vec(one.prop_map(|(id, identity, status)| result(id, identity, status)), 0..12)
}

fn entries() -> impl Strategy<Value = Vec<(&'static str, &'static str, &'static str)>> {
    let control = prop::sample::select(vec!["X-1", "X-*", "*", "W-?", "Z"]);
    let target = prop::sample::select(vec!["A", "a*", "*", "?", "C"]);
    let expires = prop::sample::select(vec!["2027-03-30", "2027-03-31", "2099-01-01"]);
    prop::collection::vec((control, target, expires), 0..6)
}

/// The sums as they are without review.
fn sums(results: &[ControlResult]) -> Summary {
    let mut summary = Summary::default();
    results.iter().for_each(|result| summary.add(result, true));
    summary.finish(&[])
}

proptest! {
    #[test]
    fn an_exception_never_changes_a_status(results in results(), entries in entries()) {
        let file = many(&entries);
        let reviewed = Reviewing::of(results.clone(), excepting(&file, TODAY));
        // Only the mark is new, and only where a failure is covered by an entry that holds.
        let unmarked: Vec<_> =
            reviewed.results.iter().map(|result| ControlResult { exception: None, ..result.clone() }).collect();
        prop_assert_eq!(&unmarked, &results);
        for result in &reviewed.results {
            if let Some(exception) = &result.exception {
                prop_assert!(matches!(result.status, Status::Fail | Status::Unknown) && exception.expires.as_str() >= TODAY);
            }
        }
        // Counts are those by status, and the exit code is that of what is not covered.
        let before = sums(&results);
        let after = &reviewed.summary;
        prop_assert!(Status::WORST_FIRST.iter().all(|status| before.counts.of(*status) == after.counts.of(*status)));
        let is_covered = |result: &&ControlResult| result.exception.is_some();
        prop_assert_eq!(after.counts.excepted, reviewed.results.iter().filter(is_covered).count());
        let uncovered: Vec<_> = reviewed.results.iter().filter(|result| !is_covered(result)).cloned().collect();
        prop_assert_eq!(reviewed.exit_code(), Outcome::of(&sums(&uncovered), [].iter()).code());
        prop_assert_eq!(after.score, sums(&uncovered).score);
        // All that is told is a warning.
        prop_assert!(reviewed.problems.iter().all(|problem| problem.is_warning()));
    }

    #[test]
    fn removing_it_restores_everything(results in results(), entries in entries()) {
        let (before, plain) = (sums(&results), excepting(r#"{"exceptions":[]}"#, TODAY));
        let marked = Reviewing::of(results.clone(), excepting(&many(&entries), TODAY));
        let restored = Reviewing::of(marked.results, plain);
        prop_assert_eq!(restored.results, results);
        prop_assert_eq!(restored.summary, before);
        prop_assert!(restored.problems.is_empty());
    }

    #[test]
    fn a_reviewed_document_reads_back(results in results(), entries in entries()) {
        let mut bytes = Vec::new();
        let mut source = Reviewed::new(Given::new(results), excepting(&many(&entries), TODAY));
        let (summary, problems) = Report::new(Format::Json).write(&mut source, &mut bytes).expect("memory can be written");
        let document = parsed(&String::from_utf8(bytes).expect("UTF-8"));
        prop_assert_eq!((document.summary, document.errors), (summary, problems));
    }
}
