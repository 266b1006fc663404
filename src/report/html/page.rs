//! What the template shows, in the words and the order in which it shows it.

use askama::Template;

use super::chart::{Share, TrendChart, score_of, shares};
use super::inline::{POLICY, SCRIPT, STYLE};
use super::section::{Section, Sections, State};
use super::trend::Trend;
use crate::control::Severity;
use crate::evaluate::{Comparison, Removed, Status, Summary};
use crate::problem::Problem;
use crate::report::{Tool, text, visible};
use crate::review::TrendPoint;

/// The page.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
pub struct Page {
    policy: &'static str,
    style: &'static str,
    script: &'static str,
    tool: String,
    generated: String,
    generated_words: String,
    score: Option<f64>,
    score_words: String,
    shares: Vec<Share>,
    comparison: Option<Since>,
    total: usize,
    rows: usize,
    frameworks: Vec<Framework>,
    trend: Option<TrendChart>,
    problems: Vec<String>,
    groups: Vec<Group>,
    facets: Vec<Facet>,
}

/// A framework's score.
struct Framework {
    name: String,
    score: Option<f64>,
    words: String,
}

/// How the results stand to those of an earlier document.
struct Since {
    time: String,
    only_new: bool,
    counts: [(&'static str, usize); 5],
    removed: Vec<Gone>,
}

/// A result that only the earlier document has.
struct Gone {
    control: String,
    target: String,
    status: State,
}

/// The controls of one severity.
struct Group {
    severity: Severity,
    controls: Vec<Section>,
}

/// Things to filter by.
struct Facet {
    key: &'static str,
    title: &'static str,
    choices: Vec<Choice>,
}

/// One of them: what the rows' attributes have, and what people read.
struct Choice {
    key: String,
    word: String,
}

impl Page {
    /// Puts the page together.
    pub fn new(
        tool: &Tool,
        generated: &str,
        sections: Sections,
        summary: &Summary,
        problems: &[Problem],
        trend: Trend,
    ) -> Self {
        let controls = sections.finish();
        let last = TrendPoint { generated: generated.to_owned(), score: summary.score, counts: summary.counts };
        let facets = facets(&controls);
        Page {
            policy: &POLICY,
            style: &STYLE,
            script: &SCRIPT,
            tool: visible(&format!("{} {}", tool.name, tool.version)),
            generated: visible(generated),
            generated_words: time_of(generated),
            score: summary.score.map(|score| score.clamp(0.0, 100.0)),
            score_words: score_of(summary.score),
            shares: shares(counts(summary)),
            comparison: summary.comparison.as_ref().map(Since::of),
            total: summary.counts.total(),
            rows: controls.iter().map(|control| control.rows.len()).sum(),
            frameworks: summary
                .frameworks
                .iter()
                .map(|framework| Framework {
                    name: visible(&framework.name),
                    score: framework.score.map(|score| score.clamp(0.0, 100.0)),
                    words: score_of(framework.score),
                })
                .collect(),
            trend: TrendChart::of(&trend.up_to(last)),
            problems: problems.iter().map(|problem| visible(&problem.to_string())).collect(),
            groups: groups(controls),
            facets,
        }
    }
}

impl Since {
    fn of(comparison: &Comparison) -> Self {
        let counts = [
            ("New", comparison.new),
            ("Fixed", comparison.fixed),
            ("Still failing", comparison.still_failing),
            ("Changed evidence", comparison.changed_evidence),
            ("Gone", comparison.removed.len()),
        ];
        let gone = |removed: &Removed| Gone {
            control: visible(&removed.control_id),
            target: text::target(&removed.target),
            status: State::from(removed.status),
        };
        Since {
            time: time_of(&comparison.since),
            only_new: comparison.only_new,
            counts,
            removed: comparison.removed.iter().map(gone).collect(),
        }
    }
}

/// How many results count as what: accepted risks are taken from what they are and stand by themselves.
fn counts(summary: &Summary) -> Vec<((&'static str, &'static str), usize)> {
    let counts = &summary.counts;
    let numbers =
        [counts.open(Status::Fail), counts.open(Status::Unknown), counts.excepted, counts.pass, counts.not_applicable];
    State::ALL.into_iter().zip(numbers).filter(|((key, _), count)| *key != "accepted" || *count > 0).collect()
}

/// The controls by severity, worst first.
fn groups(controls: Vec<Section>) -> Vec<Group> {
    let mut groups: Vec<Group> =
        Severity::ALL.iter().rev().map(|severity| Group { severity: *severity, controls: Vec::new() }).collect();
    for control in controls {
        if let Some(group) = groups.iter_mut().find(|group| group.severity == control.severity) {
            group.controls.push(control);
        }
    }
    groups.retain(|group| !group.controls.is_empty());
    groups
}

/// What there is to filter by: only where it would make a difference.
fn facets(controls: &[Section]) -> Vec<Facet> {
    let rows = || controls.iter().flat_map(|control| &control.rows);
    let choice = |key: &str, word: &str| Choice { key: key.to_owned(), word: word.to_owned() };
    let status = State::ALL
        .iter()
        .filter(|(key, _)| rows().any(|row| row.state.key() == *key))
        .map(|(key, word)| choice(key, word))
        .collect();
    let severity = Severity::ALL
        .iter()
        .rev()
        .filter(|severity| controls.iter().any(|control| control.severity == **severity))
        .map(|severity| choice(severity.name(), severity.name()))
        .collect();
    let mut change: Vec<Choice> = Vec::new();
    for (key, word) in rows().filter_map(|row| row.change_key()) {
        if !change.iter().any(|known| known.key == key) {
            change.push(choice(key, word));
        }
    }
    let mut names: Vec<&String> = controls.iter().flat_map(|control| &control.frameworks).collect();
    names.sort();
    names.dedup();
    let framework = names.into_iter().map(|name| choice(name, name)).collect();
    let facets = [
        ("status", "Status", status),
        ("severity", "Severity", severity),
        ("change", "Change", change),
        ("framework", "Framework", framework),
    ];
    let facets = facets.into_iter().map(|(key, title, choices): (_, _, Vec<Choice>)| Facet { key, title, choices });
    facets.filter(|facet| !facet.choices.is_empty()).collect()
}

/// A number as people read it.
fn grouped(number: &usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in UTC as people read it, to the minute; any other text as it is.
pub fn time_of(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16), time.ends_with('Z')) {
        (Some(day), Some("T"), Some(minute), true) => visible(&format!("{day} {minute} UTC")),
        _ => visible(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(&number), expected);
        }
        let cases = [
            ("2026-01-02T03:04:05Z", "2026-01-02 03:04 UTC"),
            ("2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05+01:00"),
            ("", ""),
            ("\u{202e}ääääääääääZ", r"\u{202e}ääääääääääZ"),
        ];
        for (time, expected) in cases {
            assert_eq!(time_of(time), expected);
        }
    }
}
