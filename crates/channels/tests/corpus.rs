//! Every input that a fuzz target has kept, fed to the same promises: what broke one once is a test from then on.

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;
use weir_channels::{CHANNELS, adapter};

#[test]
fn what_the_fuzzers_kept_breaks_no_promise() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for channel in CHANNELS.iter().copied() {
        for input in kept(&folder.join(format!("delivery_{channel}.base64"))) {
            fuzz::delivery(channel, &input);
        }
        if adapter(channel).is_some_and(|adapter| adapter.listing().is_some()) {
            for input in kept(&folder.join(format!("page_{channel}.base64"))) {
                fuzz::page(channel, &input);
            }
        }
    }
}

/// Each channel has its targets, so a missing file is one that nobody has fuzzed.
fn kept(file: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let inputs: Vec<Vec<u8>> = text.lines().map(|line| STANDARD.decode(line).expect("base64")).collect();
    assert!(!inputs.is_empty(), "{} is empty", file.display());
    inputs
}
