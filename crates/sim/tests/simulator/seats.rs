//! Processes that stand still, and what their group makes of it (F3, F4).

use crate::stage::{GROUP, INPUT, World};
use std::time::Duration;
use weir_pipeline::log::Offsets;
use weir_pipeline::{LogError, Member as _, Polled, Transactional as _};
use weir_sim::{Protocol, SimMember};

const SHORT: Duration = Duration::from_millis(20);

/// Polls until the group has news, for at most so long.
fn news(member: &mut SimMember) -> Polled {
    for _ in 0..1_000 {
        match member.poll(SHORT).expect("polled") {
            Polled::Nothing => {}
            event => return event,
        }
    }
    panic!("no news");
}

#[test]
fn a_process_frozen_for_longer_than_its_session_has_lost_its_partitions() {
    let world = World::new(1, Protocol::V1);
    let (mut zombie, seat) = world.seat("m-1");
    world.control.freeze(GROUP, "m-1");
    world.control.pass(Duration::from_secs(7));
    let (_other, _) = world.seat("m-2");
    let mut p = world.producer("p-1");
    p.begin().expect("begun");
    let outcome = p.send_offsets(&Offsets::from([(INPUT, 1)]), &seat);
    assert!(matches!(outcome, Err(LogError::Abort(_))), "{outcome:?}");
    assert!(matches!(news(&mut zombie), Polled::Revoked { lost: true }));
}

#[test]
fn a_process_frozen_for_less_than_its_session_goes_on() {
    let world = World::new(1, Protocol::V1);
    let (mut member, _) = world.seat("m-1");
    world.control.freeze(GROUP, "m-1");
    world.control.pass(Duration::from_secs(5));
    assert!(matches!(member.poll(SHORT), Ok(Polled::Nothing)));
    world.control.pass(Duration::from_secs(5));
    assert!(matches!(member.poll(SHORT), Ok(Polled::Nothing)));
}

#[test]
fn a_forced_rebalance_is_a_new_generation_for_all() {
    let world = World::new(1, Protocol::V1);
    let (mut member, before) = world.seat("m-1");
    world.control.rebalance(GROUP);
    assert!(matches!(news(&mut member), Polled::Revoked { lost: false }));
    member.release().expect("released");
    world.assigned(&mut member);
    assert_ne!(member.proof().expect("a proof"), before);
}

#[test]
fn expired_offsets_are_absent() {
    let world = World::new(1, Protocol::V1);
    let (mut member, seat) = world.seat("m-1");
    let mut p = world.producer("p");
    p.begin().expect("begun");
    p.send_offsets(&Offsets::from([(INPUT, 5)]), &seat).expect("sent");
    p.commit().expect("committed");
    assert_eq!(member.committed(&[INPUT]).expect("committed"), Offsets::from([(INPUT, 5)]));
    world.control.expire_offsets(GROUP);
    assert_eq!(member.committed(&[INPUT]).expect("committed"), Offsets::new());
}
