//! How long the command takes to write a document of 10,000 results as each format, and how much memory: each is to take
//! under a second and less than a few times the document's size.
//!
//! `cargo bench --bench reports`; Unix only, where the system tells a child's peak of memory.

#[cfg(unix)]
mod shapes;

#[cfg(unix)]
fn main() {
    measure::main();
}

#[cfg(not(unix))]
fn main() {
    eprintln!("only Unix tells how much memory another process took");
}

#[cfg(unix)]
mod measure {
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use wait4::Wait4;

    use crate::shapes;

    const RESULTS: usize = 10_000;
    const RUNS: usize = 5;
    /// In seconds.
    const TIME_AIM: f64 = 1.0;
    const MB: f64 = 1e6;
    const FORMATS: [&str; 10] = ["table", "json", "ndjson", "csv", "sarif", "junit", "ckl", "cklb", "markdown", "html"];

    pub fn main() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let shape = shapes::ALL[0];
        let (input, domains) = (folder.path().join(shape.name), folder.path().join("domains.json"));
        let document = folder.path().join("results.json");
        // Two controls look at each connector.
        let connectors = shape.repeated((RESULTS / 2).div_ceil(shapes::NAMES.len()), 0);
        std::fs::write(&input, connectors).expect("written");
        std::fs::write(&domains, shapes::ACCEPTED_DOMAINS).expect("written");
        run(&["test", "--offline", "--control", "EDCA-TLS-011,EX16-*"], &[&input, &domains], &document);
        let size = std::fs::metadata(&document).expect("a document").len() as f64;
        let text = std::fs::read_to_string(&document).expect("a document");
        println!(
            "A document of {} results, {:.1} MB; aim: {TIME_AIM} s",
            text.matches("\"controlId\"").count(),
            size / MB
        );
        drop(text);
        println!("\nformat    output MB  seconds  ratio  peak MB  x document");
        for format in FORMATS {
            let output = folder.path().join("report");
            let runs: Vec<(f64, f64)> =
                (0..RUNS).map(|_| run(&["report", "--format", format], &[&document], &output)).collect();
            let seconds = runs.iter().map(|(seconds, _)| *seconds).fold(f64::INFINITY, f64::min);
            let peak = runs.iter().map(|(_, peak)| *peak).fold(0.0, f64::max);
            let written = std::fs::metadata(&output).expect("an output").len() as f64;
            println!(
                "{format:<8}  {:>9.1}  {seconds:>7.3}  {:>5.2}  {:>7.1}  {:>10.2}",
                written / MB,
                seconds / TIME_AIM,
                peak / MB,
                peak / size,
            );
        }
    }

    /// Runs the command to its end: how long it took, and its peak of memory in bytes.
    fn run(arguments: &[&str], inputs: &[&Path], output: &Path) -> (f64, f64) {
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_exchange-control"))
            .args(arguments)
            .args(inputs)
            .arg("--output")
            .arg(output)
            .stdout(Stdio::null())
            .spawn()
            .expect("the command starts");
        let ended = child.wait4().expect("it ends");
        assert!(matches!(ended.status.code(), Some(0..=2)), "it failed: {}", ended.status);
        (start.elapsed().as_secs_f64(), ended.rusage.maxrss as f64)
    }
}
