//! Inputs that retention took before a stage had them behind it (F9). Its offset is of no use then, and where to go on is for a
//! person to say: the stage ends, and decides nothing.

use crate::echo::input;
use crate::house::{GROUP, House, start};
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::log::Stamp;
use weir_pipeline::{Log as _, LogError, Outgoing, TopicPartition, Transactional as _};
use weir_proto::topics::Topic;
use weir_sim::{ActorId, Outcome, Settings, SimLog};

const INPUTS: TopicPartition = TopicPartition { topic: Topic::Orders, partition: 0 };
const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// Ten orders that each have said one remark, and who decided so.
fn at_work() -> (House, ActorId) {
    let mut house = House::new(Settings { partitions: 1, ..Settings::new(7) }, 10, &[]);
    let worker = start(&mut house.world, "a");
    house.say();
    house.settle(LONG_ENOUGH);
    (house, worker)
}

fn cut_all(house: &House) {
    let control = house.world.control();
    control.cut(INPUTS, control.bounds(INPUTS).1);
}

/// Starts the stage again, and expects it to end at once.
fn ends_with_its_next_start(house: &mut House) {
    let before = house.remarks();
    let heir = start(&mut house.world, "a");
    house.world.run_for(LONG_ENOUGH);
    let outcome = house.world.outcome(heir);
    assert!(matches!(&outcome, Outcome::Failed(why) if why.contains("OffsetOutOfRange")), "{outcome:?}");
    assert_eq!(house.remarks(), before, "nothing is decided");
}

#[test]
fn inputs_that_are_gone_unread_end_the_stage() {
    let (mut house, worker) = at_work();
    house.world.kill(worker);
    house.say();
    cut_all(&house);
    ends_with_its_next_start(&mut house);
}

/// A stage commits the offset behind the last record, and not behind the end of the transaction that it came in. A topic that is quiet
/// for longer than its retention loses that too, and nothing that matters.
#[test]
fn a_topic_that_was_emptied_to_behind_its_last_transactions_end_ends_the_next_start_as_well() {
    let (mut house, worker) = at_work();
    let log = house.world.log();
    house.world.spawn("another stage", "another stage", move || write(&log));
    house.world.run_for(LONG_ENOUGH);
    let control = house.world.control();
    assert_eq!((control.committed(GROUP, INPUTS), control.bounds(INPUTS).1), (Some(11), 12));
    cut_all(&house);
    house.world.run_for(LONG_ENOUGH);
    assert_eq!(house.world.outcome(worker), Outcome::Running, "who has read it goes on");
    house.world.kill(worker);
    ends_with_its_next_start(&mut house);
}

/// One input in a transaction.
fn write(log: &SimLog) -> Result<(), LogError> {
    let mut producer = log.producer("another stage")?;
    producer.begin()?;
    let (key, event_type) = ("order-0".to_owned(), "weir.order.v1.NoteChanged");
    let record = Outgoing { topic: Topic::Orders, value: input(&key, "one more"), key, event_type };
    producer.send(record, &Stamp { partition: Some(0), id: "1", time: Millis(0), traceparent: None })?;
    producer.drain()?;
    producer.commit().map(drop)
}
