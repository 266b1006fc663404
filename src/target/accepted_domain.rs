//! Accepted domains: what Exchange calls its own, and how a connector's address space relates to them.

use std::collections::HashMap;

use super::{Facts, Kind, Target, Value, same_text};

/// The properties that `Get-AcceptedDomain` objects are known to have.
pub(super) const KNOWN: &[&str] = &[
    "AddressBookEnabled",
    "AdminDisplayName",
    "AuthenticationType",
    "CatchAllRecipientID",
    "Default",
    "DistinguishedName",
    "DomainName",
    "DomainType",
    "EmailOnly",
    "EnableNego2Authentication",
    "ExchangeVersion",
    "ExternallyManaged",
    "FederatedOrganizationLink",
    "Guid",
    "Id",
    "Identity",
    "InitialDomain",
    "IsCoexistenceDomain",
    "IsDefaultFederatedDomain",
    "IsValid",
    "LiveIdInstanceType",
    "MailFlowPartner",
    "MatchSubDomains",
    "Name",
    "ObjectCategory",
    "ObjectClass",
    "ObjectState",
    "OrganizationId",
    "OriginatingServer",
    "OutboundOnly",
    "PendingCompletion",
    "PendingFederatedAccountNamespace",
    "PendingFederatedDomain",
    "PendingRemoval",
    "PerimeterDuplicateDetected",
    "WhenChanged",
    "WhenChangedUTC",
    "WhenCreated",
    "WhenCreatedUTC",
];

/// What Exchange does with mail for an accepted domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainType {
    Authoritative,
    ExternalRelay,
    InternalRelay,
}

impl DomainType {
    const ALL: [(DomainType, &'static str); 3] = [
        (DomainType::Authoritative, "Authoritative"),
        (DomainType::ExternalRelay, "ExternalRelay"),
        (DomainType::InternalRelay, "InternalRelay"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| same_text(known, name.trim())).map(|(kind, _)| *kind)
    }
}

/// Puts an accepted domain's properties into one shape.
pub(super) fn normalise(facts: &mut Facts) {
    facts.change("domaintype", |value| match value {
        Value::Integer(number) => {
            let (_, name) = DomainType::ALL.get(usize::try_from(*number).ok()?)?;
            Some(Value::text(*name))
        }
        _ => None,
    });
    for name in ["addressbookenabled", "default", "emailonly", "externallymanaged", "matchsubdomains"] {
        facts.change_to_truth(name);
    }
}

/// A domain name in the one form in which names compare: A-labels, lower case, no trailing dot.
/// None where it is no domain name.
pub(crate) fn domain_key(name: &str) -> Option<String> {
    let name = name.trim();
    let name = name.strip_suffix('.').unwrap_or(name);
    let name = if name.is_ascii() { name.to_ascii_lowercase() } else { idna::domain_to_ascii(name).ok()? };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// The accepted domains of an organization, as far as the inputs tell.
#[derive(Debug, Clone, Default)]
pub struct AcceptedDomains {
    domains: HashMap<String, Entry>,
    /// Why the list may lack some, if it may.
    incomplete: Option<String>,
}

/// `contoso.com` and `*.contoso.com` are two accepted domains.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    exact: Option<DomainType>,
    wildcard: Option<DomainType>,
}

impl AcceptedDomains {
    /// Collects the accepted domains among targets.
    pub fn of<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Self {
        let mut domains = AcceptedDomains::default();
        let accepted = targets.into_iter().filter(|target| target.kind == Kind::AcceptedDomain);
        let mut accepted = accepted.peekable();
        if accepted.peek().is_none() {
            domains.mark_incomplete("accepted domains are needed; add the output of Get-AcceptedDomain");
        }
        accepted.for_each(|target| domains.add(&target.facts));
        domains
    }

    /// Records that the inputs may have held more accepted domains than could be read.
    pub fn mark_incomplete(&mut self, reason: impl Into<String>) {
        self.incomplete.get_or_insert_with(|| reason.into());
    }

