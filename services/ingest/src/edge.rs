//! Ingest's edges: the door for platforms over HTTP, and over gRPC, for services inside the house, `PlaceOrder`
//! and what can be asked of platforms.

mod admission;
mod asking;
mod body;
mod book;
mod door;
mod drain;
mod grpc;
mod lane;
mod record;
mod refusal;
mod service;

pub use admission::{Admission, Limits};
pub use asking::Asking;
pub use book::Book;
pub use door::{Door, router};
pub use drain::{drain, report};
pub use grpc::{Placing, received};
pub use lane::{Entry, Kept, Lane, Lost};
pub(crate) use record::denied;
pub(crate) use record::place;
pub use record::{Parcel, RECEIVED, encode, pulled, webhook};
pub use service::Service;

use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time in Unix ms: edges may look at a clock, rules never.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
