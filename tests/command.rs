//! The command as its users run it: what it prints, what it writes, and its exit code.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-control"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the command starts")
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    child.stdin.take().expect("standard input").write_all(input).expect("it reads standard input");
    child.wait_with_output().expect("it ends")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the file is written");
    path
}

const EXAMPLE: &str = "examples/contoso";
const PASSING: &str = r#"{"Name":"A","Identity":"A","Enabled":true,"IgnoreSTARTTLS":false,"AddressSpaces":["SMTP:*;1"],
    "SmartHosts":[],"DNSRoutingEnabled":true}"#;

fn failing() -> String {
    PASSING.replace("\"IgnoreSTARTTLS\":false", "\"IgnoreSTARTTLS\":true")
}

fn unknown() -> String {
    PASSING.replace("SMTP:*;1", "SMTP:contoso.com;1")
}

#[test]
fn the_example_shows_every_status() {
    let output = run(&["test", EXAMPLE, "--offline"]);
    let table = stdout(&output);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(1), ""));
    for part in [
        "Fail  ",
        "Unknown  ",
        "Pass  ",
        "NotApplicable  ",
        "Fix: Set-SendConnector -Identity 'Newsletter gateway' -IgnoreSTARTTLS $false",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let at = |part: &str| table.find(part).expect(part);
    assert!(
        at("\nFail ") < at("\nUnknown ") && at("\nUnknown ") < at("\nPass ") && at("\nPass ") < at("\nNotApplicable ")
    );
    assert!(table.ends_with("21 results: 2 Fail, 6 Unknown, 4 Pass, 9 NotApplicable. Score 0.00 of 100.\n"), "{table}");
    assert!(!table.contains('\u{1b}'), "no colours where nobody sees them");
}

#[test]
fn exit_codes_by_the_table() {
    let folder = folder();
    let bad_control = write(folder.path(), "bad.json", "{");
    let controls = folder.path().to_str().expect("UTF-8");
    let empty = tempfile::tempdir().expect("folder");
    let cases: Vec<(&str, Vec<&str>, String, i32)> = vec![
        ("nothing failed", vec!["test", "-"], PASSING.into(), 0),
        ("a control failed", vec!["test", "-"], failing(), 1),
        ("something is unknown", vec!["test", "-"], unknown(), 2),
        ("a failure outweighs an unknown", vec!["test", "-"], format!("[{},{}]", failing(), unknown()), 1),
        ("a refused control beside good ones", vec!["test", "-", "--controls", controls], PASSING.into(), 2),
        ("a failure outweighs a refused control", vec!["test", "-", "--controls", controls], failing(), 1),
        (
            "an unknown control beside a known one",
            vec!["test", "-", "--control", "EDCA-TLS-011", "--control", "X"],
            PASSING.into(),
            2,
        ),
        ("two controls with a comma", vec!["test", "-", "--control", "EDCA-TLS-011,EX16-*"], failing(), 1),
        ("an object of another kind", vec!["test", "-"], format!("[{PASSING},{{}}]"), 2),
        ("only objects of another kind", vec!["test", "-"], "[{}]".into(), 3),
        ("no objects at all", vec!["test", "-"], "[]".into(), 0),
        ("empty input", vec!["test", "-"], String::new(), 3),
        ("input cut off", vec!["test", "-"], format!("[{},", failing()), 3),
        ("no valid control", vec!["test", "-", "--control", "nothing"], PASSING.into(), 3),
        ("no such file", vec!["test", "no/such/file.clixml"], String::new(), 3),
        ("a folder without exports", vec!["test", empty.path().to_str().expect("UTF-8")], String::new(), 3),
        ("no such folder of controls", vec!["test", "-", "--controls", "no/such/folder"], PASSING.into(), 2),
        ("no input named", vec!["test"], String::new(), 3),
        ("no command", vec![], String::new(), 3),
        ("an unknown option", vec!["test", "-", "--frobnicate"], String::new(), 3),
        ("an unknown format", vec!["test", "-", "--format", "pdf"], String::new(), 3),
        ("help", vec!["--help"], String::new(), 0),
        ("help of a command", vec!["test", "--help"], String::new(), 0),
        ("version", vec!["--version"], String::new(), 0),
        ("list", vec!["list"], String::new(), 0),
        ("list with a refused control", vec!["list", "--controls", controls], String::new(), 2),
        ("show", vec!["show", "edca-tls-011"], String::new(), 0),
        ("show of nothing", vec!["show", "nothing"], String::new(), 3),
        ("schema", vec!["schema"], String::new(), 0),
    ];
    for (name, arguments, input, expected) in cases {
        let output = run_with_input(&arguments, input.as_bytes());
        assert_eq!(output.status.code(), Some(expected), "{name}: {}{}", stdout(&output), stderr(&output));
        let told = !output.stdout.is_empty() || !output.stderr.is_empty();
        assert!(told, "{name}: it says something");
    }
    drop(bad_control);
}

