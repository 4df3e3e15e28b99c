//! One seed, one world: whatever is done to it.

use crate::house::{GROUP, House, PROCESSES, facts, instance, restart};
use std::time::Duration;
use weir_sim::{ActorId, Protocol, Settings, World};

const SEEDS: u64 = 50;

/// One blow, drawn.
fn blow(world: &mut World) {
    let process = PROCESSES[world.draw(2) as usize];
    let number = world.draw(2) as i32;
    let length = Duration::from_millis(world.draw(9_000));
    let control = world.control();
    match world.draw(12) {
        0 | 1 => world.kill_process(process),
        2 => world.freeze_process(process, length),
        3 => control.rebalance(GROUP),
        4 => control.lose_end_answer(&instance(process)),
        5 => control.lose_end_request(&instance(process)),
        6 => control.fail_produce(facts(number)),
        7 => control.lose_produce_answer(facts(number)),
        8 => control.move_group(GROUP),
        9 => control.stop_for(length / 4),
        10 => {
            control.delay_end(&instance(process));
            world.at(length, |world| {
                world.control().deliver_late_ends();
            });
        }
        _ => {
            control.take_offline(facts(number));
            world.at(length / 3, move |world| world.control().bring_online(facts(number)));
        }
    }
}

/// Ten seconds of harm, then peace until everything is decided. Returns the hash of what came of it.
fn run(seed: u64) -> u64 {
    let protocol = if seed.is_multiple_of(2) { Protocol::V1 } else { Protocol::V2 };
    let mut house = House::new(Settings { protocol, ..Settings::new(seed) }, 10, &PROCESSES);
    let mut ids: Vec<ActorId> = PROCESSES.iter().flat_map(|process| house.world.alive(process)).collect();
    house.world.run_for(Duration::from_secs(20));
    for _ in 0..20 {
        house.say();
        blow(&mut house.world);
        let pause = Duration::from_millis(house.world.draw(1_000));
        house.world.run_for(pause);
        for (process, id) in PROCESSES.iter().zip(&mut ids) {
            if house.world.draw(3) == 0 {
                *id = restart(&mut house.world, process, *id);
            }
        }
    }
    for (process, id) in PROCESSES.iter().zip(&mut ids) {
        *id = restart(&mut house.world, process, *id);
    }
    house.settle(Duration::from_secs(120));
    house.check();
    house.world.log_hash()
}

#[test]
fn one_seed_gives_one_world_under_any_harm() {
    let hashes: Vec<u64> = (0..SEEDS).map(run).collect();
    for (seed, hash) in hashes.iter().enumerate() {
        assert_eq!(run(seed as u64), *hash, "seed {seed}");
    }
    let mut distinct = hashes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), hashes.len(), "no two seeds give the same world");
}

#[test]
fn worlds_on_several_threads_do_not_disturb_each_other() {
    let alone: Vec<u64> = (0..4).map(run).collect();
    let threads: Vec<_> = (0..4).map(|seed| std::thread::spawn(move || run(seed))).collect();
    let together: Vec<u64> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    assert_eq!(alone, together);
}
