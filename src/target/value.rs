//! A property's value, freed from the shape that PowerShell exported it in, and the quantities that Exchange writes as
//! text (sizes, time spans).

use std::fmt;

use serde::{Serialize, Serializer};

/// The value of one property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The property is there and holds nothing.
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(Box<str>),
    List(Box<[Value]>),
    /// The property is there, but its value has no form that could be compared (an object without a text of its own).
    Opaque,
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Value::Text(text.into())
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements of a list; a lone value is a list of one, as PowerShell unrolls such lists; nothing is no list.
    pub fn elements(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            Value::Null | Value::Opaque => None,
            single => Some(std::slice::from_ref(single)),
        }
    }
}

/// As PowerShell shows it: `True`, `35 MB (36,700,160 bytes)`, `{SMTP:*;1}`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Integer(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::Text(text) if text.is_empty() => f.write_str("''"),
            Value::Text(text) => f.write_str(text),
            Value::List(items) => {
                f.write_str("{")?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    item.fmt(f)?;
                }
                f.write_str("}")
            }
            Value::Opaque => f.write_str("an object without a text form"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null | Value::Opaque => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Number(value) => serializer.serialize_f64(*value),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter()),
        }
    }
}

/// A value that has an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    Number(f64),
    /// Bytes; infinity stands for Unlimited.
    Size(f64),
    /// Ticks of 100 ns, as .NET counts them.
    TimeSpan(i64),
}

impl Quantity {
    /// Reads a value as a quantity, if it is one.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(value) => Some(Quantity::Number(*value as f64)),
            Value::Number(value) => Some(Quantity::Number(*value)),
            Value::Text(text) => Quantity::parse(text),
            _ => None,
        }
    }

    /// Reads a text as a number, a size (`35 MB (36,700,160 bytes)`, `10MB`, `Unlimited`) or a time span (`1.02:03:04`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let first = *text.as_bytes().first()?;
        if !(first.is_ascii_digit() || matches!(first, b'-' | b'u' | b'U')) {
            return None;
        }
        parse_number(text)
            .map(Quantity::Number)
            .or_else(|| parse_size(text).map(Quantity::Size))
            .or_else(|| parse_time_span(text).map(Quantity::TimeSpan))
    }

    /// The order of two quantities of one kind. A size compares with a plain number of bytes.
    pub fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        use Quantity::{Number, Size, TimeSpan};
        match (self, other) {
            (Number(a) | Size(a), Number(b) | Size(b)) => a.partial_cmp(&b),
            (TimeSpan(a), TimeSpan(b)) => Some(a.cmp(&b)),
            _ => None,
        }
    }
}

fn parse_number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { text.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}

/// A `ByteQuantifiedSize` or `Unlimited`. The bytes in brackets decide where they stand: whichever separator the
/// exporting machine's culture put between their digits, they are exact.
fn parse_size(text: &str) -> Option<f64> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Some(f64::INFINITY);
    }
    if let Some((_, rest)) = text.split_once('(') {
        let bytes = rest.strip_suffix(')')?.trim_end().strip_suffix("bytes")?;
        let digits: String = bytes.chars().filter(char::is_ascii_digit).collect();
        let separators_only =
            bytes.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || ",.'\u{2019}".contains(c));
        return if separators_only { digits.parse().ok() } else { None };
    }
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let factor = ["B", "KB", "MB", "GB", "TB"].iter().position(|name| unit.eq_ignore_ascii_case(name))?;
    let number = parse_number(number.trim_end()).filter(|number| *number >= 0.0)?;
    Some(number * 1024_f64.powi(i32::try_from(factor).ok()?))
}

const TICKS_PER_SECOND: i64 = 10_000_000;

/// A `TimeSpan` in .NET's constant format, `[-][d.]hh:mm:ss[.fffffff]`.
fn parse_time_span(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (clock, fraction) = match text.rsplit_once(':')?.1.split_once('.') {
        Some((_, fraction)) => (&text[..text.len() - fraction.len() - 1], fraction),
        None => (text, ""),
    };
    let (days, clock) = clock.split_once('.').unwrap_or(("0", clock));
    let mut parts = clock.split(':');
    let mut next = |limit: i64| {
        let part = parts.next()?;
        let digits = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>().ok().filter(|value| digits && *value < limit)
    };
    let (hours, minutes, seconds) = (next(24)?, next(60)?, next(60)?);
    if parts.next().is_some() || days.is_empty() || !days.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = match fraction.len() {
        0 => 0,
        1..=7 if fraction.bytes().all(|byte| byte.is_ascii_digit()) => format!("{fraction:0<7}").parse::<i64>().ok()?,
        _ => return None,
    };
    let seconds =
        ((days.parse::<i64>().ok()?.checked_mul(24)? + hours) * 60 + minutes).checked_mul(60)?.checked_add(seconds)?;
    Some(sign * seconds.checked_mul(TICKS_PER_SECOND)?.checked_add(fraction)?)
}

