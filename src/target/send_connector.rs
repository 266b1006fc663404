//! Send connectors: address spaces, and where a connector delivers to.

use std::fmt;

use serde::Serialize;

use super::accepted_domain::{AcceptedDomains, DomainType, domain_key};
use super::{Facts, Value};

/// The properties that `Get-SendConnector` objects are known to have.
pub(super) const KNOWN: &[&str] = &[
    "AddressSpaces",
    "AdminDisplayName",
    "CertificateSubject",
    "CloudServicesMailEnabled",
    "Comment",
    "ConnectedDomains",
    "ConnectionInactivityTimeOut",
    "ConnectorType",
    "DNSRoutingEnabled",
    "DistinguishedName",
    "DomainSecureEnabled",
    "Enabled",
    "ErrorPolicies",
    "ExchangeVersion",
    "ForceHELO",
    "Fqdn",
    "FrontendProxyEnabled",
    "Guid",
    "HomeMTA",
    "HomeMtaServerId",
    "Id",
    "Identity",
    "IgnoreSTARTTLS",
    "IsScopedConnector",
    "IsSmtpConnector",
    "IsValid",
    "MaxMessageSize",
    "Name",
    "ObjectCategory",
    "ObjectClass",
    "ObjectState",
    "OrganizationId",
    "OriginatingServer",
    "Port",
    "ProtocolLoggingLevel",
    "Region",
    "RequireOorg",
    "RequireTLS",
    "SmartHostAuthMechanism",
    "SmartHosts",
    "SmartHostsString",
    "SmtpMaxMessagesPerConnection",
    "SourceIPAddress",
    "SourceRoutingGroup",
    "SourceTransportServers",
    "TlsAuthLevel",
    "TlsCertificateName",
    "TlsDomain",
    "UseExternalDNSServersEnabled",
    "WhenChanged",
    "WhenChangedUTC",
    "WhenCreated",
    "WhenCreatedUTC",
];

/// What is computed from the rest: where the connector delivers to, and the one name that all its smart hosts share.
pub(super) const DERIVED: [&str; 2] = ["Destinations", "SmartHostsDomain"];

const TRUTHS: [&str; 12] = [
    "cloudservicesmailenabled",
    "dnsroutingenabled",
    "domainsecureenabled",
    "enabled",
    "forcehelo",
    "frontendproxyenabled",
    "ignorestarttls",
    "isscopedconnector",
    "issmtpconnector",
    "requireoorg",
    "requiretls",
    "useexternaldnsserversenabled",
];
const LISTS: [&str; 4] = ["addressspaces", "connecteddomains", "smarthosts", "sourcetransportservers"];
/// The enumerations whose numbers are known. An export may hold the number alone.
const ENUMERATIONS: [(&str, &[(i64, &str)]); 4] = [
    ("tlsauthlevel", &[(1, "EncryptionOnly"), (2, "CertificateValidation"), (3, "DomainValidation")]),
    ("protocollogginglevel", &[(0, "None"), (1, "Verbose")]),
    ("smarthostauthmechanism", &[(0, "None")]),
    ("errorpolicies", &[(0, "Default")]),
];

/// Puts a connector's properties into one shape, whichever export they came from.
pub(super) fn normalise(facts: &mut Facts) {
    // An export of chosen properties may have the name alone, which is what the identity of a connector shows.
    let without_identity = !facts.has("identity") || facts.get("identity") == Some(&Value::Null);
    if let (true, Some(name @ Value::Text(_))) = (without_identity, facts.get("name")) {
        facts.set("identity", name.clone());
    }
    for name in TRUTHS {
        facts.change_to_truth(name);
    }
    for name in LISTS {
        facts.change(name, |value| match value {
            Value::Null | Value::Opaque | Value::List(_) => None,
            Value::Text(text) if text.trim().is_empty() => Some(Value::List(Box::default())),
            single => Some(Value::List(Box::new([single.clone()]))),
        });
    }
    for (name, names) in ENUMERATIONS {
        facts.change(name, |value| match value {
            Value::Integer(number) => {
                names.iter().find(|(known, _)| known == number).map(|(_, name)| Value::text(*name))
            }
            _ => None,
        });
    }
}

