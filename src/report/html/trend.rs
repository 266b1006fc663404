//! How results went over several documents.

use crate::review::TrendPoint;

/// Earlier documents to compare with, in any order. The chart adds the document at hand, if it is not among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trend {
    pub points: Vec<TrendPoint>,
}

impl Trend {
    /// More than these are not told apart in a small chart.
    const SHOWN: usize = 60;

    /// The latest points in the order of time, up to this one.
    pub(super) fn up_to(self, last: TrendPoint) -> Vec<TrendPoint> {
        let mut points = self.points;
        points.retain(|point| point.generated != last.generated);
        points.push(last);
        points.sort_by(|a, b| a.generated.cmp(&b.generated));
        points.drain(..points.len().saturating_sub(Self::SHOWN));
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Counts;

    fn point(generated: &str) -> TrendPoint {
        TrendPoint { generated: generated.to_owned(), score: Some(50.0), counts: Counts::default() }
    }

    #[test]
    fn points_in_the_order_of_time() {
        let times = |days: &[&str]| {
            let trend = Trend { points: days.iter().map(|day| point(day)).collect() };
            trend.up_to(point("2026-03-01")).into_iter().map(|point| point.generated).collect::<Vec<_>>()
        };
        assert_eq!(times(&[]), ["2026-03-01"]);
        assert_eq!(times(&["2026-02-01", "2026-01-01"]), ["2026-01-01", "2026-02-01", "2026-03-01"]);
        assert_eq!(times(&["2026-03-01", "2026-01-01"]), ["2026-01-01", "2026-03-01"]);
        let many: Vec<String> = (0..100).map(|number| format!("2025-{number:03}")).collect();
        let many = times(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((many.len(), many[0].as_str(), many[59].as_str()), (60, "2025-041", "2026-03-01"));
    }
}
