//! Which hosts receive a domain's mail.

use super::Observation;
use crate::probe::dns::{MailExchanger, NoAnswer};

/// Where a domain's mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mail {
    /// To these hosts, the preferred first, each once.
    Hosts(Vec<String>),
    /// To the domain itself, which has addresses and no MX (RFC 5321 section 5.1).
    Itself,
    /// Nowhere, and why: no policy is to be expected.
    Nowhere(String),
    /// DNS does not say, and why.
    Unknown(String),
}

impl Mail {
    /// What the answers to the questions for MX and addresses come to.
    pub fn of(observation: &Observation) -> Self {
        let domain = &observation.domain;
        match &observation.mx {
            Ok(exchangers) if !exchangers.is_empty() => match hosts(exchangers) {
                hosts if hosts.is_empty() => {
                    Mail::Nowhere(format!("{domain} has a null MX (RFC 7505): it receives no mail"))
                }
                hosts => Mail::Hosts(hosts),
            },
            Err(NoAnswer::NoSuchName) => Mail::Nowhere(format!("{domain} does not exist (NXDOMAIN)")),
            Err(NoAnswer::Failed(why)) => Mail::Unknown(why.clone()),
            Ok(_) | Err(NoAnswer::NoData | NoAnswer::DanglingAlias(_)) => without_mx(observation),
        }
    }

    /// The hosts that a policy must cover. None where they are not known.
    pub fn hosts<'a>(&'a self, domain: &'a str) -> Option<Vec<&'a str>> {
        match self {
            Mail::Hosts(hosts) => Some(hosts.iter().map(String::as_str).collect()),
            Mail::Itself => Some(vec![domain]),
            Mail::Nowhere(_) => Some(Vec::new()),
            Mail::Unknown(_) => None,
        }
    }
}

/// The hosts but the root, which names none.
fn hosts(exchangers: &[MailExchanger]) -> Vec<String> {
    let mut named: Vec<&MailExchanger> = exchangers.iter().filter(|exchanger| !exchanger.host.is_empty()).collect();
    named.sort_by(|left, right| (left.preference, &left.host).cmp(&(right.preference, &right.host)));
    let mut seen = std::collections::HashSet::new();
    named.into_iter().map(|exchanger| exchanger.host.clone()).filter(|host| seen.insert(host.clone())).collect()
}

fn without_mx(observation: &Observation) -> Mail {
    let domain = &observation.domain;
    match &observation.own_addresses {
        Some(Ok(addresses)) if !addresses.is_empty() => Mail::Itself,
        Some(Err(NoAnswer::Failed(why))) => Mail::Unknown(why.clone()),
        Some(_) => Mail::Nowhere(format!("{domain} receives no mail: it has neither MX nor address")),
        None => Mail::Unknown(format!("{domain} has no MX, and its addresses were not asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::observation::example;
    use super::*;

    #[test]
    fn mail_by_the_table() {
        let mx = |hosts: &[(u16, &str)]| {
            let exchanger =
                |(preference, host): &(u16, &str)| MailExchanger { preference: *preference, host: (*host).to_owned() };
            Ok(hosts.iter().map(exchanger).collect::<Vec<_>>())
        };
        let failed = || NoAnswer::Failed("192.0.2.53: SERVFAIL".to_owned());
        let unknown = || Mail::Unknown("192.0.2.53: SERVFAIL".to_owned());
        let hosts = |names: &[&str]| Mail::Hosts(names.iter().map(ToString::to_string).collect());
        let address = || Some(Ok(vec!["192.0.2.1".parse().unwrap()]));
        let no_mail = Mail::Nowhere("contoso.com receives no mail: it has neither MX nor address".to_owned());
        let cases = [
            ("MX", mx(&[(20, "b"), (10, "c"), (10, "a"), (30, "a")]), None, hosts(&["a", "c", "b"])),
            (
                "null MX",
                mx(&[(0, "")]),
                None,
                Mail::Nowhere("contoso.com has a null MX (RFC 7505): it receives no mail".into()),
            ),
            ("null MX and another", mx(&[(0, ""), (10, "a")]), None, hosts(&["a"])),
            (
                "NXDOMAIN",
                Err(NoAnswer::NoSuchName),
                None,
                Mail::Nowhere("contoso.com does not exist (NXDOMAIN)".into()),
            ),
            ("SERVFAIL", Err(failed()), None, unknown()),
            ("implicit MX", Err(NoAnswer::NoData), address(), Mail::Itself),
            ("implicit MX, empty answer", mx(&[]), address(), Mail::Itself),
            ("implicit MX behind an alias", Err(NoAnswer::DanglingAlias("x".into())), address(), Mail::Itself),
            ("neither", Err(NoAnswer::NoData), Some(Err(NoAnswer::NoData)), no_mail.clone()),
            ("neither, empty answer", Err(NoAnswer::NoData), Some(Ok(vec![])), no_mail),
            ("no MX, addresses SERVFAIL", Err(NoAnswer::NoData), Some(Err(failed())), unknown()),
        ];
        for (name, mx, own_addresses, expected) in cases {
            assert_eq!(Mail::of(&Observation { mx, own_addresses, ..example() }), expected, "{name}");
        }
        let unasked = Observation { mx: Err(NoAnswer::NoData), own_addresses: None, ..example() };
        assert!(matches!(Mail::of(&unasked), Mail::Unknown(_)));
    }
}
