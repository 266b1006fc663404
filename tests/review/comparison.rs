//! How results stand to those of an earlier document.

use exchange_control::evaluate::Change::{ChangedEvidence, Fixed, New, StillFailing, Unchanged};
use exchange_control::evaluate::Status::{Fail, NotApplicable, Pass, Unknown};
use exchange_control::evaluate::{Change, ControlResult, Issue, IssueSeverity, Status};
use exchange_control::review::{Earlier, Review};
use serde_json::{Value, json};

use super::{Reviewing, TODAY, day, document, folder, leaf, one, result, since, write};

fn changes(before: Vec<ControlResult>, now: Vec<ControlResult>) -> Vec<Option<Change>> {
    let review = since(&document(before), false).expect("a review");
    Reviewing::of(now, review).results.iter().map(|result| result.change).collect()
}

#[test]
fn changes_by_status() {
    let cases: &[(Option<Status>, Status, Change)] = &[
        (None, Fail, New),
        (None, Unknown, New),
        (None, Pass, New),
        (None, NotApplicable, New),
        (Some(Pass), Fail, New),
        (Some(Pass), Unknown, New),
        (Some(NotApplicable), Fail, New),
        (Some(NotApplicable), Unknown, New),
        (Some(Unknown), Fail, New),
        (Some(Fail), Unknown, New),
        (Some(Fail), Fail, StillFailing),
        (Some(Unknown), Unknown, StillFailing),
        (Some(Fail), Pass, Fixed),
        (Some(Fail), NotApplicable, Fixed),
        (Some(Unknown), Pass, Fixed),
        (Some(Unknown), NotApplicable, Fixed),
        (Some(Pass), Pass, Unchanged),
        (Some(NotApplicable), NotApplicable, Unchanged),
        (Some(Pass), NotApplicable, ChangedEvidence),
        (Some(NotApplicable), Pass, ChangedEvidence),
    ];
    for (before, now, expected) in cases {
        let earlier = before.iter().map(|status| result("X-1", "A", *status)).collect();
        let found = changes(earlier, vec![result("X-1", "A", *now)]);
        assert_eq!(found, [Some(*expected)], "{before:?} {now:?}");
    }
}

#[test]
fn what_is_other_evidence() {
    let with =
        |field: &str, actual: Value| ControlResult { evidence: vec![leaf(field, actual)], ..result("X-1", "A", Fail) };
    let issue = |code: &str, message: &str| Issue {
        code: code.to_owned(),
        severity: IssueSeverity::Error,
        message: message.to_owned(),
    };
    let issues = |issues: &[Issue]| ControlResult { issues: issues.to_vec(), ..result("X-1", "A", Fail) };
    let judged = |status: Status| {
        let mut result = with("TlsVersion", json!("TLS 1.2"));
        result.evidence[0].status = status;
        result
    };
    let cases = [
        ("the same", with("RequireTLS", json!(false)), with("RequireTLS", json!(false)), StillFailing),
        ("another value", with("Port", json!(25)), with("Port", json!(587)), ChangedEvidence),
        ("another type", with("Port", json!(25)), with("Port", json!("25")), ChangedEvidence),
        ("another field", with("Port", json!(25)), with("Fqdn", json!(25)), ChangedEvidence),
        ("no value", with("Port", json!(25)), with("Port", json!(null)), ChangedEvidence),
        ("the field in another case", with("port", json!(25)), with("Port", json!(25)), StillFailing),
        ("the text in another case", with("Fqdn", json!("a")), with("Fqdn", json!("A")), ChangedEvidence),
        ("a number with a fraction", with("Size", json!(0.1 + 0.2)), with("Size", json!(0.3)), StillFailing),
        ("a list in another order", with("Mx", json!(["a", "b"])), with("Mx", json!(["b", "a"])), StillFailing),
        ("a longer list", with("Mx", json!(["a"])), with("Mx", json!(["a", "b"])), ChangedEvidence),
        ("a list cut elsewhere", with("Mx", json!(["a,b"])), with("Mx", json!(["a", "b"])), ChangedEvidence),
        ("how long it took", with("DnsMilliseconds", json!(3)), with("DnsMilliseconds", json!(90)), StillFailing),
        ("where it was asked", with("Address", json!("192.0.2.1")), with("Address", json!("192.0.2.2")), StillFailing),
        (
            "a renewed certificate",
            with("CertificateNotAfter", json!("2027-01-01T00:00:00Z")),
            with("CertificateNotAfter", json!("2027-04-01T00:00:00Z")),
            StillFailing,
        ),
        ("address spaces", with("AddressSpaces", json!(["a"])), with("AddressSpaces", json!(["b"])), ChangedEvidence),
        ("judged otherwise", judged(Fail), judged(Unknown), ChangedEvidence),
        ("the same issue", issues(&[issue("a", "at 3 ms")]), issues(&[issue("a", "at 4 ms")]), StillFailing),
        ("another issue", issues(&[issue("a", "x")]), issues(&[issue("b", "x")]), ChangedEvidence),
        ("one more issue", issues(&[issue("a", "x")]), issues(&[issue("a", "x"), issue("b", "y")]), ChangedEvidence),
        (
            "issues in another order",
            issues(&[issue("b", "y"), issue("a", "x")]),
            issues(&[issue("a", "x"), issue("b", "y")]),
            StillFailing,
        ),
        (
            "more of the same issue",
            issues(&[issue("a", "x")]),
            issues(&[issue("a", "x"), issue("a", "z")]),
            StillFailing,
        ),
    ];
    for (name, before, now, expected) in cases {
        assert_eq!(changes(vec![before], vec![now]), [Some(expected)], "{name}");
    }
}

