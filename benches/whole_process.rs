//! How long the command takes for 10,000 connectors, and how much memory: every shape of export, to a JSON document and to
//! a table. Each is to take under a second and less than three times the input's size.
//!
//! `cargo bench --bench whole_process`; Unix only, where the system tells a child's peak of memory.

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
    use std::path::Path;

    use crate::process::{MB, best_of, by_another, size_of};
    use crate::shapes::{self, NAMES};

    const CONNECTORS: usize = 10_000;
    /// In seconds.
    const TIME_AIM: f64 = 1.0;
    /// Times the input's size.
    const MEMORY_AIM: f64 = 3.0;

    pub fn main() {
        if let [_, make, shape, file] = std::env::args().collect::<Vec<_>>().as_slice()
            && make == "make"
        {
            return make_export(shape, Path::new(file));
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let domains = folder.path().join("domains.json");
        std::fs::write(&domains, shapes::ACCEPTED_DOMAINS).expect("written");
        let idle = best_of(&[Path::new("--version")]);
        println!("The command alone: {:.3} s, {:.1} MB", idle.seconds, idle.peak_bytes / MB);
        println!(
            "{CONNECTORS} connectors; ratio: to the aims, {TIME_AIM} s and {MEMORY_AIM} x the input; below 1 is reached"
        );
        println!();
        println!("input                    size MB  format  output MB  seconds  ratio  peak MB  x input  ratio");
        for shape in shapes::ALL {
            let input = folder.path().join(shape.name);
            by_another(&[shape.name.as_ref(), &input]);
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
        let size = size_of(input);
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
            let measured = best_of(&arguments);
            let written = size_of(&output);
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
}
