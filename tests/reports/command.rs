//! `exchange-control report`, and `test` with the formats of reports.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use exchange_control::report::{Format, document};

use super::{example, report};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exchange-control"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn name(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A folder with the example's document.
fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.json");
    std::fs::write(&path, report(Format::Json, &example())).expect("written");
    let path = name(&path).to_owned();
    (folder, path)
}

#[test]
fn a_document_is_rendered_in_every_format() {
    let (folder, document) = folder();
    let read = document::read_from(&document, std::fs::File::open(&document).expect("open")).expect("a document");
    let cases = [
        ("table", "a.txt", Format::Table),
        ("json", "a.json", Format::Json),
        ("ndjson", "a.ndjson", Format::Ndjson),
        ("csv", "a.csv", Format::Csv),
        ("sarif", "a.sarif", Format::Sarif),
        ("junit", "a.xml", Format::Junit),
        ("ckl", "a.ckl", Format::Ckl),
        ("cklb", "a.cklb", Format::Cklb),
        ("markdown", "a.md", Format::Markdown),
        ("html", "a.html", Format::Html),
    ];
    for (format, file, of_library) in cases {
        let expected = report(of_library, &read);
        let output = run(&["report", &document, "--format", format]);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""), "{format}");
        assert_eq!(text(&output.stdout), expected, "{format}");
        let path = folder.path().join(file);
        let output = run(&["report", &document, "--output", name(&path)]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{file}");
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), expected, "{file}");
    }
    let path = folder.path().join("b.csv");
    assert_eq!(run(&["report", &document, "--format", "json", "--output", name(&path)]).status.code(), Some(1));
    assert_eq!(
        std::fs::read(&path).expect("the file"),
        std::fs::read(&document).expect("the document"),
        "--format counts"
    );
    let path = folder.path().join("c.sarif");
    assert_eq!(run(&["test", "examples/contoso", "--offline", "--output", name(&path)]).status.code(), Some(1));
    assert!(std::fs::read_to_string(&path).expect("the file").contains("\"version\": \"2.1.0\""));
    let piped = command()
        .args(["report", "-", "--format", "json"])
        .stdin(std::fs::File::open(&document).expect("open"))
        .output();
    assert_eq!(piped.expect("it ends").stdout, std::fs::read(&document).expect("the document"));
}

#[test]
fn exit_codes_are_those_of_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let connector = r#"{"Name":"A","Identity":"A","Enabled":true,"IgnoreSTARTTLS":false,"AddressSpaces":["SMTP:*;1"],
        "SmartHosts":[],"DNSRoutingEnabled":true}"#;
    let cases = [
        ("nothing failed", connector.to_owned(), 0),
        ("a control failed", connector.replace("STARTTLS\":false", "STARTTLS\":true"), 1),
        ("something is unknown", connector.replace("SMTP:*;1", "SMTP:contoso.com;1"), 2),
        ("input cut off", format!("[{connector},"), 3),
    ];
    for (case, input, expected) in cases {
        let (export, document) = (folder.path().join("export.json"), folder.path().join("results.json"));
        std::fs::write(&export, input).expect("written");
        let tested = run(&["test", name(&export), "--output", name(&document)]);
        assert_eq!(tested.status.code(), Some(expected), "{case}");
        let reported = run(&["report", name(&document), "--quiet"]);
        assert_eq!(reported.status.code(), Some(expected), "{case}: {}", text(&reported.stderr));
        assert_eq!((text(&reported.stdout), reported.stderr), (String::new(), tested.stderr), "{case}");
    }
}

