//! A partition's clock (STAGE.md §4): the log's time first, the wall's only while every input is read to its end.

use super::partition::Partition;
use crate::log::{Log, Member as _};
use crate::{Record, TopicPartition, Topology};
use std::time::Duration;
use weir_decider::Millis;
use weir_decider::plant::planted;

/// Wall and broker may differ by so much before deadlines stop firing.
const SKEW_MS_MAX: i64 = 2_000;
/// How long after a bad measurement the loop measures anew, where nothing else does.
const MEASURE_AGAIN: Duration = Duration::from_secs(30);

/// Watches how far the broker's clock and ours are apart.
#[derive(Default)]
pub(super) struct Skew {
    /// By the newest record read: positive where the broker is ahead. An old record says nothing of a broker that is behind.
    ahead_ms: i64,
    /// By the last records written, either way.
    apart_ms: i64,
    measured: Option<Measured>,
}

/// When the wall was last held against the broker's clock, by a clock that nobody sets and by the wall.
#[derive(Clone, Copy)]
struct Measured {
    uptime: Duration,
    wall: Millis,
}

impl Skew {
    /// A record read is at least as old as the reading.
    pub(super) fn note_read(&mut self, record: &Record, now: Millis) {
        let ahead = record.time.0 - now.0;
        if ahead > SKEW_MS_MAX && self.ahead_ms <= SKEW_MS_MAX {
            tracing::error!(ahead_ms = ahead, "broker time is ahead of wall time, deadlines stop");
        }
        self.ahead_ms = ahead;
    }

    /// A record written was appended between `before` and now on our clock. What lies outside is the clocks' difference, and
    /// a slow broker is none.
    pub(super) fn note_written<L: Log>(&mut self, before: Millis, appended: Option<Millis>, log: &L) {
        self.compare(before, appended, log.now(), log.uptime());
    }

    fn compare(&mut self, before: Millis, appended: Option<Millis>, after: Millis, uptime: Duration) {
        let Some(appended) = appended else { return };
        let apart = (before.0 - appended.0).max(0) - (appended.0 - after.0).max(0);
        if apart.abs() > SKEW_MS_MAX && self.apart_ms.abs() <= SKEW_MS_MAX {
            tracing::error!(wall_ahead_ms = apart, "wall time and broker time are apart, deadlines stop");
        }
        self.apart_ms = apart;
        // Newer than whatever was read.
        self.ahead_ms = 0;
        self.measured = Some(Measured { uptime, wall: after });
    }

    /// Whether deadlines may pass: by the last measurement, and as long as nobody has set the wall since.
    pub(super) fn tolerable<L: Log>(&self, log: &L) -> bool {
        planted("skew-ignored") || self.is_tolerable(log.now(), log.uptime())
    }

    fn is_tolerable(&self, wall: Millis, uptime: Duration) -> bool {
        let stepped = |at: Measured| {
            let passed = uptime.saturating_sub(at.uptime).as_millis();
            wall.0 - at.wall.0 - i64::try_from(passed).unwrap_or(i64::MAX)
        };
        self.ahead_ms <= SKEW_MS_MAX
            && self.apart_ms.abs() <= SKEW_MS_MAX
            && self.measured.map_or(0, stepped).abs() <= SKEW_MS_MAX
    }

    /// Whether the wall is in doubt, and was long ago measured: something has to be written to measure again.
    pub(super) fn wants_measuring<L: Log>(&self, log: &L) -> bool {
        !self.tolerable(log) && self.measured.is_none_or(|at| log.elapsed(at.uptime) > MEASURE_AGAIN)
    }
}

/// Moves the clock on where the inputs are read to their end, and says whether they are.
pub(super) fn follow_wall<T: Topology, L: Log>(
    partition: &mut Partition<T>,
    inputs: &[weir_proto::topics::Topic],
    member: &L::Member,
    skew: &Skew,
    log: &L,
) -> bool {
    if !skew.tolerable(log) {
        return false;
    }
    let ends = inputs.iter().map(|t| member.read_to_end(TopicPartition::new(*t, partition.number)));
    match ends.reduce(|a, b| Some(a?.min(b?))).flatten() {
        // A moment that is still to come was told by a wall that has been set back since.
        Some(as_of) if as_of <= log.now() => {
            partition.advance_clock(as_of);
            true
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(before: i64, appended: i64, after: i64) -> bool {
        let mut skew = Skew::default();
        skew.compare(Millis(before), Some(Millis(appended)), Millis(after), Duration::ZERO);
        skew.is_tolerable(Millis(after), Duration::ZERO)
    }

    #[test]
    fn a_slow_broker_is_no_skew_and_a_clock_that_is_off_is_either_way() {
        assert!(measured(10_000, 10_001, 13_800));
        assert!(measured(10_000, 13_799, 13_800));
        assert!(measured(12_000, 10_000, 12_010));
        assert!(!measured(12_001, 10_000, 12_010));
        assert!(measured(10_000, 12_010, 10_010));
        assert!(!measured(10_000, 12_011, 10_010));
    }

    #[test]
    fn a_wall_that_was_set_is_in_doubt_until_it_is_measured_again() {
        let mut skew = Skew::default();
        let (minute, hour) = (Duration::from_secs(60), Millis(3_600_000));
        skew.compare(hour, Some(hour), hour, minute);
        let later = |ms: i64| Millis(hour.0 + 10_000 + ms);
        let at = minute + Duration::from_secs(10);
        assert!(skew.is_tolerable(later(0), at) && skew.is_tolerable(later(2_000), at));
        assert!(!skew.is_tolerable(later(2_001), at) && !skew.is_tolerable(later(-2_001), at));
        // The broker goes by the new time as well.
        skew.compare(later(90_000), Some(later(90_000)), later(90_000), at);
        assert!(skew.is_tolerable(later(90_000), at));
    }
}
