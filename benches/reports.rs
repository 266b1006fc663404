//! How long the command takes to write a document of 10,000 results as each format, and how much memory: each is to take
//! under a second and less than a few times the document's size.
//!
//! `cargo bench --bench reports`; Unix only, where the system tells a child's peak of memory.

#[cfg(unix)]
mod process;
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
    use std::fs::File;
    use std::io::{BufRead, BufReader};
    use std::path::Path;

    use crate::process::{MB, best_of, by_another, run, size_of};
    use crate::shapes;

    const RESULTS: usize = 10_000;
    /// In seconds.
    const TIME_AIM: f64 = 1.0;
    const FORMATS: [&str; 10] = ["table", "json", "ndjson", "csv", "sarif", "junit", "ckl", "cklb", "markdown", "html"];

    pub fn main() {
        if let [_, make, file] = std::env::args().collect::<Vec<_>>().as_slice()
            && make == "make"
        {
            // Two controls look at each connector.
            let connectors = shapes::ALL[0].repeated((RESULTS / 2).div_ceil(shapes::NAMES.len()), 0);
            return std::fs::write(file, connectors).expect("written");
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (input, domains) = (folder.path().join(shapes::ALL[0].name), folder.path().join("domains.json"));
        let (document, output) = (folder.path().join("results.json"), folder.path().join("report"));
        by_another(&[&input]);
        std::fs::write(&domains, shapes::ACCEPTED_DOMAINS).expect("written");
        let test = ["test", "--offline", "--control", "EDCA-TLS-011,EX16-*", "--output"].map(Path::new);
        run(&[&test[..], &[&document, &input, &domains]].concat());
        let size = size_of(&document);
        let lines = BufReader::new(File::open(&document).expect("a document")).lines().map_while(Result::ok);
        let results = lines.filter(|line| line.starts_with("      \"controlId\"")).count();
        println!("A document of {results} results, {:.1} MB; aim: {TIME_AIM} s", size / MB);
        println!("\nformat    output MB  seconds  ratio  peak MB  x document");
        for format in FORMATS {
            let report = ["report", "--format", format, "--output"].map(Path::new);
            let measured = best_of(&[&report[..], &[&output, &document]].concat());
            println!(
                "{format:<8}  {:>9.1}  {:>7.3}  {:>5.2}  {:>7.1}  {:>10.2}",
                size_of(&output) / MB,
                measured.seconds,
                measured.seconds / TIME_AIM,
                measured.peak_bytes / MB,
                measured.peak_bytes / size,
            );
        }
    }
}
