//! What the house itself will do when: writes of the world outside, harm, restarts, looks at the log.

use std::collections::BTreeMap;
use std::time::Duration;

/// Things to be done, in the order of their time; at the same time, in the order in which they were put down.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    due: BTreeMap<(Duration, u64), T>,
    put: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Agenda { due: BTreeMap::new(), put: 0 }
    }
}

impl<T> Agenda<T> {
    pub(super) fn put(&mut self, at: Duration, thing: T) {
        self.put += 1;
        // The world's clock knows no less than a microsecond: what is due within one is due at its end.
        let at = Duration::from_micros(u64::try_from(at.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX));
        self.due.insert((at, self.put), thing);
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// The first thing that is due by then.
    pub(super) fn take(&mut self, now: Duration) -> Option<T> {
        let first = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    pub(super) fn holds(&self, wanted: impl Fn(&T) -> bool) -> bool {
        self.due.values().any(wanted)
    }
}