#[test]
fn the_document_has_the_keys_that_others_read() {
    let output = run(&["test", EXAMPLE, "--offline", "--format", "json"]);
    let document = json(&output);
    let keys =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().expect("object").keys().cloned().collect() };
    assert_eq!(keys(&document), ["schemaVersion", "tool", "generated", "results", "summary", "errors"]);
    assert_eq!(document["schemaVersion"], 1);
    assert_eq!(
        document["tool"],
        serde_json::json!({ "name": "exchange-control", "version": env!("CARGO_PKG_VERSION") })
    );
    assert_eq!(
        document["summary"]["counts"],
        serde_json::json!({ "Pass": 4, "Fail": 2, "Unknown": 6, "NotApplicable": 9 })
    );
    let generated = document["generated"].as_str().expect("text");
    assert!(generated.len() == 20 && generated.ends_with('Z') && generated.as_bytes()[10] == b'T', "{generated}");
    let result = &document["results"][1];
    let members = [
        "controlId",
        "title",
        "category",
        "severity",
        "severityWeight",
        "frameworks",
        "target",
        "status",
        "reason",
        "evidence",
        "issues",
        "remediation",
        "considerations",
        "references",
    ];
    assert_eq!(keys(result), members);
    assert_eq!(result["target"], serde_json::json!({ "kind": "SendConnector", "identity": "Newsletter gateway" }));
    assert_eq!(result["remediation"]["parameters"], serde_json::json!({ "IgnoreSTARTTLS": false }));
    assert_eq!(keys(&result["remediation"]), ["automatable", "description", "parameters", "command", "script"]);
    assert_eq!(keys(&result["evidence"][0]), ["field", "operator", "expected", "actual", "status"]);
}

#[test]
fn ndjson_has_one_result_a_line() {
    let results = |format: &str| run(&["test", EXAMPLE, "--offline", "--format", format]);
    let lines: Vec<serde_json::Value> =
        stdout(&results("ndjson")).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(serde_json::Value::Array(lines), json(&results("json"))["results"]);
}

