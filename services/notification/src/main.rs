//! The notification service's process.

weir_host::allocator!();

fn main() -> std::process::ExitCode {
    weir_notification::run()
}
