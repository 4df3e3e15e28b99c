//! Ends the process when a blocking call of a worker takes longer than its seat in the group lasts.
//!
//! A C call can't be cancelled: a worker that hangs in one has lost its partitions and doesn't know it (STAGE.md §3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// `max.poll.interval.ms`: after this the group has given the partitions to another.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a worker is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// "Internal software error" of sysexits.h.
const EXIT_HUNG: i32 = 70;

/// Who looks after a worker, if anybody does.
pub(super) struct Watchdog {
    watched: Option<Arc<Watched>>,
}

/// A worker's signs of life.
struct Watched {
    start: Instant,
    /// The last one, in milliseconds after the start.
    alive_ms: AtomicU64,
    /// The worker has ended.
    done: AtomicBool,
}

/// What is to be thought of a worker.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Alive,
    Done,
    /// Silent for so long.
    Hangs(Duration),
}

impl Watchdog {
    pub(super) fn watch(worker: &str) -> std::io::Result<Watchdog> {
        let watched = Arc::new(Watched::new());
        let (seen, name) = (watched.clone(), worker.to_owned());
        std::thread::Builder::new().name(format!("watchdog {worker}")).spawn(move || look_after(&seen, &name))?;
        Ok(Watchdog { watched: Some(watched) })
    }

    /// For a worker on its caller's stack, which looks after it: there is no process of its own to end.
    pub(super) fn none() -> Watchdog {
        Watchdog { watched: None }
    }

    pub(super) fn alive(&self) {
        if let Some(watched) = &self.watched {
            watched.alive(watched.start.elapsed());
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(watched) = &self.watched {
            watched.done.store(true, Ordering::Relaxed);
        }
    }
}

/// Returns when the worker has ended; ends the process when it hangs.
fn look_after(worker: &Watched, name: &str) {
    loop {
        match worker.verdict(worker.start.elapsed()) {
            Verdict::Alive => std::thread::sleep(EVERY),
            Verdict::Done => return,
            Verdict::Hangs(silent) => {
                let silent_ms = silent.as_millis() as u64;
                tracing::error!(worker = name, silent_ms, "worker hangs, ending the process");
                std::process::exit(EXIT_HUNG);
            }
        }
    }
}

impl Watched {
    fn new() -> Watched {
        Watched { start: Instant::now(), alive_ms: AtomicU64::new(0), done: AtomicBool::new(false) }
    }

    /// A sign of life, so long after the start.
    fn alive(&self, at: Duration) {
        self.alive_ms.store(u64::try_from(at.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Judges the worker, so long after the start.
    fn verdict(&self, now: Duration) -> Verdict {
        let silent = now.saturating_sub(Duration::from_millis(self.alive_ms.load(Ordering::Relaxed)));
        match self.done.load(Ordering::Relaxed) {
            true => Verdict::Done,
            false if silent > PATIENCE => Verdict::Hangs(silent),
            false => Verdict::Alive,
        }
    }
}

// That a process of a worker that hangs ends, and with which code: `tests/stage/hung.rs`.
#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn a_worker_may_be_silent_for_as_long_as_its_seat_lasts_and_no_longer() {
        let worker = Watched::new();
        assert_eq!(worker.verdict(PATIENCE), Verdict::Alive);
        assert_eq!(worker.verdict(PATIENCE + MOMENT), Verdict::Hangs(PATIENCE + MOMENT));
        // Silence is counted from the last sign of life.
        worker.alive(PATIENCE);
        assert_eq!(worker.verdict(PATIENCE * 2), Verdict::Alive);
        assert_eq!(worker.verdict(PATIENCE * 2 + MOMENT), Verdict::Hangs(PATIENCE + MOMENT));
        // It spoke after the moment that it is judged at.
        worker.alive(PATIENCE * 3);
        assert_eq!(worker.verdict(PATIENCE), Verdict::Alive);
    }

    #[test]
    fn the_silence_of_a_worker_that_has_ended_is_none() {
        let watchdog = Watchdog::watch("toy/0").expect("a thread");
        let worker = watchdog.watched.clone().expect("it is watched");
        assert_eq!(worker.verdict(PATIENCE * 2), Verdict::Hangs(PATIENCE * 2));
        drop(watchdog);
        assert_eq!(worker.verdict(PATIENCE * 2), Verdict::Done);
    }
}
