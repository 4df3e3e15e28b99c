//! Personal fields and secrets at rest: sealed under keys that derive from one tenant key.
//!
//! Each order has a key of its own, so that erasing a person later means forgetting one derivation, not a rewrite of the log.
//! Nonces are synthetic (a keyed hash of the plaintext): deciding the same input again seals to the same bytes, and no nonce
//! is ever used for two plaintexts under one key. The price is that equal plaintexts of one order show as equal, which the
//! order itself shows anyway.

mod contact;
mod key;
mod seal;

pub use key::{KeyFault, TenantKey, VARIABLE};
pub use seal::{KEY_REF, OpenFault};