#[test]
fn what_cannot_be_done_leaves_the_earlier_file() {
    let (folder, document) = folder();
    let whole = std::fs::read_to_string(&document).expect("the document");
    let at = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let (cut, version) = (at("cut.json", &whole[..900]), at("version.json", &whole.replacen("n\": 1", "n\": 2", 1)));
    let edited = at("edited.json", &whole.replacen("\"Fail\"", "\"Failed\"", 1));
    let checklist = at("other.cklb", r#"{"stigs":[{"rules":[{"status":"open"}]}]}"#);
    let broken = at("broken.cklb", r#"{"stigs":[{"rules":[{"status":7}]}]}"#);
    let kept = at("kept.cklb", "kept");
    let cases: [(&[&str], &str); 9] = [
        (&["report", "no/such/file.json", "--output", &kept], "no/such/file.json: the document cannot be read"),
        (&["report", &cut, "--output", &kept], "cut.json:"),
        (
            &["report", &version, "--output", &kept],
            "at /schemaVersion: expected a result document of schemaVersion 1, found 2",
        ),
        (&["report", &edited, "--output", &kept], "/status: unknown variant `Failed`"),
        (&["report", &document, "--output", &kept, "--checklist", &checklist], "none of the rules"),
        (
            &["report", &document, "--output", &kept, "--checklist", &broken],
            "broken.cklb:1 at /stigs/0/rules/0/status: expected a text",
        ),
        (
            &["report", &document, "--output", &kept, "--checklist", "no/such.cklb"],
            "no/such.cklb: the checklist cannot be read",
        ),
        (&["report", &document, "--format", "csv", "--output", &kept, "--checklist", &checklist], "only --format cklb"),
        (
            &["test", "--offline", "--domain", "contoso.com", "--output", &kept],
            "none of the results is of a control that comes from a STIG",
        ),
    ];
    let files = || std::fs::read_dir(folder.path()).expect("the folder").count();
    let before = files();
    for (arguments, expected) in cases {
        let output = run(arguments);
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(3) && told.contains(expected), "{expected}: {:?} {told}", output.status);
        assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "kept", "{expected}");
    }
    assert_eq!(files(), before, "no unfinished file is left");
}

#[test]
fn a_checklist_is_updated_in_its_place() {
    let (folder, document) = folder();
    let path = folder.path().join("edge.cklb");
    std::fs::write(&path, r#"{"stigs":[{"rules":[{"group_id":"V-221218","status":"not_reviewed"}]}]}"#)
        .expect("written");
    let output = run(&["report", &document, "--checklist", name(&path), "--output", name(&path)]);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), ""));
    assert!(std::fs::read_to_string(&path).expect("the file").contains(r#""status":"open""#));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let (_folder, document) = folder();
    for format in ["json", "csv", "sarif", "junit", "ckl", "cklb", "markdown"] {
        let output = run(&["report", &document, "--format", format, "--output", "/dev/full"]);
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(3) && told.contains("cannot be written"), "{format}: {told}");
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let output = command().args(["report", &document, "--format", format]).stdout(full).output().expect("it ends");
        let told = text(&output.stderr);
        assert!(
            output.status.code() == Some(3) && told.contains("standard output cannot be written"),
            "{format}: {told}"
        );
    }
}

/// In a file system of its own, which root too can fill up and cannot write to when it is read-only.
#[cfg(target_os = "linux")]
#[test]
fn a_full_or_read_only_disk_keeps_the_earlier_file() {
    use std::io::Write;
    let (_folder, document) = folder();
    let disk = tempfile::tempdir().expect("a folder");
    let script = r#"mount -t tmpfs -o size=16k,mode=700 none "$2" || exit
        cd "$2" && echo kept >a.csv && mount -o remount,"$1" none "$2" || exit
        "$0" report "$3" --output a.csv
        echo "exit code $?, $(cat a.csv), $(ls -A)""#;
    for (options, expected) in [("size=16k", "No space left on device"), ("ro", "Read-only file system")] {
        let mut apart = Command::new("unshare");
        apart.args(["--map-root-user", "--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_exchange-control"), options]);
        let output = apart.arg(disk.path()).arg(&document).output().expect("unshare, of util-linux, is there");
        let (said, told) = (text(&output.stdout), text(&output.stderr));
        if !output.status.success() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: this system lets nobody mount a file system apart: {told}");
            return;
        }
        assert_eq!(said, "exit code 3, kept, a.csv\n", "{told}");
        assert!(told.contains("a.csv: the output cannot be written") && told.contains(expected), "{told}");
    }
}

#[test]
fn both_schemas_are_printed() {
    let results = run(&["schema", "--results"]);
    assert_eq!(text(&results.stdout), exchange_control::report::SCHEMA);
    assert_ne!(run(&["schema"]).stdout, results.stdout);
}
