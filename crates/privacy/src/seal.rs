//! Sealing and opening: AES-256-GCM with the subject as associated data.

use crate::TenantKey;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use prost::Message;
use sha2::Sha256;
use weir_proto::privacy::v1::{Personal, Sealed};

/// Which scheme sealed it.
pub const KEY_REF: &str = "tenant-hkdf-v1";

const NONCE_BYTES: usize = 12;

/// Why something stays closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    #[error("sealed under the unknown key {0:?}")]
    UnknownKey(String),
    #[error("the nonce has {0} bytes; it should have 12")]
    Nonce(usize),
    /// Another key, another subject, or changed bytes: which of them, nobody can tell.
    #[error("it does not open with this key for this subject")]
    Closed,
    #[error("it opens, and holds something else than expected")]
    Content,
}

impl TenantKey {
    /// Seals the personal fields of an order. Nothing to seal gives the empty `Sealed`.
    pub fn seal(&self, order_id: &str, personal: &Personal) -> Sealed {
        if personal == &Personal::default() {
            return Sealed::default();
        }
        self.seal_for("order", order_id, &personal.encode_to_vec())
    }

    /// Opens what [`TenantKey::seal`] sealed for the same order.
    ///
    /// # Errors
    /// See [`OpenFault`].
    pub fn open(&self, order_id: &str, sealed: &Sealed) -> Result<Personal, OpenFault> {
        if sealed == &Sealed::default() {
            return Ok(Personal::default());
        }
        let clear = self.open_for("order", order_id, sealed)?;
        Personal::decode(clear.as_slice()).map_err(|_| OpenFault::Content)
    }

    /// Seals bytes that belong to something else than an order, such as a shop's secrets under "channel/shop".
    pub fn seal_bytes(&self, context: &str, clear: &[u8]) -> Sealed {
        self.seal_for("bytes", context, clear)
    }

    /// Opens what [`TenantKey::seal_bytes`] sealed under the same context.
    ///
    /// # Errors
    /// See [`OpenFault`].
    pub fn open_bytes(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, OpenFault> {
        self.open_for("bytes", context, sealed)
    }

    fn seal_for(&self, purpose: &str, subject: &str, clear: &[u8]) -> Sealed {
        let key = self.derive(purpose, subject);
        let nonce = synthetic_nonce(&key, clear);
        let ciphertext = Aes256Gcm::new(&key.into())
            .encrypt(Nonce::from_slice(&nonce), Payload { msg: clear, aad: subject.as_bytes() })
            .expect("AES-GCM refuses only what is beyond 64 GB");
        Sealed { key_ref: KEY_REF.to_owned(), nonce: nonce.to_vec(), ciphertext }
    }

    fn open_for(&self, purpose: &str, subject: &str, sealed: &Sealed) -> Result<Vec<u8>, OpenFault> {
        if sealed.key_ref != KEY_REF {
            return Err(OpenFault::UnknownKey(sealed.key_ref.clone()));
        }
        if sealed.nonce.len() != NONCE_BYTES {
            return Err(OpenFault::Nonce(sealed.nonce.len()));
        }
        let key = self.derive(purpose, subject);
        Aes256Gcm::new(&key.into())
            .decrypt(Nonce::from_slice(&sealed.nonce), Payload { msg: &sealed.ciphertext, aad: subject.as_bytes() })
            .map_err(|_| OpenFault::Closed)
    }
}

/// A keyed hash of the plaintext under a key of its own, so that GCM's key sees no other use.
fn synthetic_nonce(key: &[u8; 32], clear: &[u8]) -> [u8; NONCE_BYTES] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(b"weir nonce v1");
    mac.update(clear);
    let digest = mac.finalize().into_bytes();
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&digest[..NONCE_BYTES]);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TenantKey {
        TenantKey::new([7; 32])
    }

    fn person() -> Personal {
        Personal {
            name: "Wang Fang".to_owned(),
            phone: "+86 138 0000 0001".to_owned(),
            email: "fang@example.com".to_owned(),
            address_detail: "12 Xinhua Road, flat 3".to_owned(),
        }
    }

    #[test]
    fn what_was_sealed_opens_for_its_order_only() {
        let sealed = key().seal("order-1", &person());
        assert_eq!(key().open("order-1", &sealed), Ok(person()));
        assert_eq!(key().open("order-2", &sealed), Err(OpenFault::Closed));
        assert_eq!(TenantKey::new([8; 32]).open("order-1", &sealed), Err(OpenFault::Closed));
        assert!(!sealed.ciphertext.windows(4).any(|bytes| bytes == b"Wang"));
    }

    #[test]
    fn sealing_again_gives_the_same_bytes_and_other_people_other_nonces() {
        let sealed = key().seal("order-1", &person());
        assert_eq!(sealed, key().seal("order-1", &person()));
        let other = Personal { name: "Li Wei".to_owned(), ..person() };
        assert_ne!(sealed.nonce, key().seal("order-1", &other).nonce);
        assert_ne!(sealed.nonce, key().seal("order-2", &person()).nonce);
    }

    #[test]
    fn any_changed_byte_keeps_it_closed() {
        let sealed = key().seal("order-1", &person());
        for place in 0..sealed.ciphertext.len() {
            let mut bytes = sealed.ciphertext.clone();
            bytes[place] ^= 1;
            let changed = Sealed { ciphertext: bytes, ..sealed.clone() };
            assert_eq!(key().open("order-1", &changed), Err(OpenFault::Closed));
        }
        let short = Sealed { nonce: vec![1], ..sealed.clone() };
        assert_eq!(key().open("order-1", &short), Err(OpenFault::Nonce(1)));
        let foreign = Sealed { key_ref: "kms".to_owned(), ..sealed };
        assert_eq!(key().open("order-1", &foreign), Err(OpenFault::UnknownKey("kms".to_owned())));
    }

    #[test]
    fn nobody_needs_no_seal() {
        assert_eq!(key().seal("order-1", &Personal::default()), Sealed::default());
        assert_eq!(key().open("order-1", &Sealed::default()), Ok(Personal::default()));
    }

    #[test]
    fn bytes_and_orders_keep_apart() {
        let sealed = key().seal_bytes("shopify/acme", b"hush");
        assert_eq!(key().open_bytes("shopify/acme", &sealed), Ok(b"hush".to_vec()));
        assert_eq!(key().open_bytes("shopify/other", &sealed), Err(OpenFault::Closed));
        assert_eq!(key().open("shopify/acme", &sealed), Err(OpenFault::Closed));
    }
}
