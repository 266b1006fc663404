//! The TXT record at `_mta-sts.<domain>` (RFC 8461 section 3.1).

use std::fmt;
use std::time::SystemTime;

use time::OffsetDateTime;

use super::findings::Findings;
use super::{Code, Finding, Place, Severity, excerpt};
use crate::probe::dns::Answer;

const VERSION: &[u8] = b"v=STSv1";
/// How much of a record a result shows, in bytes; and of how many.
const SHOWN: usize = 512;
const SHOWN_RECORDS: usize = 10;

/// A record that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: Id,
    /// The fields besides `v` and `id`, name and value, as they stood.
    pub fields: Vec<(String, String)>,
}

/// The `id` of a record: 1 to 32 letters and digits. Senders fetch the policy anew when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id(String);

/// What was read of the TXT records at one name.
#[derive(Debug)]
pub struct Reading {
    /// There only where nothing is wrong.
    pub record: Option<Record>,
    /// The record, or all of them where it is not clear which counts: short, bytes that are not printable escaped.
    pub shown: Vec<String>,
    pub findings: Vec<Finding>,
}

/// What a TXT record is to MTA-STS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It begins with `v=STSv1;`.
    Right,
    /// It begins with `v=STSv1 ;`, which the grammar allows and many senders drop (erratum 6285).
    BlankBeforeDelimiter,
    /// It is meant for MTA-STS, but no sender takes it so.
    Broken,
    Unrelated,
}

/// Reads the TXT records at one name, each given as its strings.
pub fn read(records: &[Vec<Vec<u8>>]) -> Reading {
    // Section 3.1 leans on RFC 7208 section 3.3: nothing comes between the strings.
    let joined: Vec<(Kind, Vec<u8>)> = records
        .iter()
        .map(|strings| {
            let text = strings.concat();
            (kind_of(&text), text)
        })
        .collect();
    let of = |kind: Kind| joined.iter().filter(move |(its, _)| *its == kind).map(|(_, text)| text.as_slice());
    let mut findings = Findings::new("TXT record");
    let (right, blank): (Vec<_>, Vec<_>) = (of(Kind::Right).collect(), of(Kind::BlankBeforeDelimiter).collect());
    // Where a record begins rightly, the others are discarded.
    let candidates = if right.is_empty() { &blank } else { &right };
    let record = match candidates[..] {
        [text] => {
            blank.iter().for_each(|text| report_delimiter(text, &mut findings));
            read_fields(text, &mut findings)
        }
        [] => {
            match of(Kind::Broken).next() {
                Some(text) => report_broken(text, &mut findings),
                None => report_missing(records.len(), &mut findings),
            }
            None
        }
        _ => {
            report_multiple(candidates, &mut findings);
            None
        }
    };
    let discarded: Vec<&[u8]> = joined
        .iter()
        .filter(|(kind, _)| *kind == Kind::Unrelated || (*kind == Kind::Broken && !candidates.is_empty()))
        .map(|(_, text)| text.as_slice())
        .collect();
    report_discarded(&discarded, &mut findings);
    let shown = match candidates[..] {
        [text] => vec![excerpt::bytes(text, SHOWN)],
        _ => joined.iter().take(SHOWN_RECORDS).map(|(_, text)| excerpt::bytes(text, SHOWN)).collect(),
    };
    let findings = findings.finish();
    let record = record.filter(|_| findings.iter().all(|finding| finding.severity != Severity::Error));
    Reading { record, shown, findings }
}

/// Whether any of the TXT records at one name is about MTA-STS, so that the policy is to be fetched.
pub fn is_attempt(txt: &Answer<Vec<Vec<u8>>>) -> bool {
    txt.as_ref().is_ok_and(|records| records.iter().any(|strings| kind_of(&strings.concat()) != Kind::Unrelated))
}

