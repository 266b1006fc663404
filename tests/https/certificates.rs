//! Which certificates are accepted for the host, and how the others are refused.

use exchange_control::probe::https::FailureKind::{self, *};
use exchange_control::probe::https::Tls;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use rustls::pki_types::CertificateDer;

use crate::authority::{Authority, HOST, Identity, named, self_signed, server, signed};
use crate::server::{Server, send};
use crate::{AMPLE, check, client, get, run};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn valid(from: i32, to: i32) -> CertificateParams {
    let mut params = server(&[HOST]);
    params.not_before = rcgen::date_time_ymd(from, 3, 1);
    params.not_after = rcgen::date_time_ymd(to, 3, 1);
    params
}

fn for_clients() -> CertificateParams {
    let mut params = server(&[HOST]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn with_chain(mut identity: Identity, others: &[&CertificateDer<'static>]) -> Identity {
    identity.chain.extend(others.iter().map(|other| (*other).clone()));
    identity
}

fn with_own(mut identity: Identity, own: CertificateDer<'static>) -> Identity {
    identity.chain[0] = own;
    identity
}

/// The certificate with its last byte, of the signature, changed.
fn forged(own: &CertificateDer) -> CertificateDer<'static> {
    let mut bytes = own.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    bytes.into()
}

#[test]
fn certificates() {
    let ours = Authority::new();
    let others = Authority::new();
    let expired_intermediate = {
        let mut params = named("Fabrikam Old", &[]);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.not_after = rcgen::date_time_ymd(2021, 5, 4);
        rcgen::CertifiedIssuer::signed_by(params, rcgen::KeyPair::generate().unwrap(), &ours.root).unwrap()
    };
    let private = {
        let mut params = named("Inspection", &[]);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap()
    };
    let many: Vec<String> = (0..60).map(|n| format!("host-{n}.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let good = ours.good();

    let cases: Vec<(&str, Identity, Result<u16, (FailureKind, &str)>)> = vec![
        ("good", ours.good(), Ok(200)),
        ("wildcard", ours.identity(server(&["*.contoso.example"])), Ok(200)),
        ("in capitals", ours.identity(server(&["MTA-STS.Contoso.Example"])), Ok(200)),
        ("below the root itself", signed(server(&[HOST]), &ours.root), Ok(200)),
        (
            "superfluous certificates",
            with_chain(ours.good(), &[others.root.der(), &"x".repeat(9).into_bytes().into()]),
            Ok(200),
        ),
        ("expired", ours.identity(valid(2020, 2022)), Err((TlsExpired, "certificate expired on 2022-03-01"))),
        (
            "not yet valid",
            ours.identity(valid(2089, 2090)),
            Err((TlsNotYetValid, "certificate is not valid before 2089-03-01")),
        ),
        (
            "expired intermediate",
            with_chain(signed(server(&[HOST]), &expired_intermediate), &[expired_intermediate.der()]),
            Err((TlsExpired, "a certificate above the server's own, in its chain, expired on 2021-05-04")),
        ),
        (
            "another name",
            ours.identity(server(&["*.provider.example", "provider.example"])),
            Err((TlsName, "certificate is for *.provider.example, provider.example, not for mta-sts.contoso.example")),
        ),
        ("many other names", ours.identity(server(&many)), Err((TlsName, "host-4.example and 55 more, not for"))),
        ("wildcard for two labels", ours.identity(server(&["*.example"])), Err((TlsName, "*.example, not for"))),
        (
            "wildcard in a label",
            ours.identity(server(&["mta*.contoso.example"])),
            Err((TlsName, "mta*.contoso.example")),
        ),
        ("wildcard for the parent", ours.identity(server(&["*.mta-sts.contoso.example"])), Err((TlsName, "not for"))),
        (
            "common name alone",
            ours.identity(server(&[])),
            Err((TlsName, "no subjectAltName, and its common name `mta-sts.contoso.example` does not count")),
        ),
        ("the address alone", ours.identity(server(&["127.0.0.1"])), Err((TlsName, "certificate is for no DNS name"))),
        ("self-signed", self_signed(server(&[HOST])), Err((TlsUntrusted, "self-signed"))),
        (
            "self-signed as an authority",
            with_own(ours.good(), private.der().clone()),
            Err((TlsUntrusted, "self-signed")),
        ),
        (
            "unknown authority, sent whole",
            with_chain(signed(server(&[HOST]), &private), &[private.der()]),
            Err((TlsUntrusted, "an authority that is not trusted: CN=Inspection; is TLS inspection in the way?")),
        ),
        (
            "missing intermediate",
            signed(server(&[HOST]), &ours.intermediate),
            Err((TlsUntrusted, "O=Fabrikam\\, Inc.,CN=Fabrikam Issuing, whose certificate the server did not send")),
        ),
        (
            "an authority of the same name",
            others.good(),
            Err((TlsUntrusted, "signature in the certificate's chain is wrong")),
        ),
        (
            "forged",
            with_own(ours.good(), forged(&good.chain[0])),
            Err((TlsUntrusted, "signature in the certificate's chain is wrong")),
        ),
        ("of clients", ours.identity(for_clients()), Err((TlsUntrusted, "lacks serverAuth"))),
        (
            "an intermediate as the server's",
            with_own(ours.good(), ours.intermediate.der().clone()),
            Err((TlsUntrusted, "that of an authority")),
        ),
        (
            "another's key",
            with_own(ours.good(), good.chain[0].clone()),
            Err((TlsUntrusted, "does not hold the key of its certificate")),
        ),
        (
            "no certificate",
            with_own(ours.good(), b"certificate".to_vec().into()),
            Err((TlsUntrusted, "not correctly encoded")),
        ),
    ];
    run(async {
        for (name, identity, expected) in cases {
            let server = Server::tls(identity, vec![send(ANSWER)]).await;
            check(name, &get(&client(&ours, server.address, AMPLE)).await, expected);
        }
    });
}

#[test]
fn the_certificate_is_shown_even_where_it_is_refused() {
    let ours = Authority::new();
    let tls = |version| Tls {
        version,
        subject: Some("CN=mta-sts.contoso.example".to_owned()),
        issuer: Some("O=Fabrikam\\, Inc.,CN=Fabrikam Issuing".to_owned()),
        not_after: Some(rcgen::date_time_ymd(2090, 1, 1).unix_timestamp()),
    };
    let cases = [
        ("accepted", ours.good(), Some(tls(Some("TLS 1.3")))),
        ("refused", ours.identity(server(&["provider.example"])), Some(tls(None))),
        ("unreadable", with_own(ours.good(), b"certificate".to_vec().into()), Some(Tls::default())),
    ];
    run(async {
        for (name, identity, expected) in cases {
            let server = Server::tls(identity, vec![send(ANSWER)]).await;
            assert_eq!(get(&client(&ours, server.address, AMPLE)).await.tls, expected, "{name}");
        }
    });
}
