//! Each rule of MTA-STS as this product has it: what is seen, and what is said of it.

use super::observation::example;
use super::record::Id;
use super::{Fetch, Judgement, Mode, Observation, Settings, judge};
use crate::evaluate::{IssueSeverity, Status};
use crate::probe::dns::{MailExchanger, NoAnswer};
use crate::probe::https::{Exchange, Failure, FailureKind, Stage};

use Status::{Fail, NotApplicable, Pass, Unknown};

fn judged(observation: &Observation, settings: &Settings) -> Judgement {
    judge(observation, false, settings, &Id::parse("fresh1").unwrap())
}

/// The codes of the issues, each with its severity unless that is error.
fn codes(judgement: &Judgement) -> Vec<String> {
    let told = judgement.issues.iter().map(|issue| match issue.severity {
        IssueSeverity::Error => issue.code.clone(),
        IssueSeverity::Warning => format!("({})", issue.code),
        IssueSeverity::Info => format!("[{}]", issue.code),
    });
    told.collect()
}

fn txt(seen: &mut Observation, record: &str) {
    seen.txt = Ok(vec![vec![record.as_bytes().to_vec()]]);
}

fn add_txt(seen: &mut Observation, record: &str) {
    seen.txt.as_mut().unwrap().push(vec![record.as_bytes().to_vec()]);
}

/// Replaces a part of the policy that is served.
fn edit(seen: &mut Observation, from: &str, to: &str) {
    let body = &mut seen.response().body;
    let text = String::from_utf8(body.clone()).unwrap();
    assert!(text.contains(from), "{from}");
    *body = text.replace(from, to).into_bytes();
}

fn status(seen: &mut Observation, status: u16, location: Option<&str>) {
    let response = seen.response();
    response.status = status;
    response.location = location.map(str::to_owned);
    response.body.clear();
}

fn fails(seen: &mut Observation, kind: FailureKind) {
    let Fetch::Tried(exchange) = &mut seen.fetch else { panic!("nothing was fetched") };
    **exchange = Exchange {
        outcome: Err(Failure { kind, message: "what happened".to_owned() }),
        tls: None,
        ..(**exchange).clone()
    };
}

fn host(seen: &mut Observation, host: Result<Vec<std::net::IpAddr>, NoAnswer>) {
    seen.host = host;
    seen.fetch = Fetch::NotTried;
}

fn no_record(seen: &mut Observation, why: NoAnswer) {
    seen.txt = Err(why);
    seen.fetch = Fetch::NotTried;
}

fn failed() -> NoAnswer {
    NoAnswer::Failed("192.0.2.53 answers SERVFAIL".to_owned())
}

fn add_mx(seen: &mut Observation, host: &str) {
    seen.mx.as_mut().unwrap().push(MailExchanger { preference: 30, host: host.to_owned() });
}

fn no_mx(seen: &mut Observation, own: Result<Vec<std::net::IpAddr>, NoAnswer>) {
    seen.mx = Err(NoAnswer::NoData);
    seen.own_addresses = Some(own);
}

