//! The routing service's process.

weir_host::allocator!();

fn main() -> std::process::ExitCode {
    weir_routing::run()
}
