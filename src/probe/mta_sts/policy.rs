//! The policy that the policy host serves (RFC 8461 section 3.2).

use std::collections::HashSet;
use std::fmt;

use super::findings::Findings;
use super::lines::{Line, lines};
use super::{Code, Finding, Mode, MxPattern, Place, Severity};

/// A policy, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub mode: Option<Mode>,
    /// In seconds.
    pub max_age: Option<u32>,
    pub mx: Vec<MxPattern>,
    /// The fields that RFC 8461 does not know, key and value, as they stood.
    pub extensions: Vec<(String, String)>,
}

/// What was read of a body.
#[derive(Debug)]
pub struct Reading {
    pub policy: Policy,
    pub findings: Vec<Finding>,
}

/// The longest `max_age`: a year.
pub const LONGEST_MAX_AGE: u32 = 31_557_600;

/// The keys that RFC 8461 knows; all but `mx` must be there.
const KEYS: [&str; 4] = ["version", "mode", "max_age", "mx"];

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const START: Place = Place { line: 1, column: 1 };

/// Reads a policy.
pub fn read(body: &[u8]) -> Reading {
    let mut reader = Reader::new();
    if let Some((found, expected)) = something_else(body) {
        reader.wrong(START, found, expected);
        return Reading { policy: Policy::default(), findings: reader.findings.finish() };
    }
    let text = match body.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => {
            reader.first_column += BYTE_ORDER_MARK.len();
            reader.wrong(START, BYTE_ORDER_MARK, "the file without a byte order mark");
            text
        }
        None => body,
    };
    lines(text).for_each(|line| reader.line(&line));
    reader.finish()
}

/// What is so far from a policy that one finding says all: how it begins, and what was expected.
fn something_else(body: &[u8]) -> Option<(&[u8], &'static str)> {
    if body.starts_with(b"\xFF\xFE") || body.starts_with(b"\xFE\xFF") {
        return Some((body, "ASCII or UTF-8; this file is UTF-16, so save it as ASCII"));
    }
    let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii_start();
    text.starts_with(b"<").then_some((text, "a policy, as in 'version: STSv1'; this is a web page (HTML or XML)"))
}

/// A policy as its lines are read.
struct Reader {
    policy: Policy,
    findings: Findings,
    /// The column of the first byte of line 1.
    first_column: usize,
    /// The keys of the well-formed lines.
    keys: HashSet<String>,
    /// The known keys of the malformed lines: they are there, so they are not missing too.
    attempted: HashSet<&'static str>,
    /// Where keys stand that would be known but for their case, and which.
    other_case: Vec<(Place, String, &'static str)>,
}

impl Reader {
    fn new() -> Self {
        Reader {
            policy: Policy::default(),
            findings: Findings::new("Policy"),
            first_column: 1,
            keys: HashSet::new(),
            attempted: HashSet::new(),
            other_case: Vec::new(),
        }
    }

    fn wrong(&mut self, place: Place, found: &[u8], expected: &str) {
        self.findings.at(Severity::Error, Code::PolicySyntax, place, found, expected);
    }

    fn line(&mut self, line: &Line) {
        let first = if line.number == 1 { self.first_column } else { 1 };
        let place = |offset: usize| Place { line: line.number, column: first + offset };
        if line.ended_by_bare_return {
            self.wrong(place(line.text.len()), b"\r", "LF or CRLF at the end of the line");
        }
        if line.text.iter().all(|byte| is_blank(*byte)) {
            let expected = "a field in each line, as not every sender accepts a blank line";
            return self.findings.at(Severity::Warning, Code::BlankLine, place(0), line.text, expected);
        }
        match Field::read(line.text) {
            Ok(field) => self.field(&field, place),
            Err(Malformed { offset, found, expected }) => {
                self.attempted.extend(known_key_of(line.text));
                self.wrong(place(offset), found, expected);
            }
        }
    }

    /// Takes a well-formed field. Of a key other than `mx` the first counts (3.2).
    fn field(&mut self, field: &Field, place: impl Fn(usize) -> Place) {
        let known = KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(field.key));
        let is_first = self.keys.insert(field.key.to_owned());
        match known {
            Some("mx") if field.key == "mx" => return self.mx(field, place(field.value_offset)),
            Some(key) if field.key != key => {
                if is_first {
                    self.other_case.push((place(0), field.key.to_owned(), key));
                }
                return;
            }
            _ => {}
        }
        if !is_first {
            let expected = "each key but mx once; the first counts";
            let found = field.key.as_bytes();
            return self.findings.at(Severity::Warning, Code::PolicyDuplicate, place(0), found, expected);
        }
        match known {
            Some("version") => self.version(field, place(field.value_offset)),
            Some("mode") => self.mode(field, place(field.value_offset)),
            Some("max_age") => self.max_age(field, place(field.value_offset)),
            _ => self.extension(field, place),
        }
    }

