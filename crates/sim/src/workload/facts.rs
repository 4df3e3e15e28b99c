//! What the house has said, folded from the committed log: small, so that it can be kept for every order of a run.

use super::command::Id;
use super::heard;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use weir_pipeline::Record;
use weir_proto::allocation::v1::{AllocationEvent, allocation_event};
use weir_proto::log::v1::{Answered, Envelope, stage_fact};
use weir_proto::notice::v1::{NoticeEvent, notice_event};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event};
use weir_proto::topics::Topic;

/// The fold. Feed it every committed record once, each partition in its order.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub orders: HashMap<String, OrderFacts>,
    pub answers: BTreeMap<Id, Vec<Answer>>,
    /// By topic, partition and offset: why it lies in quarantine. Parked records are in none.
    pub quarantined: BTreeMap<(String, i32, i64), String>,
    /// Inputs that changed nothing, by the stage's fact topic and the reason's name.
    pub ignored: BTreeMap<(Topic, &'static str), u64>,
    /// Deliveries that are in the log.
    pub deliveries: BTreeSet<(i32, i64)>,
    /// By (pool key, SKU, warehouse).
    pub shelves: BTreeMap<(String, String, String), Shelf>,
    /// What went wrong while stock was folded, at any prefix.
    pub oversold: Vec<String>,
    /// Newer words of inventory on an older plan: it obeys the highest that it has seen.
    pub overtaken: Vec<String>,
}

/// One order, by what was said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFacts {
    pub placed: u32,
    pub payments: u32,
    pub lines_changed: u32,
    pub observed: u32,
    pub cancelled_outside: u32,
    pub plans: u32,
    pub released: u32,
    pub rerouted: u32,
    pub timed_out: bool,
    pub change_asked: u32,
    /// Open holds: id → reason.
    pub holds: BTreeMap<String, String>,
    pub holds_ever: u32,
    pub parked: Option<String>,
    pub route_cancelled: Option<String>,
    /// Ended here, as others have shipped it.
    pub shipped_outside: bool,
    /// Newest word of inventory: sequence and state.
    pub allocation: Option<(u64, &'static str)>,
    /// The plan that it was about.
    pub allocation_plan: u32,
    /// Pick list → how far it is.
    pub lists: BTreeMap<String, &'static str>,
    pub short_picks: u32,
    pub shipped: u32,
    /// The last parcel has left.
    pub shipped_last: bool,
    pub on_hold: Option<String>,
    pub cancel_accepted: bool,
    pub cancels_refused: u32,
    pub scans: u32,
    pub exceptions: u32,
    /// Notice id → how often it became due.
    pub notices: BTreeMap<String, u32>,
}

/// One answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub body_hash: Vec<u8>,
    pub version: u64,
    pub refusal: Option<String>,
    pub repeated: bool,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shelf {
    pub received: i64,
    pub adjusted: i64,
    pub issued: i64,
    pub restocked: i64,
    pub shortage: i64,
}

impl Facts {
    pub fn new() -> Facts {
        Facts::default()
    }

    pub fn order(&self, id: &str) -> OrderFacts {
        self.orders.get(id).cloned().unwrap_or_default()
    }

    /// Takes one record in. What can't be decoded is passed over: that is others' business.
    pub fn take(&mut self, record: &Record) {
        match record.topic {
            Topic::Deliveries => {
                self.deliveries.insert((record.partition, record.offset));
            }
            Topic::Orders => self.order_fact(record),
            Topic::Routes => self.route(record),
            Topic::Allocations => self.allocation(record),
            Topic::Shipments => self.shipment(record),
            Topic::Notices => self.notice(record),
            Topic::Stock => self.stock(record),
            Topic::Quarantine => self.quarantine(record),
            _ => {}
        }
    }

    fn of(&mut self, record: &Record) -> &mut OrderFacts {
        self.orders.entry(record.key.clone()).or_default()
    }

    /// A stage's own fact; false where it is one of the domain's.
    fn stage(&mut self, record: &Record) -> bool {
        // The header tells domain facts apart without a second decoding.
        if record.headers.event_type.as_deref().is_some_and(|name| !name.starts_with("weir.log.")) {
            return false;
        }
        let Ok(Envelope { stage: Some(stage), .. }) = record.decode::<Envelope>() else { return false };
        match stage.fact {
            Some(stage_fact::Fact::Answered(answered)) => self.answered(answered),
            Some(stage_fact::Fact::Ignored(ignored)) => {
                for input in ignored.inputs {
                    *self.ignored.entry((record.topic, input.reason().as_str_name())).or_default() += 1;
                }
            }
            _ => {}
        }
        true
    }

    fn answered(&mut self, answered: Answered) {
        let Ok(id) = Id::try_from(answered.command_id.as_slice()) else { return };
        let Answered { body_hash, version, refusal, repeated, .. } = answered;
        let refusal = refusal.map(|refusal| refusal.code);
        self.answers.entry(id).or_default().push(Answer { body_hash, version, refusal, repeated });
    }

    fn order_fact(&mut self, record: &Record) {
        if self.stage(record) {
            return;
        }
        let Ok(told) = record.decode::<heard::Order>() else { return };
        let order = self.of(record);
        order.placed += u32::from(told.placed.is_some());
        order.payments += u32::from(told.payment.is_some());
        order.lines_changed += u32::from(told.lines_changed.is_some());
        order.observed += u32::from(told.observed.is_some());
        order.cancelled_outside += u32::from(told.cancelled.is_some());
    }

