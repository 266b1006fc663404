//! What a certificate says of itself, for people: read from DER that nobody has checked.

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::message::printable;

/// A distinguished name is cut after so many characters.
const LONGEST_NAME: usize = 400;
/// A DNS name has at most 253 characters; more is no name.
const LONGEST_DNS_NAME: usize = 253;
/// More names than these are counted, and not listed.
const MOST_NAMES: usize = 5;

/// What is shown and compared of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Subject and issuer as RFC 4514 texts.
    pub subject: String,
    pub issuer: String,
    /// The bounds of its validity, in seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
    /// The subject's last common name.
    pub common_name: Option<String>,
    /// The DNS names of its subjectAltName; None where it has no such extension.
    pub dns_names: Option<Names>,
    /// Subject and issuer are the same.
    pub is_self_issued: bool,
    /// It is an authority's (basicConstraints).
    pub is_authority: bool,
}

/// The first names of a list, and how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub first: Vec<String>,
    pub more: usize,
}

impl Certificate {
    /// None where it is not an X.509 certificate.
    pub fn read(der: &[u8]) -> Option<Certificate> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        Some(Certificate {
            subject: text(certificate.subject()),
            issuer: text(certificate.issuer()),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
            common_name: certificate
                .subject()
                .iter_common_name()
                .last()
                .map(|name| printable(name.as_slice(), LONGEST_DNS_NAME)),
            dns_names: dns_names(&certificate),
            is_self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            is_authority: certificate.is_ca(),
        })
    }
}

fn dns_names(certificate: &X509Certificate) -> Option<Names> {
    let extension = certificate.subject_alternative_name().ok().flatten()?;
    let mut names = Names::default();
    for name in &extension.value.general_names {
        match name {
            GeneralName::DNSName(_) if names.first.len() == MOST_NAMES => names.more += 1,
            GeneralName::DNSName(name) => names.first.push(printable(name.as_bytes(), LONGEST_DNS_NAME)),
            _ => {}
        }
    }
    Some(names)
}

/// A distinguished name as text, its last part first (RFC 4514 section 2), cut where it is very long.
fn text(name: &X509Name) -> String {
    let parts: Vec<&_> = name.iter().collect();
    let mut text = String::new();
    for part in parts.into_iter().rev() {
        for (index, attribute) in part.iter().enumerate() {
            match (text.is_empty(), index) {
                (true, _) => {}
                (false, 0) => text.push(','),
                (false, _) => text.push('+'),
            }
            push_attribute(attribute, &mut text);
        }
        if text.len() > LONGEST_NAME {
            break;
        }
    }
    if let Some((end, _)) = text.char_indices().nth(LONGEST_NAME) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn push_attribute(attribute: &AttributeTypeAndValue, text: &mut String) {
    let oid = attribute.attr_type().to_id_string();
    let keyword = KEYWORDS.iter().find(|(known, _)| *known == oid).map(|(_, keyword)| *keyword);
    match (keyword, characters(attribute.attr_value())) {
        (Some(keyword), Some(value)) => {
            text.push_str(keyword);
            text.push('=');
            push_escaped(&value, text);
        }
        _ => {
            text.push_str(&oid);
            text.push_str("=#");
            push_der(attribute.attr_value(), text);
        }
    }
}

/// Attribute types by the keywords of RFC 4514 section 3 and, beyond them, of RFC 4519 and the CA/Browser Forum.
const KEYWORDS: [(&str, &str); 16] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.12", "title"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// The characters of a string of any of X.520's kinds.
fn characters(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            std::str::from_utf8(value.data).ok().map(str::to_owned)
        }
        Tag::T61String => Some(value.data.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let units =
                value.data.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

/// Escapes what RFC 4514 section 2.4 asks for, and control characters, which must not reach a terminal.
fn push_escaped(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        let is_edge_blank = character == ' ' && (index == 0 || index == last);
        if is_edge_blank || (character == '#' && index == 0) || "\"+,;<>\\".contains(character) {
            text.push('\\');
            text.push(character);
        } else if character.is_control() {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                text.push_str(&format!("\\{byte:02X}"));
            }
        } else {
            text.push(character);
        }
        if index == LONGEST_NAME {
            break;
        }
    }
}

