//! The process around a service: configuration, telemetry, health, one port for HTTP and gRPC, and an orderly end.
//! It knows no topics, rules or SQL, so every service boots, reports and stops the same way.
//!
//! The boot order is fixed: telemetry → configuration with every fault reported at once → bind → log the address →
//! serve → signal → drain. See [`run`] for the ten lines a service's `main` needs.

pub mod env;
pub mod error;
pub mod health;
pub mod lifecycle;
pub mod process;
mod reach;
pub mod semconv;
pub mod serve;
pub mod telemetry;
pub mod trace;

mod settings;
#[cfg(test)]
mod sources;

pub use env::{Environment, Fault, Faults, Reader, Secret};
pub use error::{ErrorCode, FieldFault, Kind, Problem, kind};
pub use health::{Condition, Readiness};
pub use lifecycle::{Drain, Fatal};
pub use process::{Boot, Parts, run};
pub use reach::Miss;
pub use settings::HostConfig;

#[doc(hidden)]
pub use mimalloc::MiMalloc;

/// Makes mimalloc the allocator of the binary that calls it. Stages allocate per record, and it is the cheaper of the two.
#[macro_export]
macro_rules! allocator {
    () => {
        #[global_allocator]
        static ALLOCATOR: $crate::MiMalloc = $crate::MiMalloc;
    };
}
