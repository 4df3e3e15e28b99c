//! Ingest's edges: the door for platforms over HTTP, and `PlaceOrder` over gRPC for services inside the house.

mod admission;
mod door;
mod grpc;
mod record;
mod refusal;

pub use admission::{Admission, Limits};
pub use door::{Access, Door, router};
pub use grpc::{Placing, received};
pub use record::{Parcel, RECEIVED, encode, webhook};

use std::time::{SystemTime, UNIX_EPOCH};

/// Wall time in Unix ms: edges may look at a clock, rules never.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
