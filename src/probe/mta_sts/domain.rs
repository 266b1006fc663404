//! From the name of an accepted domain to the domain that is asked about.

use super::Settings;
use crate::target::domain_key;

/// What becomes of an accepted domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Ask {
        /// In lower case, as A-labels, without a trailing dot.
        domain: String,
        /// The accepted domain is `*.<domain>`.
        with_subdomains: bool,
    },
    /// No policy is to be expected, and why.
    NotApplicable(String),
    /// It cannot be told what to ask, and why: the verdict is Unknown.
    Unreadable(String),
}

/// The longest name that DNS has, as text without a trailing dot (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;

/// Reads the DomainName of an accepted domain.
pub fn classify(name: &str, settings: &Settings) -> Subject {
    let name = name.trim();
    if name.trim_end_matches('.') == "*" {
        return Subject::NotApplicable("The accepted domain '*' stands for all domains, not for one.".to_owned());
    }
    let (with_subdomains, base) = name.strip_prefix("*.").map_or((false, name), |base| (true, base));
    let shown = super::excerpt::text(name, 100);
    let Some(domain) = domain_key(base) else {
        return Subject::Unreadable(format!(
            "The accepted domain's DomainName is '{shown}'; expected a domain name, as in contoso.com."
        ));
    };
    if !domain.contains('.') {
        return Subject::NotApplicable(format!("'{shown}' is a single label, which the Internet does not know."));
    }
    if let Some(suffix) = settings.internal_suffixes.iter().find(|suffix| lies_under(&domain, suffix)) {
        return Subject::NotApplicable(format!("'{shown}' lies under {suffix}, where no policy is expected."));
    }
    if record_name(&domain).len() > LONGEST_NAME {
        return Subject::Unreadable(format!(
            "'{shown}' is too long to ask about: {} would have more than {LONGEST_NAME} characters.",
            super::excerpt::text(&record_name(&domain), 40)
        ));
    }
    Subject::Ask { domain, with_subdomains }
}

/// Whether a domain is a suffix or lies under it, on label boundaries.
fn lies_under(domain: &str, suffix: &str) -> bool {
    let parent = suffix.strip_prefix('.').unwrap_or(suffix);
    domain.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The name of the TXT record (RFC 8461 section 3.1).
pub fn record_name(domain: &str) -> String {
    format!("_mta-sts.{domain}")
}

/// The name of the policy host (3.2).
pub fn policy_host(domain: &str) -> String {
    format!("mta-sts.{domain}")
}

/// The path of the policy on that host (3.2).
pub const POLICY_PATH: &str = "/.well-known/mta-sts.txt";

/// Where the policy is served (3.2).
pub fn policy_url(domain: &str) -> String {
    format!("https://{}{POLICY_PATH}", policy_host(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ok`: the domain that is asked, and whether it stands for subdomains too. `Err`: NotApplicable or Unreadable.
    fn told(name: &str) -> Result<(String, bool), &'static str> {
        match classify(name, &Settings::default()) {
            Subject::Ask { domain, with_subdomains } => Ok((domain, with_subdomains)),
            Subject::NotApplicable(reason) => {
                assert!(reason.ends_with('.'), "{reason}");
                Err("not applicable")
            }
            Subject::Unreadable(reason) => {
                assert!(reason.ends_with('.'), "{reason}");
                Err("unreadable")
            }
        }
    }

    #[test]
    fn accepted_domains_by_the_table() {
        let cases = [
            ("contoso.com", Ok(("contoso.com", false))),
            (" Contoso.COM. ", Ok(("contoso.com", false))),
            ("*.contoso.com", Ok(("contoso.com", true))),
            ("*.Contoso.com.", Ok(("contoso.com", true))),
            ("bücher.de", Ok(("xn--bcher-kva.de", false))),
            ("*.bücher.de", Ok(("xn--bcher-kva.de", true))),
            ("xn--bcher-kva.de", Ok(("xn--bcher-kva.de", false))),
            ("contoso.onmicrosoft.com.de", Ok(("contoso.onmicrosoft.com.de", false))),
            ("notlocal", Err("not applicable")),
            ("contoso.notlocal", Ok(("contoso.notlocal", false))),
            ("examplelan.com", Ok(("examplelan.com", false))),
            ("*", Err("not applicable")),
            ("*.", Err("not applicable")),
            ("*.com", Err("not applicable")),
            ("contoso", Err("not applicable")),
            ("contoso.local", Err("not applicable")),
            ("*.contoso.LOCAL.", Err("not applicable")),
            ("mail.contoso.lan", Err("not applicable")),
            ("contoso.internal", Err("not applicable")),
            ("contoso.corp", Err("not applicable")),
            ("contoso.home", Err("not applicable")),
            ("home.arpa", Err("not applicable")),
            ("contoso.home.arpa", Err("not applicable")),
            ("localhost.localdomain", Err("not applicable")),
            ("a.localhost", Err("not applicable")),
            ("contoso.test", Err("not applicable")),
            ("contoso.invalid", Err("not applicable")),
            ("contoso.example", Err("not applicable")),
            ("contoso.onmicrosoft.com", Err("not applicable")),
            ("contoso.mail.onmicrosoft.com", Err("not applicable")),
            ("onmicrosoft.com", Err("not applicable")),
            ("", Err("unreadable")),
            (".", Err("unreadable")),
            ("a..b", Err("unreadable")),
            ("a b.com", Err("unreadable")),
            ("*.*.contoso.com", Err("unreadable")),
            ("contoso.com;evil", Err("unreadable")),
        ];
        for (name, expected) in cases {
            let expected = expected.map(|(domain, with_subdomains)| (domain.to_owned(), with_subdomains));
            assert_eq!(told(name), expected, "{name}");
        }
    }

    #[test]
    fn the_longest_domain_is_the_one_whose_record_name_still_fits() {
        let label = "a".repeat(60);
        let domain = |length: usize| format!("{label}.{label}.{label}.{}", "b".repeat(length - 3 * 61));
        let longest = LONGEST_NAME - "_mta-sts.".len();
        assert_eq!(told(&domain(longest)), Ok((domain(longest), false)));
        assert_eq!(told(&domain(longest + 1)), Err("unreadable"));
    }

    #[test]
    fn a_control_says_what_is_internal() {
        let settings = Settings { internal_suffixes: vec![".intern.contoso.com".to_owned()], ..Settings::default() };
        let asks = |name: &str| matches!(classify(name, &settings), Subject::Ask { .. });
        assert!(asks("contoso.com") && asks("contoso.local") && asks("xintern.contoso.com"));
        assert!(!asks("intern.contoso.com") && !asks("a.intern.contoso.com"));
    }
}
