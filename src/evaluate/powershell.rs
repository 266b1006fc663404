//! Writes values so that PowerShell reads them back as they are, whatever is in them. A connector's name is text that
//! somebody else chose, and the command that we print is one that an admin pastes.

use crate::target::Value;

/// A text as a PowerShell argument that nothing in it can break out of.
///
/// PowerShell ends a single-quoted string at any of `'`, `‘`, `’`, `‚` and `‛`, and takes two in a row for one. Control
/// and formatting characters are spelled as numbers, so that the command stays one line and looks like what it is.
pub fn quoted(text: &str) -> String {
    if !text.chars().any(is_invisible) {
        return single_quoted(text);
    }
    let mut parts = Vec::new();
    let mut plain = String::new();
    for c in text.chars() {
        if is_invisible(c) {
            if !plain.is_empty() {
                parts.push(single_quoted(&std::mem::take(&mut plain)));
            }
            parts.push(format!("[char]0x{:04X}", u32::from(c)));
        } else {
            plain.push(c);
        }
    }
    if !plain.is_empty() {
        parts.push(single_quoted(&plain));
    }
    // The first operand decides what + does: a text, not a character, nor a number.
    if parts.first().is_some_and(|part| part.starts_with('[')) {
        parts.insert(0, "''".to_owned());
    }
    format!("({})", parts.join(" + "))
}

fn single_quoted(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201B}') {
            result.push(c);
        }
        result.push(c);
    }
    result.push('\'');
    result
}

/// Whether a character would not be seen for what it is: line ends, control characters, marks that turn the direction of
/// writing. All lie in the Basic Multilingual Plane, so `[char]` can hold them.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// A value as a PowerShell argument.
pub fn argument(value: &Value) -> String {
    match value {
        Value::Null | Value::Opaque => "$null".to_owned(),
        Value::Bool(true) => "$true".to_owned(),
        Value::Bool(false) => "$false".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) if is_word(text) => text.to_string(),
        Value::Text(text) => quoted(text),
        Value::List(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.as_text().map_or_else(|| argument(item), quoted)).collect();
            format!("@({})", items.join(", "))
        }
    }
}

/// Whether a text needs no quotes: the names that enumerations have.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_cannot_break_out() {
        let cases = [
            ("Internet", "'Internet'"),
            ("", "''"),
            ("Bob's", "'Bob''s'"),
            ("a\u{2019}; Remove-Item x #", "'a\u{2019}\u{2019}; Remove-Item x #'"),
            ("\u{2018}\u{201A}\u{201B}", "'\u{2018}\u{2018}\u{201A}\u{201A}\u{201B}\u{201B}'"),
            ("$(calc)", "'$(calc)'"),
            ("a`nb", "'a`nb'"),
            ("\"quoted\" \u{201C}smart\u{201D}", "'\"quoted\" \u{201C}smart\u{201D}'"),
            ("a\nb", "('a' + [char]0x000A + 'b')"),
            ("\r\n", "('' + [char]0x000D + [char]0x000A)"),
            ("a\u{202E}b'c", "('a' + [char]0x202E + 'b''c')"),
            ("\0", "('' + [char]0x0000)"),
        ];
        for (name, expected) in cases {
            assert_eq!(quoted(name), expected, "{name:?}");
        }
    }

    #[test]
    fn arguments() {
        let cases = [
            (Value::Bool(false), "$false"),
            (Value::Integer(25), "25"),
            (Value::Null, "$null"),
            (Value::text("DomainValidation"), "DomainValidation"),
            (Value::text("relay.contoso.com"), "'relay.contoso.com'"),
            (Value::text("-x"), "'-x'"),
            (Value::List(Box::new([Value::text("a"), Value::text("b'c")])), "@('a', 'b''c')"),
        ];
        for (value, expected) in cases {
            assert_eq!(argument(&value), expected);
        }
    }

    /// Reads a quoted text back by PowerShell's own rules.
    fn read_back(argument: &str) -> Option<String> {
        let is_quote = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201B}');
        let (parts, wrapped) = match argument.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(parts) => (parts, true),
            None => (argument, false),
        };
        let mut rest: Vec<char> = parts.chars().collect();
        let mut text = String::new();
        loop {
            if rest.first().copied().is_some_and(is_quote) {
                let mut at = 1;
                loop {
                    let c = *rest.get(at)?;
                    if is_quote(c) {
                        if rest.get(at + 1).copied().is_some_and(is_quote) {
                            text.push(c);
                            at += 2;
                            continue;
                        }
                        break;
                    }
                    text.push(c);
                    at += 1;
                }
                rest.drain(..=at);
            } else {
                let code: String = rest.iter().take(12).collect();
                text.push(char::from_u32(u32::from_str_radix(code.strip_prefix("[char]0x")?, 16).ok()?)?);
                rest.drain(..12);
            }
            if rest.is_empty() {
                return Some(text);
            }
            let plus: String = rest.drain(..3.min(rest.len())).collect();
            if plus != " + " || !wrapped {
                return None;
            }
        }
    }

    proptest! {
        #[test]
        fn any_name_reads_back_and_stays_on_one_line(name in "(\\PC|[\\x00-\\x1f'’‘`$\"\u{202E}\u{2028}]){0,12}") {
            let argument = quoted(&name);
            prop_assert!(!argument.chars().any(is_invisible));
            prop_assert_eq!(read_back(&argument), Some(name));
        }
    }
}
