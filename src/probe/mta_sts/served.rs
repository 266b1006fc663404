//! What the policy host serves: from the fetch to the policy (RFC 8461 section 3.3).

use super::policy::{self, Policy};
use super::{Code, Fetch, Finding, Observation, Severity, domain, excerpt, media_type, record};
use crate::probe::dns::NoAnswer;
use crate::probe::https::{Failure, FailureKind, Response};

/// What was read of the body, if one came that can be a policy, and what is wrong on the way to it.
#[derive(Debug, Default)]
pub struct Served {
    pub reading: Option<policy::Reading>,
    pub findings: Vec<Finding>,
}

impl Served {
    /// Reads what came. Where no record asks for a policy and none was fetched, there is nothing to say.
    pub fn of(observation: &Observation) -> Self {
        match &observation.fetch {
            Fetch::Tried(exchange) => match &exchange.outcome {
                Ok(response) => from_response(observation, response),
                Err(failure) => Served { reading: None, findings: vec![of_failure(observation, failure)] },
            },
            Fetch::NotTried if record::is_attempt(&observation.txt) => {
                Served { reading: None, findings: vec![of_host(observation)] }
            }
            Fetch::NotTried => Served::default(),
        }
    }

    /// The policy, as far as it could be read.
    pub fn policy(&self) -> Option<&Policy> {
        self.reading.as_ref().map(|reading| &reading.policy)
    }

    /// What is wrong on the way to the policy, then what is wrong in it.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.reading.iter().flat_map(|reading| &reading.findings))
    }
}

fn finding(severity: Severity, code: Code, message: String) -> Finding {
    Finding { code, severity, place: None, message }
}

/// Why there was nothing to connect to.
fn of_host(observation: &Observation) -> Finding {
    let host = domain::policy_host(&observation.domain);
    let missing = |why: &str| {
        finding(
            Severity::Error,
            Code::HostMissing,
            format!("The policy host {host} has no address ({why}); publish A or AAAA for it"),
        )
    };
    match &observation.host {
        Err(NoAnswer::NoSuchName) => missing("NXDOMAIN"),
        Err(NoAnswer::DanglingAlias(name)) => {
            missing(&format!("it is an alias of {}, which has none", excerpt::text(name, 253)))
        }
        Err(NoAnswer::Failed(why)) => finding(
            Severity::Undetermined,
            Code::DnsError,
            format!("The addresses of {host} could not be looked up: {}", excerpt::text(why, 500)),
        ),
        Ok(addresses) if !addresses.is_empty() => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            finding(
                Severity::Undetermined,
                Code::PrivateAddress,
                format!(
                    "The policy host {host} has no public address ({}): senders on the Internet do not see this \
                     address; ask a public DNS server (-DnsServer), or connect to it all the same with \
                     -AllowPrivateAddress",
                    excerpt::list(&addresses, 5)
                ),
            )
        }
        Ok(_) | Err(NoAnswer::NoData) => missing("NODATA"),
    }
}

/// What a failed fetch says of the domain, and of the way there.
fn of_failure(observation: &Observation, failure: &Failure) -> Finding {
    use FailureKind::*;
    let (severity, code, advice) = match failure.kind {
        ConnectTimeout => (
            Severity::Undetermined,
            Code::ConnectTimeout,
            ". A server without Internet egress sees the same: if it has a proxy, name it with -Proxy (--proxy)",
        ),
        Proxy => (Severity::Undetermined, Code::ProxyError, ". Look at what -Proxy (--proxy) names"),
        ConnectRefused => (Severity::Error, Code::ConnectRefused, ""),
        TlsUntrusted => (Severity::Error, Code::TlsUntrusted, ""),
        TlsExpired => (Severity::Error, Code::TlsExpired, ""),
        TlsNotYetValid => (Severity::Error, Code::TlsNotYetValid, ""),
        TlsName => (Severity::Error, Code::TlsName, ""),
        TlsProtocol => (Severity::Error, Code::TlsProtocol, ""),
        TlsHandshake => (Severity::Error, Code::TlsHandshake, ""),
        Timeout(_) => (Severity::Error, Code::FetchTimeout, ""),
        Malformed => (Severity::Error, Code::HttpMalformed, ""),
        Truncated => (Severity::Error, Code::BodyTruncated, ""),
        TooLarge => (Severity::Error, Code::BodyTooLarge, ""),
    };
    let host = domain::policy_host(&observation.domain);
    let message = excerpt::text(failure.message.trim_end_matches('.'), 500);
    finding(severity, code, format!("The policy could not be fetched from {host}: {message}{advice}"))
}

fn from_response(observation: &Observation, response: &Response) -> Served {
    if response.status != 200 {
        return Served { reading: None, findings: vec![of_status(observation, response)] };
    }
    let mut findings: Vec<Finding> = media_type::check(&response.content_types).into_iter().collect();
    if let Some(encoding) = encoding(&response.content_encodings) {
        let encoding = excerpt::bytes(encoding, excerpt::QUOTED);
        let message = format!("The policy is served with Content-Encoding '{encoding}'; expected none");
        findings.push(finding(Severity::Error, Code::ContentEncoding, message));
        return Served { reading: None, findings };
    }
    Served { reading: Some(policy::read(&response.body)), findings }
}

/// What a status other than 200 says. Senders follow no redirect (3.3).
fn of_status(observation: &Observation, response: &Response) -> Finding {
    let url = domain::policy_url(&observation.domain);
    let status = response.status;
    match response.location.as_deref().filter(|_| (300..400).contains(&status)) {
        Some(location) => finding(
            Severity::Error,
            Code::HttpRedirect,
            format!(
                "{url} answers with status {status} and leads to '{}'; senders follow no redirect, so the policy \
                 itself must be there, with status 200",
                excerpt::text(location, 200)
            ),
        ),
        None => finding(
            Severity::Error,
            Code::HttpStatus,
            format!("{url} answers with status {status}; expected 200 and the policy"),
        ),
    }
}

/// An encoding that makes the body something else than the policy's text.
fn encoding(values: &[Vec<u8>]) -> Option<&[u8]> {
    let mut named = values.iter().flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    named.find(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity"))
}
