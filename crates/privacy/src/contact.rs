//! Keyed hashes of contacts: two orders of one buyer can be matched, and nobody without the key can try out numbers.

use crate::TenantKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

const HASH_BYTES: usize = 16;

impl TenantKey {
    /// The keyed hash of a contact in hex. `kind` is "email" or "phone". A contact without content has the empty hash, and so has a
    /// masked one ("138****0001"): it is many people's.
    pub fn contact_hash(&self, kind: &str, value: &str) -> String {
        let normal = normalise(kind, value);
        if normal.is_empty() {
            return String::new();
        }
        let key = self.derive("contact", kind);
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
        mac.update(normal.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut hex = String::with_capacity(2 * HASH_BYTES);
        for byte in &digest[..HASH_BYTES] {
            write!(hex, "{byte:02x}").expect("a String takes any text");
        }
        hex
    }
}

/// The form in which the same contact reads the same: lower-case addresses, the digits of a number.
fn normalise(kind: &str, value: &str) -> String {
    match kind {
        _ if value.contains('*') => String::new(),
        "phone" => value.chars().filter(char::is_ascii_digit).collect(),
        _ => value.trim().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_contact_reads_the_same() {
        let key = TenantKey::new([7; 32]);
        let hash = key.contact_hash("email", " Fang@Example.com ");
        assert_eq!(hash, key.contact_hash("email", "fang@example.com"));
        assert_eq!(hash.len(), 32);
        assert_eq!(key.contact_hash("phone", "+86 138-0000 0001"), key.contact_hash("phone", "8613800000001"));
        assert_ne!(key.contact_hash("phone", "1"), key.contact_hash("email", "1"));
        assert_ne!(hash, TenantKey::new([8; 32]).contact_hash("email", "fang@example.com"));
        assert_eq!(key.contact_hash("phone", "none"), "");
        assert_eq!(key.contact_hash("phone", "138****0001"), "");
        assert_eq!(key.contact_hash("email", "f***@example.com"), "");
    }
}
