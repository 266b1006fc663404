//! How long the command takes for 10,000 connectors, and how much memory: every shape of export, to a JSON document and to
//! a table. Each is to take under a second and less than three times the input's size.
//!
//! `cargo bench --bench whole_process`; Unix only, where the system tells a child's peak of memory.

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

    use crate::shapes::{self, NAMES};

    const CONNECTORS: usize = 10_000;
    const RUNS: usize = 5;
    /// In seconds.
    const TIME_AIM: f64 = 1.0;
    /// Times the input's size.
    const MEMORY_AIM: f64 = 3.0;
    const MB: f64 = 1e6;

    struct Measured {
        seconds: f64,
        peak_bytes: f64,
    }

    pub fn main() {
        if let [_, make, shape, file] = std::env::args().collect::<Vec<_>>().as_slice()
            && make == "make"
        {
            return make_export(shape, Path::new(file));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let domains = folder.path().join("domains.json");
        std::fs::write(&domains, shapes::ACCEPTED_DOMAINS).expect("written");
        let idle = best_of(|| run(&[Path::new("--version")]));
        println!("The command alone: {:.3} s, {:.1} MB", idle.seconds, idle.peak_bytes / MB);
        println!(
            "{CONNECTORS} connectors; ratio: to the aims, {TIME_AIM} s and {MEMORY_AIM} x the input; below 1 is reached"
        );
        println!();
        println!("input                    size MB  format  output MB  seconds  ratio  peak MB  x input  ratio");
        for shape in shapes::ALL {
            let input = folder.path().join(shape.name);
            // Made by another process: a child starts with its parent's peak of memory, so this one must stay small.
            let maker = Command::new(std::env::current_exe().expect("this program"))
                .args(["make", shape.name])
                .arg(&input)
                .status();
            assert!(maker.expect("it starts").success());
            measure(shape.name, &input, &domains);
            if shape.extension == "clixml" {
                measure(&format!("{} UTF-16", shape.name), &input.with_extension("utf16.clixml"), &domains);
            }
        }
    }

    /// Writes an export, and beside it the same in UTF-16 where PowerShell writes such.
    fn make_export(shape: &str, file: &Path) {
        let shape = shapes::ALL.into_iter().find(|known| known.name == shape).expect("a shape");
        let text = shape.repeated(CONNECTORS.div_ceil(NAMES.len()), 0);
        std::fs::write(file, &text).expect("written");
        if shape.extension == "clixml" {
            let bytes = "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
            std::fs::write(file.with_extension("utf16.clixml"), bytes.collect::<Vec<u8>>()).expect("written");
        }
    }

    /// Measures one input in both formats, and prints it.
    fn measure(name: &str, input: &Path, domains: &Path) {
        let output = input.with_extension("report");
        let size = std::fs::metadata(input).expect("an input").len() as f64;
        for format in ["json", "table"] {
            let arguments: [&Path; 8] = [
                "test".as_ref(),
                "--offline".as_ref(),
                input,
                domains,
                "--format".as_ref(),
                format.as_ref(),
                "--output".as_ref(),
                &output,
            ];
            let measured = best_of(|| run(&arguments));
            let written = std::fs::metadata(&output).expect("an output").len() as f64;
            println!(
                "{name:<23}  {:>7.1}  {format:<6}  {:>9.1}  {:>7.3}  {:>5.2}  {:>7.1}  {:>7.2}  {:>5.2}",
                size / MB,
                written / MB,
                measured.seconds,
                measured.seconds / TIME_AIM,
                measured.peak_bytes / MB,
                measured.peak_bytes / size,
                measured.peak_bytes / size / MEMORY_AIM,
            );
        }
    }

    /// The shortest time and the largest memory of some runs.
    fn best_of(run: impl Fn() -> Measured) -> Measured {
        let runs = (0..RUNS).map(|_| run());
        runs.reduce(|a, b| Measured { seconds: a.seconds.min(b.seconds), peak_bytes: a.peak_bytes.max(b.peak_bytes) })
            .expect("runs")
    }

    /// Runs the command to its end.
    fn run(arguments: &[&Path]) -> Measured {
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_exchange-control"))
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("the command starts");
        let ended = child.wait4().expect("it ends");
        let seconds = start.elapsed().as_secs_f64();
        assert!(matches!(ended.status.code(), Some(0 | 1)), "it failed: {}", ended.status);
        Measured { seconds, peak_bytes: ended.rusage.maxrss as f64 }
    }
}