    fn add(&mut self, facts: &Facts) {
        let Some(name) = facts.get("domainname").and_then(Value::as_text).map(str::trim) else {
            return self.mark_incomplete("an accepted domain in the input has no readable DomainName");
        };
        let (wildcard, base) = name.strip_prefix("*.").map_or((false, name), |base| (true, base));
        // These would make the whole Internet, or a whole top-level domain, internal.
        if base == "*" || (wildcard && !base.trim_end_matches('.').contains('.')) {
            return;
        }
        let domain_type = facts.get("domaintype").and_then(Value::as_text).and_then(DomainType::named);
        let (Some(key), Some(domain_type)) = (domain_key(base), domain_type) else {
            return self.mark_incomplete(format!(
                "the accepted domain '{name}' in the input has no readable DomainName or DomainType"
            ));
        };
        let entry = self.domains.entry(key).or_default();
        let place = if wildcard { &mut entry.wildcard } else { &mut entry.exact };
        match place {
            Some(known) if *known != domain_type => {
                self.mark_incomplete(format!("the accepted domain '{name}' stands in the input with two types"));
            }
            _ => *place = Some(domain_type),
        }
    }

    /// The type of the most specific accepted domain that an address space's domain is, or lies under.
    /// `Ok(None)`: of none. `Err`: it cannot be told, and why.
    pub(super) fn covering(&self, domain: &str, with_subdomains: bool) -> Result<Option<DomainType>, &str> {
        let mut rest = Some(domain);
        let mut exactly = !with_subdomains;
        while let Some(name) = rest {
            if let Some(entry) = self.domains.get(name) {
                let found = if exactly { entry.exact.or(entry.wildcard) } else { entry.wildcard.or(entry.exact) };
                // While some domain is unread, it might be more specific than any but the space's own.
                let certain = self.incomplete.is_none() || (exactly && entry.exact.is_some());
                if certain && found.is_some() {
                    return Ok(found);
                }
            }
            exactly = false;
            rest = name.split_once('.').map(|(_, parent)| parent);
        }
        self.incomplete.as_deref().map_or(Ok(None), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(list: &[(&str, &str)]) -> AcceptedDomains {
        let targets: Vec<Target> = list
            .iter()
            .map(|(name, domain_type)| {
                let mut facts = Facts::default();
                facts.set("domainname", Value::text(*name));
                facts.set("domaintype", Value::text(*domain_type));
                Target::recognise(facts, None).expect("accepted domain")
            })
            .collect();
        AcceptedDomains::of(&targets)
    }

    #[test]
    fn the_most_specific_domain_covers() {
        use DomainType::{Authoritative, ExternalRelay, InternalRelay};
        let known = domains(&[
            ("contoso.com", "Authoritative"),
            ("*.contoso.com", "InternalRelay"),
            ("partner.contoso.com", "ExternalRelay"),
            ("Fabrikam.COM.", "Authoritative"),
            ("*.contoso.local", "authoritative"),
            ("*", "InternalRelay"),
            ("*.net", "Authoritative"),
            ("münchen.example.org", "Authoritative"),
        ]);
        let cases = [
            ("contoso.com", false, Some(Authoritative)),
            ("contoso.com", true, Some(InternalRelay)),
            ("sub.contoso.com", false, Some(InternalRelay)),
            ("partner.contoso.com", false, Some(ExternalRelay)),
            ("a.partner.contoso.com", false, Some(ExternalRelay)),
            ("notcontoso.com", false, None),
            ("com", true, None),
            ("fabrikam.com", false, Some(Authoritative)),
            ("sub.fabrikam.com", false, Some(Authoritative)),
            ("contoso.local", false, Some(Authoritative)),
            ("x.net", false, None),
            ("xn--mnchen-3ya.example.org", false, Some(Authoritative)),
        ];
        for (domain, with_subdomains, expected) in cases {
            assert_eq!(known.covering(domain, with_subdomains), Ok(expected), "{domain}");
        }
    }

    #[test]
    fn what_could_not_be_read_leaves_only_what_is_certain() {
        let known = domains(&[("contoso.com", "Authoritative"), ("odd.contoso.com", "Sideways")]);
        assert_eq!(known.covering("contoso.com", false), Ok(Some(DomainType::Authoritative)));
        for unsure in ["odd.contoso.com", "litware.com", "a.contoso.com"] {
            assert!(known.covering(unsure, false).is_err(), "{unsure}");
        }
        assert!(domains(&[]).covering("contoso.com", false).is_err(), "no accepted domains at all");
    }

    #[test]
    fn names_compare_in_one_form() {
        let cases = [
            (" Contoso.COM. ", Some("contoso.com")),
            ("bücher.example", Some("xn--bcher-kva.example")),
            ("a_b.example", Some("a_b.example")),
            ("a..b", None),
            ("", None),
            ("a b", None),
            ("a;b", None),
            ("*.x", None),
        ];
        for (name, expected) in cases {
            assert_eq!(domain_key(name).as_deref(), expected, "{name}");
        }
    }
}