    fn version(&mut self, field: &Field, place: Place) {
        if field.value != "STSv1" {
            let found = field.value.as_bytes();
            self.findings.at(Severity::Error, Code::PolicyVersion, place, found, "'STSv1', in exactly this case");
        }
    }

    fn mode(&mut self, field: &Field, place: Place) {
        self.policy.mode = Mode::named(field.value);
        if self.policy.mode.is_none() {
            let expected = "'enforce', 'testing' or 'none', in lower case";
            self.findings.at(Severity::Error, Code::PolicyMode, place, field.value.as_bytes(), expected);
        }
    }

    fn max_age(&mut self, field: &Field, place: Place) {
        self.policy.max_age = max_age(field.value);
        if self.policy.max_age.is_none() {
            let expected = "seconds as 1 to 10 digits, at most 31557600";
            self.findings.at(Severity::Error, Code::PolicyMaxAge, place, field.value.as_bytes(), expected);
        }
    }

    fn mx(&mut self, field: &Field, place: Place) {
        match MxPattern::parse(field.value) {
            Ok(pattern) => self.policy.mx.push(pattern),
            Err(expected) => {
                self.findings.at(Severity::Error, Code::PolicyMx, place, field.value.as_bytes(), &expected);
            }
        }
    }

    fn extension(&mut self, field: &Field, place: impl Fn(usize) -> Place) {
        if field.value.is_empty() {
            return self.wrong(place(field.value_offset), b"", "a value after the colon");
        }
        if let Some(tab) = field.value.find('\t') {
            return self.wrong(place(field.value_offset + tab), b"\t", "no tab within a value");
        }
        self.policy.extensions.push((field.key.to_owned(), field.value.to_owned()));
    }

    /// Looks at what only the whole tells.
    fn finish(mut self) -> Reading {
        for (place, found, key) in std::mem::take(&mut self.other_case) {
            // Beside the right key it is an unknown field, which is legal.
            let severity = if self.keys.contains(key) { Severity::Warning } else { Severity::Error };
            self.attempted.insert(key);
            let expected = format!("'{key}', as keys are case-sensitive; senders ignore this line");
            self.findings.at(severity, Code::PolicySyntax, place, found.as_bytes(), &expected);
        }
        let is_there = |key: &str| self.keys.contains(key) || self.attempted.contains(key);
        let missing: Vec<&str> = KEYS.into_iter().filter(|key| *key != "mx" && !is_there(key)).collect();
        let has_mx = is_there("mx");
        if !missing.is_empty() {
            let message = format!(
                "The policy has no {}; expected 'version: STSv1', 'mode: ...' and 'max_age: ...', each on a line of its own",
                missing.join(", no ")
            );
            self.findings.whole(Severity::Error, Code::PolicyFieldMissing, message);
        }
        if let (Some(mode @ (Mode::Enforce | Mode::Testing)), false) = (self.policy.mode, has_mx) {
            let message = format!(
                "The policy has no mx; in mode {} expected a line 'mx: ...' for each MX host or pattern",
                mode.name()
            );
            self.findings.whole(Severity::Error, Code::PolicyMx, message);
        }
        Reading { policy: self.policy, findings: self.findings.finish() }
    }
}

/// A line that has the shape `key: value`.
struct Field<'a> {
    key: &'a str,
    /// Without the blanks round it. It has no control characters but tabs.
    value: &'a str,
    value_offset: usize,
}

/// Why a line has not that shape.
struct Malformed<'a> {
    offset: usize,
    found: &'a [u8],
    expected: &'static str,
}

