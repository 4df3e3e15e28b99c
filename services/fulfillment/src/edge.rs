//! Where people and machines come in.

pub mod grpc;
mod problem;
mod request;
