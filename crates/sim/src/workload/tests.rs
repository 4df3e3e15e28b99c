//! The workload says what it promises: the same from the same seed, readable by production code, in the shares that
//! were asked.

mod reacting;
mod readable;
mod shares;
mod straight;

use super::*;
use bytes::Bytes;
use weir_decider::Millis;
use weir_pipeline::{Headers, Record};

/// All actions of a workload, each acknowledged at once, at places as a broker would give them.
fn played(workload: &mut Workload) -> Vec<(Duration, Action)> {
    let mut all = Vec::new();
    let mut next = 0;
    while let Some((at, action)) = workload.next() {
        all.push((at, action.clone()));
        let again = workload.settled(action, Outcome::Written { partition: 0, offset: next });
        assert!(again.is_none(), "what is written is not written again");
        next += 1;
    }
    all
}

fn record(action: &Action) -> Record {
    Record {
        topic: action.record.topic,
        partition: 0,
        offset: 7,
        time: Millis(1_795_300_001_000),
        key: action.record.key.clone(),
        value: Bytes::from(action.record.value.clone()),
        headers: Headers { event_type: Some(action.record.event_type.into()), ..Headers::default() },
    }
}

/// A hash over everything that somebody could see of it.
fn hash(actions: &[(Duration, Action)]) -> u64 {
    let mut all = Vec::new();
    for (at, action) in actions {
        all.extend_from_slice(&at.as_micros().to_be_bytes());
        for text in [action.record.topic.name(), &action.record.key, action.record.event_type, &action.id] {
            all.extend_from_slice(text.as_bytes());
        }
        all.extend_from_slice(&action.record.value);
    }
    draw::digest(&all)
}

#[test]
fn the_same_seed_gives_the_same_actions_and_another_seed_others() {
    let run = |seed| hash(&played(&mut Workload::new(seed, Shape::drawn(seed, 300))));
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn time_never_goes_back_and_every_serial_is_its_own() {
    let actions = played(&mut Workload::new(3, Shape::drawn(3, 500)));
    assert!(actions.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    let serials: HashSet<u64> = actions.iter().map(|(_, action)| action.serial).collect();
    assert_eq!(serials.len(), actions.len());
}

#[test]
fn two_hundred_seeds_play_to_their_end() {
    for seed in 0..200 {
        let mut workload = Workload::new(seed, Shape::drawn(seed, 60));
        let actions = played(&mut workload);
        assert!(workload.is_over() && workload.next_due().is_none());
        assert_eq!(workload.books().orders().len(), 60, "seed {seed}");
        let accepted = workload.books().accepted().len();
        assert_eq!(accepted, actions.len(), "everything that was acknowledged is in the books");
        assert_eq!(workload.counts().values().sum::<u64>(), actions.len() as u64);
    }
}

#[test]
fn what_was_refused_or_is_not_known_comes_again_with_the_same_bytes() {
    let mut workload = Workload::new(5, Shape::plain(3));
    let (_, receipt) = workload.next().expect("goods come first");
    assert_eq!(receipt.what, What::Receipt);
    for outcome in [Outcome::Refused, Outcome::Unknown] {
        let (pause, again) = workload.settled(receipt.clone(), outcome).expect("it is tried again");
        assert!(pause >= Duration::from_millis(100) && again == receipt);
    }
    let (id, book) = workload.books().commands().iter().next().expect("a command");
    assert_eq!((Some(*id), book.written, book.unknown), (receipt.command.map(|(id, _)| id), 0, 1));
    assert!(workload.settled(receipt, Outcome::Written { partition: 0, offset: 0 }).is_none());
    assert_eq!(workload.books().accepted().len(), 1);
}
