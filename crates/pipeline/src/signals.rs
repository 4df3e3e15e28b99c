//! How a loop and its process talk: the process says stop, the loop says ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

type OnReady = Arc<dyn Fn(bool, &str) + Send + Sync>;

/// Shared by a process and one of its loops.
#[derive(Clone)]
pub struct Signals {
    stop: Arc<AtomicBool>,
    on_ready: OnReady,
}

impl Signals {
    /// `stop` turns true once; `on_ready` hears whether the loop is up, and why not.
    pub fn new(stop: Arc<AtomicBool>, on_ready: impl Fn(bool, &str) + Send + Sync + 'static) -> Signals {
        Signals { stop, on_ready: Arc::new(on_ready) }
    }

    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub fn ready(&self, ready: bool, why: &str) {
        (self.on_ready)(ready, why);
    }
}
