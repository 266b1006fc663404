//! The media type that a policy is served with (RFC 8461 section 3.2).

use super::{Code, Finding, Severity, excerpt};

/// What is wrong with the Content-Type fields of a response. Parameters and case do not matter, and neither does a
/// field that says the same again.
pub fn check(values: &[Vec<u8>]) -> Option<Finding> {
    if !values.is_empty() && values.iter().all(|value| is_plain_text(value)) {
        return None;
    }
    let found = match values {
        [] => "no Content-Type".to_owned(),
        _ => {
            let shown: Vec<String> =
                values.iter().map(|value| format!("'{}'", excerpt::bytes(value, excerpt::QUOTED))).collect();
            format!("Content-Type {}", excerpt::list(&shown, 5))
        }
    };
    Some(Finding {
        code: Code::MediaType,
        severity: Severity::Error,
        place: None,
        message: format!("The policy is served with {found}; expected text/plain"),
    })
}

fn is_plain_text(value: &[u8]) -> bool {
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h5_media_types_by_the_table() {
        let cases: &[(&[&str], bool)] = &[
            (&["text/plain"], true),
            (&["Text/PLAIN"], true),
            (&["text/plain; charset=utf-8"], true),
            (&["text/plain;charset=us-ascii;x=y"], true),
            (&[" text/plain ;"], true),
            (&["text/plain", "TEXT/plain; charset=utf-8"], true),
            (&[], false),
            (&[""], false),
            (&["text/html"], false),
            (&["text/plainish"], false),
            (&["text / plain"], false),
            (&["text/plain, text/html"], false),
            (&["application/octet-stream"], false),
            (&["text/plain", "text/html"], false),
        ];
        for (values, right) in cases {
            let values: Vec<Vec<u8>> = values.iter().map(|value| value.as_bytes().to_vec()).collect();
            let finding = check(&values);
            assert_eq!(finding.is_none(), *right, "{values:?}: {finding:?}");
        }
        assert_eq!(
            check(&[b"text/html\x00".to_vec()]).unwrap().message,
            "The policy is served with Content-Type 'text/html\\x00'; expected text/plain"
        );
        assert!(check(&vec![vec![b'x'; 9999]; 999]).unwrap().message.len() < 1000);
    }
}
