//! What accepted risks do to results, sums and the exit code.

use exchange_control::evaluate::Status::{self, Fail, NotApplicable, Pass, Unknown};
use exchange_control::problem::Code;

use super::{Reviewing, TODAY, excepting, many, one, result};

#[test]
fn which_results_an_entry_covers() {
    // Control and target of the entry, its last day; control, target and status of the result; covered, and what is told.
    let cases: &[(&str, &str, &str, &str, &str, Status, bool, &[&str])] = &[
        ("X-1", "A", "2099-12-31", "X-1", "A", Fail, true, &[]),
        ("X-1", "A", "2099-12-31", "X-1", "A", Unknown, true, &[]),
        ("X-1", "A", "2099-12-31", "X-1", "A", Pass, false, &[]),
        ("X-1", "A", "2099-12-31", "X-1", "A", NotApplicable, false, &[]),
        ("x-1", "a", "2099-12-31", "X-1", "A", Fail, true, &[]),
        ("X-1", "GRÜN", "2099-12-31", "X-1", "grün", Fail, true, &[]),
        ("X-*", "*", "2099-12-31", "X-1", "A", Fail, true, &[]),
        ("?-1", "News*", "2099-12-31", "X-1", "Newsletter gateway", Fail, true, &[]),
        ("X-1", "*", "2099-12-31", "X-1", "", Unknown, true, &[]),
        ("X-1", "News", "2099-12-31", "X-1", "Newsletter gateway", Fail, false, &["unmatched-exception"]),
        ("X-1", "?", "2099-12-31", "X-1", "AB", Fail, false, &["unmatched-exception"]),
        ("X-2", "A", "2099-12-31", "X-1", "A", Fail, false, &["unmatched-exception"]),
        ("X", "A", "2099-12-31", "X-1", "A", Fail, false, &["unmatched-exception"]),
        ("X.1", "A", "2099-12-31", "X-1", "A", Fail, false, &["unmatched-exception"]),
        // It holds to the end of its day.
        ("X-1", "A", "2027-04-01", "X-1", "A", Fail, true, &[]),
        ("X-1", "A", "2027-03-31", "X-1", "A", Fail, true, &[]),
        ("X-1", "A", "2027-03-30", "X-1", "A", Fail, false, &["expired-exception"]),
        ("X-1", "A", "2026-12-31", "X-1", "A", Unknown, false, &["expired-exception"]),
        // What is over and is not needed is nothing to tell of.
        ("X-1", "A", "2027-03-30", "X-1", "A", Pass, false, &[]),
        ("X-1", "A", "2027-03-30", "X-1", "B", Fail, false, &["unmatched-exception"]),
    ];
    for (control, target, expires, id, identity, status, covered, told) in cases {
        let name = format!("{control} {target} {expires}: {id} {identity} {status:?}");
        let reviewed =
            Reviewing::of(vec![result(id, identity, *status)], excepting(&one(control, target, expires), TODAY));
        let marked = &reviewed.results[0];
        assert_eq!((marked.status, marked.exception.is_some()), (*status, *covered), "{name}");
        let counts = &reviewed.summary.counts;
        assert_eq!((counts.excepted, counts.open(*status)), (usize::from(*covered), usize::from(!covered)), "{name}");
        assert_eq!(reviewed.codes(), *told, "{name}");
        if let Some(exception) = &marked.exception {
            let (why, who) = (exception.justification.as_str(), exception.owner.as_str());
            assert_eq!(
                (why, who, exception.expires.as_str()),
                ("a relay of the plant", "Mail team", *expires),
                "{name}"
            );
        }
    }
}

#[test]
fn an_entry_ends_with_its_day() {
    let file = one("X-1", "A", "2027-03-31");
    for (today, code) in [("2027-03-30", 0), ("2027-03-31", 0), ("2027-04-01", 1), ("2028-01-01", 1)] {
        let reviewed = Reviewing::of(vec![result("X-1", "A", Fail)], excepting(&file, today));
        assert_eq!(reviewed.exit_code(), code, "{today}");
    }
}

