//! The ledger reads the log right: latencies, accounts, ends.

use super::*;
use crate::demo::orders::Wish;
use crate::demo::orders::schedule::{Course, Shape};
use prost::Message as _;
use weir_decider::Millis;
use weir_proto::log::v1::{Ignored, IgnoredInput, Meta, StageFact};
use weir_proto::notice::v1::{NoticeDue, NoticeKind, NoticeSent};
use weir_proto::order::v1::OrderPlaced;
use weir_proto::shipment::v1::{PickListIssued, Shipped};

const START_US: i64 = 1_790_000_000_000_000;

struct Scene {
    ledger: Ledger,
    keys: Vec<String>,
    plan: Plan,
}

fn scene() -> Scene {
    scene_of(0, Course::Steady)
}

fn scene_of(lead_in_us: u64, course: Course) -> Scene {
    let catalogue = Catalogue::new("r1", "demo", 50);
    let wish = Wish {
        shape: Shape { orders: 40, rate_per_second: 100, lead_in_us, course },
        duplicates_percent: 0.0,
        pay_later_percent: 0.0,
        cancels_percent: 0.0,
        out_of_order_percent: 0.0,
        broken_percent: 0.0,
        seed: 3,
    };
    let plan = Plan::new(&wish, &catalogue);
    let keys = plan.orders.iter().map(|order| order.order_id(&catalogue)).collect();
    Scene { ledger: Ledger::new(&catalogue, &plan, START_US), keys, plan }
}

fn record(topic: Topic, offset: i64, time_ms: i64, key: &str, value: Vec<u8>) -> Record {
    let (key, value, time) = (key.to_owned(), value.into(), Millis(time_ms));
    Record { topic, partition: 0, offset, time, key, value, headers: weir_pipeline::Headers::default() }
}

fn caused_by(offset: i64) -> Option<Meta> {
    let cause = Some(Position { topic: "deliveries".to_owned(), partition: 0, offset });
    Some(Meta { cause, ..Meta::default() })
}

fn shipment(event: Shipment) -> Vec<u8> {
    ShipmentEvent { meta: None, event: Some(event) }.encode_to_vec()
}

#[test]
fn a_delivery_is_accounted_for_by_a_fact_or_by_an_ignoring_in_any_order_of_reading() {
    let mut scene = scene();
    let key = scene.keys[0].clone();
    let placed = OrderEvent { meta: caused_by(5), event: Some(Order::OrderPlaced(OrderPlaced::default())) };
    scene.ledger.take(&record(Topic::Orders, 1, 0, &key, placed.encode_to_vec()), 0);
    for offset in [5, 6] {
        scene.ledger.take(&record(Topic::Deliveries, offset, 0, &key, Vec::new()), 0);
    }
    assert_eq!(scene.ledger.unaccounted(), 1);
    let position = Some(Position { topic: "deliveries".to_owned(), partition: 0, offset: 6 });
    let reason = IgnoredReason::Duplicate.into();
    let inputs = vec![IgnoredInput { position, reason, key, copy_of: None }];
    let fact = StageFact { fact: Some(stage_fact::Fact::Ignored(Ignored { inputs })) };
    let ignored = OrderEvent { meta: None, event: Some(Order::Stage(fact)) };
    scene.ledger.take(&record(Topic::Orders, 2, 0, "", ignored.encode_to_vec()), 0);
    assert_eq!(scene.ledger.unaccounted(), 0);
    assert_eq!((scene.ledger.ignored.get("duplicate"), scene.ledger.tracks[0].placed), (Some(&1), 1));
    // Another's delivery is another's business.
    let foreign = uuid::Uuid::nil().to_string();
    scene.ledger.take(&record(Topic::Deliveries, 7, 0, &foreign, Vec::new()), 0);
    assert_eq!(scene.ledger.unaccounted(), 0);
}

#[test]
fn latency_runs_from_the_intended_moment_to_the_first_pick_list() {
    let mut scene = scene();
    let index = scene.ledger.intended_us.iter().position(Option::is_some).expect("a clean order");
    let intended_us = START_US + i64::try_from(scene.plan.orders[index].placed_us).expect("fits");
    let issued = shipment(Shipment::PickListIssued(PickListIssued::default()));
    let key = scene.keys[index].clone();
    let first = record(Topic::Shipments, 1, intended_us / 1000 + 120, &key, issued.clone());
    scene.ledger.take(&first, intended_us + 150_000);
    scene.ledger.take(&record(Topic::Shipments, 2, intended_us / 1000 + 9_000, &key, issued), intended_us + 9_000_000);
    let (written, seen) = (scene.ledger.to_written.measured.quantiles(), scene.ledger.to_seen.measured.quantiles());
    assert_eq!((written.count, seen.count), (1, 1));
    assert!((written.p50_ms - 120.0).abs() < 1.0 && (seen.p50_ms - 150.0).abs() < 1.0);
    assert_eq!(scene.ledger.picks_per_second.iter().sum::<u64>(), 1);
}