fn kind_of(text: &[u8]) -> Kind {
    if let Some(rest) = text.strip_prefix(VERSION) {
        return match skip_blanks(rest).first() {
            Some(b';') if rest.starts_with(b";") => Kind::Right,
            Some(b';') => Kind::BlankBeforeDelimiter,
            _ => Kind::Broken,
        };
    }
    let start: String = text
        .iter()
        .take(200)
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    let broken = start.starts_with("sts") || ["v=sts", "stsv1", "v=mta-sts"].iter().any(|part| start.contains(part));
    if broken { Kind::Broken } else { Kind::Unrelated }
}

/// Without the blanks at its start. A blank is a space or a tab (WSP, RFC 5234).
fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn skip_trailing_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|byte| is_blank(byte)).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The place after so many bytes. A record is one line.
fn after(bytes: usize) -> Place {
    Place { line: 1, column: bytes + 1 }
}

fn report_delimiter(text: &[u8], findings: &mut Findings) {
    let place = after(VERSION.len());
    let expected = "'v=STSv1;' without a blank, as many senders pass over such a record";
    findings.at(Severity::Warning, Code::RecordDelimiter, place, text, expected);
}

/// Says what keeps a record that is meant for MTA-STS from being one.
fn report_broken(text: &[u8], findings: &mut Findings) {
    let same = text.iter().zip(VERSION).take_while(|(left, right)| left == right).count();
    let Some(rest) = text.strip_prefix(VERSION) else {
        let expected = "'v=STSv1;' at the beginning, in exactly this case and without blanks";
        return findings.at(Severity::Error, Code::RecordVersion, after(same), text, expected);
    };
    let place = after(VERSION.len());
    match rest {
        [] => findings.at(Severity::Error, Code::RecordId, place, rest, "'; id=' and 1 to 32 letters and digits"),
        [b' ' | b'\t', ..] => findings.at(Severity::Error, Code::RecordSyntax, place, rest, "';' after 'v=STSv1'"),
        _ => findings.at(Severity::Error, Code::RecordVersion, place, text, "'v=STSv1;' at the beginning"),
    }
}

fn report_missing(others: usize, findings: &mut Findings) {
    let message = match others {
        0 => "There is no TXT record at _mta-sts; expected one, as in 'v=STSv1; id=20260101T000000Z'".to_owned(),
        1 => "The one TXT record at _mta-sts does not begin with 'v=STSv1;'".to_owned(),
        _ => format!("None of the {others} TXT records at _mta-sts begins with 'v=STSv1;'"),
    };
    findings.whole(Severity::Error, Code::RecordMissing, message);
}

fn report_multiple(candidates: &[&[u8]], findings: &mut Findings) {
    let shown: Vec<String> =
        candidates.iter().map(|text| format!("'{}'", excerpt::bytes(text, excerpt::QUOTED))).collect();
    findings.whole(
        Severity::Error,
        Code::RecordMultiple,
        format!(
            "{} TXT records begin with 'v=STSv1', so senders assume that there is no policy; expected one: {}",
            candidates.len(),
            excerpt::list(&shown, SHOWN_RECORDS)
        ),
    );
}

fn report_discarded(texts: &[&[u8]], findings: &mut Findings) {
    let Some(first) = texts.first() else { return };
    let records = if texts.len() == 1 { "1 TXT record".to_owned() } else { format!("{} TXT records", texts.len()) };
    findings.whole(
        Severity::Info,
        Code::RecordUnrelated,
        format!(
            "{records} without 'v=STSv1;' at the beginning, which senders pass over: '{}'",
            excerpt::bytes(first, excerpt::QUOTED)
        ),
    );
}

