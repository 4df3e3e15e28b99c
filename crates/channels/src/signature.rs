//! HMAC-SHA256 over raw bytes, compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Whether the signature in base64 is one of these. All are compared, so that time tells nothing of which.
pub(crate) fn fits_any(signature: &str, expected: impl Iterator<Item = [u8; 32]>) -> bool {
    let Ok(given) = STANDARD.decode(signature.trim()) else {
        return false;
    };
    let fits = expected.fold(Choice::from(0), |fits, digest| fits | digest.as_slice().ct_eq(&given));
    fits.into()
}
