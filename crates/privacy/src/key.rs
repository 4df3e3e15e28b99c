//! The tenant key, and what is derived from it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;

/// The environment variable that holds the key: 32 bytes in base64.
pub const VARIABLE: &str = "WEIR_TENANT_KEY";

const KEY_BYTES: usize = 32;

/// The key that all others derive from. Never printed, never written.
#[derive(Clone, PartialEq, Eq)]
pub struct TenantKey([u8; KEY_BYTES]);

/// Why a text is no tenant key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("it is no base64")]
    NotBase64,
    #[error("it has {0} bytes; it should have 32")]
    Length(usize),
}

impl TenantKey {
    pub fn new(bytes: [u8; KEY_BYTES]) -> TenantKey {
        TenantKey(bytes)
    }

    /// Reads the text of [`VARIABLE`].
    ///
    /// # Errors
    /// Where it is not 32 bytes in base64. The fault never shows the text.
    pub fn from_base64(text: &str) -> Result<TenantKey, KeyFault> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyFault::NotBase64)?;
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|bytes: Vec<u8>| KeyFault::Length(bytes.len()))?;
        Ok(TenantKey(bytes))
    }

    /// A key for one purpose and one subject; different purposes can't meet, whatever the subject is called.
    pub(crate) fn derive(&self, purpose: &str, subject: &str) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        Hkdf::<Sha256>::new(Some(b"weir tenant key v1"), &self.0)
            .expand_multi_info(&[purpose.as_bytes(), &[0x1f], subject.as_bytes()], &mut key)
            .expect("32 bytes are far below HKDF's limit");
        key
    }
}

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_base64_and_never_shown() {
        let text = STANDARD.encode([7; 32]);
        let key = TenantKey::from_base64(&format!("{text}\n")).expect("a good key");
        assert_eq!(key, TenantKey::new([7; 32]));
        assert_eq!(format!("{key:?}"), "***");
        assert_eq!(TenantKey::from_base64("not base64!"), Err(KeyFault::NotBase64));
        assert_eq!(TenantKey::from_base64(&STANDARD.encode([7; 31])), Err(KeyFault::Length(31)));
    }

    #[test]
    fn purposes_and_subjects_keep_apart() {
        let key = TenantKey::new([7; 32]);
        assert_eq!(key.derive("order", "a"), key.derive("order", "a"));
        assert_ne!(key.derive("order", "a"), key.derive("order", "b"));
        assert_ne!(key.derive("order", "a"), key.derive("bytes", "a"));
        assert_ne!(key.derive("order", "a"), TenantKey::new([8; 32]).derive("order", "a"));
    }
}
