//! A blocked order: who waits, in which order they go on, and what must lie in quarantine.

use super::*;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::log::v1::{Blocked, Resumed, Unblocked};
use weir_proto::topics::STAGES;

const KEY: &str = "order-1";

/// Routing, whose first input is `orders`, and which breaks.
struct Scene {
    blocks: Blocks,
    kept: Kept,
    report: Report,
}

fn place(offset: i64) -> Position {
    Position { topic: "orders".to_owned(), partition: 0, offset }
}

fn record() -> Record {
    let (key, headers) = (KEY.to_owned(), Headers::default());
    Record { topic: Topic::Routes, partition: 0, offset: 1, time: Millis(1), key, value: Default::default(), headers }
}

impl Scene {
    /// The order is blocked by 5; 6 waits behind it, and the bytes of both are kept.
    fn new() -> Scene {
        let mut scene = Scene { blocks: Blocks::default(), kept: Kept::default(), report: Report::new() };
        scene.stage(5, Fact::Blocked(Blocked::default()));
        scene.keep(5, IgnoredReason::Quarantined, None);
        scene.keep(6, IgnoredReason::Parked, None);
        scene
    }

    fn stage(&mut self, cause: i64, fact: Fact) {
        let find = |at: &Position| Some((0, at.offset));
        self.blocks.stage(&record(), KEY, Some((0, cause)), &fact, &find, &mut self.report);
    }

    fn keep(&mut self, offset: i64, reason: IgnoredReason, copy_of: Option<i64>) {
        let copied = copy_of.map(place);
        let passed =
            IgnoredInput { position: Some(place(offset)), reason: reason.into(), key: KEY.into(), copy_of: copied };
        self.blocks.keep((0, offset), 0, &passed, copy_of.map(|of| (0, of)));
        self.kept.quarantined.insert(("routing".to_owned(), "orders".to_owned(), offset));
    }

    /// A copy is decided, and takes the first from the list.
    fn resume(&mut self, copy: i64, of: i64) {
        self.kept.copies.insert((Topic::Orders, copy));
        self.blocks.domain(&record(), KEY, Some((0, copy)), &mut self.report);
        self.stage(copy, Fact::Resumed(Resumed { position: Some(place(of)) }));
    }

    fn broken(mut self) -> Vec<Id> {
        let routing = STAGES.iter().find(|stage| stage.name == "routing").expect("there is one");
        self.blocks.end(routing, &|_| 100, 1, &self.kept, &mut self.report);
        self.report.broken().map(|(id, _)| id).collect()
    }
}

#[test]
fn those_who_wait_go_on_in_their_order() {
    let mut scene = Scene::new();
    scene.resume(8, 5);
    // The copy of the second can't be read: it has the second's place.
    scene.keep(9, IgnoredReason::Quarantined, Some(6));
    scene.resume(10, 9);
    scene.stage(10, Fact::Unblocked(Unblocked {}));
    scene.blocks.domain(&record(), KEY, Some((0, 11)), &mut scene.report);
    assert_eq!(scene.broken(), []);
}

#[test]
fn nobody_goes_on_before_the_first_or_is_forgotten() {
    let mut scene = Scene::new();
    scene.resume(8, 6);
    assert_eq!(scene.broken(), [Id::I5]);
    let mut scene = Scene::new();
    scene.resume(8, 5);
    scene.stage(8, Fact::Unblocked(Unblocked {}));
    assert_eq!(scene.broken(), [Id::I5]);
}

#[test]
fn nothing_is_decided_behind_the_block_but_copies() {
    for cause in [Some((0, 7)), None] {
        let mut scene = Scene::new();
        scene.blocks.domain(&record(), KEY, cause, &mut scene.report);
        assert_eq!(scene.broken(), [Id::I5]);
    }
}

#[test]
fn what_was_passed_over_lies_in_quarantine_and_the_other_way_round() {
    let mut scene = Scene::new();
    scene.kept.quarantined.clear();
    assert_eq!(scene.broken(), [Id::I14]);
    let mut scene = Scene::new();
    scene.kept.quarantined.insert(("routing".to_owned(), "orders".to_owned(), 40));
    assert_eq!(scene.broken(), [Id::I14]);
}
