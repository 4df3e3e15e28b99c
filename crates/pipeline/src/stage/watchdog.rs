//! Ends the process when a blocking call of a worker takes longer than its seat in the group lasts.
//!
//! A C call can't be cancelled: a worker that hangs in one has lost its partitions and doesn't know it (STAGE.md §3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// `max.poll.interval.ms`: after this the group has given the partitions to another.
const PATIENCE: Duration = Duration::from_secs(15);
/// "Internal software error" of sysexits.h.
const EXIT_HUNG: i32 = 70;

/// Who looks after a worker, if anybody does.
pub(super) struct Watchdog {
    watched: Option<Watched>,
}

/// A worker's sign of life.
struct Watched {
    alive: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    start: Instant,
}

impl Watchdog {
    pub(super) fn watch(worker: &str) -> std::io::Result<Watchdog> {
        let (alive, done, start) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)), Instant::now());
        let (seen, ended, name) = (alive.clone(), done.clone(), worker.to_owned());
        std::thread::Builder::new().name(format!("watchdog {worker}")).spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(500));
                let silent = start.elapsed().saturating_sub(Duration::from_millis(seen.load(Ordering::Relaxed)));
                if silent > PATIENCE && !ended.load(Ordering::Relaxed) {
                    tracing::error!(
                        worker = name,
                        silent_ms = silent.as_millis() as u64,
                        "worker hangs, ending the process"
                    );
                    std::process::exit(EXIT_HUNG);
                }
            }
        })?;
        Ok(Watchdog { watched: Some(Watched { alive, done, start }) })
    }

    /// For a worker on its caller's stack, which looks after it: there is no process of its own to end.
    pub(super) fn none() -> Watchdog {
        Watchdog { watched: None }
    }

    pub(super) fn alive(&self) {
        let Some(watched) = &self.watched else { return };
        let ms = u64::try_from(watched.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        watched.alive.store(ms, Ordering::Relaxed);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
    }
}