#[test]
fn sums_and_exit_codes() {
    // The results, the targets whose failures are accepted; the score, the control's status, the exit code.
    type Case<'a> = (&'a [(&'a str, &'a str, Status)], &'a [&'a str], Option<f64>, &'a [Status], u8);
    let cases: &[Case] = &[
        (&[("X-1", "A", Fail)], &["B"], Some(0.0), &[Fail], 1),
        (&[("X-1", "A", Fail)], &["A"], None, &[NotApplicable], 0),
        (&[("X-1", "A", Unknown)], &["A"], None, &[NotApplicable], 0),
        (&[("X-1", "A", Fail), ("X-1", "B", Pass)], &["A"], Some(100.0), &[Pass], 0),
        (&[("X-1", "A", Fail), ("X-1", "B", NotApplicable)], &["A"], None, &[NotApplicable], 0),
        (&[("X-1", "A", Fail), ("X-1", "B", Unknown)], &["A"], Some(0.0), &[Unknown], 2),
        (&[("X-1", "A", Fail), ("X-1", "B", Fail)], &["A"], Some(0.0), &[Fail], 1),
        (&[("X-1", "A", Fail), ("X-1", "B", Fail)], &["A", "B"], None, &[NotApplicable], 0),
        (&[("W-1", "A", Fail), ("X-1", "A", Pass)], &["B"], Some(33.33), &[Fail, Pass], 1),
        (&[("W-1", "A", Fail), ("X-1", "A", Pass)], &["A"], Some(100.0), &[NotApplicable, Pass], 0),
        (&[("W-1", "A", Fail), ("W-1", "B", Pass), ("X-1", "C", Fail)], &["A"], Some(66.67), &[Pass, Fail], 1),
    ];
    for (results, accepted, score, statuses, code) in cases {
        let entries: Vec<_> = accepted.iter().map(|target| ("*", *target, "2099-12-31")).collect();
        let given: Vec<_> = results.iter().map(|(id, identity, status)| result(id, identity, *status)).collect();
        let reviewed = Reviewing::of(given, excepting(&many(&entries), TODAY));
        let summary = &reviewed.summary;
        let name = format!("{results:?} {accepted:?}");
        assert_eq!(summary.score, *score, "{name}");
        assert_eq!(summary.controls.iter().map(|control| control.status).collect::<Vec<_>>(), *statuses, "{name}");
        assert_eq!(summary.frameworks.iter().map(|framework| framework.score).collect::<Vec<_>>(), [*score], "{name}");
        assert_eq!(reviewed.exit_code(), *code, "{name}");
        for status in Status::WORST_FIRST {
            let count = results.iter().filter(|(_, _, known)| *known == status).count();
            assert_eq!(summary.counts.of(status), count, "{name}: counts stay those by status");
        }
    }
}

