//! Days, as accepted risks end with them.

use std::fmt;

use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

/// A day of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

impl Day {
    /// Today.
    pub fn today() -> Self {
        Day(OffsetDateTime::now_utc().date())
    }

    /// Reads an RFC 3339 full-date: `2027-03-31`.
    pub fn parse(text: &str) -> Option<Self> {
        // The time that is put behind it is right, so that what is wrong is the date.
        let midnight = OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).ok()?;
        Some(Day(midnight.date()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_dates() {
        for text in ["2027-03-31", "2028-02-29", "0000-01-01", "9999-12-31"] {
            assert_eq!(Day::parse(text).expect(text).to_string(), text);
        }
        let wrong = [
            "",
            "2027-3-31",
            "2027-03-32",
            "2027-02-29",
            "2027-13-01",
            "27-03-31",
            "02027-03-31",
            "-2027-03-31",
            "2027-03-31T00:00:00Z",
            "2027-03-31Z",
            " 2027-03-31",
            "2027-03-31 ",
            "2027/03/31",
            "31.03.2027",
            "２027-03-31",
        ];
        for text in wrong {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_have_an_order() {
        let day = |text| Day::parse(text).expect(text);
        assert!(day("2026-12-31") < day("2027-01-01") && day("2027-01-09") < day("2027-01-10"));
        assert!(Day::today() > day("2026-01-01"));
    }
}
