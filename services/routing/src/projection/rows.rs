//! What a batch of facts means for the tables, before any of it is written: one row at most for each key.

use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet};
use weir_pipeline::Record;
use weir_pipeline::projection::postgres::{column, indexed, indexed_composed};
use weir_proto::routing::v1::{Held, RouteEvent, route_event::Event};

/// Tenant, and an order's or a hold's id.
type Key = (String, String);

#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// Orders whose holds all ended with them.
    pub(super) ended_orders: BTreeSet<Key>,
    pub(super) ended_holds: BTreeSet<Key>,
    /// Open at the end of the batch.
    pub(super) holds: BTreeMap<Key, HoldRow>,
    pub(super) steps: BTreeMap<(String, String, i64), StepRow>,
    /// The newest version of each order.
    pub(super) versions: BTreeMap<Key, i64>,
}

#[derive(Debug, PartialEq)]
pub(super) struct HoldRow {
    pub(super) order_id: String,
    pub(super) held: Held,
    pub(super) at_ms: i64,
    pub(super) version: i64,
}

#[derive(Debug, PartialEq)]
pub(super) struct StepRow {
    pub(super) at_ms: i64,
    pub(super) event: Vec<u8>,
}

impl Rows {
    pub(super) fn of(batch: &[Record]) -> Rows {
        let mut rows = Rows::default();
        for record in batch {
            match record.decode::<RouteEvent>() {
                Ok(event) => rows.take(event),
                Err(fault) => tracing::warn!(offset = record.offset, ?fault, "a fact can't be read and is left out"),
            }
        }
        rows
    }

    fn take(&mut self, mut event: RouteEvent) {
        let Some(meta) = event.meta.clone() else {
            return;
        };
        let version = i64::try_from(meta.version).unwrap_or(i64::MAX);
        let order = (indexed(&meta.tenant).into_owned(), indexed(&meta.key).into_owned());
        let of_hold = |id: &str| (order.0.clone(), indexed_composed(id).into_owned());
        match &mut event.event {
            None | Some(Event::Stage(_)) => return,
            Some(Event::Held(held)) => {
                let row = HoldRow { order_id: order.1.clone(), held: as_stored(held), at_ms: meta.at_ms, version };
                self.holds.insert(of_hold(&held.hold_id), row);
            }
            Some(Event::HoldResolved(resolved)) => self.end_hold(of_hold(&resolved.hold_id)),
            Some(Event::RouteCancelled(_) | Event::ShippedOutside(_)) => self.end_order(order.clone()),
            // Questions on a shipped order stay open: a person owes an answer still.
            Some(Event::ShippingNoted(noted)) if noted.outcome != "shipped" => self.end_order(order.clone()),
            // An explanation needs the region at most, and that is in the plan's notes.
            Some(Event::Planned(planned)) => planned.demand = None,
            Some(Event::Parked(parked)) => parked.demand = None,
            Some(_) => {}
        }
        self.versions.insert(order.clone(), version);
        let step = StepRow { at_ms: meta.at_ms, event: event.encode_to_vec() };
        self.steps.insert((order.0, order.1, version), step);
    }

    fn end_hold(&mut self, hold: Key) {
        self.holds.remove(&hold);
        self.ended_holds.insert(hold);
    }

    fn end_order(&mut self, order: Key) {
        self.holds.retain(|(tenant, _), row| *tenant != order.0 || row.order_id != order.1);
        self.ended_orders.insert(order);
    }
}

fn as_stored(held: &Held) -> Held {
    Held {
        hold_id: indexed_composed(&held.hold_id).into_owned(),
        reason: column(&held.reason).into_owned(),
        rule: column(&held.rule).into_owned(),
        owner_group: column(&held.owner_group).into_owned(),
        ..held.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_decider::Millis;
    use weir_pipeline::Headers;
    use weir_proto::log::v1::{Meta, StageFact};
    use weir_proto::routing::v1 as pb;
    use weir_proto::topics::Topic;

    fn record(version: u64, event: Event) -> Record {
        let meta = Meta {
            tenant: "demo".to_owned(),
            key: "order-1".to_owned(),
            version,
            at_ms: 10 * version as i64,
            ..Meta::default()
        };
        let event = RouteEvent { meta: Some(meta), event: Some(event) };
        Record {
            topic: Topic::Routes,
            partition: 0,
            offset: version as i64,
            time: Millis(0),
            key: "order-1".to_owned(),
            value: event.encode_to_vec().into(),
            headers: Headers::default(),
        }
    }

    fn held(id: &str) -> Event {
        Event::Held(pb::Held { hold_id: id.to_owned(), ..pb::Held::default() })
    }

    fn open(rows: &Rows) -> Vec<&str> {
        rows.holds.keys().map(|(_, hold)| hold.as_str()).collect()
    }

    #[test]
    fn a_hold_is_open_until_it_is_resolved() {
        let resolved = pb::HoldResolved { hold_id: "a".to_owned(), ..pb::HoldResolved::default() };
        let batch = [record(1, held("a")), record(2, held("b")), record(3, Event::HoldResolved(resolved))];
        let rows = Rows::of(&batch);
        assert_eq!(open(&rows), ["b"]);
        assert!(rows.ended_holds.contains(&("demo".to_owned(), "a".to_owned())));
        assert_eq!(rows.versions.values().copied().collect::<Vec<_>>(), [3]);
        assert_eq!(rows.steps.len(), 3);
    }

    #[test]
    fn what_is_held_after_the_end_stays() {
        let cancelled = Event::RouteCancelled(pb::RouteCancelled::default());
        for end in [cancelled, Event::ShippedOutside(pb::ShippedOutside { plan: 1 })] {
            let rows = Rows::of(&[record(1, held("a")), record(2, end), record(3, held("b"))]);
            assert_eq!(open(&rows), ["b"]);
            assert_eq!(rows.ended_orders.len(), 1);
        }
    }

    #[test]
    fn a_shipped_order_keeps_its_questions_and_a_cancelled_one_does_not() {
        let outcome = |outcome: &str| Event::ShippingNoted(pb::ShippingNoted { outcome: outcome.to_owned() });
        assert_eq!(open(&Rows::of(&[record(1, held("a")), record(2, outcome("shipped"))])), ["a"]);
        assert!(open(&Rows::of(&[record(1, held("a")), record(2, outcome("cancelled"))])).is_empty());
    }

    #[test]
    fn stage_facts_and_addresses_are_left_out() {
        let demand = Some(pb::Demand { shop: "acme".to_owned(), ..pb::Demand::default() });
        let planned = Event::Planned(pb::Planned { plan: Some(pb::Plan::default()), demand });
        let rows = Rows::of(&[record(0, Event::Stage(StageFact { fact: None })), record(1, planned)]);
        let steps: Vec<&StepRow> = rows.steps.values().collect();
        let [step] = steps.as_slice() else { panic!("one step: {steps:?}") };
        let event = RouteEvent::decode(step.event.as_slice()).expect("it is an event");
        assert!(matches!(event.event, Some(Event::Planned(pb::Planned { demand: None, .. }))));
    }
}
