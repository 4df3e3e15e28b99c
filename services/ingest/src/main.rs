//! The ingest service's process.

use std::process::ExitCode;

weir_host::allocator!();

fn main() -> ExitCode {
    weir_ingest::run()
}