impl<'a> Field<'a> {
    fn read(line: &'a [u8]) -> Result<Self, Malformed<'a>> {
        let from = |offset: usize, expected: &'static str| {
            let found = line.get(offset..).unwrap_or_default();
            Malformed { offset, found, expected }
        };
        if let Some(offset) = line.iter().position(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(from(offset, "no NUL or other control character"));
        }
        let text = std::str::from_utf8(line).map_err(|error| from(error.valid_up_to(), "UTF-8"))?;
        if text.starts_with(is_blank_character) {
            return Err(from(0, "a key at the beginning of the line, without a blank before it"));
        }
        let Some((key, after)) = text.split_once(':') else {
            return Err(from(0, "'key: value'"));
        };
        if let Some(offset) = first_wrong_in_key(key) {
            let blank = key.get(offset..).is_some_and(|rest| rest.chars().all(is_blank_character));
            let expected = match blank && offset > 0 {
                true => "':' right after the key, without a blank",
                false => "a key of 1 to 32 letters, digits, '_', '-' and '.', then ':'",
            };
            return Err(from(offset, expected));
        }
        let value = after.trim_start_matches(is_blank_character);
        let value_offset = text.len() - value.len();
        Ok(Field { key, value: value.trim_end_matches(is_blank_character), value_offset })
    }
}

/// Where a key breaks the grammar, if it does.
fn first_wrong_in_key(key: &str) -> Option<usize> {
    let right = |(at, byte): (usize, u8)| byte.is_ascii_alphanumeric() || (at > 0 && b"_-.".contains(&byte));
    match key.bytes().enumerate().position(|pair| !right(pair)) {
        None if key.is_empty() => Some(0),
        None if key.len() > 32 => Some(32),
        wrong => wrong,
    }
}

/// The known key that a malformed line seems to begin with.
fn known_key_of(line: &[u8]) -> Option<&'static str> {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(line.len());
    let word = line.get(..end)?;
    KEYS.into_iter().find(|key| key.as_bytes().eq_ignore_ascii_case(word))
}

