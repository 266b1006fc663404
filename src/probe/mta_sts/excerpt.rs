//! Shows what came from the network: short, on one line, and each byte for what it is.

use crate::evaluate::is_invisible;

/// The length in characters of what a message quotes.
pub const QUOTED: usize = 60;

/// Bytes as printable ASCII, at most `longest` of them. Others are `\xNN`, a backslash is two.
pub fn bytes(bytes: &[u8], longest: usize) -> String {
    let mut shown = String::new();
    for byte in bytes.iter().take(longest) {
        match byte {
            b'\\' => shown.push_str("\\\\"),
            b' '..=b'~' => shown.push(char::from(*byte)),
            _ => shown.push_str(&format!("\\x{byte:02X}")),
        }
    }
    if bytes.len() > longest {
        shown.push_str("...");
    }
    shown
}

/// A text on one line, at most `longest` characters of it. What would not be seen is `\u{N}`.
pub fn text(text: &str, longest: usize) -> String {
    let mut characters = text.chars();
    let mut shown = String::new();
    for c in characters.by_ref().take(longest) {
        if is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    if characters.next().is_some() {
        shown.push_str("...");
    }
    shown
}

/// A list in words, with the rest counted: `a, b and 3 more`.
pub fn list<T: AsRef<str>>(items: &[T], longest: usize) -> String {
    let shown: Vec<String> = items.iter().take(longest).map(|item| text(item.as_ref(), 253)).collect();
    let shown = shown.join(", ");
    match items.len().saturating_sub(longest) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_plain() {
        let cases: [(&[u8], usize, &str); 4] = [
            (b"v=STSv1; id=1", 60, "v=STSv1; id=1"),
            (b"a\\b\r\n\0\xC3\xBC", 60, "a\\\\b\\x0D\\x0A\\x00\\xC3\\xBC"),
            (b"abcdef", 3, "abc..."),
            (b"", 3, ""),
        ];
        for (raw, longest, expected) in cases {
            assert_eq!(bytes(raw, longest), expected);
        }
        assert_eq!(text("CN=b\u{fc}cher\n\u{202E}x", 60), "CN=b\u{fc}cher\\u{a}\\u{202e}x");
        assert_eq!(text("abcdef", 3), "abc...");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(list(&["a", "b"], 2), "a, b");
    }
}
