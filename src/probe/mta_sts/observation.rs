//! What was seen of a domain, before anybody judges it.

use std::net::IpAddr;
use std::time::Duration;

use crate::probe::dns::{Answer, MailExchanger};
use crate::probe::https::Exchange;

/// Everything that was asked about one domain, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// In lower case, as A-labels, without a trailing dot.
    pub domain: String,
    /// TXT at `_mta-sts.<domain>`: of each record its strings.
    pub txt: Answer<Vec<Vec<u8>>>,
    pub mx: Answer<MailExchanger>,
    /// A and AAAA of the domain itself; asked only where it has no MX.
    pub own_addresses: Option<Answer<IpAddr>>,
    /// A and AAAA of `mta-sts.<domain>`.
    pub host: Answer<IpAddr>,
    pub fetch: Fetch,
    pub times: Times,
}

/// The policy's fetch.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetch {
    /// It was not tried: no record asks for it ([`super::record::is_attempt`]), the host has no address, or only such as
    /// must not be connected to.
    NotTried,
    Tried(Box<Exchange>),
}

/// How long the questions took, the fetch apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// From the first question to the last answer before the fetch.
    pub dns: Option<Duration>,
}

/// A domain with which all is well, for tests to change.
#[cfg(test)]
pub(super) fn example() -> Observation {
    use crate::probe::https::{Response, Times as Stages, Tls};

    let milliseconds = |number| Some(Duration::from_millis(number));
    let body = "version: STSv1\nmode: enforce\nmx: mx1.contoso.com\nmx: *.mail.contoso.com\nmax_age: 604800\n";
    let exchanger = |preference, host: &str| MailExchanger { preference, host: host.to_owned() };
    Observation {
        domain: "contoso.com".to_owned(),
        txt: Ok(vec![vec![b"v=STSv1; id=20260101T000000Z".to_vec()]]),
        mx: Ok(vec![exchanger(10, "mx1.contoso.com"), exchanger(20, "b.mail.contoso.com")]),
        own_addresses: None,
        host: Ok(vec![IpAddr::from([203, 0, 113, 7])]),
        fetch: Fetch::Tried(Box::new(Exchange {
            address: Some(([203, 0, 113, 7], 443).into()),
            tls: Some(Tls {
                version: Some("TLS 1.3"),
                subject: Some("CN=mta-sts.contoso.com".to_owned()),
                issuer: Some("CN=Contoso CA".to_owned()),
                not_after: Some(1_893_456_000),
            }),
            times: Stages {
                connect: milliseconds(11),
                handshake: milliseconds(22),
                headers: milliseconds(33),
                body: milliseconds(4),
            },
            outcome: Ok(Response {
                status: 200,
                location: None,
                content_types: vec![b"text/plain; charset=utf-8".to_vec()],
                content_encodings: Vec::new(),
                body: body.as_bytes().to_vec(),
            }),
        })),
        times: Times { dns: milliseconds(55) },
    }
}

#[cfg(test)]
impl Observation {
    /// The response, where there is one.
    pub(super) fn response(&mut self) -> &mut crate::probe::https::Response {
        match &mut self.fetch {
            Fetch::Tried(exchange) => exchange.outcome.as_mut().expect("a response"),
            Fetch::NotTried => panic!("nothing was fetched"),
        }
    }
}
