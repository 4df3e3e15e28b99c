//! Console's two edges. Both ask [`crate::query::Queries`] and add nothing of their own.

pub mod grpc;
pub mod http;
