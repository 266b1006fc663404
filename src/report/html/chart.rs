//! The geometry of the charts. They are drawn as SVG attributes: the page's policy allows no style attributes.

use super::page::time_of;
use crate::evaluate::Status;
use crate::review::TrendPoint;

/// A part of the bar that shows all results by status, in percent of its width.
pub struct Share {
    pub key: &'static str,
    pub word: &'static str,
    pub count: usize,
    pub x: f64,
    pub width: f64,
}

/// Puts counts side by side.
pub fn shares(counts: impl IntoIterator<Item = ((&'static str, &'static str), usize)> + Clone) -> Vec<Share> {
    let total = counts.clone().into_iter().map(|(_, count)| count).sum::<usize>().max(1) as f64;
    let mut x = 0.0;
    let place = |((key, word), count): ((&'static str, &'static str), usize)| {
        let width = 100.0 * count as f64 / total;
        let share = Share { key, word, count, x: rounded(x), width: rounded(width) };
        x += width;
        share
    };
    counts.into_iter().map(place).collect()
}

/// The lines of scores and the bars of failures over time, in units of its view box.
pub struct TrendChart {
    /// A line for each stretch of points that have scores.
    pub lines: Vec<String>,
    pub dots: Vec<Dot>,
    pub bars: Vec<Bar>,
    pub most_failures: usize,
    pub summary: String,
    pub points: Vec<Figures>,
}

/// A score.
pub struct Dot {
    pub x: f64,
    pub y: f64,
    pub label: String,
}

/// Failures.
pub struct Bar {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    pub label: String,
}

/// A point in words, for the table.
pub struct Figures {
    pub time: String,
    pub score: String,
    pub fail: usize,
    pub unknown: usize,
    pub accepted: usize,
    pub pass: usize,
    pub not_applicable: usize,
}

impl TrendChart {
    const LEFT: f64 = 32.0;
    const RIGHT: f64 = 352.0;
    const SCORE_TOP: f64 = 12.0;
    const SCORE_BOTTOM: f64 = 92.0;
    const BARS_TOP: f64 = 116.0;
    const BARS_BOTTOM: f64 = 152.0;

    /// Draws the points, if there are enough of them for a line.
    pub fn of(points: &[TrendPoint]) -> Option<Self> {
        let (first, last) = (points.first()?, points.last()?);
        if points.len() < 2 {
            return None;
        }
        let most_failures = points.iter().map(failures).max().unwrap_or(0);
        let step = (Self::RIGHT - Self::LEFT) / points.len() as f64;
        let middle = |index: usize| Self::LEFT + step * (index as f64 + 0.5);
        let mut chart = TrendChart {
            lines: Vec::new(),
            dots: Vec::new(),
            bars: Vec::new(),
            most_failures,
            summary: format!(
                "{} documents. Score: from {} on {} to {} on {}. Failures: from {} to {}.",
                points.len(),
                score_of(first.score),
                time_of(&first.generated),
                score_of(last.score),
                time_of(&last.generated),
                failures(first),
                failures(last),
            ),
            points: points.iter().rev().map(Figures::of).collect(),
        };
        let mut line = Vec::new();
        for (index, point) in points.iter().enumerate() {
            let (x, time) = (rounded(middle(index)), time_of(&point.generated));
            match point.score {
                Some(score) => {
                    let y =
                        Self::SCORE_BOTTOM - (Self::SCORE_BOTTOM - Self::SCORE_TOP) * score.clamp(0.0, 100.0) / 100.0;
                    let dot = Dot { x, y: rounded(y), label: format!("{time}: score {}", score_of(point.score)) };
                    line.push(format!("{},{}", dot.x, dot.y));
                    chart.dots.push(dot);
                }
                None => chart.lines.push(std::mem::take(&mut line).join(" ")),
            }
            let share = failures(point) as f64 / most_failures.max(1) as f64;
            let height = rounded((Self::BARS_BOTTOM - Self::BARS_TOP) * share);
            let width = rounded((step * 0.6).min(18.0));
            chart.bars.push(Bar {
                x: rounded(middle(index) - width / 2.0),
                y: rounded(Self::BARS_BOTTOM - height),
                width,
                height,
                label: format!("{time}: {} failed", failures(point)),
            });
        }
        chart.lines.push(line.join(" "));
        chart.lines.retain(|line| line.contains(' '));
        Some(chart)
    }

    /// The time of the oldest point.
    pub fn from(&self) -> &str {
        self.points.last().and_then(|point| point.time.split(' ').next()).unwrap_or_default()
    }

    /// The time of the latest point.
    pub fn to(&self) -> &str {
        self.points.first().and_then(|point| point.time.split(' ').next()).unwrap_or_default()
    }
}

impl Figures {
    fn of(point: &TrendPoint) -> Self {
        Figures {
            time: time_of(&point.generated),
            score: score_of(point.score),
            fail: failures(point),
            unknown: point.counts.open(Status::Unknown),
            accepted: point.counts.excepted,
            pass: point.counts.pass,
            not_applicable: point.counts.not_applicable,
        }
    }
}

/// The failures that are no accepted risks.
fn failures(point: &TrendPoint) -> usize {
    point.counts.open(Status::Fail)
}

/// A score in words.
pub fn score_of(score: Option<f64>) -> String {
    score.map_or_else(|| "none".to_owned(), |score| format!("{score:.2}"))
}

/// Two places are finer than any screen.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Counts;

    #[test]
    fn shares_fill_the_bar() {
        let widths = |counts: &[usize]| {
            let counts: Vec<_> = counts.iter().map(|count| (("k", "w"), *count)).collect();
            shares(counts).into_iter().map(|share| (share.x, share.width)).collect::<Vec<_>>()
        };
        assert_eq!(widths(&[1, 0, 3]), [(0.0, 25.0), (25.0, 0.0), (25.0, 75.0)]);
        assert_eq!(widths(&[0, 0]), [(0.0, 0.0), (0.0, 0.0)]);
    }

    #[test]
    fn a_line_ends_where_there_is_no_score() {
        let point = |score, fail| TrendPoint {
            generated: "2026-01-01T00:00:00Z".to_owned(),
            score,
            counts: Counts { fail, ..Counts::default() },
        };
        let lines = |scores: &[Option<f64>]| {
            let points: Vec<_> = scores.iter().map(|score| point(*score, 2)).collect();
            TrendChart::of(&points).map(|chart| chart.lines)
        };
        assert_eq!(lines(&[]), None);
        assert_eq!(lines(&[Some(1.0)]), None);
        assert_eq!(lines(&[Some(0.0), Some(100.0)]), Some(vec!["112,92 272,12".to_owned()]));
        let scores = [Some(0.0), Some(100.0), None, Some(50.0)];
        assert_eq!(lines(&scores), Some(vec!["72,92 152,12".to_owned()]));
        let chart = TrendChart::of(&[point(None, 0), point(Some(f64::NAN), 4)]).expect("two points");
        assert_eq!(chart.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [0.0, 36.0]);

        let mut accepted = point(None, 4);
        (accepted.counts.unknown, accepted.counts.excepted, accepted.counts.excepted_fail) = (3, 5, 3);
        let chart = TrendChart::of(&[point(None, 2), accepted]).expect("two points");
        assert_eq!(
            chart.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(),
            [36.0, 18.0],
            "accepted risks do not count"
        );
        let figures = &chart.points[0];
        assert_eq!((figures.fail, figures.unknown, figures.accepted), (1, 1, 5));
    }
}
