//! Ingest's edges: the door for platforms over HTTP, and `PlaceOrder` over gRPC for services inside the house.

mod admission;
mod book;
mod door;
mod drain;
mod grpc;
mod lane;
mod record;
mod refusal;

pub use admission::{Admission, Limits};
pub use book::Book;
pub use door::{Door, router};
pub use drain::{drain, report};
pub use grpc::{Placing, received};
pub use lane::{Entry, Kept, Lane, Lost};
pub use record::{Parcel, RECEIVED, encode, webhook};

use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time in Unix ms: edges may look at a clock, rules never.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