/// Reads what follows the version. What is wrong is in the findings.
fn read_fields(text: &[u8], findings: &mut Findings) -> Option<Record> {
    let mut fields = Fields::default();
    // Where in the text the field begins, with the blanks before it.
    let mut start = text.iter().position(|byte| *byte == b';')? + 1;
    let mut segments = text.get(start..)?.split(|byte| *byte == b';').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let field = skip_blanks(segment);
        let place = after(start + segment.len() - field.len());
        let bare = skip_trailing_blanks(field);
        if bare.is_empty() {
            if !is_last {
                findings.at(Severity::Error, Code::RecordSyntax, place, b";", "a field before the next ';'");
            }
        } else if is_last && bare.len() < field.len() {
            let end = after(start + segment.len() - field.len() + bare.len());
            findings.at(Severity::Error, Code::RecordSyntax, end, b" ", "no blank at the end, or a ';' after it");
            fields.read(bare, place, findings);
        } else {
            fields.read(bare, place, findings);
        }
        start += segment.len() + 1;
    }
    fields.finish(findings)
}

/// The fields of one record as they are read.
#[derive(Default)]
struct Fields {
    id: Option<Id>,
    /// A field that is meant for `id`, right or wrong, was there.
    has_id: bool,
    /// Where a field stands that would be `id` but for its case.
    other_case: Option<(Place, Vec<u8>)>,
    others: Vec<(String, String)>,
}

impl Fields {
    fn read(&mut self, field: &[u8], place: Place, findings: &mut Findings) {
        let name_length = field.iter().position(|byte| *byte == b'=');
        let (name, value) = field.split_at(name_length.unwrap_or(field.len()));
        let Some((_, value)) = value.split_first() else {
            self.has_id |= is_named_id(name);
            return findings.at(Severity::Error, Code::RecordSyntax, place, field, "name=value");
        };
        if name == b"id" {
            return self.read_id(field, value, place, findings);
        }
        let shift = |bytes: usize| Place { column: place.column + bytes, ..place };
        if let Some(bad) = first_wrong_in_name(name) {
            self.has_id |= is_named_id(name);
            let expected = "a name of 1 to 32 letters, digits, '_', '-' and '.', then '=' without blanks";
            return findings.at(Severity::Error, Code::RecordSyntax, shift(bad), field, expected);
        }
        match value.iter().position(|byte| !is_value(byte)) {
            None if value.is_empty() => {
                findings.at(Severity::Error, Code::RecordSyntax, shift(field.len()), field, "a value after '='");
            }
            Some(bad) => {
                let expected = "a value of printable ASCII without blanks and '='";
                findings.at(Severity::Error, Code::RecordSyntax, shift(name.len() + 1 + bad), field, expected);
            }
            None if is_named_id(name) => self.other_case = Some((place, field.to_vec())),
            None => self.others.push((ascii(name), ascii(value))),
        }
    }

    /// The first `id` counts (3.2).
    fn read_id(&mut self, field: &[u8], value: &[u8], place: Place, findings: &mut Findings) {
        if std::mem::replace(&mut self.has_id, true) {
            return findings.at(Severity::Warning, Code::RecordDuplicate, place, field, "one 'id'; the first counts");
        }
        self.id = Id::parse(&ascii(value));
        if self.id.is_none() {
            let place = Place { column: place.column + "id=".len(), ..place };
            findings.at(Severity::Error, Code::RecordId, place, value, "1 to 32 letters and digits");
        }
    }

    fn finish(self, findings: &mut Findings) -> Option<Record> {
        match (self.has_id, self.other_case) {
            (true, _) => {}
            (false, Some((place, field))) => {
                findings.at(Severity::Error, Code::RecordId, place, &field, "'id=' in lower case");
            }
            (false, None) => {
                let message = "The TXT record has no 'id'; expected '; id=' and 1 to 32 letters and digits";
                findings.whole(Severity::Error, Code::RecordId, message);
            }
        }
        Some(Record { id: self.id?, fields: self.others })
    }
}

fn is_named_id(name: &[u8]) -> bool {
    name.trim_ascii().eq_ignore_ascii_case(b"id")
}

/// Where a name breaks the grammar, if it does.
fn first_wrong_in_name(name: &[u8]) -> Option<usize> {
    let right = |(at, byte): (usize, &u8)| byte.is_ascii_alphanumeric() || (at > 0 && b"_-.".contains(byte));
    match name.iter().enumerate().position(|pair| !right(pair)) {
        None if name.is_empty() => Some(0),
        None if name.len() > 32 => Some(32),
        wrong => wrong,
    }
}