/// Writes ticks of 100 ns as a `TimeSpan` shows itself.
pub fn time_span_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let per_second = TICKS_PER_SECOND.unsigned_abs();
    let (seconds, fraction) = (ticks / per_second, ticks % per_second);
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

/// Reads an XML Schema duration of days and time (`PT10M`, `P1DT2H`), which is how CLIXML writes a `TimeSpan`.
pub fn duration_ticks(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let text = text.strip_prefix('P')?;
    let (days, clock) = text.split_once('T').unwrap_or((text, ""));
    let mut ticks = 0_i64;
    let mut add = |mut part: &str, units: &[(char, i64)]| {
        for (unit, seconds) in units {
            if let Some((number, rest)) = part.split_once(*unit) {
                let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
                let fraction = format!("{fraction:0<7}").get(..7)?.parse::<i64>().ok()?;
                let whole = whole.parse::<i64>().ok()?.checked_mul(*seconds)?.checked_mul(TICKS_PER_SECOND)?;
                ticks = ticks.checked_add(whole)?.checked_add(if *seconds == 1 { fraction } else { 0 })?;
                part = rest;
            }
        }
        part.is_empty().then_some(())
    };
    add(days, &[('D', 86_400)])?;
    add(clock, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    Some(sign * ticks)
}

/// `"True"` is what some exports make of true.
pub fn truth_of(text: &str) -> Option<bool> {
    match text {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether two texts are the same but for case.
pub fn same_text(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || (!(a.is_ascii() && b.is_ascii())
            && a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities() {
        use Quantity::{Number, Size, TimeSpan};
        let cases = [
            ("25", Some(Number(25.0))),
            ("-1.5", Some(Number(-1.5))),
            ("35 MB (36,700,160 bytes)", Some(Size(36_700_160.0))),
            ("35 MB (36.700.160 bytes)", Some(Size(36_700_160.0))),
            ("35 MB (36\u{a0}700\u{a0}160 bytes)", Some(Size(36_700_160.0))),
            ("10MB", Some(Size(10.0 * 1024.0 * 1024.0))),
            ("1.5 KB", Some(Size(1536.0))),
            ("0 B (0 bytes)", Some(Size(0.0))),
            ("Unlimited", Some(Size(f64::INFINITY))),
            ("unlimited", Some(Size(f64::INFINITY))),
            ("00:10:00", Some(TimeSpan(600 * TICKS_PER_SECOND))),
            ("1.02:03:04.5", Some(TimeSpan((86_400 + 7_200 + 180 + 4) * TICKS_PER_SECOND + 5_000_000))),
            ("-00:00:01", Some(TimeSpan(-TICKS_PER_SECOND))),
            ("99999999999999.00:00:00", None),
            ("24:00:00", None),
            ("00:60:00", None),
            ("35 MB (many bytes)", None),
            ("35 XB", None),
            ("-1 MB", None),
            ("1.2.3", None),
            ("", None),
            ("Internet", None),
            ("35 MB (36,700,160 bytes", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Quantity::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn durations_become_time_spans() {
        let cases = [
            ("PT10M", Some("00:10:00")),
            ("P1DT2H3M4.5S", Some("1.02:03:04.5000000")),
            ("-PT1S", Some("-00:00:01")),
            ("PT0S", Some("00:00:00")),
            ("P1D", Some("1.00:00:00")),
            ("10M", None),
            ("PT10", None),
            ("PT1M2H", None),
            ("P99999999999999D", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration_ticks(text).map(time_span_text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn time_span_text_reads_back(ticks in any::<i32>().prop_map(i64::from)) {
            prop_assert_eq!(Quantity::parse(&time_span_text(ticks)), Some(Quantity::TimeSpan(ticks)));
        }

        #[test]
        fn any_text_is_a_quantity_or_not_but_never_a_panic(text in "\\PC*") {
            let _ = (Quantity::parse(&text), duration_ticks(&text));
        }
    }
}