/// Computes what the controls ask about and Exchange does not say outright.
pub(super) fn derive(facts: &mut Facts, accepted: &AcceptedDomains) {
    match destinations(facts, accepted) {
        Ok(destinations) => {
            let names = destinations.iter().map(|destination| Value::text(destination.name())).collect();
            facts.set("destinations", Value::List(names));
        }
        Err(reason) => facts.set_missing("destinations", reason),
    }
    match smart_hosts_domain(facts) {
        Some(domain) => facts.set("smarthostsdomain", Value::text(domain)),
        None => facts.set_missing("smarthostsdomain", "the smart hosts do not share one domain name"),
    }
}

/// Where a connector delivers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Destination {
    Internet,
    Partner,
    ExchangeOnline,
    Internal,
    InboundToOrg,
    NonSmtp,
}

impl Destination {
    /// The name that conditions compare with.
    pub fn name(self) -> &'static str {
        match self {
            Destination::Internet => "Internet",
            Destination::Partner => "Partner",
            Destination::ExchangeOnline => "ExchangeOnline",
            Destination::Internal => "Internal",
            Destination::InboundToOrg => "InboundToOrg",
            Destination::NonSmtp => "NonSmtp",
        }
    }
}

/// One address space of a connector, `[Local:][type:]space[;cost]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressSpace {
    /// Only servers of the connector's own site use it.
    pub local: bool,
    /// `SMTP`, `X400`, … as written; `SMTP` if not written.
    pub kind: String,
    pub space: String,
    pub cost: u32,
}

impl AddressSpace {
    /// Reads an address space; None if there is no space in it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, text) = match text.split_once(':') {
            Some((prefix, rest)) if prefix.trim().eq_ignore_ascii_case("local") => (true, rest.trim()),
            _ => (false, text),
        };
        let (kind, text) = match text.split_once(':') {
            Some((kind, rest)) if is_type(kind.trim()) => (kind.trim(), rest),
            _ => ("SMTP", text),
        };
        // An X.400 space holds semicolons of its own: only the last part can be a cost, and only if it is a number.
        let (space, cost) = match text.rsplit_once(';') {
            Some((space, cost)) if cost.trim().is_empty() => (space, 1),
            Some((space, cost)) => match cost.trim().parse() {
                Ok(number) if !cost.trim().starts_with('+') => (space, number),
                _ => (text, 1),
            },
            None => (text, 1),
        };
        let space = space.trim();
        let made = AddressSpace { local, kind: kind.to_owned(), space: space.to_owned(), cost };
        (!space.is_empty()).then_some(made)
    }

    fn is_smtp(&self) -> bool {
        self.kind.eq_ignore_ascii_case("SMTP")
    }
}

fn is_type(text: &str) -> bool {
    !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl fmt::Display for AddressSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = if self.local { "Local:" } else { "" };
        write!(f, "{local}{}:{};{}", self.kind, self.space, self.cost)
    }
}

/// The tenants' smart hosts at Exchange Online and its sovereign clouds.
const CLOUD_SMART_HOSTS: [&str; 3] =
    ["mail.protection.outlook.com", "mail.protection.partner.outlook.cn", "mail.protection.office365.us"];
/// The tenants' routing domains there.
const CLOUD_SPACES: [&str; 3] = ["mail.onmicrosoft.com", "mail.partner.onmschina.cn", "mail.onmicrosoft.us"];

fn is_one_label_under(name: &str, parents: &[&str]) -> bool {
    domain_key(name).is_some_and(|name| name.split_once('.').is_some_and(|(_, parent)| parents.contains(&parent)))
}

