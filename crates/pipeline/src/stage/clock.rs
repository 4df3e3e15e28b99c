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
/// The same after one that told little, because the broker was slow.
const MEASURE_SOON: Duration = Duration::from_secs(2);
/// What two good clocks may have come apart by, unnoticed, since they were last compared.
const DRIFT_MS: i64 = 50;

/// Watches how far the broker's clock and ours are apart.
#[derive(Default)]
pub(super) struct Skew {
    /// By the newest record read: positive where the broker is ahead. An old record says nothing of a broker that is behind.
    ahead_ms: i64,
    /// By records written, either way.
    measured: Option<Measured>,
}

/// How far the wall was ahead of the broker, as closely as an acknowledgement can tell; and when that was, by a clock that nobody
/// sets and by the wall.
#[derive(Clone, Copy)]
struct Measured {
    least_ms: i64,
    most_ms: i64,
    uptime: Duration,
    wall: Millis,
}

impl Measured {
    /// From a record that was appended between `began` and now.
    fn new(began: Duration, appended: Millis, wall: Millis, uptime: Duration) -> Measured {
        // By what the wall says now and how long it took. What it said at the beginning is no help: where it was set meanwhile,
        // any time of the broker lies between the two.
        let most_ms = wall.0 - appended.0;
        Measured { least_ms: most_ms.saturating_sub(millis(began, uptime)), most_ms, uptime, wall }
    }

    /// By how much the wall has been set since.
    fn stepped(&self, wall: Millis, uptime: Duration) -> i64 {
        (wall.0 - self.wall.0).saturating_sub(millis(self.uptime, uptime))
    }

    /// Whether wall and broker are near enough, with what the wall has been set by since.
    fn is_near(&self, wall: Millis, uptime: Duration) -> bool {
        let stepped = self.stepped(wall, uptime);
        let near = |apart: i64| (apart + stepped).abs() <= SKEW_MS_MAX;
        stepped.abs() <= SKEW_MS_MAX && near(self.least_ms) && near(self.most_ms)
    }

    /// The broker was so slow that it tells little.
    fn is_wide(&self) -> bool {
        self.most_ms - self.least_ms > SKEW_MS_MAX
    }

    /// This one as closely as what was known before allows. Where they contradict each other, the newer is right.
    fn narrowed_by(self, known: Measured) -> Measured {
        let stepped = known.stepped(self.wall, self.uptime);
        let least_ms = self.least_ms.max(known.least_ms + stepped - DRIFT_MS);
        let most_ms = self.most_ms.min(known.most_ms + stepped + DRIFT_MS);
        if least_ms <= most_ms { Measured { least_ms, most_ms, ..self } } else { self }
    }
}

