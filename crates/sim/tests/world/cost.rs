//! What a world may cost: counted in turns, because times differ from machine to machine.

use crate::echo::{Echo, Remarks, input};
use crate::house::{House, PROCESSES};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weir_pipeline::log::Pace;
use weir_pipeline::stage::Seat;
use weir_pipeline::{Config, Effects, Log as _, LogError, Member as _, Polled, Signals, TopicPartition};
use weir_proto::topics::Topic;
use weir_sim::{Settings, Sim, World};

#[test]
fn an_idle_member_has_a_turn_for_each_poll_and_heartbeat_and_no_more() {
    let mut world = World::new(Settings { partitions: 12, ..Settings::new(1) });
    for number in 0..15 {
        let log = world.log();
        world.spawn("p", &format!("m-{number}"), move || -> Result<(), LogError> {
            let group = format!("g-{number}");
            let mut member = log.member(&group, "m", &[Topic::Orders, Topic::Routes], Pace::Prompt)?;
            loop {
                if let Polled::Assigned(partitions) = member.poll(Duration::from_millis(100))? {
                    member.accept(&partitions.iter().map(|at| (*at, 0)).collect())?;
                    member.resume(&partitions)?;
                }
            }
        });
    }
    world.run_for(Duration::from_secs(10));
    let before = world.turns();
    world.run_for(Duration::from_secs(100));
    let each = (world.turns() - before) / (15 * 100);
    assert!((10..=16).contains(&each), "{each} turns a second for ten polls a second");
}

#[test]
fn an_idle_house_costs_few_turns() {
    let mut house = House::new(Settings::new(1), 10, &PROCESSES);
    house.say();
    house.world.run_for(Duration::from_secs(30));
    house.check();
    let before = house.world.turns();
    house.world.run_for(Duration::from_secs(100));
    let each = (house.world.turns() - before) / 200;
    assert!(each <= 20, "{each} turns a second for each stage");
}

/// Says stop when so many facts are committed.
struct StopAfter {
    facts: usize,
    stop: Arc<AtomicBool>,
}

impl Effects<Echo> for StopAfter {
    fn taken(&mut self, _: i32, _: &mut dyn Iterator<Item = (&str, &Remarks)>) {}

    fn committed(&mut self, _: i32, _: &str, _: &Remarks, _: &String, _: Option<&str>) {
        self.facts -= 1;
        self.stop.store(self.facts == 0, Ordering::Relaxed);
    }

    fn lost(&mut self, _: i32) {}
}

#[test]
fn the_production_stage_needs_a_small_part_of_an_actors_stack() {
    // The size of an actor's stack; an odd number of words is measured.
    const WORDS: usize = 128 * 1024 - 1;
    let (sim, stop) = (Sim::new(Settings::new(1)), Arc::new(AtomicBool::new(false)));
    let at = TopicPartition::new(Topic::Orders, 0);
    sim.control().write(at, "order", &input("order", "remark"));
    let signals = Signals::new(stop.clone(), |_, _| {});
    let seat = Seat::new(Arc::new(Echo), sim.log(), &Config::new("", "a"), 0, None, signals);
    let mut coroutine = generator::Gn::<()>::new_opt(WORDS, move || {
        seat.run_here(StopAfter { facts: 1, stop }).expect("ended in good order");
    });
    coroutine.resume();
    assert!(coroutine.is_done());
    let (size, used) = coroutine.stack_usage();
    println!("{} KiB of {} KiB", used / 128, size / 128);
    assert!(used * 4 < size, "{used} words of {size}");
}
