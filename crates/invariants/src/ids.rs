//! Names as 64-bit fingerprints, and maps by them: what is kept for millions of orders is kept without its text.
//!
//! Two names of one partition that share a fingerprint would show as a break, never hide one: among a million, once in forty million
//! runs.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};

/// The fingerprint of a name.
pub(crate) fn print(name: impl AsRef<[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name.as_ref());
    hasher.finish()
}

/// A map by fingerprints, which need no second hash.
pub(crate) type ByPrint<V> = HashMap<u64, V, BuildHasherDefault<Hashed>>;

/// Takes a fingerprint as the hash that it is.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, print: u64) {
        self.0 = print;
    }
}
