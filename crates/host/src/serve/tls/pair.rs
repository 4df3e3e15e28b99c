//! A certificate and its key, as two files hold them, and what may be wrong with them.

use crate::env::Fault;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys, RootCertStore};
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const CERT: &str = "WEIR_TLS_CERT";
const KEY: &str = "WEIR_TLS_KEY";

/// A certificate with its key.
#[derive(Debug)]
pub(super) struct Pair {
    pub key: Arc<CertifiedKey>,
    /// When the certificate ends, in seconds since 1970.
    pub not_after: Option<u64>,
}

impl Pair {
    /// Reads both, and holds one against the other.
    pub fn read(cert: &Path, key: &Path) -> Result<Pair, Fault> {
        let chain = chain(cert)?;
        let pem = contents(KEY, key)?;
        let der = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|error| fault(KEY, format!("{} has no private key ({error})", key.display())))?;
        let not_after = chain.first().and_then(not_after);
        let paired = CertifiedKey::from_der(chain, der, &ring::default_provider());
        let key = paired.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                fault(KEY, format!("{} is the key of another certificate than {}", key.display(), cert.display()))
            }
            Error::InvalidCertificate(_) => {
                fault(CERT, format!("{} has an unusable certificate ({error})", cert.display()))
            }
            _ => fault(KEY, format!("{} has an unusable private key ({error})", key.display())),
        })?;
        Ok(Pair { key: Arc::new(key), not_after })
    }

    /// Logs that it is now in use.
    pub fn tell(&self) {
        let left = self.not_after.map(|end| end.saturating_sub(super::now_s()));
        match left {
            Some(0) => tracing::warn!(
                "certificate in use, but its time is over and clients will refuse it; put a renewed one into {CERT} and {KEY}"
            ),
            _ => tracing::info!(expires_s = left, "certificate in use"),
        }
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let pem = contents(CERT, path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(fault(CERT, format!("{} has no certificate", path.display()))),
        Ok(chain) => Ok(chain),
        Err(error) => Err(fault(CERT, format!("{} is not PEM ({error})", path.display()))),
    }
}

fn contents(name: &str, path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path).map_err(|error| fault(name, format!("{} can not be read ({error})", path.display())))
}

fn fault(name: &str, wrong: String) -> Fault {
    let should = match name {
        CERT => "a PEM file with the certificate, and after it those between it and its root",
        _ => "a PEM file with the private key of the certificate in WEIR_TLS_CERT, not encrypted",
    };
    Fault { name: name.to_owned(), wrong, should: should.to_owned() }
}

/// When a certificate ends. rustls says it of one that has ended, so it is asked at the end of time; an X.509 reader
/// would be a dependency for one number.
fn not_after(certificate: &CertificateDer<'static>) -> Option<u64> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).ok()?;
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let anybody = ServerName::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let end_of_time = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    match verifier.verify_server_cert(certificate, &[], &anybody, &[], end_of_time) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => Some(not_after.as_secs()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
