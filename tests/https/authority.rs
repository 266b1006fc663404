//! Certificates for the tests: a root, an intermediate below it, and what servers present.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The policy host of the tests.
pub const HOST: &str = "mta-sts.contoso.example";

/// A root and an intermediate.
pub struct Authority {
    pub root: CertifiedIssuer<'static, KeyPair>,
    pub intermediate: CertifiedIssuer<'static, KeyPair>,
}

/// What a server presents.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = named(name, &[]);
    params.distinguished_name.push(DnType::OrganizationName, "Fabrikam, Inc.");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// Parameters with a common name and DNS names.
pub fn named(common_name: &str, dns_names: &[&str]) -> CertificateParams {
    let names: Vec<String> = dns_names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

/// A server's parameters, valid from 2020 to 2090.
pub fn server(dns_names: &[&str]) -> CertificateParams {
    let mut params = named(HOST, dns_names);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2090, 1, 1);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

impl Authority {
    pub fn new() -> Authority {
        let root =
            CertifiedIssuer::self_signed(authority_params("Fabrikam Root"), KeyPair::generate().unwrap()).unwrap();
        let intermediate =
            CertifiedIssuer::signed_by(authority_params("Fabrikam Issuing"), KeyPair::generate().unwrap(), &root)
                .unwrap();
        Authority { root, intermediate }
    }

    /// Signed by the intermediate, which is sent with it.
    pub fn identity(&self, params: CertificateParams) -> Identity {
        let mut identity = signed(params, &self.intermediate);
        identity.chain.push(self.intermediate.der().clone());
        identity
    }

    pub fn good(&self) -> Identity {
        self.identity(server(&[HOST]))
    }
}

/// Signed by the issuer, and sent alone.
pub fn signed(params: CertificateParams, issuer: &Issuer<'_, KeyPair>) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    Identity { chain: vec![certificate.der().clone()], key: key.into() }
}

pub fn self_signed(params: CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Identity { chain: vec![certificate.der().clone()], key: key.into() }
}
