//! Whose certificates are trusted: Mozilla's list, the system's store, or a PEM file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::probe::Roots;

/// Every public authority of the world fits in a tenth of this.
const LARGEST_FILE: u64 = 4 << 20;

/// Reads them. The error names the file or the store, and says what is wrong with it.
pub fn read(roots: &Roots) -> Result<RootCertStore, String> {
    match roots {
        Roots::Mozilla => Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()),
        Roots::System => system(),
        Roots::File(path) => file(path).map_err(|wrong| format!("the trusted roots in `{}`: {wrong}", path.display())),
    }
}

/// What cannot be used of the system's store is passed over: systems keep old roots that nobody can read any more.
fn system() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(format!("the system's store of trusted roots has no certificate that can be used{why}"));
    }
    Ok(store)
}

fn file(path: &Path) -> Result<RootCertStore, String> {
    let pem = content(path)?;
    let mut store = RootCertStore::empty();
    for (certificate, number) in CertificateDer::pem_slice_iter(&pem).zip(1..) {
        let certificate = certificate.map_err(|_| format!("certificate {number} is not whole PEM"))?;
        store.add(certificate).map_err(|_| format!("certificate {number} is not an X.509 certificate"))?;
    }
    if store.is_empty() {
        return Err(format!("it holds no certificate; expected PEM (-----BEGIN CERTIFICATE-----){}", looks_like(&pem)));
    }
    Ok(store)
}

fn content(path: &Path) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {} MiB; is it a file of certificates?", LARGEST_FILE >> 20));
    }
    Ok(content)
}

fn looks_like(content: &[u8]) -> &'static str {
    match content {
        [] => ", and the file is empty",
        [0x30, 0x80..=0xff, ..] => ", and this looks like DER: convert it to PEM",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ", and this is UTF-16: save it as ASCII",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> rcgen::Certificate {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap()
    }

    #[test]
    fn a_file_is_read_whole_or_refused_with_the_reason() {
        let (one, two) = (certificate("one.example"), certificate("two.example"));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cases: [(&str, Vec<u8>, Result<usize, &str>); 9] = [
            ("one", one.pem().into(), Ok(1)),
            ("two, with words between", format!("{}# two\n{}", one.pem(), two.pem()).into(), Ok(2)),
            ("empty", Vec::new(), Err("the file is empty")),
            ("no PEM", b"ca".to_vec(), Err("holds no certificate")),
            ("DER", one.der().to_vec(), Err("looks like DER")),
            (
                "UTF-16",
                one.pem().encode_utf16().fold(vec![0xff, 0xfe], |mut bytes, unit| {
                    bytes.extend(unit.to_le_bytes());
                    bytes
                }),
                Err("UTF-16"),
            ),
            ("no X.509", format!("{}{broken}", one.pem()).into(), Err("certificate 2 is not an X.509 certificate")),
            ("cut off", one.pem().replace("-----END", "").into(), Err("certificate 1 is not whole PEM")),
            ("too large", vec![b'\n'; LARGEST_FILE as usize + 1], Err("larger than 4 MiB")),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (name, content, expected) in cases {
            let path = folder.path().join("roots.pem");
            std::fs::write(&path, content).unwrap();
            match (read(&Roots::File(path.clone())), expected) {
                (Ok(store), Ok(count)) => assert_eq!(store.len(), count, "{name}"),
                (Err(message), Err(part)) => {
                    assert!(message.contains(part) && message.contains("roots.pem"), "{name}: {message}");
                }
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = read(&Roots::File("no-such-file.pem".into())).unwrap_err();
        assert!(message.contains("no-such-file.pem"), "{message}");
    }

    #[test]
    fn mozillas_list_is_built_in() {
        assert!(read(&Roots::Mozilla).unwrap().len() > 50);
    }
}