fn millis(from: Duration, to: Duration) -> i64 {
    i64::try_from(to.saturating_sub(from).as_millis()).unwrap_or(i64::MAX)
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

    /// A record written was appended between `began`, by the log's uptime, and now. How long that took is no difference of the
    /// clocks: a slow broker leaves what is known as it is.
    pub(super) fn note_written<L: Log>(&mut self, began: Duration, appended: Option<Millis>, log: &L) {
        self.compare(began, appended, log.now(), log.uptime());
    }

    fn compare(&mut self, began: Duration, appended: Option<Millis>, wall: Millis, uptime: Duration) {
        let Some(appended) = appended else { return };
        let told = Measured::new(began, appended, wall, uptime);
        let told = self.measured.map_or(told, |known| told.narrowed_by(known));
        let was_near = self.measured.is_none_or(|known| known.is_near(known.wall, known.uptime));
        if was_near && !told.is_near(wall, uptime) {
            let Measured { least_ms, most_ms, .. } = told;
            tracing::error!(
                wall_ahead_least_ms = least_ms,
                wall_ahead_most_ms = most_ms,
                "wall time and broker time are apart or may be, deadlines stop"
            );
        }
        // Newer than whatever was read.
        self.ahead_ms = 0;
        self.measured = Some(told);
    }

    /// Whether deadlines may pass: by the last measurement, and as long as nobody has set the wall since.
    pub(super) fn tolerable<L: Log>(&self, log: &L) -> bool {
        planted("skew-ignored") || self.is_tolerable(log.now(), log.uptime())
    }

    fn is_tolerable(&self, wall: Millis, uptime: Duration) -> bool {
        self.ahead_ms <= SKEW_MS_MAX && self.measured.is_none_or(|at| at.is_near(wall, uptime))
    }

    /// Whether the wall is in doubt, and the last measurement is no longer new: something has to be written to measure again.
    pub(super) fn wants_measuring<L: Log>(&self, log: &L) -> bool {
        let pause = |at: Measured| if at.is_wide() { MEASURE_SOON } else { MEASURE_AGAIN };
        let old = |at: Measured| log.elapsed(at.uptime) > pause(at);
        !self.tolerable(log) && self.measured.is_none_or(old)
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

    const HOUR: Millis = Millis(3_600_000);

    fn ms(length: u64) -> Duration {
        Duration::from_millis(length)
    }

    /// Writes a record that the broker takes at this time of its own; the wall says `wall` when it is acknowledged.
    fn written(skew: &mut Skew, lasted: u64, appended: i64, wall: i64) -> bool {
        // The hour that the machine has been up is the wall's: nobody has set it since.
        let uptime = ms(u64::try_from(wall).expect("not so long ago"));
        skew.compare(uptime - ms(lasted), Some(Millis(appended)), Millis(wall), uptime);
        skew.is_tolerable(Millis(wall), uptime)
    }

    fn measured(lasted: u64, appended: i64, wall: i64) -> bool {
        written(&mut Skew::default(), lasted, appended, wall)
    }

    #[test]
    fn a_clock_that_is_off_is_either_way() {
        assert!(measured(10, 10_005, 10_010));
        assert!(measured(10, 10_010, 12_010));
        assert!(!measured(10, 10_010, 12_011));
        assert!(measured(10, 12_000, 10_010));
        assert!(!measured(10, 12_001, 10_010));
    }

    #[test]
    fn a_slow_broker_neither_throws_doubt_on_the_wall_nor_takes_it_away() {
        let mut right = Skew::default();
        assert!(written(&mut right, 10, 10_000, 10_005));
        assert!(written(&mut right, 3_800, 16_201, 20_000));
        assert!(written(&mut right, 3_800, 29_999, 30_000));
        // But what it says all the same is heard: the wall is at least 2.5 s ahead.
        assert!(!written(&mut right, 3_500, 34_000, 40_000));

        // Three seconds ahead. It may have been taken at the beginning of the four seconds, or at their end.
        let mut ahead = Skew::default();
        assert!(!written(&mut ahead, 10, 7_000, 10_005));
        assert!(!written(&mut ahead, 4_000, 16_990, 20_000));
        assert!(written(&mut ahead, 10, 29_995, 30_000));

        // A fifth of a second behind: what is known of it makes up for what a slow broker can't tell.
        let mut behind = Skew::default();
        assert!(written(&mut behind, 10, 10_200, 10_005));
        assert!(written(&mut behind, 1_900, 20_300, 20_100));
        assert!(!measured(1_900, 20_300, 20_100));

        let mut unknown = Skew::default();
        assert!(!written(&mut unknown, 4_000, 6_990, 10_000));
        assert!(written(&mut unknown, 10, 10_095, 10_100));
    }

    #[test]
    fn a_wall_that_is_set_while_a_record_is_on_its_way_is_in_doubt() {
        for by in [-10_000, 10_000] {
            let mut skew = Skew::default();
            assert!(written(&mut skew, 10, HOUR.0, HOUR.0 + 5));
            // Acknowledged after 20 ms, and the wall was set meanwhile: before the broker took it, or after.
            let (uptime, wall) = (ms(3_601_000), Millis(HOUR.0 + 1_000 + by));
            for appended in [HOUR.0 + 985, HOUR.0 + 995] {
                skew.compare(uptime - ms(20), Some(Millis(appended)), wall, uptime);
                assert!(!skew.is_tolerable(wall, uptime), "set by {by} ms");
            }
        }
    }

    #[test]
    fn a_wall_that_was_set_is_in_doubt_until_it_is_measured_again() {
        let mut skew = Skew::default();
        let minute = Duration::from_secs(60);
        skew.compare(minute, Some(HOUR), HOUR, minute);
        let later = |ms: i64| Millis(HOUR.0 + 10_000 + ms);
        let at = minute + Duration::from_secs(10);
        assert!(skew.is_tolerable(later(0), at) && skew.is_tolerable(later(2_000), at));
        assert!(!skew.is_tolerable(later(2_001), at) && !skew.is_tolerable(later(-2_001), at));
        // The broker goes by the new time as well.
        skew.compare(at, Some(later(90_000)), later(90_000), at);
        assert!(skew.is_tolerable(later(90_000), at));
    }

    #[test]
    fn what_the_wall_is_set_by_comes_on_top_of_what_it_was_off_by() {
        let mut skew = Skew::default();
        let minute = Duration::from_secs(60);
        skew.compare(minute, Some(HOUR), Millis(HOUR.0 + 1_500), minute);
        assert!(skew.is_tolerable(Millis(HOUR.0 + 2_000), minute));
        assert!(!skew.is_tolerable(Millis(HOUR.0 + 2_001), minute));
        assert!(skew.is_tolerable(HOUR, minute));
    }
}