/// What is done to a domain with which all is well, and what is then said.
type Case = (&'static str, fn(&mut Observation), Status, &'static [&'static str]);

const RULES: &[Case] = &[
    ("all is well", |_| {}, Pass, &[]),
    // The record.
    ("D1 NXDOMAIN", |seen| no_record(seen, NoAnswer::NoSuchName), Fail, &["record-missing"]),
    ("D1 NODATA", |seen| no_record(seen, NoAnswer::NoData), Fail, &["record-missing"]),
    ("D1 dangling alias", |seen| no_record(seen, NoAnswer::DanglingAlias("x.net".into())), Fail, &["record-missing"]),
    ("D2 SERVFAIL", |seen| no_record(seen, failed()), Unknown, &["(dns-error)"]),
    ("D3 two strings", |seen| seen.txt = Ok(vec![vec![b"v=STSv1; i".to_vec(), b"d=1".to_vec()]]), Pass, &[]),
    ("D4 unrelated beside", |seen| add_txt(seen, "v=spf1 -all"), Pass, &["[record-unrelated]"]),
    ("D4 two", |seen| add_txt(seen, "v=STSv1; id=2"), Fail, &["record-multiple"]),
    (
        "D4 unrelated alone",
        |seen| {
            txt(seen, "v=spf1 -all");
            seen.fetch = Fetch::NotTried;
        },
        Fail,
        &["record-missing", "[record-unrelated]"],
    ),
    ("D5 STSv10", |seen| txt(seen, "v=STSv10; id=1"), Fail, &["record-version"]),
    ("D5 lower case", |seen| txt(seen, "v=stsv1; id=1"), Fail, &["record-version"]),
    ("D5 leading blank", |seen| txt(seen, " v=STSv1; id=1"), Fail, &["record-version"]),
    ("D6 blank before the delimiter", |seen| txt(seen, "v=STSv1 ; id=1"), Pass, &["(record-delimiter)"]),
    ("D7 no id", |seen| txt(seen, "v=STSv1;"), Fail, &["record-id"]),
    ("D7 hyphen", |seen| txt(seen, "v=STSv1; id=a-b"), Fail, &["record-id"]),
    ("D7 33", |seen| txt(seen, "v=STSv1; id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), Fail, &["record-id"]),
    ("D8 unknown field", |seen| txt(seen, "v=STSv1; a=b; id=1;"), Pass, &[]),
    ("D8 malformed field", |seen| txt(seen, "v=STSv1; id=1; a"), Fail, &["record-syntax"]),
    ("D8 two delimiters", |seen| txt(seen, "v=STSv1;; id=1"), Fail, &["record-syntax"]),
    ("D8 non-ASCII", |seen| txt(seen, "v=STSv1; id=1; a=\u{e9}"), Fail, &["record-syntax"]),
    ("D8 trailing blank", |seen| txt(seen, "v=STSv1; id=1 "), Fail, &["record-syntax"]),
    ("D9 id twice", |seen| txt(seen, "v=STSv1; id=1; id=2"), Pass, &["(record-duplicate)"]),
    // The way to the policy.
    ("H1 no such host", |seen| host(seen, Err(NoAnswer::NoSuchName)), Fail, &["host-missing"]),
    ("H1 no address", |seen| host(seen, Err(NoAnswer::NoData)), Fail, &["host-missing"]),
    ("H1 dangling alias", |seen| host(seen, Err(NoAnswer::DanglingAlias("x.net".into()))), Fail, &["host-missing"]),
    ("H1 DNS trouble", |seen| host(seen, Err(failed())), Unknown, &["(dns-error)"]),
    ("H1 refused", |seen| fails(seen, FailureKind::ConnectRefused), Fail, &["connect-refused"]),
    ("H1 no answer", |seen| fails(seen, FailureKind::ConnectTimeout), Unknown, &["(connect-timeout)"]),
    ("H1 proxy", |seen| fails(seen, FailureKind::Proxy), Unknown, &["(proxy-error)"]),
    ("H2 untrusted", |seen| fails(seen, FailureKind::TlsUntrusted), Fail, &["tls-untrusted"]),
    ("H2 expired", |seen| fails(seen, FailureKind::TlsExpired), Fail, &["tls-expired"]),
    ("H2 not yet valid", |seen| fails(seen, FailureKind::TlsNotYetValid), Fail, &["tls-not-yet-valid"]),
    ("H2 name", |seen| fails(seen, FailureKind::TlsName), Fail, &["tls-name"]),
    ("H2 closed", |seen| fails(seen, FailureKind::TlsHandshake), Fail, &["tls-handshake"]),
    ("H3 TLS 1.1", |seen| fails(seen, FailureKind::TlsProtocol), Fail, &["tls-protocol"]),
    ("H4 404", |seen| status(seen, 404, None), Fail, &["http-status"]),
    ("H4 204", |seen| status(seen, 204, None), Fail, &["http-status"]),
    ("H4 500", |seen| status(seen, 500, Some("/x")), Fail, &["http-status"]),
    ("H4 301", |seen| status(seen, 301, Some("https://www.contoso.com/")), Fail, &["http-redirect"]),
    ("H4 308", |seen| status(seen, 308, Some("/x")), Fail, &["http-redirect"]),
    ("H4 302 to nowhere", |seen| status(seen, 302, None), Fail, &["http-status"]),
    ("H4 not HTTP", |seen| fails(seen, FailureKind::Malformed), Fail, &["http-malformed"]),
    ("H5 HTML", |seen| seen.response().content_types = vec![b"text/html".to_vec()], Fail, &["media-type"]),
    ("H5 none", |seen| seen.response().content_types.clear(), Fail, &["media-type"]),
    ("H5 other case", |seen| seen.response().content_types = vec![b"TEXT/Plain;x=y".to_vec()], Pass, &[]),
    ("H6 too large", |seen| fails(seen, FailureKind::TooLarge), Fail, &["body-too-large"]),
    ("H6 truncated", |seen| fails(seen, FailureKind::Truncated), Fail, &["body-truncated"]),
    (
        "H6 encoded",
        |seen| {
            seen.response().content_encodings = vec![b"gzip".to_vec()];
            seen.response().body = vec![0x1F, 0x8B, 8];
        },
        Fail,
        &["content-encoding"],
    ),
    ("H6 identity", |seen| seen.response().content_encodings = vec![b" Identity".to_vec()], Pass, &[]),
    ("H7 slow", |seen| fails(seen, FailureKind::Timeout(Stage::Headers)), Fail, &["fetch-timeout"]),
    ("A1 private address", |seen| host(seen, Ok(vec![[10, 0, 0, 5].into()])), Unknown, &["(private-address)"]),
    // The policy.
    ("P1 no mode", |seen| edit(seen, "mode: enforce\n", ""), Fail, &["policy-field-missing"]),
    ("P1 empty", |seen| seen.response().body.clear(), Fail, &["policy-field-missing"]),
    ("P1 version", |seen| edit(seen, "STSv1", "STSv2"), Fail, &["policy-version"]),
    ("P2 key in other case", |seen| edit(seen, "max_age", "Max_Age"), Fail, &["policy-syntax"]),
    ("P2 blank before the colon", |seen| edit(seen, "mode:", "mode :"), Fail, &["policy-syntax"]),
    ("P3 CRLF", |seen| edit(seen, "\n", "\r\n"), Pass, &[]),
    ("P3 bare CR", |seen| edit(seen, "STSv1\n", "STSv1\r"), Fail, &["policy-syntax"]),
    ("P3 BOM", |seen| edit(seen, "version", "\u{FEFF}version"), Fail, &["policy-syntax"]),
    ("P3 NUL", |seen| edit(seen, "max_age", "a: \0\nmax_age"), Fail, &["policy-syntax"]),
    ("P4 trailing blanks", |seen| edit(seen, "\n", " \t\n"), Pass, &[]),
    ("P4 blank line", |seen| edit(seen, "mode", "\nmode"), Pass, &["(blank-line)"]),
    ("P5 mode", |seen| edit(seen, "enforce", "enforced"), Fail, &["policy-mode"]),
    ("P6 testing", |seen| edit(seen, "enforce", "testing"), Pass, &["(mode-testing)"]),
    ("P6 none", |seen| edit(seen, "enforce", "none"), Pass, &["(mode-none)"]),
    ("P7 too long", |seen| edit(seen, "604800", "31557601"), Fail, &["policy-max-age"]),
    ("P7 short", |seen| edit(seen, "604800", "86399"), Pass, &["(max-age-short)"]),
    ("P7 a day", |seen| edit(seen, "604800", "86400"), Pass, &[]),
    ("P8 no mx", |seen| edit(seen, "mx: mx1.contoso.com\nmx: *.mail.contoso.com\n", ""), Fail, &["policy-mx"]),
    ("P8 trailing dot", |seen| edit(seen, "mx1.contoso.com\n", "mx1.contoso.com\nmx: a.\n"), Fail, &["policy-mx"]),
    ("P9 mode twice", |seen| edit(seen, "max_age", "mode: none\nmax_age"), Pass, &["(policy-duplicate)"]),
    ("P10 unknown key", |seen| edit(seen, "max_age", "x: a:\u{e9}\nmax_age"), Pass, &[]),
    ("P10 malformed", |seen| edit(seen, "max_age", "x y: a\nmax_age"), Fail, &["policy-syntax"]),
    ("a web page", |seen| seen.response().body = b"<!DOCTYPE html>\n<html>\n".to_vec(), Fail, &["policy-syntax"]),
    // The MX hosts.
    ("M1 enforce", |seen| add_mx(seen, "mx3.contoso.com"), Fail, &["mx-not-covered"]),
    ("M1 two labels", |seen| add_mx(seen, "a.b.mail.contoso.com"), Fail, &["mx-not-covered"]),
    (
        "M1 testing",
        |seen| {
            edit(seen, "enforce", "testing");
            add_mx(seen, "mx3.contoso.com");
        },
        Pass,
        &["(mode-testing)", "(mx-not-covered)"],
    ),
    (
        "M1 none",
        |seen| {
            edit(seen, "enforce", "none");
            add_mx(seen, "mx3.contoso.com");
        },
        Pass,
        &["(mode-none)"],
    ),
    ("M1 MX unknown", |seen| seen.mx = Err(failed()), Pass, &["[mx-unknown]"]),
    ("M1 implicit MX, not covered", |seen| no_mx(seen, Ok(vec![[203, 0, 113, 9].into()])), Fail, &["mx-not-covered"]),
    (
        "M1 implicit MX",
        |seen| {
            edit(seen, "mx1.contoso.com", "contoso.com");
            no_mx(seen, Ok(vec![[203, 0, 113, 9].into()]));
        },
        Pass,
        &[],
    ),
    // Whether a policy is to be expected.
    ("no such domain", |seen| seen.mx = Err(NoAnswer::NoSuchName), NotApplicable, &[]),
    (
        "no such domain, TXT fails",
        |seen| {
            seen.mx = Err(NoAnswer::NoSuchName);
            no_record(seen, failed());
        },
        NotApplicable,
        &[],
    ),
    ("null MX", |seen| seen.mx = Ok(vec![MailExchanger { preference: 0, host: String::new() }]), NotApplicable, &[]),
    ("neither MX nor address", |seen| no_mx(seen, Err(NoAnswer::NoData)), NotApplicable, &[]),
    ("no MX, addresses fail", |seen| no_mx(seen, Err(failed())), Pass, &["[mx-unknown]"]),
    (
        "no record, MX fails",
        |seen| {
            seen.mx = Err(failed());
            no_record(seen, NoAnswer::NoSuchName);
        },
        Unknown,
        &["[mx-unknown]", "(record-missing)"],
    ),
    (
        "a wrong record, MX fails",
        |seen| {
            seen.mx = Err(failed());
            txt(seen, "v=STSv1;");
        },
        Fail,
        &["[mx-unknown]", "record-id"],
    ),
    // Each stage is told of, whatever the others say.
    (
        "record, media type, policy and MX",
        |seen| {
            txt(seen, "v=STSv1;");
            seen.response().content_types.clear();
            edit(seen, "604800", "x");
            add_mx(seen, "mx3.contoso.com");
        },
        Fail,
        &["record-id", "media-type", "policy-max-age", "mx-not-covered"],
    ),
    (
        "an error outweighs what is not known",
        |seen| {
            txt(seen, "v=STSv1;");
            fails(seen, FailureKind::ConnectTimeout);
        },
        Fail,
        &["record-id", "(connect-timeout)"],
    ),
];

#[test]
fn domains_by_the_rules() {
    for (name, change, expected, issues) in RULES {
        let mut observation = example();
        change(&mut observation);
        let judgement = judged(&observation, &Settings::default());
        assert_eq!(
            (judgement.status, codes(&judgement)),
            (*expected, issues.iter().map(ToString::to_string).collect()),
            "{name}: {judgement:?}"
        );
        assert!(judgement.reason.ends_with('.') && judgement.reason.len() < 1500, "{name}: {}", judgement.reason);
        assert_eq!(judgement.script.is_some(), *expected == Fail, "{name}");
        assert_eq!(judgement.evidence.len(), 17, "{name}: the same evidence everywhere");
        assert!(judgement.issues.iter().all(|issue| !issue.message.ends_with('.')), "{name}: {:?}", judgement.issues);
    }
}

#[test]
fn p6_a_control_may_demand_a_mode() {
    use Mode::*;
    let cases = [
        ("none", None, Pass, "(mode-none)"),
        ("none", Testing, Fail, "mode-none"),
        ("none", Enforce, Fail, "mode-none"),
        ("testing", None, Pass, "(mode-testing)"),
        ("testing", Testing, Pass, "(mode-testing)"),
        ("testing", Enforce, Fail, "mode-testing"),
    ];
    for (mode, minimum_mode, expected, code) in cases {
        let mut observation = example();
        edit(&mut observation, "enforce", mode);
        let judgement = judged(&observation, &Settings { minimum_mode, ..Settings::default() });
        assert_eq!((judgement.status, codes(&judgement)), (expected, vec![code.to_owned()]), "{mode} {minimum_mode:?}");
    }
    let demanding = Settings { minimum_mode: Enforce, ..Settings::default() };
    assert_eq!(judged(&example(), &demanding).status, Pass);
}

#[test]
fn a_wildcard_accepted_domain_says_so() {
    let judgement = judge(&example(), true, &Settings::default(), &Id::parse("1").unwrap());
    assert_eq!((judgement.status, codes(&judgement)), (Pass, vec!["[subdomains]".to_owned()]));
}

#[test]
fn reasons_are_sentences() {
    let cases: &[(fn(&mut Observation), &str)] = &[
        (|_| {}, "The policy is valid (mode enforce, max_age 604800, 2 mx patterns)."),
        (
            |seen| edit(seen, "enforce", "testing"),
            "The policy is valid (mode testing, max_age 604800, 2 mx patterns). 1 warning among the issues.",
        ),
        (
            |seen| add_mx(seen, "mx3.contoso.com"),
            "mx3.contoso.com is not covered by the policy, which is in mode enforce: senders do not deliver to this host; \
             add 'mx:' for this host.",
        ),
        (
            |seen| fails(seen, FailureKind::ConnectTimeout),
            "The policy could not be fetched from mta-sts.contoso.com: what happened. A server without Internet egress \
             sees the same: if it has a proxy, name it with -Proxy (--proxy).",
        ),
        (
            |seen| host(seen, Ok(vec![[10, 0, 0, 5].into()])),
            "The policy host mta-sts.contoso.com has no public address (10.0.0.5): senders on the Internet do not see this \
             address; ask a public DNS server (-DnsServer), or connect to it all the same with -AllowPrivateAddress.",
        ),
        (
            |seen| no_record(seen, failed()),
            "The TXT record at _mta-sts.contoso.com could not be looked up: 192.0.2.53 answers SERVFAIL.",
        ),
        (|seen| seen.mx = Err(NoAnswer::NoSuchName), "contoso.com does not exist (NXDOMAIN)."),
    ];
    for (change, expected) in cases {
        let mut observation = example();
        change(&mut observation);
        assert_eq!(judged(&observation, &Settings::default()).reason, *expected);
    }
    let mut many = example();
    edit(&mut many, "max_age", "a\nb\nc\nd\ne\nmax_age");
    let reason = judged(&many, &Settings::default()).reason;
    assert!(reason.ends_with(" And 2 more, among the issues."), "{reason}");
}

#[test]
fn evidence_by_the_table() {
    let told = |judgement: &Judgement| {
        let fields = judgement.evidence.iter().map(|evidence| {
            let status = evidence.status.name();
            format!("{} {} {} {} {status}", evidence.field, evidence.operator, evidence.expected, evidence.actual)
        });
        fields.collect::<Vec<_>>()
    };
    let all = [
        "TxtRecord observed null \"v=STSv1; id=20260101T000000Z\" Pass",
        "PolicyUrl observed null \"https://mta-sts.contoso.com/.well-known/mta-sts.txt\" Pass",
        "Address observed null \"203.0.113.7:443\" Pass",
        "HttpStatus equals 200 200 Pass",
        "TlsVersion in [\"TLS 1.2\",\"TLS 1.3\"] \"TLS 1.3\" Pass",
        "CertificateSubject observed null \"CN=mta-sts.contoso.com\" Pass",
        "CertificateIssuer observed null \"CN=Contoso CA\" Pass",
        "CertificateNotAfter observed null \"2030-01-01T00:00:00Z\" Pass",
        "Mode in [\"none\",\"testing\",\"enforce\"] \"enforce\" Pass",
        "MaxAge lessOrEquals 31557600 604800 Pass",
        "Mx observed null [\"mx1.contoso.com\",\"*.mail.contoso.com\"] Pass",
        "MxHosts like [\"mx1.contoso.com\",\"*.mail.contoso.com\"] [\"mx1.contoso.com\",\"b.mail.contoso.com\"] Pass",
        "DnsMilliseconds observed null 55 Pass",
        "ConnectMilliseconds observed null 11 Pass",
        "HandshakeMilliseconds observed null 22 Pass",
        "HeadersMilliseconds observed null 33 Pass",
        "BodyMilliseconds observed null 4 Pass",
    ];
    assert_eq!(told(&judged(&example(), &Settings::default())), all);
    let cases: &[(fn(&mut Observation), &str)] = &[
        (|seen| txt(seen, "v=STSv1;"), "TxtRecord observed null \"v=STSv1;\" Fail"),
        (|seen| add_txt(seen, "x"), "TxtRecord observed null \"v=STSv1; id=20260101T000000Z\" Pass"),
        (|seen| no_record(seen, NoAnswer::NoData), "TxtRecord observed null null Fail"),
        (|seen| no_record(seen, failed()), "TxtRecord observed null null Unknown"),
        (|seen| status(seen, 404, None), "HttpStatus equals 200 404 Fail"),
        (|seen| status(seen, 404, None), "Mode in [\"none\",\"testing\",\"enforce\"] null Unknown"),
        (|seen| fails(seen, FailureKind::ConnectTimeout), "Address observed null \"203.0.113.7:443\" Unknown"),
        (|seen| fails(seen, FailureKind::TlsName), "CertificateSubject observed null null Fail"),
        (|seen| edit(seen, "enforce", "x"), "Mode in [\"none\",\"testing\",\"enforce\"] null Fail"),
        (
            |seen| add_mx(seen, "c"),
            "MxHosts like [\"mx1.contoso.com\",\"*.mail.contoso.com\"] [\"mx1.contoso.com\",\"b.mail.contoso.com\",\"c\"] Fail",
        ),
        (|seen| seen.mx = Err(failed()), "MxHosts like [\"mx1.contoso.com\",\"*.mail.contoso.com\"] null Unknown"),
    ];
    for (change, expected) in cases {
        let mut observation = example();
        change(&mut observation);
        let evidence = told(&judged(&observation, &Settings::default()));
        assert!(evidence.iter().any(|told| told == expected), "{expected}: {evidence:#?}");
    }
}

#[test]
fn what_the_network_says_is_shown_short_and_plain() {
    let long = "\u{1b}[31m\u{202E}x\n".repeat(10_000);
    let changes: &[fn(&mut Observation, &str)] = &[
        |seen, long| txt(seen, long),
        |seen, long| txt(seen, &format!("v=STSv1; id={long}")),
        |seen, long| seen.response().body = long.as_bytes().to_vec(),
        |seen, long| status(seen, 302, Some(long)),
        |seen, long| seen.response().content_types = vec![long.as_bytes().to_vec(); 50],
        |seen, long| seen.response().content_encodings = vec![long.as_bytes().to_vec()],
        |seen, long| no_record(seen, NoAnswer::Failed(long.to_owned())),
        |seen, long| no_record(seen, NoAnswer::DanglingAlias(long.to_owned())),
        |seen, long| host(seen, Err(NoAnswer::DanglingAlias(long.to_owned()))),
        |seen, long| add_mx(seen, long),
        |seen, long| {
            let Fetch::Tried(exchange) = &mut seen.fetch else { panic!("nothing was fetched") };
            exchange.tls.as_mut().unwrap().subject = Some(long.to_owned());
            exchange.outcome = Err(Failure { kind: FailureKind::TlsName, message: long.to_owned() });
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut observation = example();
        change(&mut observation, &long);
        let judgement = judged(&observation, &Settings::default());
        let texts = judgement.issues.iter().map(|issue| &issue.message).chain([&judgement.reason]);
        for text in texts {
            assert!(text.len() < 4000 && !text.chars().any(crate::evaluate::is_invisible), "{number}: {text}");
        }
        let evidence = serde_json::to_string(&judgement.evidence).unwrap();
        assert!(evidence.len() < 10_000, "{number}: {}", evidence.len());
    }
}
