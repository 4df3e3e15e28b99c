//! Time, chance, and a broker that is away (F8, F12).

use crate::stage::{BESIDE, FACTS, INPUT, World, open};
use std::time::Duration;
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::{Log as _, LogError, Member as _, Polled, Reader as _, Transactional as _};
use weir_proto::topics::Topic;
use weir_sim::{Protocol, Settings};

#[test]
fn one_seed_gives_one_log() {
    let run = |seed| {
        let world = World::new(seed, Protocol::V1);
        let (_member, seat) = world.seat("m");
        let (mut p, mut q) = (world.producer("p"), world.producer("q"));
        for n in 0..50 {
            open(&mut p, FACTS, &[&format!("p{n}")]);
            open(&mut q, if n % 3 == 0 { FACTS } else { BESIDE }, &[&format!("q{n}")]);
            p.send_offsets(&Offsets::from([(INPUT, n)]), &seat).expect("sent");
            if n % 7 == 0 {
                world.control.lose_end_answer("p");
            }
            p.commit().expect("committed");
            if n % 5 == 0 { q.abort().expect("aborted") } else { q.commit().map(|_| ()).expect("committed") }
        }
        world.settle();
        (world.control.dump(FACTS), world.control.dump(BESIDE), world.log.now())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_broker_that_is_away_is_waited_for_and_found_again() {
    let world = World::new(1, Protocol::V1);
    let (mut member, seat) = world.seat("m");
    let mut p = world.producer("p");
    open(&mut p, FACTS, &["a"]);
    p.send_offsets(&Offsets::from([(INPUT, 1)]), &seat).expect("sent");
    world.control.stop_for(Duration::from_secs(2));
    assert!(matches!(member.poll(Duration::from_millis(10)), Ok(Polled::Nothing)));
    assert!(!p.commit().expect("committed after the return"));
    assert_eq!(member.committed(&[INPUT]).expect("committed"), Offsets::from([(INPUT, 1)]));
    world.settle();
    assert_eq!(world.values(FACTS), ["a"]);
}

#[test]
fn a_broker_that_stays_away_leaves_a_commit_in_doubt() {
    let world = World::new(1, Protocol::V1);
    let mut p = world.producer("p");
    open(&mut p, FACTS, &["a"]);
    world.control.stop();
    assert!(matches!(p.commit(), Err(LogError::Unknown(_))));
    world.control.start();
    world.producer("p");
    world.settle();
    assert!(world.values(FACTS).is_empty());
}

#[test]
fn records_for_a_broker_that_is_away_abort_the_transaction() {
    let world = World::new(1, Protocol::V1);
    let mut p = world.producer("p");
    p.begin().expect("begun");
    crate::stage::send(&mut p, FACTS, &["a"]);
    world.control.stop();
    assert!(matches!(p.drain(), Err(LogError::Abort(_))));
}

#[test]
fn a_lost_tail_is_gone_and_written_over() {
    let world = World::new(1, Protocol::V1);
    let mut p = world.producer("p");
    for value in ["a", "b"] {
        open(&mut p, FACTS, &[value]);
        p.commit().expect("committed");
        world.settle();
    }
    world.control.lose_tail(FACTS, 2);
    assert_eq!(world.values(FACTS), ["a"]);
    open(&mut p, FACTS, &["c"]);
    p.commit().expect("committed");
    world.settle();
    assert_eq!(world.values(FACTS), ["a", "c"]);
}

#[test]
fn the_wall_clock_and_the_brokers_can_differ() {
    let world = World::new(1, Protocol::V1);
    world.control.skew(300_000);
    let mut p = world.producer("p");
    open(&mut p, FACTS, &["a"]);
    p.commit().expect("committed");
    world.settle();
    let mut reader = world.log.reader(Pace::Eager).expect("a reader");
    reader.assign(&Offsets::from([(FACTS, 0)])).expect("assigned");
    let record = reader.poll(Duration::from_millis(10)).expect("polled").expect("a record");
    let apart = world.log.now().0 - record.time.0;
    assert!((300_000..301_000).contains(&apart), "{apart} ms apart");
}

#[test]
fn waiting_may_leave_time_to_a_scheduler() {
    let world = World::with(Settings { waiting_passes_time: false, ..Settings::new(1) });
    let mut member = world.log.member("stage", "m", &[Topic::Orders], Pace::Eager).expect("a member");
    assert!(matches!(member.poll(Duration::from_secs(1)), Ok(Polled::Assigned(_))));
    let before = world.log.now();
    assert!(matches!(member.poll(Duration::from_secs(1)), Ok(Polled::Nothing)));
    assert_eq!(world.log.now(), before);
}