fn is_value(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'=' | b';')
}

fn ascii(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Id {
    /// Reads an `id`. None where it is not 1 to 32 ASCII letters and digits.
    pub fn parse(text: &str) -> Option<Self> {
        let right = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        right.then(|| Id(text.to_owned()))
    }

    /// One for a record that is written at this time: `20260131T235959Z`.
    pub fn at(time: SystemTime) -> Self {
        let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since_1970.as_secs()).unwrap_or_default();
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Id(format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        ))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v=STSv1; id={}", self.id)?;
        self.fields.iter().try_for_each(|(name, value)| write!(f, "; {name}={value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Vec<Vec<Vec<u8>>> {
        vec![vec![text.as_bytes().to_vec()]]
    }

    /// The findings as `severity code column`, in short.
    fn told(records: &[Vec<Vec<u8>>]) -> Vec<String> {
        let short = |finding: Finding| {
            let severity = match finding.severity {
                Severity::Error => "",
                Severity::Warning => "warning ",
                Severity::Info => "info ",
                Severity::Undetermined => "undetermined ",
            };
            let place = finding.place.map_or_else(String::new, |place| format!(" {}", place.column));
            format!("{severity}{}{place}", finding.code.name())
        };
        let reading = read(records);
        let failed = reading.findings.iter().any(|finding| finding.severity == Severity::Error);
        assert_eq!(reading.record.is_none(), failed, "{:?}", reading.findings);
        reading.findings.into_iter().map(short).collect()
    }

    #[test]
    fn one_record_by_the_table() {
        let long = |length: usize| format!("v=STSv1; id={}", "a".repeat(length));
        let cases: Vec<(&str, &str, &[&str])> = vec![
            ("good", "v=STSv1; id=20260101T000000Z", &[]),
            ("good, delimiter at the end", "v=STSv1; id=1;", &[]),
            ("good, blanks at the end after a delimiter", "v=STSv1; id=1; \t", &[]),
            ("good, blanks round delimiters", "v=STSv1;\t id=1 ;a=b", &[]),
            ("good, no blanks", "v=STSv1;id=1", &[]),
            ("D4 unrelated", "v=spf1 -all", &["record-missing", "info record-unrelated"]),
            ("D4 empty", "", &["record-missing", "info record-unrelated"]),
            ("D5 longer version", "v=STSv10; id=1", &["record-version 8"]),
            ("D5 next version", "v=STSv2; id=1", &["record-version 7"]),
            ("D5 lower case", "v=stsv1; id=1", &["record-version 3"]),
            ("D5 no v", "stsv1; id=1", &["record-version 1"]),
            ("D5 upper-case V", "V=STSv1; id=1", &["record-version 1"]),
            ("D5 leading blank", " v=STSv1; id=1", &["record-version 1"]),
            ("D5 blanks round =", "v = STSv1; id=1", &["record-version 2"]),
            ("D5 quoted", "\"v=STSv1; id=1\"", &["record-version 1"]),
            ("D5 not first", "id=1; v=STSv1;", &["record-version 1"]),
            ("D5 other name", "v=MTA-STSv1; id=1", &["record-version 3"]),
            ("D5 comma", "v=STSv1, id=1", &["record-version 8"]),
            ("D6 blank", "v=STSv1 ; id=1", &["warning record-delimiter 8"]),
            ("D6 tab", "v=STSv1\t;id=1", &["warning record-delimiter 8"]),
            ("D7 nothing else", "v=STSv1", &["record-id 8"]),
            ("D7 no field", "v=STSv1;", &["record-id"]),
            ("D7 no id", "v=STSv1; a=b", &["record-id"]),
            ("D7 empty", "v=STSv1; id=", &["record-id 13"]),
            ("D7 hyphens", "v=STSv1; id=2026-01-01", &["record-id 13"]),
            ("D7 two values", "v=STSv1; id=1=2", &["record-id 13"]),
            ("D7 non-ASCII", "v=STSv1; id=\u{fc}", &["record-id 13"]),
            ("D7 other case", "v=STSv1; ID=1", &["record-id 10"]),
            ("D8 delimiter left out", "v=STSv1 id=1", &["record-syntax 8"]),
            ("D8 unknown field", "v=STSv1; x_y-z.9=a:b,c; id=1", &[]),
            ("D8 v again", "v=STSv1; id=1; v=STSv1", &[]),
            ("D8 two delimiters", "v=STSv1;; id=1", &["record-syntax 9"]),
            ("D8 two delimiters at the end", "v=STSv1; id=1;;", &["record-syntax 15"]),
            ("D8 blank at the end", "v=STSv1; id=1 ", &["record-syntax 14"]),
            ("D8 no =", "v=STSv1; id=1; a", &["record-syntax 16"]),
            ("D8 id without =", "v=STSv1; id", &["record-syntax 10"]),
            ("D8 blank before =", "v=STSv1; id =1", &["record-syntax 12"]),
            ("D8 no value", "v=STSv1; id=1; a=", &["record-syntax 18"]),
            ("D8 blank in a value", "v=STSv1; id=1; a=b c", &["record-syntax 19"]),
            ("D8 = in a value", "v=STSv1; id=1; a=b=c", &["record-syntax 19"]),
            ("D8 non-ASCII", "v=STSv1; id=1; a=\u{fc}", &["record-syntax 18"]),
            ("D8 control character", "v=STSv1; id=1; a=\u{0}", &["record-syntax 18"]),
            ("D8 name begins with -", "v=STSv1; id=1; -a=b", &["record-syntax 16"]),
            ("D9 id again", "v=STSv1; id=1; id=2", &["warning record-duplicate 16"]),
            ("D9 the first counts", "v=STSv1; id=-; id=2", &["record-id 13", "warning record-duplicate 16"]),
        ];
        for (name, text, expected) in cases {
            assert_eq!(told(&one(text)), expected, "{name}: {text:?}");
        }
        assert_eq!(told(&one(&long(32))), [""; 0], "D7 32 characters");
        assert_eq!(told(&one(&long(33))), ["record-id 13"], "D7 33 characters");
        let name = "n".repeat(32);
        assert_eq!(told(&one(&format!("v=STSv1; id=1; {name}=1"))), [""; 0], "D8 a name of 32");
        assert_eq!(told(&one(&format!("v=STSv1; id=1; {name}n=1"))), ["record-syntax 48"], "D8 a name of 33");
    }

    #[test]
    fn several_records_by_the_table() {
        let cases: Vec<(&str, &[&str], &[&str])> = vec![
            ("D4 none", &[], &["record-missing"]),
            ("D4 unrelated beside", &["v=spf1 -all", "v=STSv1; id=1"], &["info record-unrelated"]),
            ("D4 two", &["v=STSv1; id=1", "v=STSv1; id=2"], &["record-multiple"]),
            ("D4 the same twice", &["v=STSv1; id=1", "v=STSv1; id=1"], &["record-multiple"]),
            ("D4 wrong version beside", &["v=STSv2; id=1", "v=STSv1; id=1"], &["info record-unrelated"]),
            ("D5 two wrong ones", &["v=STSv2; id=1", "v=stsv1; id=1"], &["record-version 7"]),
            ("D5 wrong and unrelated", &["v=STSv2; id=1", "x"], &["record-version 7", "info record-unrelated"]),
            ("D6 beside a right one", &["v=STSv1 ; id=1", "v=STSv1; id=2"], &["warning record-delimiter 8"]),
            (
                "D6 beside an unrelated one",
                &["v=STSv1 ; id=1", "x"],
                &["warning record-delimiter 8", "info record-unrelated"],
            ),
            ("D6 two", &["v=STSv1 ; id=1", "v=STSv1 ; id=2"], &["record-multiple"]),
        ];
        for (name, texts, expected) in cases {
            let records: Vec<_> = texts.iter().flat_map(|text| one(text)).collect();
            assert_eq!(told(&records), expected, "{name}");
        }
    }

    #[test]
    fn d3_the_strings_of_a_record_are_joined() {
        let record = vec![vec![b"v=STS".to_vec(), b"v1; i".to_vec(), b"d=1".to_vec(), b"2; a=b".to_vec()]];
        let expected = Record { id: Id::parse("12").unwrap(), fields: vec![("a".into(), "b".into())] };
        let reading = read(&record);
        assert_eq!((reading.record, reading.shown), (Some(expected), vec!["v=STSv1; id=12; a=b".to_owned()]));
        let apart = vec![vec![b"v=STSv1;".to_vec()], vec![b"id=1".to_vec()]];
        assert_eq!(told(&apart), ["record-id", "info record-unrelated"], "two records are not");
    }

    #[test]
    fn what_is_shown_and_meant() {
        let cases: [(&[&str], &[&str], bool); 4] = [
            (&["x", "v=STSv1; id=\u{fc}"], &["v=STSv1; id=\\xC3\\xBC"], true),
            (&["v=STSv2; id=1", "x"], &["v=STSv2; id=1", "x"], true),
            (&["v=spf1 -all"], &["v=spf1 -all"], false),
            (&[], &[], false),
        ];
        for (texts, shown, is_attempt) in cases {
            let records: Vec<_> = texts.iter().flat_map(|text| one(text)).collect();
            assert_eq!(read(&records).shown, shown, "{texts:?}");
            assert_eq!(super::is_attempt(&Ok(records)), is_attempt, "{texts:?}");
        }
        let message = &read(&one("v=STSv1; id=a-b")).findings[0].message;
        assert_eq!(message, "TXT record, line 1, column 13: found 'a-b'; expected 1 to 32 letters and digits");
    }

    #[test]
    fn whatever_fills_64_kib_gives_few_findings() {
        for part in [";", "a;", "id=;", "id=1;", "\0", "a=b;"] {
            let text = format!("v=STSv1;{}", part.repeat(65536 / part.len()));
            let reading = read(&one(&text));
            assert!(reading.findings.len() <= 2 * (Findings::LISTED + 1), "{part:?}: {}", reading.findings.len());
            assert!(reading.shown.iter().all(|shown| shown.len() < 4 * SHOWN + 4));
        }
        let many: Vec<_> = (0..2000).flat_map(|number| one(&format!("v=STSv1; id={number}"))).collect();
        let reading = read(&many);
        assert!(reading.findings.len() == 1 && reading.findings[0].message.len() < 1500, "{:?}", reading.findings);
        assert_eq!(reading.shown.len(), SHOWN_RECORDS);
    }

    #[test]
    fn a_fresh_id_is_an_id() {
        let id = Id::at(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_769_903_999));
        assert_eq!(id.to_string(), "20260131T235959Z");
        assert_eq!(Id::parse(&id.to_string()), Some(id));
    }

    prop_compose! {
        fn record()(
            id in "[A-Za-z0-9]{1,32}",
            fields in prop::collection::vec(("x[A-Za-z0-9_.-]{0,31}", "[!-:<>-~]{1,20}"), 0..4),
        ) -> Record {
            Record { id: Id::parse(&id).unwrap(), fields }
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(record in record()) {
            let reading = read(&one(&record.to_string()));
            prop_assert!(reading.findings.is_empty(), "{:?}", reading.findings);
            prop_assert_eq!(reading.record, Some(record));
        }

        #[test]
        fn any_bytes_are_read(tail in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"; =id1".to_vec())], 0..100)) {
            let text = [b"v=STSv1;".as_slice(), &tail].concat();
            let reading = read(&[vec![text]]);
            if let Some(record) = reading.record {
                prop_assert_eq!(read(&one(&record.to_string())).record, Some(record));
            }
        }
    }
}
