//! An acknowledged tail of a stage's own facts that is lost (F8): a leader that was behind has taken over. A stage reads its facts
//! when it takes over, and not while it works; that is when it finds the hole, if anything was said after it. What nothing follows
//! the check of the log finds: those inputs are committed, and no fact accounts for them.

use crate::echo::Echo;
use crate::house::{GROUP, Heard, House, facts, start_heard};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use weir_invariants::{Id, check_partitions};
use weir_pipeline::stage::{Folded, Partition};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::Topic;
use weir_sim::{ActorId, Outcome, Settings};

const ORDERS: usize = 10;
const INPUTS: TopicPartition = TopicPartition { topic: Topic::Orders, partition: 0 };
const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// Orders that each have said one remark, and who decided so.
fn at_work() -> (House, ActorId, Heard) {
    let mut house = House::new(Settings { partitions: 1, ..Settings::new(7) }, ORDERS, &[]);
    let (worker, heard) = start_heard(&mut house.world, "a");
    house.say();
    house.settle(LONG_ENOUGH);
    (house, worker, heard)
}

fn records(house: &House, at: TopicPartition) -> Vec<Record> {
    let mut records = Vec::new();
    house.world.control().visit(at, 0, |record| records.push(record.clone()));
    records
}

/// So many of the newest facts are gone. Says whose they were.
fn lose(house: &House, facts_lost: usize) -> BTreeSet<String> {
    let said = records(house, facts(0));
    let lost = &said[said.len() - facts_lost..];
    house.world.control().lose_tail(facts(0), lost[0].offset);
    lost.iter().map(|record| record.key.clone()).collect()
}

fn start_again(house: &mut House, worker: ActorId) -> Heard {
    assert_eq!(house.world.outcome(worker), Outcome::Running, "it notices nothing while it works");
    house.world.kill(worker);
    let (_, heard) = start_heard(&mut house.world, "a");
    heard
}

/// How often the check of the log says that an input is not accounted for.
fn unaccounted(house: &House) -> u64 {
    let log: BTreeMap<_, _> = [INPUTS, facts(0)].into_iter().map(|at| (at, records(house, at))).collect();
    let next = house.world.control().committed(GROUP, INPUTS).expect("committed");
    // The echo stage stands in routing's place.
    let (report, _) = check_partitions(1, log, &[(("routing", INPUTS), next)].into(), false);
    report.broken().find(|(id, _)| *id == Id::I14).map_or(0, |(_, checked)| checked.breaks)
}

#[test]
fn an_order_that_says_more_after_a_lost_fact_stands_still_and_the_others_go_on() {
    let (mut house, worker, _) = at_work();
    let lost = lose(&house, 3);
    house.say();
    house.world.run_for(LONG_ENOUGH);
    let heard = start_again(&mut house, worker);
    house.say();
    house.world.run_for(LONG_ENOUGH);
    assert!(heard.says(&["ready"]) && !heard.says(&["stopped"]), "{heard:?}");
    for (order, said) in house.remarks() {
        let wanted: &[&str] = if lost.contains(&order) { &["remark 1"] } else { &["remark 0", "remark 1", "remark 2"] };
        assert_eq!(said, wanted, "{order}");
    }
    let (mut partition, mut torn) = (Partition::<Echo>::new(0), BTreeSet::new());
    for record in records(&house, facts(0)) {
        if partition.fold(&Echo, &record).expect("a gap stops the order alone") == Folded::Gap {
            torn.insert(record.key);
        }
    }
    assert_eq!(torn, lost);
}

#[test]
fn a_lost_tail_that_nothing_follows_is_found_by_the_check_of_the_log() {
    let (mut house, worker, _) = at_work();
    assert_eq!(unaccounted(&house), 0);
    lose(&house, 3);
    let heard = start_again(&mut house, worker);
    house.world.run_for(LONG_ENOUGH);
    assert!(heard.says(&["ready"]), "{heard:?}");
    let said: usize = house.remarks().values().map(Vec::len).sum();
    assert_eq!(said, ORDERS - 3, "what is committed is not read again");
    assert_eq!(unaccounted(&house), 3);
}

#[test]
fn a_partition_whose_fence_is_lost_with_its_tail_is_stopped() {
    let (mut house, worker, _) = at_work();
    house.world.control().lose_tail(facts(0), 0);
    house.say();
    house.world.run_for(LONG_ENOUGH);
    let before = house.remarks();
    let heard = start_again(&mut house, worker);
    house.say();
    house.world.run_for(LONG_ENOUGH);
    assert!(heard.says(&["partition 0 is stopped", "written by owner"]), "{heard:?}");
    assert_eq!(house.remarks(), before, "nothing more is decided");
}

#[test]
fn a_worker_whose_partitions_come_back_to_it_decides_nothing_on_a_log_that_is_shorter_than_its_memory() {
    for facts_lost in 1..=6 {
        let (mut house, worker, heard) = at_work();
        lose(&house, facts_lost);
        house.world.control().rebalance(GROUP);
        house.world.run_for(LONG_ENOUGH);
        let before = house.remarks();
        house.say();
        house.world.run_for(LONG_ENOUGH);
        assert_eq!(house.remarks(), before, "{facts_lost} facts lost");
        // Where its fence lies below what it has folded it waits in vain, and is not ready; else it ends.
        let ended = matches!(house.world.outcome(worker), Outcome::Failed(why) if why.contains("OffsetOutOfRange"));
        assert!(ended || heard.newest() == "partitions revoked", "{facts_lost} facts lost: {heard:?}");
    }
}
