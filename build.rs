//! Gives the library and the command for Windows their version resource (VERSIONINFO): what the Explorer and `Get-Item` show
//! of a file. The resource is written in the format that every linker for MSVC takes; the GNU linker needs it as an object,
//! which windres makes of it. Other systems have no such thing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// VFT_APP and VFT_DLL.
const APPLICATION: u32 = 1;
const LIBRARY: u32 = 2;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        return Ok(());
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives no OUT_DIR"))?);
    let files = [("cdylib", LIBRARY, "exchange_control.dll"), ("bins", APPLICATION, "exchange-control.exe")];
    for (linked, kind, name) in files {
        let resource = folder.join(name).with_extension("res");
        fs::write(&resource, resource_file(&version_info(kind, name)))?;
        let linkable =
            if env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu") { object(&resource)? } else { resource };
        println!("cargo::rustc-link-arg-{linked}={}", linkable.display());
    }
    Ok(())
}

/// The resource as an object file.
fn object(resource: &Path) -> io::Result<PathBuf> {
    let object = resource.with_extension("o");
    let windres = if cfg!(windows) { "windres" } else { "x86_64-w64-mingw32-windres" };
    let status = Command::new(windres).args(["-J", "res", "-O", "coff"]).arg(resource).arg(&object).status();
    match status {
        Ok(status) if status.success() => Ok(object),
        Ok(status) => Err(io::Error::other(format!("{windres} failed: {status}"))),
        Err(error) => Err(io::Error::other(format!("{windres}, which belongs to mingw-w64, cannot be run: {error}"))),
    }
}

/// A .res file of one resource: after an empty entry, one of type RT_VERSION (16) with number 1 in US English.
fn resource_file(data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for (data, kind, name, language) in [(&[][..], 0, 0, 0), (data, 16, 1, 0x0409)] {
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(32_u32.to_le_bytes());
        // A number in place of a name follows 0xFFFF. After both: data version, memory flags, language, version, characteristics.
        file.extend(words(&[0xFFFF, kind, 0xFFFF, name, 0, 0, 0, language, 0, 0, 0, 0]));
        file.extend(data);
        align(&mut file);
    }
    file
}

/// VS_VERSIONINFO.
fn version_info(kind: u32, name: &str) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let part = |text: &str| text.parse::<u32>().unwrap_or_default();
    let high = part(env!("CARGO_PKG_VERSION_MAJOR")) << 16 | part(env!("CARGO_PKG_VERSION_MINOR"));
    let low = part(env!("CARGO_PKG_VERSION_PATCH")) << 16;
    // VS_FIXEDFILEINFO: signature, version of the structure, version of the file and of the product, mask and flags, system
    // (VOS_NT_WINDOWS32), type, subtype, date.
    let fixed = [0xFEEF_04BD, 0x0001_0000, high, low, high, low, 0x3F, 0, 0x0004_0004, kind, 0, 0, 0];
    let fixed: Vec<u8> = fixed.iter().flat_map(|number: &u32| number.to_le_bytes()).collect();
    let strings = [
        ("CompanyName", "ExchangeControl contributors"),
        ("FileDescription", env!("CARGO_PKG_DESCRIPTION")),
        ("FileVersion", version),
        ("InternalName", env!("CARGO_PKG_NAME")),
        ("LegalCopyright", "MIT License"),
        ("OriginalFilename", name),
        ("ProductName", "ExchangeControl"),
        ("ProductVersion", version),
    ];
    let strings: Vec<Vec<u8>> = strings.iter().map(|(key, text)| block(key, Value::Text(text), &[])).collect();
    // US English in UTF-16.
    let table = block("040904B0", Value::Text(""), &strings);
    let translation = block("Translation", Value::Bytes(&words(&[0x0409, 0x04B0])), &[]);
    let children =
        [block("StringFileInfo", Value::Text(""), &[table]), block("VarFileInfo", Value::Text(""), &[translation])];
    block("VS_VERSION_INFO", Value::Bytes(&fixed), &children)
}

enum Value<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A node of the resource's tree: its length, its value's length (in words for text) and kind, key, value, and children, each
/// from a multiple of four on.
fn block(key: &str, value: Value, children: &[Vec<u8>]) -> Vec<u8> {
    let (bytes, length, kind) = match value {
        Value::Text("") => (Vec::new(), 0, 1),
        Value::Text(text) => (utf16(text), text.encode_utf16().count() as u16 + 1, 1),
        Value::Bytes(bytes) => (bytes.to_vec(), bytes.len() as u16, 0),
    };
    let mut block = words(&[0, length, kind]);
    block.extend(utf16(key));
    for part in std::iter::once(&bytes).chain(children) {
        align(&mut block);
        block.extend(part);
    }
    let length = (block.len() as u16).to_le_bytes();
    block[..2].copy_from_slice(&length);
    block
}

/// UTF-16 with a zero at its end.
fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
