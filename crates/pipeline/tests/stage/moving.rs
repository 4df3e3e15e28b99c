//! Partitions that move under load: what two workers make of the inputs, with a third that comes and goes, is what one worker
//! makes of the same inputs, alone and at rest: every fact, every message, every input that was passed over.

#[path = "moving/hoarder.rs"]
mod hoarder;
#[path = "moving/seen.rs"]
mod seen;
#[path = "moving/story.rs"]
mod story;

use crate::toy::{Bench, Toy, note};
use hoarder::Hoarder;
use seen::Seen;
use std::collections::BTreeMap;
use story::Story;
use uuid::Uuid;
use weir_pipeline::{Record, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

const PARTITIONS: i32 = 4;
const ORDERS: usize = 20;
/// Inputs that wait while partitions move; a round is written whenever there are fewer.
const BACKLOG: usize = 300;
/// The round in which an order gets a fact that can't be read, and is blocked.
const GARBAGE: usize = 3;

#[test]
fn partitions_move_under_load_and_the_result_is_that_of_one_worker() {
    let bench = Bench::start(PARTITIONS);
    let (mut load, mut seen) = (Load::on(&bench), Seen::of(&bench.log, &Toy));
    let first = bench.run("a");
    seen.until("a decides", |seen| seen.decides("a"), |settled| load.keep_up(settled));
    let second = bench.run("b");
    seen.until("b decides", |seen| seen.decides("b"), |settled| load.keep_up(settled));
    let third = bench.run("c");
    seen.until("c decides", |seen| seen.decides("c"), |settled| load.keep_up(settled));
    third.stop();
    seen.until("others decide where c did", |seen| !seen.decides("c"), |settled| load.keep_up(settled));
    first.stop();
    seen.until("b decides everywhere", |seen| seen.decides_alone("b"), |settled| load.keep_up(settled));
    seen.until("all is decided", |seen| seen.settled() == load.written, |_| {});
    second.stop();

    let inputs = bench.read(Topic::Orders);
    let (moved, still) = (Story::of(&Toy, |topic| bench.read(topic)), alone(Toy, &inputs));
    assert_eq!(moved.difference(&still), None);
    let moves = seen.moves_under_load(&inputs);
    assert!(moves.contains_key("b") && moves.contains_key("c"), "taken from another while inputs waited: {moves:?}");
    assert!(seen.shared() >= ORDERS / 2, "only {} orders were decided by more than one worker", seen.shared());
    assert_worth_comparing(&still);
    println!("{} inputs, {} take-overs; under load: {moves:?}", inputs.len(), seen.take_overs());
}

#[test]
fn a_stage_that_knows_what_it_never_said_is_found_out_when_partitions_move() {
    let bench = Bench::start(PARTITIONS);
    let (mut load, mut seen) = (Load::on(&bench), Seen::of(&bench.log, &Toy));
    let first = bench.run_stage(Hoarder::default(), "a");
    seen.until("a decides", |seen| seen.decides("a"), |settled| load.keep_up(settled));
    let second = bench.run_stage(Hoarder::default(), "b");
    seen.until("b decides", |seen| seen.decides("b"), |settled| load.keep_up(settled));
    seen.until("all is decided", |seen| seen.settled() == load.written, |_| {});
    first.stop();
    second.stop();
    let (moved, still) =
        (Story::of(&Toy, |topic| bench.read(topic)), alone(Hoarder::default(), &bench.read(Topic::Orders)));
    let difference = moved.difference(&still).expect("the two runs differ");
    assert!(difference.starts_with("messages"), "{difference}");
}

/// What one worker makes of the same inputs at the same places.
fn alone(stage: impl Topology, inputs: &[Record]) -> Story {
    let bench = Bench::start(PARTITIONS);
    let ordered = |records: &[Record]| {
        let each = records.iter().map(|r| ((r.partition, r.offset), (r.key.clone(), r.value.to_vec())));
        each.collect::<BTreeMap<_, _>>()
    };
    let inputs = ordered(inputs);
    let all: Vec<(String, Vec<u8>)> = inputs.values().cloned().collect();
    for portion in all.chunks(1_000) {
        bench.write_all(portion.to_vec());
    }
    assert!(ordered(&bench.read(Topic::Orders)) == inputs, "the copied inputs are other ones");
    let mut seen = Seen::of(&bench.log, &Toy);
    let worker = bench.run_stage(stage, "a");
    seen.until("the one worker has decided all", |seen| seen.settled() == all.len(), |_| {});
    worker.stop();
    assert!(seen.take_overs() >= PARTITIONS as usize, "the one worker took each partition");
    Story::of(&Toy, |topic| bench.read(topic))
}

/// Each kind of outcome is there.
fn assert_worth_comparing(story: &Story) {
    assert_eq!(story.facts.len(), ORDERS + 1, "the orders, and the one that is blocked");
    assert_eq!(story.messages.len(), ORDERS + 1);
    assert!(story.messages.values().map(Vec::len).sum::<usize>() > ORDERS * GARBAGE);
    assert!(!story.ignored.is_empty() && story.kept.len() > 1, "something was passed over, and something parked");
}

/// Rounds of inputs.
struct Load<'a> {
    bench: &'a Bench,
    round: usize,
    written: usize,
}

impl Load<'_> {
    fn on(bench: &Bench) -> Load<'_> {
        let mut load = Load { bench, round: 0, written: 0 };
        load.write();
        load
    }

    /// Writes on, if few inputs wait.
    fn keep_up(&mut self, settled: usize) {
        if self.written - settled < BACKLOG {
            self.write();
        }
    }

    /// A remark for every order. One hears it twice, and is asked something, twice under one id. A further order gets something
    /// that can't be read, and all that follows for it waits.
    fn write(&mut self) {
        let n = self.round;
        let (remark, plain) = (format!("remark {n}"), |key: &str, text: &str| note(key, text, Meta::default()));
        let orders = (0..ORDERS).map(|order| format!("order-{order}"));
        let mut inputs: Vec<_> = orders.map(|key| (key.clone(), plain(&key, &remark))).collect();
        let key = format!("order-{}", n % ORDERS);
        let command_id = Uuid::now_v7().as_bytes().to_vec();
        let meta = Meta { command_id, body_hash: vec![7; 16], ..Meta::default() };
        let asked = note(&key, &format!("asked {n}"), meta);
        inputs.extend([(key.clone(), plain(&key, &remark)), (key.clone(), asked.clone()), (key, asked)]);
        let torn = "order-x".to_owned();
        let value = if n == GARBAGE { vec![0xff; 20] } else { plain(&torn, &remark) };
        inputs.push((torn, value));
        self.round += 1;
        self.written += inputs.len();
        self.bench.write_all(inputs);
    }
}
