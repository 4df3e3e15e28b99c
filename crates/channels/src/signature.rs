//! HMAC-SHA256 over raw bytes, and MD5 where a platform knows no better, compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;
use std::fmt::Write as _;
use subtle::{Choice, ConstantTimeEq};

pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The same in lower hex.
pub(crate) fn hmac_hex(key: &[u8], parts: &[&[u8]]) -> String {
    hex(&hmac(key, parts))
}

/// MD5 in lower hex, for platforms that sign by joining a secret to the body. Nothing of our own is signed so.
pub(crate) fn md5(parts: &[&[u8]]) -> String {
    hex(&parts.iter().fold(Md5::new(), |digest, part| digest.chain_update(part)).finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes any text");
        hex
    })
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

/// Whether the signature in hex, of either case, is one of these in lower hex. All are compared as well.
pub(crate) fn fits_any_hex(signature: &str, expected: impl Iterator<Item = String>) -> bool {
    let given = signature.trim().to_ascii_lowercase();
    let fits = expected.fold(Choice::from(0), |fits, digest| fits | digest.as_bytes().ct_eq(given.as_bytes()));
    fits.into()
}
