//! A wall clock that somebody sets while a transaction is on its way. What comes back then says nothing of the time in between: the
//! partition's clock must not follow the wall, for it never goes back (STAGE.md §4).

use crate::house::{House, facts, start};
use std::time::Duration;
use weir_proto::log::v1::stage_fact::Fact;
use weir_sim::Settings;

const HOUR_MS: i64 = 3_600_000;
/// Wall and broker may be so far apart before deadlines stop.
const APART_MS: i64 = 2_000;
/// An idle stage that doubts the wall has measured it within this time.
const MEASURED_AGAIN: Duration = Duration::from_secs(45);

/// The wall is set an hour ahead within this call of the log, and set right again when the stage has long been idle. Says how far
/// ahead of its own time any fact was decided.
fn farthest_ahead_ms(call: &'static str, while_it_takes_over: bool) -> i64 {
    let mut house = House::new(Settings { partitions: 1, ..Settings::new(9) }, 5, &[]);
    let worker = start(&mut house.world, "a");
    if !while_it_takes_over {
        house.say();
        house.settle(Duration::from_secs(10));
    }
    house.world.when_in(worker, call, |world, _| world.control().skew(HOUR_MS));
    house.say();
    house.settle(Duration::from_secs(10));
    // Whoever doubts the wall measures it again in time, with a fact that says where the partition's clock stands.
    house.world.run_for(MEASURED_AGAIN);
    house.world.control().skew(0);
    house.world.run_for(MEASURED_AGAIN);
    house.check();
    let (mut farthest, mut measured) = (i64::MIN, false);
    house.world.control().visit(facts(0), 0, |record| match record.envelope().expect("a fact") {
        // A take-over tells the wall's time, and moves no clock.
        (_, Some(Fact::Took(_))) => {}
        (meta, stage) => {
            farthest = farthest.max(meta.at_ms - record.time.0);
            measured |= matches!(stage, Some(Fact::Ignored(ignored)) if ignored.inputs.is_empty());
        }
    });
    assert!(measured, "{call}: nobody measured the wall again");
    farthest
}

#[test]
fn a_wall_that_is_set_while_a_transaction_is_on_its_way_moves_no_clock() {
    for call in ["drain", "offsets", "commit"] {
        for while_it_takes_over in [false, true] {
            let ahead = farthest_ahead_ms(call, while_it_takes_over);
            assert!(
                ahead <= APART_MS,
                "{call}, taking over: {while_it_takes_over}: decided {ahead} ms before its time"
            );
        }
    }
}
