//! One adapter for each platform: verify, identify, map, answer. Pure: no clock, no I/O, no secret store.
//!
//! An adapter turns what a platform sent into the canonical order and says what the delivery *means* ([`Mapped`]). It knows
//! nothing of the aggregate: whether the news is new is the clerk's business. Personal fields leave it in clear, in a
//! structure of their own, so that whoever owns the key seals them before anything is written.

pub mod adapter;
pub mod douyin;
pub mod fault;
pub mod generic;
pub mod grpc;
pub mod kuaishou;
pub mod listing;
pub mod mapped;
pub mod money;
pub mod shopee;
pub mod shopify;
pub mod snapshot;
pub mod standard_webhooks;
pub mod tiktok;
pub mod woocommerce;
pub mod youzan;

mod assemble;
mod instant;
mod json;
mod signature;

pub use adapter::{Adapter, Answer, CHANNELS, Headers, Identity, Opened, Request, adapter, adapter_for};
pub use fault::{Fault, SignatureFault};
pub use mapped::{CancelRequest, Draft, Mapped, Shipped};
pub use snapshot::snapshot_checksum;