/// Reads 1 to 10 digits that are not too many seconds.
fn max_age(text: &str) -> Option<u32> {
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seconds| digits && *seconds <= LONGEST_MAX_AGE)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_blank_character(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

impl fmt::Display for Policy {
    /// The policy as a file, LF at the end of each line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version: STSv1")?;
        if let Some(mode) = self.mode {
            writeln!(f, "mode: {}", mode.name())?;
        }
        self.mx.iter().try_for_each(|pattern| writeln!(f, "mx: {pattern}"))?;
        if let Some(max_age) = self.max_age {
            writeln!(f, "max_age: {max_age}")?;
        }
        self.extensions.iter().try_for_each(|(key, value)| writeln!(f, "{key}: {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "version: STSv1\nmode: enforce\nmx: mail.contoso.com\nmax_age: 604800\n";

    /// The findings as `severity code line:column`, in short.
    fn told(body: impl AsRef<[u8]>) -> Vec<String> {
        let findings = read(body.as_ref()).findings.into_iter();
        let short = |finding: Finding| {
            let severity = match finding.severity {
                Severity::Error => "",
                Severity::Warning => "warning ",
                other => panic!("{other:?}"),
            };
            let place = finding.place.map_or_else(String::new, |place| format!(" {}:{}", place.line, place.column));
            format!("{severity}{}{place}", finding.code.name())
        };
        findings.map(short).collect()
    }

    #[test]
    fn policies_by_the_table() {
        let good = |from: &str, to: &str| GOOD.replace(from, to);
        let cases: Vec<(&str, String, &[&str])> = vec![
            ("good", GOOD.into(), &[]),
            ("P1 empty", "".into(), &["policy-field-missing"]),
            ("P1 version", good("version: STSv1\n", ""), &["policy-field-missing"]),
            ("P1 mode", good("mode: enforce\n", ""), &["policy-field-missing"]),
            ("P1 max_age", good("max_age: 604800\n", ""), &["policy-field-missing"]),
            ("P1 other version", good("STSv1", "STSv2"), &["policy-version 1:10"]),
            ("P1 any order", "max_age: 1\nmx: a.b\nmode: testing\nversion: STSv1".into(), &[]),
            ("P2 version in other case", good("STSv1", "stsv1"), &["policy-version 1:10"]),
            ("P2 key in other case", good("mode:", "Mode:"), &["policy-syntax 2:1"]),
            ("P2 MX in other case", good("mx:", "MX:"), &["policy-syntax 3:1"]),
            ("P2 both cases", format!("{GOOD}Mode: none\nMode: none\n"), &["warning policy-syntax 5:1"]),
            ("P2 mode in other case", good("enforce", "Enforce"), &["policy-mode 2:7"]),
            ("P2 blank before colon", good("mode:", "mode :"), &["policy-syntax 2:5"]),
            ("P2 leading blank", good("mode:", " mode:"), &["policy-syntax 2:1"]),
            ("P2 leading tab", good("mode:", "\tmode:"), &["policy-syntax 2:1"]),
            ("P2 no colon", good("mode: enforce", "mode enforce"), &["policy-syntax 2:1"]),
            ("P2 equals sign", good("mode: ", "mode="), &["policy-syntax 2:1"]),
            ("P2 comment", format!("# ours\n{GOOD}"), &["policy-syntax 1:1"]),
            ("P2 no key", format!("{GOOD}: x\n"), &["policy-syntax 5:1"]),
            ("P2 no blank after colon", GOOD.replace(": ", ":"), &[]),
            ("P2 blanks after colon", GOOD.replace(": ", ": \t "), &[]),
            ("P3 CRLF", GOOD.replace('\n', "\r\n"), &[]),
            ("P3 mixed", good("STSv1\n", "STSv1\r\n"), &[]),
            ("P3 no last terminator", GOOD.trim_end().into(), &[]),
            ("P3 bare CR", good("STSv1\n", "STSv1\r"), &["policy-syntax 1:15"]),
            ("P3 bare CR at the end", format!("{}\r", GOOD.trim_end()), &["policy-syntax 4:16"]),
            ("P3 BOM", format!("\u{FEFF}{GOOD}"), &["policy-syntax 1:1"]),
            (
                "P3 BOM shifts columns",
                format!("\u{FEFF}{}", good("STSv1", "x")),
                &["policy-syntax 1:1", "policy-version 1:13"],
            ),
            ("P3 NUL", good("enforce", "enf\0orce"), &["policy-syntax 2:10"]),
            ("P3 NUL at the end", format!("{GOOD}\0"), &["policy-syntax 5:1"]),
            ("P4 trailing blanks", GOOD.replace('\n', " \t\n"), &[]),
            ("P4 blank line", good("mode", "\nmode"), &["warning blank-line 2:1"]),
            ("P4 line of blanks", good("mode", " \t\nmode"), &["warning blank-line 2:1"]),
            ("P4 blank line at the end", format!("{GOOD}\n"), &["warning blank-line 5:1"]),
            ("P5 unknown mode", good("enforce", "report"), &["policy-mode 2:7"]),
            ("P5 no value", good(" enforce", ""), &["policy-mode 2:6"]),
            ("P5 two values", good("enforce", "enforce testing"), &["policy-mode 2:7"]),
            ("P7 zero", good("604800", "0"), &[]),
            ("P7 a year", good("604800", "31557600"), &[]),
            ("P7 ten digits", good("604800", "0000604800"), &[]),
            ("P7 more than a year", good("604800", "31557601"), &["policy-max-age 4:10"]),
            ("P7 eleven digits", good("604800", "00000604800"), &["policy-max-age 4:10"]),
            ("P7 sign", good("604800", "+604800"), &["policy-max-age 4:10"]),
            ("P7 fraction", good("604800", "1.5"), &["policy-max-age 4:10"]),
            ("P7 unit", good("604800", "7d"), &["policy-max-age 4:10"]),
            ("P7 no value", good(" 604800", ""), &["policy-max-age 4:9"]),
            ("P7 other digits", good("604800", "\u{0661}"), &["policy-max-age 4:10"]),
            ("P8 no mx", good("mx: mail.contoso.com\n", ""), &["policy-mx"]),
            ("P8 no mx in mode none", "version: STSv1\nmode: none\nmax_age: 86400\n".into(), &[]),
            ("P8 wildcard", good("mx: ", "mx: *."), &[]),
            ("P8 trailing dot", good("contoso.com", "contoso.com."), &["policy-mx 3:5"]),
            ("P8 list", good("contoso.com", "contoso.com, b.contoso.com"), &["policy-mx 3:5"]),
            ("P8 U-label", good("contoso", "b\u{fc}cher"), &["policy-mx 3:5"]),
            ("P8 no value", good(" mail.contoso.com", ""), &["policy-mx 3:4"]),
            ("P9 mx repeated", good("mode", "mx: b.contoso.com\nmode"), &[]),
            ("P9 mode repeated", format!("{GOOD}mode: none\n"), &["warning policy-duplicate 5:1"]),
            (
                "P9 the first counts",
                good("mode: enforce", "mode: x\nmode: none"),
                &["policy-mode 2:7", "warning policy-duplicate 3:1"],
            ),
            ("P9 unknown key repeated", format!("{GOOD}a: 1\na: 2\n"), &["warning policy-duplicate 6:1"]),
            ("P10 unknown key", format!("{GOOD}x_y-z.9: a:b = c; \u{e9}\u{4e2d}\n"), &[]),
            ("P10 key of 32", format!("{GOOD}{}: x\n", "k".repeat(32)), &[]),
            ("P10 key of 33", format!("{GOOD}{}: x\n", "k".repeat(33)), &["policy-syntax 5:33"]),
            ("P10 key with a hyphen first", format!("{GOOD}-k: x\n"), &["policy-syntax 5:1"]),
            ("P10 key with an asterisk", format!("{GOOD}k*: x\n"), &["policy-syntax 5:2"]),
            ("P10 no value", format!("{GOOD}k: \n"), &["policy-syntax 5:4"]),
            ("P10 tab in the value", format!("{GOOD}k: a\tb\n"), &["policy-syntax 5:5"]),
            ("web page", "\n <!DOCTYPE html>\n<html>\n<p>Not found\n".repeat(50), &["policy-syntax 1:1"]),
        ];
        for (name, body, expected) in cases {
            assert_eq!(told(&body), expected, "{name}: {body:?}");
        }
        assert_eq!(told([GOOD.as_bytes(), b"k: \xFF\n"].concat()), ["policy-syntax 5:4"], "not UTF-8");
        assert_eq!(told(b"\xFF\xFEv\0e\0"), ["policy-syntax 1:1"], "UTF-16");
    }

    #[test]
    fn fields_are_read_past_what_is_wrong() {
        let body =
            "\u{FEFF}version: STSv1\rmode: testing\n\nmx: a.\nmx: *.B.c\nmax_age: 86400\nMx: d.e\nk: v\nmode: none\n";
        let expected = Policy {
            mode: Some(Mode::Testing),
            max_age: Some(86400),
            mx: vec![MxPattern::parse("*.b.c").unwrap()],
            extensions: vec![("k".into(), "v".into())],
        };
        assert_eq!(read(body.as_bytes()).policy, expected);
    }

    #[test]
    fn messages_say_where_what_and_what_instead() {
        let cases = [
            ("mode: Enforce", "Policy, line 1, column 7: found 'Enforce'; expected 'enforce', 'testing' or 'none'"),
            ("mode:", "Policy, line 1, column 6: found nothing; expected 'enforce'"),
            ("mode\u{0} x", "Policy, line 1, column 5: found '\\x00 x'; expected no NUL"),
            ("<html>", "Policy, line 1, column 1: found '<html>'; expected a policy"),
            ("", "The policy has no version, no mode, no max_age; expected"),
        ];
        for (body, expected) in cases {
            let message = &read(body.as_bytes()).findings[0].message;
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn whatever_fills_64_kib_gives_few_findings() {
        for part in
            ["\n", "\r", "x\n", "mx: \n", "mx:a..\n", "mode:\n", "Mode:x\n", "\0", "<", "a:b\n", ":", "........"]
        {
            let body = part.repeat(65536 / part.len());
            let findings = read(body.as_bytes()).findings;
            assert!(findings.len() <= 3 * (Findings::LISTED + 1), "{part:?}: {}", findings.len());
            assert!(findings.iter().all(|finding| finding.message.len() < 500), "{part:?}");
        }
    }

    prop_compose! {
        fn pattern()(text in "(\\*\\.)?[a-z][a-z0-9]{0,5}(\\.[a-z]{1,5}){0,2}") -> MxPattern {
            MxPattern::parse(&text).unwrap()
        }
    }

    prop_compose! {
        fn policy()(
            mode in prop::option::of(prop::sample::select(Mode::ALL.to_vec())),
            max_age in prop::option::of(0..=LONGEST_MAX_AGE),
            mx in prop::collection::vec(pattern(), 0..4),
            extensions in prop::collection::btree_map("x[A-Za-z0-9_.-]{0,31}", "[!-~\u{a1}-\u{ffff}]([ -~\u{e9}]{0,9}[!-~])?", 0..4),
        ) -> Policy {
            Policy { mode, max_age, mx, extensions: extensions.into_iter().collect() }
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(policy in policy()) {
            let reading = read(policy.to_string().as_bytes());
            prop_assert_eq!(&reading.policy, &policy);
            let whole = policy.max_age.is_some() && policy.mode.is_some_and(|mode| mode == Mode::None || !policy.mx.is_empty());
            prop_assert_eq!(reading.findings.is_empty(), whole, "{:?}", reading.findings);
        }

        #[test]
        fn any_bytes_are_read(body in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\r\n: mxode".to_vec())], 0..200)) {
            let reading = read(&body);
            prop_assert!(reading.findings.iter().all(|finding| !finding.message.is_empty()));
            prop_assert_eq!(read(reading.policy.to_string().as_bytes()).policy, reading.policy);
        }
    }
}
