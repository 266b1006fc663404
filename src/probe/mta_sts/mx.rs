//! The patterns of MX hosts in a policy (RFC 8461 sections 3.2 and 4.1).

use std::fmt;

/// A host name, or `*.` and a domain, where the asterisk stands for exactly one label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MxPattern {
    wildcard: bool,
    /// In lower case. A domain as RFC 5321 section 4.1.2 has it.
    name: String,
}

impl MxPattern {
    /// Reads the value of an `mx` field. `Err`: what was expected instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (wildcard, name) = parts(text);
        if is_host_name(name) {
            return Ok(MxPattern { wildcard, name: name.to_ascii_lowercase() });
        }
        Err(expected_instead(text))
    }

    /// The patterns that match a host: its name, and the asterisk in place of its first label (4.1). Case and a trailing
    /// dot do not matter.
    pub fn all_matching(host: &str) -> impl Iterator<Item = MxPattern> {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let parent = host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, parent)| parent.to_owned());
        let wildcard = parent.map(|name| MxPattern { wildcard: true, name });
        std::iter::once(MxPattern { wildcard: false, name: host }).chain(wildcard)
    }
}

impl fmt::Display for MxPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asterisk = if self.wildcard { "*." } else { "" };
        write!(f, "{asterisk}{}", self.name)
    }
}

/// Whether a pattern begins with `*.`, and what else it has.
fn parts(text: &str) -> (bool, &str) {
    text.strip_prefix("*.").map_or((false, text), |name| (true, name))
}

/// Whether a text is a host name: letters, digits and inner hyphens in each label.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// What the writer of a wrong pattern probably needs to hear.
fn expected_instead(text: &str) -> String {
    const ANYTHING: &str = "a host name (letters, digits, hyphens and dots) or '*.' and a domain";
    let right = |text: &str| is_host_name(parts(text).1);
    if text.len() > 1000 {
        return ANYTHING.to_owned();
    }
    if text.contains([',', ';', ' ', '\t']) {
        return "one host name; each has a line 'mx: ...' of its own".to_owned();
    }
    if let Some(name) = text.strip_suffix('.').filter(|name| right(name)) {
        return format!("'{name}', without a dot at the end");
    }
    if let Some(name) = text.strip_prefix('.').filter(|name| is_host_name(name)) {
        return format!("'*.{name}', where the asterisk stands for one label");
    }
    if text.contains('*') {
        return "'*.' once, at the left, in place of one whole label".to_owned();
    }
    match idna::domain_to_ascii(text) {
        Ok(name) if !text.is_ascii() && right(&name) => format!("the A-labels '{name}'"),
        _ => ANYTHING.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn p8_patterns_by_the_table() {
        let cases = [
            ("mail.contoso.com", Ok("mail.contoso.com")),
            ("Mail.Contoso.COM", Ok("mail.contoso.com")),
            ("*.contoso.com", Ok("*.contoso.com")),
            ("xn--bcher-kva.de", Ok("xn--bcher-kva.de")),
            ("localhost", Ok("localhost")),
            ("mail.contoso.com.", Err("'mail.contoso.com', without a dot")),
            (".contoso.com", Err("'*.contoso.com'")),
            ("*", Err("'*.' once")),
            ("*.", Err("'*.' once")),
            ("*.*.contoso.com", Err("'*.' once")),
            ("mail.*.com", Err("'*.' once")),
            ("m*.contoso.com", Err("'*.' once")),
            ("a.contoso.com, b.contoso.com", Err("one host name")),
            ("a.contoso.com b.contoso.com", Err("one host name")),
            ("bücher.de", Err("A-labels 'xn--bcher-kva.de'")),
            ("", Err("a host name")),
            ("a..b", Err("a host name")),
            ("-a.com", Err("a host name")),
            ("a-.com", Err("a host name")),
            ("a_b.com", Err("a host name")),
            ("[192.0.2.1]", Err("a host name")),
        ];
        for (text, expected) in cases {
            match (MxPattern::parse(text), expected) {
                (Ok(pattern), Ok(shown)) => assert_eq!(pattern.to_string(), shown, "{text}"),
                (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        assert!(MxPattern::parse(&format!("{}.com", "a".repeat(63))).is_ok());
        assert!(MxPattern::parse(&format!("{}.com", "a".repeat(64))).is_err());
        assert!(MxPattern::parse(&format!("{}com", "a.".repeat(125))).is_ok());
        assert!(MxPattern::parse(&format!("{}com", "a.".repeat(126))).is_err());
    }

    fn matches(pattern: &str, host: &str) -> bool {
        let pattern = MxPattern::parse(pattern).unwrap();
        MxPattern::all_matching(host).any(|matching| matching == pattern)
    }

    #[test]
    fn m1_hosts_by_the_table() {
        let cases = [
            ("mail.contoso.com", "mail.contoso.com", true),
            ("mail.contoso.com", "MAIL.contoso.com.", true),
            ("MAIL.contoso.com", "mail.contoso.com", true),
            ("mail.contoso.com", "mail2.contoso.com", false),
            ("mail.contoso.com", "a.mail.contoso.com", false),
            ("*.contoso.com", "mail.contoso.com", true),
            ("*.contoso.com", "Mail.Contoso.Com.", true),
            ("*.contoso.com", "contoso.com", false),
            ("*.contoso.com", "a.b.contoso.com", false),
            ("*.contoso.com", ".contoso.com", false),
            ("*.contoso.com", "mailcontoso.com", false),
            ("*.com", "contoso.com", true),
            ("contoso.com", "", false),
        ];
        for (pattern, host, expected) in cases {
            assert_eq!(matches(pattern, host), expected, "{pattern} {host}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(text in "(\\*\\.)?[A-Za-z0-9-]{1,5}(\\.[a-z0-9-]{1,5}){0,3}") {
            if let Ok(pattern) = MxPattern::parse(&text) {
                prop_assert_eq!(MxPattern::parse(&pattern.to_string()), Ok(pattern));
            }
        }

        #[test]
        fn a_host_matches_itself_and_the_asterisk_of_its_parent(label in "[a-z0-9]{1,9}", parent in "[a-z]{1,9}\\.com") {
            let host = format!("{label}.{parent}");
            let wildcard = format!("*.{parent}");
            prop_assert!(matches(&host, &host) && matches(&wildcard, &host));
        }
    }
}