/// The value's DER in hexadecimal digits.
fn push_der(value: &Any, text: &mut String) {
    let header = x509_parser::asn1_rs::ToDer::to_der_vec(&value.header).unwrap_or_default();
    for byte in header.iter().chain(value.data).take(LONGEST_NAME) {
        text.push_str(&format!("{byte:02X}"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, string::BmpString};

    use super::*;

    /// A certificate with these parts of its subject, and these DNS names.
    fn made(subject: &[(DnType, DnValue)], dns_names: &[&str]) -> Vec<u8> {
        let names: Vec<String> = dns_names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn subjects_as_rfc_4514_writes_them() {
        let utf8 = |text: &str| DnValue::Utf8String(text.to_owned());
        let custom = |oid: &[u64]| DnType::CustomDnType(oid.to_vec());
        let cases: Vec<(&str, Vec<(DnType, DnValue)>, String)> = vec![
            ("none", vec![], String::new()),
            (
                "the last part first",
                vec![
                    (DnType::CountryName, utf8("US")),
                    (DnType::OrganizationName, utf8("Contoso")),
                    (DnType::CommonName, utf8("a")),
                ],
                "CN=a,O=Contoso,C=US".to_owned(),
            ),
            (
                "escapes",
                vec![(DnType::CommonName, utf8(" a,b+c\"d\\e<f>g;h "))],
                r#"CN=\ a\,b\+c\"d\\e\<f\>g\;h\ "#.to_owned(),
            ),
            ("a leading #", vec![(DnType::CommonName, utf8("#a#"))], "CN=\\#a#".to_owned()),
            ("a single blank", vec![(DnType::CommonName, utf8(" "))], "CN=\\ ".to_owned()),
            (
                "control characters",
                vec![(DnType::CommonName, utf8("a\r\n\u{1b}[1m\u{9b}"))],
                "CN=a\\0D\\0A\\1B[1m\\C2\\9B".to_owned(),
            ),
            (
                "characters of two bytes",
                vec![(DnType::CommonName, DnValue::BmpString(BmpString::try_from("Zürich").unwrap()))],
                "CN=Zürich".to_owned(),
            ),
            ("a type without keyword", vec![(custom(&[1, 2, 3]), utf8("ab"))], "1.2.3=#0C026162".to_owned()),
            ("very long", vec![(DnType::CommonName, utf8(&"x".repeat(5000)))], format!("CN={}…", "x".repeat(397))),
        ];
        for (name, subject, expected) in cases {
            let certificate = Certificate::read(&made(&subject, &[])).unwrap();
            assert_eq!(certificate.subject, expected, "{name}");
            assert_eq!(certificate.issuer, expected, "{name}");
            assert!(certificate.is_self_issued, "{name}");
        }
    }

    #[test]
    fn dns_names_are_counted_beyond_the_first() {
        let names =
            |first: &[&str], more| Some(Names { first: first.iter().map(|name| (*name).to_owned()).collect(), more });
        let cases: [(&[&str], _); 4] = [
            (&[], None),
            (&["127.0.0.1"], names(&[], 0)),
            (&["*.contoso.com", "::1", "contoso.com"], names(&["*.contoso.com", "contoso.com"], 0)),
            (&["a", "b", "c", "d", "e", "f", "g"], names(&["a", "b", "c", "d", "e"], 2)),
        ];
        for (given, expected) in cases {
            assert_eq!(Certificate::read(&made(&[], given)).unwrap().dns_names, expected, "{given:?}");
        }
    }

    proptest! {
        #[test]
        fn broken_certificates_are_read_or_not(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), end in any::<prop::sample::Index>()) {
            let mut der = made(&[(DnType::CommonName, DnValue::Utf8String("contoso".to_owned()))], &["contoso.com"]);
            for (index, byte) in changes {
                let index = index.index(der.len());
                der[index] = byte;
            }
            let _ = Certificate::read(&der);
            der.truncate(end.index(der.len()));
            prop_assert_eq!(Certificate::read(&der), None);
        }

        #[test]
        fn other_bytes_are_no_certificate(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Certificate::read(&bytes), None);
        }
    }
}
