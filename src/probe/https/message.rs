//! What goes into messages: text from outside, days, spans of time.

use std::fmt::Write;
use std::time::Duration;

use time::OffsetDateTime;

/// Text from outside, cut after `most` characters; what is not plain text is escaped.
pub fn printable(bytes: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == most {
            shown.push('…');
            break;
        }
        if character.is_control() || !(character == ' ' || character.is_alphanumeric() || character.is_ascii()) {
            // Writing to a string does not fail.
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The day, in UTC, of seconds since 1970.
pub fn day(timestamp: i64) -> String {
    match OffsetDateTime::from_unix_timestamp(timestamp) {
        Ok(time) => time.date().to_string(),
        Err(_) => format!("{timestamp} s since 1970"),
    }
}

/// A deadline, as people write it.
pub fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_cut_and_escaped() {
        let cases: [(&[u8], &str); 5] = [
            (b"mta-sts.contoso.com", "mta-sts.contoso.com"),
            (b"a\r\nb\x1b[1m", "a\\u{d}\\u{a}b\\u{1b}[1m"),
            ("Zürich\u{202e}".as_bytes(), "Zürich\\u{202e}"),
            (b"\xff", "\\u{fffd}"),
            (b"123456789012345678901234567890", "12345678901234567890…"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(printable(bytes, 20), expected);
        }
    }

    #[test]
    fn days_and_spans() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(1_772_323_200), "2026-03-01");
        assert_eq!(day(i64::MAX), "9223372036854775807 s since 1970");
        assert_eq!(seconds(Duration::from_secs(60)), "60 s");
        assert_eq!(seconds(Duration::from_millis(1500)), "1.5 s");
    }
}