/// Each clean order gets its pick list 50 ms after it was meant to be sent, and it is read 10 ms later. Returns how many were
/// placed before, within and behind a time.
fn all_picked(scene: &mut Scene, from_us: u64, until_us: u64) -> (u64, u64, u64) {
    let mut counts = (0, 0, 0);
    for index in 0..scene.keys.len() {
        let Some(intended_us) = scene.ledger.intended_us[index] else { continue };
        let issued = shipment(Shipment::PickListIssued(PickListIssued::default()));
        let offset = i64::try_from(index).expect("few");
        let record = record(Topic::Shipments, offset, intended_us / 1000 + 50, &scene.keys[index], issued);
        scene.ledger.take(&record, intended_us + 60_000);
        match scene.plan.orders[index].placed_us {
            at if at < from_us => counts.0 += 1,
            at if at < until_us => counts.1 += 1,
            _ => counts.2 += 1,
        }
    }
    counts
}

#[test]
fn what_was_placed_in_the_lead_in_is_measured_apart() {
    let mut scene = scene_of(1_000_000, Course::Steady);
    let (before, measured, _) = all_picked(&mut scene, 1_000_000, u64::MAX);
    let found = &scene.ledger.to_written;
    assert_eq!((found.lead_in.quantiles().count, found.measured.quantiles().count), (before, measured));
    assert!(before > 30 && measured > 20, "{before} and {measured}");
}

#[test]
fn a_peak_is_measured_apart_and_known_to_be_served() {
    let mut scene = scene_of(0, Course::Peak { times: 3, lasts_us: 500_000 });
    let peak = scene.plan.schedule.span(Phase::Peak).expect("there is one");
    let (before, within, behind) = all_picked(&mut scene, peak.from_us, peak.until_us);
    let found = &scene.ledger.to_written;
    assert_eq!((found.peak.quantiles().count, found.measured.quantiles().count), (within, before + behind));
    assert!(before > 10 && within > 300 && behind > 10, "{before}, {within}, {behind}");
    let served_us = u64::try_from(scene.ledger.peak_served_us).expect("after the start");
    assert!((peak.until_us..peak.until_us + 60_000).contains(&served_us), "{served_us}");
}

#[test]
fn a_run_is_settled_when_every_acknowledged_order_has_come_to_rest() {
    let mut scene = scene();
    let mut acknowledged = vec![Acknowledged::default(); scene.keys.len()];
    assert!(scene.ledger.is_settled(&acknowledged));
    acknowledged[0] = Acknowledged { deliveries: 1, whole: true };
    assert!(!scene.ledger.is_settled(&acknowledged));
    let last = shipment(Shipment::Shipped(Shipped { last: true, ..Shipped::default() }));
    scene.ledger.take(&record(Topic::Shipments, 1, 0, &scene.keys[0].clone(), last), 0);
    assert_eq!(scene.ledger.tracks[0].end(), End::Shipped);
    assert!(!scene.ledger.is_settled(&acknowledged), "nobody was told");
    let mut notice = |event| {
        let event = NoticeEvent { meta: None, event: Some(event) }.encode_to_vec();
        scene.ledger.take(&record(Topic::Notices, 1, 0, &scene.keys[0], event), 0);
        scene.ledger.is_settled(&acknowledged)
    };
    assert!(!notice(due(NoticeKind::Shipped, Medium::Webhook)), "it is not sent yet");
    assert!(notice(Notice::NoticeSent(NoticeSent {
        notice_id: "Shipped/Webhook".to_owned(),
        ..NoticeSent::default()
    })));
}

fn due(kind: NoticeKind, medium: Medium) -> Notice {
    let notice_id = format!("{kind:?}/{medium:?}");
    Notice::NoticeDue(NoticeDue { notice_id, kind: kind.into(), medium: medium.into(), ..NoticeDue::default() })
}

#[test]
fn a_message_that_is_not_decided_yet_is_missed() {
    let mut scene = scene();
    let key = scene.keys[0].clone();
    let last = shipment(Shipment::Shipped(Shipped { last: true, ..Shipped::default() }));
    scene.ledger.take(&record(Topic::Shipments, 1, 0, &key, last), 0);
    let mut untold_after = |notice| {
        let event = NoticeEvent { meta: None, event: Some(notice) }.encode_to_vec();
        scene.ledger.take(&record(Topic::Notices, 1, 0, &key, event), 0);
        scene.ledger.untold()
    };
    assert_eq!(untold_after(due(NoticeKind::Placed, Medium::Webhook)), 1, "that is of another thing");
    assert_eq!(untold_after(due(NoticeKind::Shipped, Medium::Email)), 1, "that is not the shop's");
    assert_eq!(untold_after(due(NoticeKind::Shipped, Medium::Webhook)), 0);
}
