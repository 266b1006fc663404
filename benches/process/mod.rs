//! Runs of the command as a process, measured. Unix only, where the system tells a child's peak of memory.
//!
//! A child starts with its parent's peak of memory, so a bench that measures must itself stay small: what is large is made
//! by another process ([`by_another`]).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use wait4::Wait4;

const RUNS: usize = 5;
pub const MB: f64 = 1e6;

pub struct Measured {
    pub seconds: f64,
    pub peak_bytes: f64,
}

/// The shortest time and the largest memory of some runs of the command.
pub fn best_of(arguments: &[&Path]) -> Measured {
    let runs = (0..RUNS).map(|_| run(arguments));
    runs.reduce(|a, b| Measured { seconds: a.seconds.min(b.seconds), peak_bytes: a.peak_bytes.max(b.peak_bytes) })
        .expect("runs")
}

/// Runs the command to its end.
pub fn run(arguments: &[&Path]) -> Measured {
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

/// Has this program called again with `make` and these arguments.
pub fn by_another(arguments: &[&Path]) {
    let program = std::env::current_exe().expect("this program");
    let made = Command::new(program).arg("make").args(arguments).status();
    assert!(made.expect("it starts").success());
}

pub fn size_of(file: &Path) -> f64 {
    std::fs::metadata(file).expect("a file").len() as f64
}
