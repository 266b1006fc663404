//! Certificates, good and bad. Every server has the same key, so that thousands are cheap.

use std::io::Write;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use tempfile::NamedTempFile;

/// What a policy host shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// For the policy host, from the trusted root.
    Good,
    /// From an intermediate, which is sent along.
    Chain,
    /// `*.<domain>`.
    Wildcard,
    /// `*` in the place of two labels.
    WildcardTooHigh,
    /// `mta*.<domain>`: `*` as a part of a label.
    PartialWildcard,
    Expired,
    NotYetValid,
    /// For `www.<domain>`.
    WrongName,
    /// Without a subject alternative name.
    CommonNameOnly,
    SelfSigned,
    /// From a root that nobody trusts.
    UnknownCa,
    /// From an intermediate, which is not sent along.
    MissingIntermediate,
}

/// The roots, the intermediate, and the key of all servers.
pub struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    unknown: CertifiedIssuer<'static, KeyPair>,
    pair: KeyPair,
    key: Arc<dyn SigningKey>,
}

impl Authority {
    pub fn new() -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(issuer("Lab Root"), key()).unwrap();
        let intermediate = CertifiedIssuer::signed_by(issuer("Lab Intermediate"), key(), &root).unwrap();
        let unknown = CertifiedIssuer::self_signed(issuer("Unknown Root"), key()).unwrap();
        let pair = key();
        let der = PrivateKeyDer::try_from(pair.serialize_der()).unwrap();
        let key = rustls::crypto::ring::sign::any_supported_type(&der).unwrap();
        Authority { root, intermediate, unknown, pair, key }
    }

    /// The trusted root, as a PEM file.
    pub fn roots(&self) -> NamedTempFile {
        let mut file = NamedTempFile::with_suffix(".pem").unwrap();
        file.write_all(self.root.pem().as_bytes()).unwrap();
        file
    }

    /// A certificate for the policy host of a domain, with its chain and key.
    pub fn certify(&self, certificate: Certificate, domain: &str) -> Arc<CertifiedKey> {
        Arc::new(CertifiedKey::new(self.chain(certificate, domain), Arc::clone(&self.key)))
    }

    fn chain(&self, certificate: Certificate, domain: &str) -> Vec<CertificateDer<'static>> {
        let params = server(certificate, domain);
        let signed = match certificate {
            Certificate::SelfSigned => params.self_signed(&self.pair),
            Certificate::UnknownCa => params.signed_by(&self.pair, &self.unknown),
            Certificate::Chain | Certificate::MissingIntermediate => params.signed_by(&self.pair, &self.intermediate),
            _ => params.signed_by(&self.pair, &self.root),
        };
        let mut chain = vec![signed.unwrap().der().clone()];
        if certificate == Certificate::Chain {
            chain.push(self.intermediate.der().clone());
        }
        chain
    }
}

fn issuer(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 1, 1));
    params
}

fn server(certificate: Certificate, domain: &str) -> CertificateParams {
    let host = format!("mta-sts.{domain}");
    let parent = domain.split_once('.').map_or(domain, |(_, parent)| parent);
    let names = match certificate {
        Certificate::Wildcard => vec![format!("*.{domain}")],
        Certificate::WildcardTooHigh => vec![format!("*.{parent}")],
        Certificate::PartialWildcard => vec![format!("mta*.{domain}")],
        Certificate::WrongName => vec![format!("www.{domain}")],
        Certificate::CommonNameOnly => Vec::new(),
        _ => vec![host.clone()],
    };
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = common_name(&host);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = match certificate {
        Certificate::Expired => (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)),
        Certificate::NotYetValid => (date_time_ymd(2090, 1, 1), date_time_ymd(2099, 1, 1)),
        _ => (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 1, 1)),
    };
    params
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