/// The texts of a list property; None where it is missing or has no list's shape.
fn texts<'a>(facts: &'a Facts, key: &str) -> Option<Vec<&'a str>> {
    facts.get(key)?.elements()?.iter().map(Value::as_text).collect()
}

fn destinations(facts: &Facts, accepted: &AcceptedDomains) -> Result<Vec<Destination>, String> {
    let truth = |key| facts.get(key).and_then(Value::as_bool);
    let smart_hosts = texts(facts, "smarthosts").unwrap_or_default();
    if truth("cloudservicesmailenabled") == Some(true)
        || smart_hosts.iter().any(|host| is_one_label_under(host, &CLOUD_SMART_HOSTS))
    {
        return Ok(vec![Destination::ExchangeOnline]);
    }
    let Some(texts) = texts(facts, "addressspaces") else {
        return Err("AddressSpaces is missing from the input, or is not a list of texts".to_owned());
    };
    if texts.is_empty() {
        return Err("the connector has no address spaces".to_owned());
    }
    let unreadable = |text: &str| format!("the address space '{text}' cannot be read");
    let mut spaces = Vec::with_capacity(texts.len());
    for text in texts {
        spaces.push((text, AddressSpace::parse(text).ok_or_else(|| unreadable(text))?));
    }
    let by_dns = truth("dnsroutingenabled").unwrap_or(smart_hosts.is_empty());
    if by_dns && spaces.iter().any(|(_, space)| space.is_smtp() && is_one_label_under(&space.space, &CLOUD_SPACES)) {
        return Ok(vec![Destination::ExchangeOnline]);
    }
    let mut found = Vec::new();
    for (text, space) in &spaces {
        let destination = destination(space, accepted).map_err(|reason| match reason {
            Unclear::Unreadable => unreadable(text),
            Unclear::Domains(reason) => {
                format!("it cannot be told where the address space '{text}' leads: {reason}")
            }
        })?;
        if !found.contains(&destination) {
            found.push(destination);
        }
    }
    Ok(found)
}

/// Why a destination cannot be told.
enum Unclear<'a> {
    Unreadable,
    Domains(&'a str),
}

fn destination<'a>(space: &AddressSpace, accepted: &'a AcceptedDomains) -> Result<Destination, Unclear<'a>> {
    if !space.is_smtp() {
        return Ok(Destination::NonSmtp);
    }
    match space.space.as_str() {
        "*" => return Ok(Destination::Internet),
        "--" => return Ok(Destination::InboundToOrg),
        _ => {}
    }
    let (with_subdomains, base) =
        space.space.strip_prefix("*.").map_or((false, space.space.as_str()), |base| (true, base));
    let domain = domain_key(base).ok_or(Unclear::Unreadable)?;
    match accepted.covering(&domain, with_subdomains).map_err(Unclear::Domains)? {
        Some(DomainType::Authoritative | DomainType::InternalRelay) => Ok(Destination::Internal),
        Some(DomainType::ExternalRelay) | None => Ok(Destination::Partner),
    }
}

