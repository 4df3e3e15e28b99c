//! Who may ask: the gRPC surface.

pub mod grpc;
mod problem;
