//! Where people and machines ask routing: commands through the log, queries from the projection.

pub mod grpc;
mod holds;
mod problem;
mod story;
