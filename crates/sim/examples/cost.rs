//! What a world costs on this machine: a turn, an idle poll, an actor's life, a record written and a record read.
//!
//! `cargo run --release -p weir-sim --example cost`

use std::time::{Duration, Instant};
use weir_decider::Millis;
use weir_pipeline::log::{Offsets, Pace, Stamp};
use weir_pipeline::{
    Log as _, LogError, Member as _, Outgoing, Polled, Reader as _, TopicPartition, Transactional as _,
};
use weir_proto::topics::Topic;
use weir_sim::{Settings, World};

const AT: TopicPartition = TopicPartition { topic: Topic::Routes, partition: 0 };
const RECORDS: u64 = 100_000;

fn main() {
    println!("a turn          {:>6} ns", turn());
    println!("an idle poll    {:>6} ns", idle_poll());
    println!("an actor's life {:>6} ns", life());
    let (written, read) = records();
    println!("a record written{written:>6} ns, 100 in a transaction");
    println!("a record read   {read:>6} ns");
}

/// Time since then, for each of so many.
fn each(began: Instant, count: u64) -> u128 {
    began.elapsed().as_nanos() / u128::from(count.max(1))
}

fn turn() -> u128 {
    let mut world = World::new(Settings::new(1));
    let log = world.log();
    world.spawn("p", "sleeper", move || {
        for _ in 0..200_000 {
            log.sleep(Duration::from_millis(1));
        }
    });
    let began = Instant::now();
    world.run_for(Duration::from_secs(200));
    each(began, world.turns())
}

fn idle_poll() -> u128 {
    let mut world = World::new(Settings { partitions: 12, ..Settings::new(1) });
    for number in 0..15 {
        let log = world.log();
        world.spawn("p", "member", move || -> Result<(), LogError> {
            let topics = [Topic::Orders, Topic::Routes, Topic::Stock];
            let mut member = log.member(&format!("g-{number}"), "m", &topics, Pace::Prompt)?;
            loop {
                if let Polled::Assigned(partitions) = member.poll(Duration::from_millis(100))? {
                    member.accept(&partitions.iter().map(|at| (*at, 0)).collect())?;
                    member.resume(&partitions)?;
                }
            }
        });
    }
    world.run_for(Duration::from_secs(5));
    let (began, before) = (Instant::now(), world.turns());
    world.run_for(Duration::from_secs(1_000));
    each(began, world.turns() - before)
}

fn life() -> u128 {
    let mut world = World::new(Settings::new(1));
    let began = Instant::now();
    for _ in 0..1_000 {
        for _ in 0..10 {
            let log = world.log();
            world.spawn("p", "mortal", move || log.sleep(Duration::from_secs(1_000)));
        }
        world.run_for(Duration::from_millis(1));
        world.kill_process("p");
    }
    each(began, 10_000)
}

fn records() -> (u128, u128) {
    let mut world = World::new(Settings::new(1));
    let log = world.log();
    let writer = world.spawn("p", "writer", move || -> Result<(), LogError> {
        let mut producer = log.producer("writer")?;
        for _ in 0..RECORDS / 100 {
            producer.begin()?;
            for _ in 0..100 {
                let (key, value) = ("tenant/order-0123456789".to_owned(), vec![7; 200]);
                let record = Outgoing { topic: AT.topic, key, event_type: "weir.routing.v1.Planned", value };
                let stamp = Stamp { partition: Some(0), id: "id", time: Millis(0), traceparent: None };
                producer.send(record, &stamp)?;
            }
            producer.drain()?;
            producer.commit()?;
        }
        Ok(())
    });
    let began = Instant::now();
    world.run_while(Duration::from_secs(10_000), |world| !world.is_over(writer));
    let written = each(began, RECORDS);
    world.run_for(Duration::from_secs(1));
    let log = world.log();
    let reader = world.spawn("p", "reader", move || -> Result<(), LogError> {
        let mut reader = log.reader(Pace::Eager)?;
        reader.assign(&Offsets::from([(AT, 0)]))?;
        while !reader.done() {
            reader.poll(Duration::from_millis(20))?;
        }
        Ok(())
    });
    let began = Instant::now();
    world.run_while(Duration::from_secs(10_000), |world| !world.is_over(reader));
    (written, each(began, RECORDS))
}