#[test]
fn an_output_file_is_whole_or_not_there() {
    let folder = folder();
    let path = folder.path().join("results.json");
    let name = path.to_str().expect("UTF-8");
    let output = run(&["test", EXAMPLE, "--offline", "--format", "json", "--output", name]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    let first = std::fs::read(&path).expect("the file is there");
    assert!(serde_json::from_slice::<serde_json::Value>(&first).is_ok());
    let files = || std::fs::read_dir(folder.path()).expect("folder").count();
    assert_eq!(files(), 1, "no temporary file is left");
    assert_eq!(run(&["test", EXAMPLE, "--offline", "--output", name, "--quiet"]).status.code(), Some(1));
    assert!(std::fs::read_to_string(&path).expect("the file is there").starts_with("{"), "the name asks for JSON");

    let missing = folder.path().join("no").join("results.json");
    for wrong in [missing.as_path(), folder.path()] {
        let output = run(&["test", EXAMPLE, "--offline", "--output", wrong.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(3));
        assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
    }
    assert_eq!(files(), 1);
}

/// What cannot be read makes no report, so an earlier one is not lost to it; what could be read of a cut-off export does.
#[test]
fn a_run_that_could_not_be_done_leaves_the_earlier_file() {
    let folder = folder();
    let path = folder.path().join("results.json");
    let name = path.to_str().expect("UTF-8");
    let cases = [
        ("nothing", "", "earlier"),
        ("blanks", " \n", "earlier"),
        ("no JSON", "{", "earlier"),
        ("no object of ours", "[1]", "earlier"),
        ("no connectors at all", "[]", "{"),
        ("cut off after a connector", &format!("[{},", failing()), "{"),
    ];
    for (case, input, expected) in cases {
        write(folder.path(), "results.json", "earlier");
        let output = run_with_input(&["test", "-", "--output", name], input.as_bytes());
        let kept = expected == "earlier";
        assert_eq!(output.status.code() == Some(3), case != "no connectors at all", "{case}: {}", stderr(&output));
        assert_eq!(stderr(&output).contains("results.json is not written: there is no result"), kept, "{case}");
        let left = std::fs::read_to_string(&path).expect("the file is there");
        assert!(left.starts_with(expected), "{case}: {left}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1, "{case}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    assert_eq!(run(&["test", EXAMPLE, "--offline", "--output", "/dev/null"]).status.code(), Some(1));
    assert!(std::fs::metadata("/dev/null").expect("/dev/null").file_type().is_char_device());
}

#[test]
fn quiet_says_it_with_the_exit_code() {
    let output = run(&["test", EXAMPLE, "--offline", "--quiet"]);
    assert_eq!((output.status.code(), stdout(&output).as_str(), stderr(&output).as_str()), (Some(1), "", ""));
}

#[test]
fn a_reader_that_has_seen_enough_does_not_change_the_exit_code() {
    let connectors: Vec<String> = (0..5_000).map(|_| failing()).collect();
    let folder = folder();
    let path = write(folder.path(), "many.json", format!("[{}]", connectors.join(",")));
    let mut child =
        command().arg("test").arg(&path).args(["--format", "json"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
fn controls_of_a_folder_are_added_and_override() {
    let folder = folder();
    write(
        folder.path(),
        "own.json",
        r#"{ "id": "OWN-1", "title": "Connectors have a comment", "severity": "Low",
             "check": { "target": "SendConnector", "require": { "field": "Comment", "like": "?*" } } }"#,
    );
    write(folder.path(), "plain.json", r#"{ "id": "EDCA-XYZ-001", "title": "A label alone", "severity": "Low" }"#);
    // Upstream's own file of a built-in control: its text, our check.
    write(
        folder.path(),
        "upstream.json",
        "\u{FEFF}{ \"id\": \"edca-tls-011\", \"title\": \"Another title\", \"severity\": \"High\", \"severityWeight\": 9, \"roles\": [\"Mailbox\"] }",
    );
    write(
        folder.path(),
        "broken.json",
        "{\n  \"id\": \"OWN-2\", \"title\": \"T\", \"severity\": \"High\",\n  \"check\": { \"target\": \"SendConnector\", \"require\": { \"field\": \"Port\", \"is\": 25 } } }",
    );
    let controls = folder.path().to_str().expect("UTF-8");
    let output = run_with_input(&["test", "-", "--controls", controls, "--format", "json"], failing().as_bytes());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let document = json(&output);
    let results: Vec<(&str, &str, &str)> = document["results"]
        .as_array()
        .expect("list")
        .iter()
        .map(|result| {
            let text = |value: &'static str| result[value].as_str().expect("text");
            (text("controlId"), text("title"), text("status"))
        })
        .collect();
    assert_eq!(
        results,
        [
            ("edca-tls-011", "Another title", "Fail"),
            ("EDCA-XYZ-001", "A label alone", "Unknown"),
            ("EX16-ED-000170", "Internal send connectors authenticate the receiving server", "NotApplicable"),
            ("OWN-1", "Connectors have a comment", "Unknown"),
        ]
    );
    assert!(document["results"][1]["reason"].as_str().is_some_and(|reason| reason.contains("no check")));
    let errors = document["errors"].as_array().expect("list");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0]["path"].as_str(), errors[0]["line"].as_u64()), (Some("/check/require/is"), Some(3)));
    let told = stderr(&output);
    assert!(told.contains("broken.json:3 at /check/require/is") && told.contains("unknown operator"), "{told}");
}

#[test]
fn list_show_and_schema() {
    let list = stdout(&run(&["list"]));
    assert!(list.contains("EDCA-TLS-011") && list.contains("EX16-ED-000170"), "{list}");
    let list = json(&run(&["list", "--format", "json"]));
    assert_eq!(list.as_array().map(Vec::len), Some(3));
    let show = stdout(&run(&["show", "EX16-ED-000170"]));
    for part in ["SV-221218r811174_rule", "V-221218", "CCI-001184", "SV-95227", "V-80517", "Medium", "\"count\": 0"] {
        assert!(show.contains(part), "{part}: {show}");
    }
    let show = json(&run(&["show", "EX16-ED-000170", "--format", "json"]));
    assert_eq!(show["check"]["target"], "SendConnector");
    let schema = json(&run(&["schema"]));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn hostile_names_stay_text() {
    let name = "\u{1b}]0;owned\u{7}\nPass \u{202e}' ; calc #";
    let connector = failing().replace("\"A\"", &serde_json::Value::from(name).to_string());
    let output = run_with_input(&["test", "-"], connector.as_bytes());
    let table = stdout(&output);
    assert!(!table.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{table:?}");
    assert!(table.contains(r"\u{1b}]0;owned\u{7}\u{a}Pass"), "{table}");
    let json = json(&run_with_input(&["test", "-", "--format", "json"], connector.as_bytes()));
    assert_eq!(json["results"][0]["target"]["identity"], name);
    let command = json["results"][0]["remediation"]["command"].as_str().expect("text");
    let expected = "Set-SendConnector -Identity ('' + [char]0x001B + ']0;owned' + [char]0x0007 + [char]0x000A + 'Pass ' + [char]0x202E + ''' ; calc #') -IgnoreSTARTTLS $false";
    assert_eq!(command, expected);
}

/// Ends the command by Ctrl+C while it waits for its input: no file is left, and it does not linger.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    let folder = folder();
    let path = folder.path().join("results.json");
    let mut child = command()
        .args(["test", "-", "--format", "json", "--output", path.to_str().expect("UTF-8")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let pid = i32::try_from(child.id()).expect("pid").to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0);
}
