//! Counts and score over time.

use exchange_control::evaluate::Status::{Fail, Pass};
use exchange_control::problem::Code;
use exchange_control::review::trend;

use super::{document, folder, result, write};

/// A document made at a time, with so many results that pass.
fn made(generated: &str, pass: usize) -> String {
    let mut results = vec![result("X-1", "A", Pass); pass];
    results.push(result("X-2", "A", Fail));
    let mut value: serde_json::Value = serde_json::from_str(&document(results)).expect("JSON");
    value["generated"] = generated.into();
    value.to_string()
}

#[test]
fn points_are_sorted_by_time_and_the_rest_is_told_of() {
    let folder = folder();
    write(folder.path(), "a.json", made("2027-03-01T10:00:00Z", 3));
    // The same moment as 09:30 in UTC.
    write(folder.path(), "b.JSON", made("2027-03-01T11:30:00+02:00", 2));
    write(folder.path(), "c.json", made("2026-12-31T23:59:59.5Z", 1));
    write(folder.path(), "notes.txt", "no document");
    write(folder.path(), "exceptions.json", r#"{"exceptions":[]}"#);
    write(folder.path(), "broken.json", &made("2027-03-01T10:00:00Z", 1)[..100]);
    write(folder.path(), "timeless.json", made("yesterday", 1));
    std::fs::create_dir(folder.path().join("folder.json")).expect("a folder");
    let (points, problems) = trend(folder.path());
    let found: Vec<_> = points.iter().map(|point| (point.generated.as_str(), point.counts.pass, point.score)).collect();
    assert_eq!(
        found,
        [
            ("2026-12-31T23:59:59.5Z", 1, Some(50.0)),
            ("2027-03-01T11:30:00+02:00", 2, Some(50.0)),
            ("2027-03-01T10:00:00Z", 3, Some(50.0)),
        ]
    );
    let names: Vec<_> = problems
        .iter()
        .map(|problem| problem.source.as_deref().expect("a file").rsplit(['/', '\\']).next().expect("a name"))
        .collect();
    assert_eq!(names, ["broken.json", "exceptions.json", "timeless.json"]);
    assert!(problems.iter().all(|problem| problem.code == Code::SkippedDocument && problem.is_warning()));
}

#[test]
fn the_newest_hundred() {
    let folder = folder();
    for number in 0..130 {
        write(
            folder.path(),
            &format!("{:03}.json", 129 - number),
            made(&format!("2027-01-01T00:{:02}:{:02}Z", number / 60, number % 60), 1),
        );
    }
    let (points, problems) = trend(folder.path());
    assert_eq!((points.len(), problems.len()), (100, 0));
    assert_eq!(
        (points[0].generated.as_str(), points[99].generated.as_str()),
        ("2027-01-01T00:00:30Z", "2027-01-01T00:02:09Z")
    );
}

#[test]
fn no_folder_and_an_empty_one() {
    let folder = folder();
    assert_eq!(trend(folder.path()), (Vec::new(), Vec::new()));
    let (points, problems) = trend(&folder.path().join("none"));
    assert!(points.is_empty() && problems.len() == 1 && problems[0].is_warning());
}

#[test]
fn many_that_are_none_stay_warnings() {
    let folder = folder();
    (0..150).for_each(|number| _ = write(folder.path(), &format!("{number}.json"), "{}"));
    let (_, problems) = trend(folder.path());
    assert!(problems.len() == 101 && problems.iter().all(|problem| problem.is_warning()));
}