    fn route(&mut self, record: &Record) {
        if self.stage(record) {
            return;
        }
        let Ok(told) = record.decode::<heard::Route>() else { return };
        let order = self.of(record);
        if told.planned.is_some() {
            order.plans += 1;
            order.parked = None;
        }
        if let Some(held) = told.held {
            order.holds.insert(held.hold_id, held.reason);
            order.holds_ever += 1;
        }
        if let Some(resolved) = told.hold_resolved {
            order.holds.remove(&resolved.hold_id);
        }
        order.released += u32::from(told.released.is_some());
        order.change_asked += u32::from(told.change_asked.is_some());
        order.rerouted += u32::from(told.rerouted.is_some());
        order.timed_out |= told.payment_timed_out.is_some();
        if let Some(cancelled) = told.cancelled {
            order.route_cancelled = Some(cancelled.reason);
        }
        order.shipped_outside |= told.shipped_outside.is_some();
        if let Some(parked) = told.parked {
            order.parked = Some(parked.reason);
        }
    }

    fn allocation(&mut self, record: &Record) {
        use allocation_event::Event;
        let Ok(AllocationEvent { event: Some(event), sequence, plan_version, .. }) = record.decode() else { return };
        let state = match event {
            Event::Allocated(_) => "allocated",
            Event::PartiallyAllocated(_) => "partly",
            Event::Backordered(_) => "backordered",
            Event::Unfillable(_) => "unfillable",
            Event::Voided(_) => "voided",
            Event::Deallocated(_) => "deallocated",
            Event::SoftReserved(_) => "soft",
        };
        let order = self.of(record);
        if order.allocation.is_some_and(|(known, _)| sequence <= known) {
            return;
        }
        order.allocation = Some((sequence, state));
        let before = std::mem::replace(&mut order.allocation_plan, plan_version);
        if plan_version < before {
            let key = &record.key;
            self.overtaken
                .push(format!("order {key}: inventory says {state} of plan {plan_version} after plan {before}"));
        }
    }

    fn shipment(&mut self, record: &Record) {
        use shipment_event::Event;
        if self.stage(record) {
            return;
        }
        let Ok(ShipmentEvent { event: Some(event), .. }) = record.decode() else { return };
        let order = self.of(record);
        match event {
            Event::PickListIssued(list) => {
                order.lists.insert(list.pick_list_id, "open");
            }
            Event::Picked(list) => {
                order.lists.insert(list.pick_list_id, "picked");
            }
            Event::Packed(list) => {
                order.lists.insert(list.pick_list_id, "packed");
            }
            Event::ShortPicked(_) => order.short_picks += 1,
            Event::WorkStopped(_) => order.lists.retain(|_, stage| *stage == "shipped"),
            Event::Shipped(shipped) => {
                order.shipped += 1;
                order.shipped_last |= shipped.last;
                order.lists.insert(shipped.pick_list_id, "shipped");
            }
            Event::CancelAccepted(_) => order.cancel_accepted = true,
            Event::CancelRefused(_) => order.cancels_refused += 1,
            Event::ScanRecorded(_) => order.scans += 1,
            Event::ShippedAfterCancel(_) => order.exceptions += 1,
            Event::OnHold(hold) => order.on_hold = Some(hold.reason),
            Event::Resumed(_) => order.on_hold = None,
            _ => {}
        }
    }

    fn notice(&mut self, record: &Record) {
        if self.stage(record) {
            return;
        }
        let Ok(NoticeEvent { event: Some(notice_event::Event::NoticeDue(due)), .. }) = record.decode() else { return };
        *self.of(record).notices.entry(due.notice_id).or_default() += 1;
    }

    fn quarantine(&mut self, record: &Record) {
        let Ok(QuarantineEvent { event: Some(event), .. }) = record.decode() else { return };
        let quarantine_event::Event::Quarantined(told) = event else { return };
        if let Some(at) = told.position.filter(|_| !told.parked) {
            self.quarantined.insert((at.topic, at.partition, at.offset), told.reason);
        }
    }

    fn stock(&mut self, record: &Record) {
        if self.stage(record) {
            return;
        }
        let Ok(told) = record.decode::<heard::Stock>() else { return };
        if let Some(of) = told.received {
            self.shelf(record, of.sku, of.warehouse, |shelf| shelf.received += of.quantity);
        }
        if let Some(of) = told.adjusted {
            self.shelf(record, of.sku, of.warehouse, |shelf| shelf.adjusted += of.delta);
        }
        if let Some(of) = told.shortage {
            self.shelf(record, of.sku, of.warehouse, |shelf| shelf.shortage = of.quantity);
        }
        for line in told.issued.into_iter().flat_map(|of| of.lines) {
            self.shelf(record, line.sku, line.warehouse, |shelf| shelf.issued += line.quantity);
        }
        for line in told.restocked.into_iter().flat_map(|of| of.lines) {
            self.shelf(record, line.sku, line.warehouse, |shelf| shelf.restocked += line.quantity);
        }
    }

    fn shelf(&mut self, record: &Record, sku: String, warehouse: String, change: impl FnOnce(&mut Shelf)) {
        let place = (record.key.clone(), sku, warehouse);
        let shelf = self.shelves.entry(place.clone()).or_default();
        change(shelf);
        let there = shelf.received + shelf.adjusted + shelf.restocked + shelf.shortage;
        if shelf.issued > there {
            self.oversold.push(format!("{place:?}: {} issued of {there} at offset {}", shelf.issued, record.offset));
        }
    }
}
