//! The page's style and script, and the policy that lets a browser run these two and load nothing.

use data_encoding::BASE64;
use once_cell::sync::Lazy;
use ring::digest::{SHA256, digest};

/// Browsers hash what they read, with line feeds alone, whatever a checkout made of the files.
pub static STYLE: Lazy<String> = Lazy::new(|| include_str!("page.css").replace("\r\n", "\n"));
pub static SCRIPT: Lazy<String> = Lazy::new(|| include_str!("page.js").replace("\r\n", "\n"));

/// The Content-Security-Policy (CSP Level 3, section 2.3.1: hash-source). What a meta element cannot say is left out.
pub static POLICY: Lazy<String> = Lazy::new(|| {
    let (style, script) = (source_of(&STYLE), source_of(&SCRIPT));
    format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'")
});

fn source_of(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(digest(&SHA256, text.as_bytes()).as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_ends_its_element() {
        for (text, end) in [(&STYLE, "</style"), (&SCRIPT, "</script"), (&SCRIPT, "<!--")] {
            assert!(!text.contains(end), "{end}");
        }
    }

    #[test]
    fn a_hash_as_browsers_write_it() {
        assert_eq!(source_of("alert('Hello, world.');"), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    }
}