#[test]
fn what_belongs_together() {
    let before = || vec![result("X-1", "A", Fail)];
    let mut domain = result("X-1", "A", Fail);
    domain.target.kind = "AcceptedDomain".to_owned();
    let cases = [
        ("the same in another case", result("x-1", "a", Fail), StillFailing),
        ("another control", result("X-2", "A", Fail), New),
        ("another target", result("X-1", "B", Fail), New),
        ("another kind of target", domain, New),
    ];
    for (name, now, expected) in cases {
        assert_eq!(changes(before(), vec![now]), [Some(expected)], "{name}");
    }
    // Of those that have one name, the first goes with the first.
    let twins = |first, second| vec![result("X-1", "A", first), result("X-1", "A", second)];
    assert_eq!(changes(twins(Fail, Pass), twins(Fail, Pass)), [Some(StillFailing), Some(Unchanged)]);
    assert_eq!(changes(before(), twins(Fail, Fail)), [Some(StillFailing), Some(New)]);
}

#[test]
fn sums_removed_and_only_new() {
    let before = vec![
        result("X-1", "fixed", Fail),
        result("X-1", "gone", Fail),
        result("X-1", "same", Fail),
        result("X-1", "broken", Pass),
        result("X-1", "fine", Pass),
        result("X-2", "not run", Unknown),
        ControlResult { evidence: vec![leaf("Port", json!(25))], ..result("X-1", "other", Fail) },
    ];
    let now = || {
        vec![
            result("X-1", "fixed", Pass),
            result("X-1", "same", Fail),
            result("X-1", "broken", Fail),
            result("X-1", "fine", Pass),
            result("X-1", "fresh", Unknown),
            ControlResult { evidence: vec![leaf("Port", json!(26))], ..result("X-1", "other", Fail) },
        ]
    };
    for only_new in [false, true] {
        let reviewed = Reviewing::of(now(), since(&document(before.clone()), only_new).expect("a review"));
        let comparison = reviewed.summary.comparison.as_ref().expect("a comparison");
        let sums = (
            comparison.new,
            comparison.fixed,
            comparison.still_failing,
            comparison.changed_evidence,
            comparison.unchanged,
        );
        assert_eq!((sums, comparison.only_new), ((2, 1, 1, 1, 1), only_new));
        assert_eq!((comparison.new_fail, comparison.new_unknown), (1, 1));
        let removed: Vec<_> = comparison
            .removed
            .iter()
            .map(|gone| (gone.control_id.as_str(), gone.target.identity.as_str(), gone.status))
            .collect();
        assert_eq!(removed, [("X-1", "gone", Fail), ("X-2", "not run", Unknown)]);
        assert!(comparison.since.ends_with('Z'));
        let names: Vec<_> = reviewed.results.iter().map(|result| result.target.identity.as_str()).collect();
        let expected: &[&str] = if only_new {
            &["broken", "fresh", "other"]
        } else {
            &["fixed", "same", "broken", "fine", "fresh", "other"]
        };
        assert_eq!(names, expected);
        assert_eq!(reviewed.summary.counts.total(), 6, "the sums are those of the whole run");
        assert_eq!(reviewed.summary.score, Some(0.0));
    }
}

#[test]
fn exit_codes() {
    // Before, now, whether the failure is an accepted risk; the exit code with and without --only-new.
    let cases: &[(Option<Status>, Status, bool, u8, u8)] = &[
        (Some(Fail), Fail, false, 1, 0),
        (Some(Unknown), Unknown, false, 2, 0),
        (Some(Pass), Fail, false, 1, 1),
        (Some(Pass), Unknown, false, 2, 2),
        (None, Fail, false, 1, 1),
        (None, Pass, false, 0, 0),
        (Some(Fail), Pass, false, 0, 0),
        (Some(Pass), Fail, true, 0, 0),
        (None, Unknown, true, 0, 0),
        (Some(Fail), Fail, true, 0, 0),
    ];
    for (before, now, accepted, whole, new) in cases {
        let folder = folder();
        let earlier = document(before.iter().map(|status| result("X-1", "A", *status)).collect());
        let earlier = write(folder.path(), "earlier.json", earlier);
        let exceptions = write(folder.path(), "exceptions.json", one("X-1", "A", "2099-12-31"));
        for (only_new, expected) in [(false, whole), (true, new)] {
            let earlier = Earlier { document: &earlier, only_new };
            let review =
                Review::read(accepted.then_some(exceptions.as_path()), Some(earlier), day(TODAY)).expect("a review");
            let reviewed = Reviewing::of(vec![result("X-1", "A", *now)], review);
            assert_eq!(reviewed.exit_code(), *expected, "{before:?} {now:?} {accepted} {only_new}");
        }
    }
}

#[test]
fn other_evidence_alone_is_shown_and_does_not_count() {
    let at = |port: u16| ControlResult { evidence: vec![leaf("Port", json!(port))], ..result("X-1", "A", Fail) };
    let reviewed = Reviewing::of(vec![at(26)], since(&document(vec![at(25)]), true).expect("a review"));
    assert_eq!((reviewed.results.len(), reviewed.exit_code()), (1, 0));
}
