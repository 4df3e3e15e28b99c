//! The console service: wiring only.

weir_host::allocator!();

fn main() -> std::process::ExitCode {
    weir_console::run()
}
