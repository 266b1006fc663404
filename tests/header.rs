//! The C header: made here from the source, held against the committed file, and compiled as C and as C++.
//!
//! `UPDATE_HEADER=1 cargo test --test header` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HEADER: &str = "include/exchange_control.h";
const RENEW: &str = "renew it with: UPDATE_HEADER=1 cargo test --test header";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files that the header is made from: all of the module but its tests, in a fixed order.
fn sources() -> Vec<PathBuf> {
    let folder = root().join("src/ffi");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry of src/ffi").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs"))
        .collect();
    files.sort();
    files
}

/// The header as the source and cbindgen.toml have it.
fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml can be read");
    let builder = sources().into_iter().fold(cbindgen::Builder::new().with_config(config), cbindgen::Builder::with_src);
    let mut text = Vec::new();
    builder.generate().expect("cbindgen makes a header of src/ffi").write(&mut text);
    let text = String::from_utf8(text).expect("the header is UTF-8");
    // What Rust's documentation calls safety is, to a C programmer, what the pointers must be.
    text.replace("\n * # Safety\n * ", "\n * Pointers: ")
}

#[test]
fn the_committed_header_is_what_the_source_says() {
    let path = root().join(HEADER);
    let generated = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(&path, &generated).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    // A checkout on Windows may have other line ends.
    let committed = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{HEADER}: {error}; {RENEW}"));
    let committed = committed.replace("\r\n", "\n");
    let differing = generated.lines().zip(committed.lines()).position(|(new, old)| new != old);
    let line = differing.unwrap_or(generated.lines().count().min(committed.lines().count())) + 1;
    assert!(
        generated == committed,
        "{HEADER} is stale from line {line} on; {RENEW}\n  committed: {}\n  generated: {}",
        committed.lines().nth(line - 1).unwrap_or("(end)"),
        generated.lines().nth(line - 1).unwrap_or("(end)"),
    );
}

#[test]
fn the_header_says_all_that_a_caller_needs() {
    let header = generated();
    for (index, line) in header.lines().enumerate() {
        assert!(line.is_ascii() && line.len() <= 120, "line {}: not ASCII, or too long: {line}", index + 1);
    }
    for part in [
        "#ifndef EXCHANGE_CONTROL_H",
        "extern \"C\" {",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "typedef struct xc_run xc_run;",
        "#define XC_ABI_VERSION 1\n",
        "#define XC_OK 0\n",
        "#define XC_PENDING 1\n",
        "#define XC_DONE 2\n",
        "#define XC_ERROR_NULL 16\n",
        "#define XC_ERROR_UTF8 17\n",
        "#define XC_ERROR_REQUEST 18\n",
        "#define XC_ERROR_NO_CONTROL 19\n",
        "#define XC_ERROR_INTERNAL 31\n",
        "uint32_t xc_abi_version(void);",
        "void xc_run_free(xc_run *run);",
        "void xc_buffer_free(uint8_t *answer, size_t answer_length);",
        // The shapes of requests and answers are kept as they are written.
        r#"{"controlPaths":["folder"],"controlIds":["EDCA-TLS-011","EX16-*"]}"#,
        r#"{"total":2,"errors":[{"code","message","source","path","line"}]}"#,
    ] {
        assert!(header.contains(part), "missing: {part}\n{header}");
    }
    for part in ["# Safety", "[`", "usize", "bool"] {
        assert!(!header.contains(part), "unwanted: {part}\n{header}");
    }
    // Every function and constant has a comment right above it.
    let lines: Vec<&str> = header.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let declares =
            line.starts_with("#define XC_") || line.starts_with("uint32_t xc_") || line.starts_with("void xc_");
        assert!(!declares || lines[index - 1] == " */", "without a comment: {line}");
    }
}

/// Compiles a text that includes the header twice.
fn compile(compiler: &str, environment: &str, standard: &str, extension: &str) {
    let compiler = std::env::var(environment).unwrap_or_else(|_| compiler.to_owned());
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the compiler");
    let source = folder.path().join(format!("twice.{extension}"));
    let text = "#include \"exchange_control.h\"\n#include \"exchange_control.h\"\n\
        int main(void) {\n    xc_run *run = NULL;\n    xc_run_free(run);\n    return xc_abi_version() != XC_ABI_VERSION;\n}\n";
    fs::write(&source, text).expect("the source can be written");
    let output = Command::new(&compiler)
        .args([standard, "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .unwrap_or_else(|error| {
            panic!("{compiler} cannot be run ({error}): install it, or name another in {environment}")
        });
    assert!(output.status.success(), "{compiler} {standard}:\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn compiles_as_c99() {
    compile("cc", "CC", "-std=c99", "c");
}

#[test]
fn compiles_as_cpp17() {
    compile("c++", "CXX", "-std=c++17", "cpp");
}
