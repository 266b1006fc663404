//! The C ABI as a C program meets it: compiles tests/c/abi.c against the header and the library, and runs it, plainly and
//! under valgrind. The cases are in the C program; tests/c/run passes them with large requests and the library as it ships.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says that something was not tested, past the harness that keeps what tests print to itself.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Both streams of what a program printed.
fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The library that cargo built for the tests: beside this program.
fn library() -> PathBuf {
    let name = format!("{}exchange_control{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = std::env::current_exe().expect("this program's path").with_file_name(name);
    assert!(library.is_file(), "{} is not there", library.display());
    library
}

/// The C program, compiled, in a folder that goes away with it.
struct Program {
    _folder: tempfile::TempDir,
    file: PathBuf,
    library: PathBuf,
}

impl Program {
    fn compile() -> Self {
        let library = library();
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the program");
        let file = folder.path().join("abi").with_extension(std::env::consts::EXE_EXTENSION);
        let compiler = std::env::var("CC").unwrap_or_else(|_| if cfg!(windows) { "gcc" } else { "cc" }.to_owned());
        let mut command = Command::new(&compiler);
        command.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread", "-I"]);
        command.arg(root().join("include")).arg(root().join("tests/c/abi.c")).arg("-o").arg(&file);
        command.arg(&library);
        let output = command.output().unwrap_or_else(|error| {
            panic!("{compiler} cannot be run ({error}): install a C compiler, or name another in CC")
        });
        assert!(output.status.success(), "the C program cannot be compiled:\n{}", printed(&output));
        Program { _folder: folder, file, library }
    }

    /// Runs a command that runs the program with this library, wherever the system looks for it. RUST_BACKTRACE is there so
    /// that a panic that were printed would be printed at length.
    fn run(&self, command: &mut Command) -> Output {
        let search = match std::env::consts::OS {
            "windows" => "PATH",
            "macos" => "DYLD_LIBRARY_PATH",
            _ => "LD_LIBRARY_PATH",
        };
        let before = std::env::var_os(search).unwrap_or_default();
        let folder = self.library.parent().expect("a folder").to_owned();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&before));
        command.env(search, std::env::join_paths(folders).expect("a list of folders"));
        command.env("RUST_BACKTRACE", "1").output().expect("the C program can be run")
    }
}

#[test]
fn answers_as_the_header_says() {
    let program = Program::compile();
    // Requests of 64 MiB take minutes in a build that is not optimised.
    let size = if cfg!(debug_assertions) { "quick" } else { "full" };
    let output = program.run(Command::new(&program.file).arg(size));
    let text = printed(&output);
    assert!(output.status.success() && text.contains(" cases passed"), "{}:\n{text}", output.status);
    text.lines().filter(|line| line.starts_with("SKIPPED")).for_each(skipped);
    println!("{text}");
}

#[test]
fn leaves_nothing_behind() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        skipped("valgrind is not installed, so the library was not searched for leaks and wrong accesses");
        return;
    }
    let program = Program::compile();
    let log = program.file.with_extension("log");
    let mut command = Command::new("valgrind");
    // Rust's hash tables point into the middle of their memory, which valgrind takes for a possible leak in the built-in
    // catalog. What nothing points to at all is a leak for certain.
    command.args(["--leak-check=full", "--error-exitcode=9", "--num-callers=30"]);
    command.args(["--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect"]);
    command.arg(format!("--log-file={}", log.display())).arg(&program.file).arg("quick");
    let output = program.run(&mut command);
    let log = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(output.status.success(), "{}:\n{}\n{log}", output.status, printed(&output));
    assert!(log.contains("ERROR SUMMARY: 0 errors"), "{log}");
    println!("{}", printed(&output));
}

/// C may call a run from several threads, and hand it from one to another; no compiler sees to it there.
#[test]
fn runs_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<exchange_control::ffi::xc_run>();
}

/// The functions that the header declares: outside comments, a name before a bracket.
fn declared() -> BTreeSet<String> {
    let path = root().join("include/exchange_control.h");
    let header = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = header.lines().filter(|line| line.starts_with("uint32_t ") || line.starts_with("void "));
    let names = lines.filter_map(|line| line.split_once('(')?.0.split([' ', '*']).next_back().map(str::to_owned));
    names.collect()
}

#[test]
fn exports_what_the_header_declares() {
    let declared = declared();
    assert!(declared.contains("xc_run_start") && declared.contains("xc_buffer_free"), "{declared:?}");
    if !cfg!(target_os = "linux") {
        skipped("the exports are listed by nm on Linux only");
        return;
    }
    let library = library();
    let Ok(output) = Command::new("nm").args(["-D", "--defined-only"]).arg(&library).output() else {
        skipped("nm is not installed, so the library's exports were not looked at");
        return;
    };
    assert!(output.status.success(), "{}", printed(&output));
    let listed = String::from_utf8_lossy(&output.stdout);
    let exported: BTreeSet<String> =
        listed.lines().filter_map(|line| line.split_whitespace().next_back()).map(str::to_owned).collect();
    assert_eq!(exported, declared, "what the library exports, and what the header declares");
}