/// The one fully qualified name that all smart hosts are, which is what their certificate can be checked against.
fn smart_hosts_domain(facts: &Facts) -> Option<String> {
    let hosts = texts(facts, "smarthosts")?;
    let name = domain_key(hosts.first()?)?;
    let qualified = name.rsplit_once('.').is_some_and(|(_, top)| !top.bytes().all(|byte| byte.is_ascii_digit()));
    let shared = hosts.iter().all(|host| domain_key(host).as_deref() == Some(&name));
    (qualified && shared).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Target};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn address_spaces() {
        let cases = [
            ("SMTP:*;1", Some((false, "SMTP", "*", 1))),
            ("smtp:*;10", Some((false, "smtp", "*", 10))),
            ("contoso.com;1", Some((false, "SMTP", "contoso.com", 1))),
            ("contoso.com", Some((false, "SMTP", "contoso.com", 1))),
            (" SMTP : contoso.com ; 1 ", Some((false, "SMTP", "contoso.com", 1))),
            ("Local:SMTP:contoso.com;5", Some((true, "SMTP", "contoso.com", 5))),
            ("local: contoso.com", Some((true, "SMTP", "contoso.com", 1))),
            ("X400:c=US;a= ;p=Contoso;o=Exchange;1", Some((false, "X400", "c=US;a= ;p=Contoso;o=Exchange", 1))),
            ("X400:c=US;a= ;p=Contoso;o=Exchange", Some((false, "X400", "c=US;a= ;p=Contoso;o=Exchange", 1))),
            ("SMTP:--;1", Some((false, "SMTP", "--", 1))),
            ("SMTP:*.litware.com;", Some((false, "SMTP", "*.litware.com", 1))),
            ("SMTP:;1", None),
            ("", None),
            (";", None),
        ];
        for (text, expected) in cases {
            let parsed = AddressSpace::parse(text);
            let parts =
                parsed.as_ref().map(|space| (space.local, space.kind.as_str(), space.space.as_str(), space.cost));
            assert_eq!(parts, expected, "{text}");
        }
    }

    fn connector(spaces: &[&str], hosts: &[&str], by_dns: bool, cloud: bool) -> Facts {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::text(*item)).collect());
        let mut facts = Facts::default();
        facts.set("addressspaces", list(spaces));
        facts.set("smarthosts", list(hosts));
        facts.set("dnsroutingenabled", Value::Bool(by_dns));
        facts.set("cloudservicesmailenabled", Value::Bool(cloud));
        facts
    }

    fn accepted() -> AcceptedDomains {
        let domain = |name: &str, domain_type: &str| {
            let mut facts = Facts::default();
            facts.set("domainname", Value::text(name));
            facts.set("domaintype", Value::text(domain_type));
            Target { kind: Kind::AcceptedDomain, identity: name.to_owned(), facts }
        };
        AcceptedDomains::of(&[
            domain("contoso.com", "Authoritative"),
            domain("*.contoso.local", "InternalRelay"),
            domain("fabrikam.com", "ExternalRelay"),
        ])
    }

    #[test]
    fn destinations_by_the_table() {
        let cases: &[(&[&str], &[&str], bool, bool, &str)] = &[
            (&["SMTP:*;1"], &[], true, false, "{Internet}"),
            (&["SMTP:*;1"], &["[192.0.2.10]"], false, false, "{Internet}"),
            (&["SMTP:--;1"], &["--"], false, false, "{InboundToOrg}"),
            (&["X400:c=US;1"], &["x400.contoso.com"], false, false, "{NonSmtp}"),
            (&["SMTP:contoso.com;1"], &[], true, false, "{Internal}"),
            (&["SMTP:sub.contoso.com;1"], &[], true, false, "{Internal}"),
            (&["SMTP:*.CONTOSO.com;1"], &[], true, false, "{Internal}"),
            (&["SMTP:contoso.local;1"], &[], true, false, "{Internal}"),
            (&["SMTP:notcontoso.com;1"], &[], true, false, "{Partner}"),
            (&["SMTP:fabrikam.com;1"], &[], true, false, "{Partner}"),
            (&["SMTP:*.example;1"], &[], true, false, "{Partner}"),
            (
                &["SMTP:*;1", "contoso.com", "litware.com", "SMTP:*;2"],
                &[],
                true,
                false,
                "{Internet, Internal, Partner}",
            ),
            (&["SMTP:contoso.com;1"], &[], true, true, "{ExchangeOnline}"),
            (&["SMTP:*;1"], &["contoso-com.mail.protection.outlook.com"], false, false, "{ExchangeOnline}"),
            (&["SMTP:*;1"], &["a.b.mail.protection.outlook.com"], false, false, "{Internet}"),
            (&["SMTP:*;1"], &["mail.protection.outlook.com"], false, false, "{Internet}"),
            (&["SMTP:*;1"], &["x.mail.protection.office365.us."], false, false, "{ExchangeOnline}"),
            (&["smtp:contoso.mail.onmicrosoft.com;1"], &[], true, false, "{ExchangeOnline}"),
            (&["smtp:contoso.mail.onmicrosoft.com;1"], &["relay.contoso.com"], false, false, "{Partner}"),
            (&["smtp:a.contoso.mail.onmicrosoft.com;1"], &[], true, false, "{Partner}"),
            (&["smtp:evilmail.onmicrosoft.com;1"], &[], true, false, "{Partner}"),
        ];
        for (spaces, hosts, by_dns, cloud, expected) in cases {
            let mut facts = connector(spaces, hosts, *by_dns, *cloud);
            derive(&mut facts, &accepted());
            let found = facts.get("destinations").map(ToString::to_string);
            assert_eq!(found.as_deref(), Some(*expected), "{spaces:?} {hosts:?}");
        }
    }

    #[test]
    fn destinations_that_cannot_be_told() {
        let none = AcceptedDomains::of(&[]);
        let all = accepted();
        let cases: &[(&[&str], &AcceptedDomains, &str)] = &[
            (&[], &all, "no address spaces"),
            (&["SMTP:contoso.com;1"], &none, "accepted domains are needed"),
            (&["SMTP:*;1", "contoso.com"], &none, "'contoso.com'"),
            (&["SMTP:a.com;1 SMTP:b.com;1"], &all, "cannot be read"),
            (&["SMTP:;1"], &all, "cannot be read"),
        ];
        for (spaces, accepted, part) in cases {
            let mut facts = connector(spaces, &[], true, false);
            derive(&mut facts, accepted);
            assert!(facts.get("destinations").is_none(), "{spaces:?}");
            let reason = facts.why_missing("destinations").unwrap_or_default();
            assert!(reason.contains(part), "{spaces:?}: {reason}");
        }
        let mut facts = connector(&["SMTP:*;1"], &[], true, false);
        facts.set("addressspaces", Value::Null);
        derive(&mut facts, &all);
        assert!(facts.why_missing("destinations").is_some_and(|reason| reason.contains("AddressSpaces is missing")));
    }

    #[test]
    fn the_domain_that_all_smart_hosts_share() {
        let cases: &[(&[&str], Option<&str>)] = &[
            (&["relay.contoso.com"], Some("relay.contoso.com")),
            (&["relay.contoso.com", "RELAY.contoso.com."], Some("relay.contoso.com")),
            (&["a.contoso.com", "b.contoso.com"], None),
            (&["relay.contoso.com", "[192.0.2.10]"], None),
            (&["[192.0.2.10]"], None),
            (&["192.0.2.10"], None),
            (&["--"], None),
            (&["relay"], None),
            (&[], None),
        ];
        for (hosts, expected) in cases {
            assert_eq!(smart_hosts_domain(&connector(&["*"], hosts, false, false)).as_deref(), *expected, "{hosts:?}");
        }
    }

    proptest! {
        #[test]
        fn an_address_space_reads_back(text in "\\PC{0,40}") {
            if let Some(space) = AddressSpace::parse(&text) {
                prop_assert_eq!(AddressSpace::parse(&space.to_string()), Some(space));
            }
        }

        #[test]
        fn a_name_is_internal_only_on_a_label_boundary(prefix in "[a-z0-9]{1,10}") {
            let all = accepted();
            let glued = AddressSpace::parse(&format!("{prefix}contoso.com")).expect("space");
            let under = AddressSpace::parse(&format!("{prefix}.contoso.com")).expect("space");
            prop_assert!(matches!(destination(&glued, &all), Ok(Destination::Partner)));
            prop_assert!(matches!(destination(&under, &all), Ok(Destination::Internal)));
        }
    }
}
