//! What was seen, as the evidence of a result: the same fields for every domain, null where there is nothing.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::mail::Mail;
use super::policy::LONGEST_MAX_AGE;
use super::served::Served;
use super::{Code, Fetch, Finding, Mode, Observation, Settings, Severity, domain, excerpt, record};
use crate::evaluate::{Evidence, Status};
use crate::probe::https::{self, Exchange, Tls};

/// How many hosts and patterns are listed.
const LISTED: usize = 50;
/// The length in characters of a name in a certificate.
const NAME: usize = 300;

/// The evidence of a domain.
pub fn of(
    observation: &Observation,
    reading: &record::Reading,
    served: &Served,
    mail: &Mail,
    settings: &Settings,
    findings: &[Finding],
) -> Vec<Evidence> {
    let exchange = match &observation.fetch {
        Fetch::Tried(exchange) => Some(exchange.as_ref()),
        Fetch::NotTried => None,
    };
    let rows = about_dns(observation, reading)
        .into_iter()
        .chain(about_fetch(exchange))
        .chain(about_policy(observation, served, mail, settings))
        .chain(times(observation, exchange));
    rows.map(|row| row.judged(findings)).collect()
}

/// One field before it is known whether it is right.
struct Row {
    field: &'static str,
    /// What is asked of it: the operator and what is expected. None where it is only reported.
    demand: Option<(&'static str, Value)>,
    actual: Value,
    /// The codes of the findings that are about it.
    codes: &'static [Code],
}

impl Row {
    fn observed(field: &'static str, actual: Value, codes: &'static [Code]) -> Self {
        Row { field, demand: None, actual, codes }
    }

    /// Fail or Unknown where a finding says so, and Unknown where nothing was seen.
    fn judged(self, findings: &[Finding]) -> Evidence {
        let about = findings.iter().filter(|finding| self.codes.contains(&finding.code));
        let status = match about.map(|finding| finding.severity).min() {
            Some(Severity::Error) => Status::Fail,
            Some(Severity::Undetermined) => Status::Unknown,
            _ if self.actual.is_null() => Status::Unknown,
            _ => Status::Pass,
        };
        let (operator, expected) = self.demand.unwrap_or(("observed", Value::Null));
        Evidence { field: self.field.to_owned(), operator: operator.to_owned(), expected, actual: self.actual, status }
    }
}

fn about_dns(observation: &Observation, reading: &record::Reading) -> [Row; 2] {
    let txt = match reading.shown.as_slice() {
        [] => Value::Null,
        [one] => json!(one),
        several => json!(several),
    };
    [
        Row::observed(
            "TxtRecord",
            txt,
            &[Code::RecordMissing, Code::RecordMultiple, Code::RecordVersion, Code::RecordId, Code::RecordSyntax],
        ),
        Row::observed(
            "PolicyUrl",
            json!(domain::policy_url(&observation.domain)),
            &[
                Code::HttpMalformed,
                Code::FetchTimeout,
                Code::MediaType,
                Code::ContentEncoding,
                Code::BodyTooLarge,
                Code::BodyTruncated,
                Code::PolicyFieldMissing,
                Code::PolicySyntax,
                Code::PolicyVersion,
            ],
        ),
    ]
}

fn about_fetch(exchange: Option<&Exchange>) -> [Row; 6] {
    let tls = exchange.and_then(|exchange| exchange.tls.as_ref());
    let name = |of: fn(&Tls) -> &Option<String>| {
        tls.and_then(|tls| of(tls).as_deref()).map_or(Value::Null, |name| json!(excerpt::text(name, NAME)))
    };
    let not_after = tls
        .and_then(|tls| tls.not_after)
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok());
    let response = exchange.and_then(|exchange| exchange.outcome.as_ref().ok());
    let address = exchange.and_then(|exchange| exchange.address).map(|address| address.to_string());
    [
        Row::observed(
            "Address",
            json!(address),
            &[
                Code::HostMissing,
                Code::PrivateAddress,
                Code::ConnectRefused,
                Code::ConnectTimeout,
                Code::ProxyError,
                Code::TlsHandshake,
            ],
        ),
        Row {
            field: "HttpStatus",
            demand: Some(("equals", json!(200))),
            actual: json!(response.map(|response| response.status)),
            codes: &[Code::HttpStatus, Code::HttpRedirect],
        },
        Row {
            field: "TlsVersion",
            demand: Some(("in", json!(["TLS 1.2", "TLS 1.3"]))),
            actual: json!(tls.and_then(|tls| tls.version)),
            codes: &[Code::TlsProtocol],
        },
        Row::observed("CertificateSubject", name(|tls| &tls.subject), &[Code::TlsName]),
        Row::observed("CertificateIssuer", name(|tls| &tls.issuer), &[Code::TlsUntrusted]),
        Row::observed("CertificateNotAfter", json!(not_after), &[Code::TlsExpired]),
    ]
}

fn about_policy(observation: &Observation, served: &Served, mail: &Mail, settings: &Settings) -> [Row; 4] {
    let policy = served.policy();
    let modes: Vec<&str> =
        Mode::ALL.into_iter().filter(|mode| *mode >= settings.minimum_mode).map(Mode::name).collect();
    let patterns: Option<Vec<String>> =
        policy.map(|policy| policy.mx.iter().take(LISTED).map(ToString::to_string).collect());
    let hosts: Option<Vec<String>> = mail
        .hosts(&observation.domain)
        .map(|hosts| hosts.into_iter().take(LISTED).map(|host| excerpt::text(host, NAME)).collect());
    [
        Row {
            field: "Mode",
            demand: Some(("in", json!(modes))),
            actual: json!(policy.and_then(|policy| policy.mode).map(Mode::name)),
            codes: &[Code::PolicyMode, Code::ModeTesting, Code::ModeNone],
        },
        Row {
            field: "MaxAge",
            demand: Some(("lessOrEquals", json!(LONGEST_MAX_AGE))),
            actual: json!(policy.and_then(|policy| policy.max_age)),
            codes: &[Code::PolicyMaxAge],
        },
        Row::observed("Mx", json!(patterns), &[Code::PolicyMx]),
        Row {
            field: "MxHosts",
            demand: Some(("like", json!(patterns))),
            actual: json!(hosts),
            codes: &[Code::MxNotCovered],
        },
    ]
}

fn times(observation: &Observation, exchange: Option<&Exchange>) -> [Row; 5] {
    let milliseconds = |time: Option<Duration>| json!(time.map(|time| u64::try_from(time.as_millis()).ok()));
    let stages = exchange.map_or(https::Times::default(), |exchange| exchange.times);
    [
        Row::observed("DnsMilliseconds", milliseconds(observation.times.dns), &[]),
        Row::observed("ConnectMilliseconds", milliseconds(stages.connect), &[]),
        Row::observed("HandshakeMilliseconds", milliseconds(stages.handshake), &[]),
        Row::observed("HeadersMilliseconds", milliseconds(stages.headers), &[]),
        Row::observed("BodyMilliseconds", milliseconds(stages.body), &[]),
    ]
}
