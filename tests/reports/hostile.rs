//! Names from outside stay names, whatever they hold, and the same in every format.

use exchange_control::control::Catalog;
use exchange_control::evaluate::Status;
use exchange_control::problem::{Code, Problem};
use exchange_control::report::{Document, Format};
use proptest::prelude::*;
use serde_json::Value;

use super::{report, result};

const NAMES: [&str; 14] = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\r-1",
    "a;=1+1",
    "]]><script>alert(1)</script><![CDATA[",
    "\" onload=\"x\" a='b' &lt; &#1;",
    "NUL \0, escape \u{1b}[31m, DEL \u{7f}, C1 \u{9b}31m",
    "\u{202e}gpj.exe\u{2066}",
    "\u{fffe}\u{ffff}\u{1fffe}\u{fdd0}",
    "| a | `b` | [c](https://d.example) <b>",
    "```\n# heading\n- @team www.e.example",
    "--- end of exchange-control ---",
    "{0} %s $(x) ${y} \u{1f600}",
];

fn document(names: &[&str]) -> Document {
    let results = names.iter().flat_map(|name| {
        [Status::Fail, Status::Pass, Status::Unknown].map(|status| {
            let mut result = result("EX16-ED-000170", name, status);
            for text in
                [&mut result.reason, &mut result.title, &mut result.category, &mut result.remediation.description]
            {
                *text = (*name).to_owned();
            }
            result.frameworks = vec![(*name).to_owned()];
            result.remediation.script = Some((*name).to_owned());
            result.remediation.command = Some((*name).to_owned());
            result.evidence[0].actual = Value::from(*name);
            result
        })
    });
    let problems = names.iter().map(|name| Problem::new(Code::UnknownObject, *name).in_source(*name)).collect();
    Document::of(results.collect(), problems, Catalog::built_in())
}

/// What no text for people may hold.
fn hides(c: char) -> bool {
    exchange_control::evaluate::is_invisible(c) && !matches!(c, '\n' | '\t')
}

#[test]
fn names_stay_names() {
    let document = document(&NAMES);
    for format in Format::ALL {
        let text = report(format, &document);
        if matches!(format, Format::Json | Format::Ndjson | Format::Sarif) {
            continue;
        }
        let text = text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n");
        assert!(!text.contains(hides), "{format:?}: {:?}", text.find(hides).map(|at| &text[at..]));
    }
}

#[test]
fn data_keeps_every_character() {
    let document = document(&NAMES);
    let names = |results: &Value, at: &str| -> Vec<String> {
        let results = results.as_array().expect("results");
        results.iter().map(|result| result.pointer(at).and_then(Value::as_str).expect("a name").to_owned()).collect()
    };
    let expected: Vec<&str> = NAMES.into_iter().flat_map(|name| [name; 3]).collect();
    let json: Value = serde_json::from_str(&report(Format::Json, &document)).expect("JSON");
    assert_eq!(names(&json["results"], "/target/identity"), expected);
    let sarif: Value = serde_json::from_str(&report(Format::Sarif, &document)).expect("JSON");
    assert_eq!(names(&sarif["runs"][0]["results"], "/locations/0/logicalLocations/0/name"), expected);
    let lines: Vec<String> = sarif["runs"][0]["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| result["message"]["text"].as_str().expect("a text").to_owned())
        .collect();
    assert!(lines.iter().all(|line| !line.contains("[c](")), "no link in a message");
}

#[test]
fn no_cell_is_a_formula() {
    let text = report(Format::Csv, &document(&NAMES));
    // Also where the file is taken to have semicolons or tabs between its cells.
    for separator in [b',', b';', b'\t'] {
        let mut reader = csv::ReaderBuilder::new();
        let mut rows = reader.delimiter(separator).flexible(true).has_headers(false).from_reader(text.as_bytes());
        for row in rows.records() {
            for cell in row.expect("a row").iter() {
                let start = cell.trim_start_matches([' ', '"']).chars().next();
                assert!(
                    !matches!(start, Some('=' | '+' | '-' | '@' | '\t' | '\r')),
                    "{:?}: {cell:?}",
                    separator as char
                );
            }
        }
    }
}

#[test]
fn markdown_has_no_markup_of_theirs() {
    let text = report(Format::Markdown, &document(&NAMES));
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        if let Some(open) = fence {
            if line == open {
                fence = None;
            }
            continue;
        }
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks >= 3 {
            fence = Some(&line[..ticks]);
            continue;
        }
        assert!(!line.contains(['<', '>', '@']) && !line.contains("](") && !line.contains("www."), "{line}");
        assert!(!line.replace("\\`", "").contains('`'), "{line}");
        if line.starts_with("| Pass") {
            assert_eq!(line.matches('|').count(), 6, "{line}");
        }
        let ours =
            ["# ExchangeControl results", "## Failed", "## Unknown", "## Errors", "## Passed and not applicable"];
        assert!(!line.starts_with('#') || line.starts_with("### EX16") || ours.contains(&line), "{line}");
    }
    assert_eq!(fence, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any name: every format is written, XML can be read, and CSV has its rows.
    #[test]
    fn any_name_is_borne(name in any::<String>()) {
        let document = document(&[&name]);
        for format in Format::ALL {
            let text = report(format, &document);
            match format {
                Format::Json | Format::Sarif | Format::Cklb => {
                    serde_json::from_str::<Value>(&text).expect("JSON");
                }
                Format::Junit | Format::Ckl => {
                    let mut reader = quick_xml::Reader::from_str(&text);
                    while !matches!(reader.read_event().expect("XML"), quick_xml::events::Event::Eof) {}
                }
                Format::Csv => {
                    let rows: Result<Vec<_>, _> = csv::Reader::from_reader(text.as_bytes()).into_records().collect();
                    prop_assert_eq!(rows.expect("rows").len(), 3);
                }
                Format::Table | Format::Ndjson | Format::Markdown | Format::Html => {}
            }
        }
    }
}