#[test]
fn what_is_wrong_with_the_file_and_the_exit_code() {
    let whole = "{";
    let beside = one("X-1", "A", "2099-12-31").replace("[{", "[{\"control\":\"X-1\"},{");
    let cases: &[(&str, &str, Status, &[&str], u8)] = &[
        ("an entry refused beside one that covers", &beside, Fail, &["invalid-exception"], 2),
        ("an entry refused", r#"{"exceptions":[{"control":"*","target":"*"}]}"#, Fail, &["invalid-exception"], 1),
        ("an entry refused, nothing fails", r#"{"exceptions":[{}]}"#, Pass, &["invalid-exception"], 2),
        ("a file refused", whole, Fail, &["invalid-exception"], 1),
        ("a file refused, nothing fails", whole, Pass, &["invalid-exception"], 2),
        ("an entry about nothing", &one("Y", "*", "2099-12-31"), Pass, &["unmatched-exception"], 0),
        ("an entry about nothing, a failure", &one("Y", "*", "2099-12-31"), Fail, &["unmatched-exception"], 1),
        ("an entry that is over", &one("X-1", "A", "2020-01-01"), Fail, &["expired-exception"], 1),
        ("an entry that is over, unknown", &one("X-1", "A", "2020-01-01"), Unknown, &["expired-exception"], 2),
    ];
    for (name, file, status, codes, exit_code) in cases {
        let reviewed = Reviewing::of(vec![result("X-1", "A", *status)], excepting(file, TODAY));
        assert_eq!(reviewed.codes(), *codes, "{name}");
        assert_eq!(reviewed.exit_code(), *exit_code, "{name}");
    }
}

#[test]
fn nothing_tested_and_an_entry_about_nothing_is_no_failed_run() {
    let reviewed = Reviewing::of(Vec::new(), excepting(&one("X-1", "A", "2099-12-31"), TODAY));
    assert_eq!((reviewed.codes(), reviewed.exit_code()), (vec!["unmatched-exception".to_owned()], 0));
}

#[test]
fn the_first_entry_that_holds_is_the_one() {
    let file = many(&[("X-1", "A", "2027-01-01"), ("X-*", "A", "2028-01-01"), ("X-1", "*", "2029-01-01")]);
    let given = || vec![result("X-1", "A", Fail), result("X-1", "A", Pass)];
    let reviewed = Reviewing::of(given(), excepting(&file, TODAY));
    let covered = reviewed.results[0].exception.as_ref().map(|exception| exception.expires.as_str());
    assert_eq!((covered, reviewed.codes()), (Some("2028-01-01"), Vec::new()), "what is renewed is nothing to tell of");
    // All that match are known to match, and those that are over are told of once nothing else covers.
    let reviewed = Reviewing::of(given(), excepting(&file, "2030-01-01"));
    assert_eq!(reviewed.codes(), ["expired-exception"; 3]);
}

#[test]
fn an_entry_is_named_with_its_place_owner_and_day() {
    let file = "{ \"exceptions\": [\n{ \"control\": \"X-1\", \"target\": \"A*\", \"justification\": \"why\",\n\"owner\": \"Mail team\", \
                \"expires\": \"2027-01-01\" },\n{ \"control\": \"X-2\", \"target\": \"B\", \"justification\": \"why\", \"owner\": \"O\", \
                \"expires\": \"2028-01-01\" } ] }";
    let given = vec![result("X-1", "A1", Fail), result("X-1", "A2", Unknown), result("X-1", "A3", Pass)];
    let reviewed = Reviewing::of(given, excepting(file, TODAY));
    let told: Vec<String> = reviewed.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2);
    for part in [
        ":2 at /exceptions/0: ",
        "X-1",
        "\"A*\"",
        "owner: Mail team",
        "ended with 2027-01-01",
        "2 results that it covered count again",
    ] {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }
    for part in [":4 at /exceptions/1: ", "X-2", "\"B\"", "about no result"] {
        assert!(told[1].contains(part), "{part}: {}", told[1]);
    }
    assert!(reviewed.problems.iter().all(|problem| problem.is_warning()));
}

#[test]
fn marks_of_an_earlier_review_give_way() {
    let mut given = result("X-1", "A", Fail);
    let first = Reviewing::of(vec![given.clone()], excepting(&one("X-1", "A", "2099-12-31"), TODAY));
    given.exception = first.results[0].exception.clone();
    let kept = Reviewing::of(vec![given.clone()], exchange_control::review::Review::default());
    assert!(kept.results[0].exception.is_some() && kept.exit_code() == 0, "nothing to review by leaves it as it is");
    let gone = Reviewing::of(vec![given], excepting(r#"{"exceptions":[]}"#, TODAY));
    assert!(gone.results[0].exception.is_none() && gone.summary.counts.excepted == 0 && gone.exit_code() == 1);
}

#[test]
fn many_entries_and_many_results() {
    let names: Vec<String> = (0..4_000).map(|number| format!("*-{number}-*")).collect();
    let entries: Vec<_> = names.iter().map(|name| ("*", name.as_str(), "2099-01-01")).collect();
    let file = many(&entries);
    assert!(file.len() < 1 << 20);
    let given = (0..2_000).map(|number| result("X-1", &format!("connector-{number}x"), Fail)).collect();
    let started = std::time::Instant::now();
    let reviewed = Reviewing::of(given, excepting(&file, TODAY));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert_eq!((reviewed.problems.len(), reviewed.exit_code()), (101, 1));
    let last = &reviewed.problems[100];
    assert!(last.code == Code::UnmatchedException && last.message.contains("3900 more"), "{last}");
}
