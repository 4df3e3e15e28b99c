//! The production stage as an actor: killed in mid-transaction, frozen beyond its session, moved from one process to another.

use crate::house::{GROUP, House, PROCESSES, facts, instance, start, start_heard};
use std::time::Duration;
use weir_pipeline::log::Offsets;
use weir_sim::{Coordination, Outcome, Protocol, Settings};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn two_processes_share_the_partitions_and_decide_everything_once() {
    let mut house = House::new(Settings { partitions: 4, ..Settings::new(1) }, 40, &PROCESSES);
    house.world.run_for(seconds(30));
    for _ in 0..5 {
        house.say();
        house.world.run_for(seconds(1));
    }
    house.settle(seconds(20));
    house.check();
    let owners = |number| {
        let mut owner = String::new();
        house.world.control().visit(facts(number), 0, |record| {
            if record.key.starts_with("echo.") {
                owner.clone_from(&record.key);
            }
        });
        owner
    };
    let owners: Vec<String> = (0..4).map(owners).collect();
    let (a, b) = (instance("a"), instance("b"));
    assert_eq!(owners, [a.clone(), a, b.clone(), b], "each has its half of the partitions");
}

#[test]
fn a_stage_killed_in_any_call_of_its_transaction_leaves_nothing_half_done() {
    for protocol in [Protocol::V1, Protocol::V2] {
        for (seed, call) in ["drain", "offsets", "commit", "poll"].into_iter().enumerate() {
            let settings = Settings { protocol, ..Settings::new(seed as u64) };
            let mut house = House::new(settings, 10, &["a"]);
            house.world.run_for(seconds(5));
            let [victim] = house.world.alive("a")[..] else { panic!("one actor") };
            house.say();
            house.world.when_in(victim, call, |world, id| world.kill(id));
            house.world.run_for(seconds(1));
            assert_eq!(house.world.outcome(victim), Outcome::Killed);
            let before = house.remarks();
            let open = house.world.control().coordination(&instance("a"));
            if call == "offsets" || call == "commit" {
                assert!(matches!(open, Some((Coordination::Ongoing, _))), "{call} {open:?}");
                assert!(before.is_empty(), "{call}");
            }
            start(&mut house.world, "a");
            house.settle(seconds(30));
            house.check();
        }
    }
}

#[test]
fn a_stage_killed_right_after_its_commit_is_not_repeated_by_its_successor() {
    let mut house = House::new(Settings::new(3), 10, &["a"]);
    house.world.run_for(seconds(5));
    let [victim] = house.world.alive("a")[..] else { panic!("one actor") };
    house.say();
    house.world.when_past(victim, "commit", |world, id| world.kill(id));
    house.world.run_for(seconds(1));
    assert_eq!(house.remarks().len(), 10, "what was committed is there");
    start(&mut house.world, "a");
    house.world.run_for(seconds(20));
    house.check();
}

#[test]
fn a_stage_frozen_in_mid_transaction_for_less_than_its_session_goes_on() {
    let mut house = House::new(Settings::new(3), 10, &["a"]);
    house.world.run_for(seconds(5));
    let [actor] = house.world.alive("a")[..] else { panic!("one actor") };
    house.say();
    house.world.when_in(actor, "offsets", |world, id| world.freeze(id, Duration::from_millis(2_500)));
    house.world.run_for(seconds(2));
    assert!(house.remarks().is_empty(), "nobody else decides meanwhile");
    house.settle(seconds(20));
    house.check();
    assert_eq!(house.world.outcome(actor), Outcome::Running);
    assert_eq!(house.world.alive("a"), [actor]);
}

#[test]
fn a_zombie_that_comes_back_with_an_open_transaction_changes_nothing() {
    for (seed, call) in ["drain", "offsets", "commit"].into_iter().enumerate() {
        let mut house = House::new(Settings::new(seed as u64), 10, &PROCESSES);
        house.world.run_for(seconds(30));
        let [zombie] = house.world.alive("a")[..] else { panic!("one actor") };
        house.say();
        house.world.when_in(zombie, call, |world, id| world.freeze(id, Duration::from_secs(25)));
        // Its partitions go to the other once its session is over; it comes back with its transaction as it was.
        house.world.run_for(seconds(24));
        let said: usize = house.remarks().values().map(Vec::len).sum();
        assert_eq!(said, house.wanted(), "{call}: the other has decided everything");
        house.world.run_for(seconds(30));
        house.check();
        house.say();
        house.settle(seconds(30));
        house.check();
    }
}

#[test]
fn a_group_whose_offsets_are_gone_goes_on_behind_the_highest_cause() {
    let mut house = House::new(Settings::new(3), 10, &["a"]);
    house.world.run_for(seconds(5));
    house.say();
    house.settle(seconds(10));
    house.world.kill_process("a");
    house.world.run_for(seconds(10));
    house.world.control().expire_offsets(GROUP);
    start(&mut house.world, "a");
    house.say();
    house.settle(seconds(30));
    house.check();
}

#[test]
fn offsets_set_back_by_hand_stop_the_partition() {
    let mut house = House::new(Settings::new(3), 10, &["a"]);
    house.world.run_for(seconds(5));
    house.say();
    house.settle(seconds(10));
    let committed = |house: &House| -> Offsets {
        let inputs = (0..2).map(|n| weir_pipeline::TopicPartition::new(weir_proto::topics::Topic::Orders, n));
        inputs.filter_map(|at| Some((at, house.world.control().committed(GROUP, at)?))).collect()
    };
    assert_eq!(committed(&house).values().sum::<i64>(), 10);
    house.world.kill_process("a");
    house.world.control().reset_offsets(GROUP);
    let (heir, heard) = start_heard(&mut house.world, "a");
    house.say();
    house.world.run_for(seconds(20));
    for number in 0..2 {
        let stopped = format!("partition {number} is stopped: I11: orders is committed up to 0, but");
        assert!(heard.says(&[&stopped, "torn transaction"]), "{heard:?}");
    }
    assert_eq!(committed(&house).values().sum::<i64>(), 0, "the offsets stay where a person has put them");
    assert_eq!(house.remarks().values().map(Vec::len).sum::<usize>(), 10, "nothing is decided again");
    assert_eq!(house.world.outcome(heir), Outcome::Running);
}
