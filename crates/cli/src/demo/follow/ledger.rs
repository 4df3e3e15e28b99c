//! What is known of the run's orders: a fold of the fact topics, with no I/O.

mod track;

pub use track::{End, Track};

use crate::demo::catalogue::{Catalogue, REVIEW_RULE};
use crate::demo::load::Acknowledged;
use crate::demo::orders::schedule::{ByPhase, Phase, Schedule};
use crate::demo::orders::{Plan, Story};
use crate::histogram::Latencies;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;
use uuid::Uuid;
use weir_pipeline::Record;
use weir_proto::allocation::v1::{AllocationEvent, allocation_event::Event as Allocation};
use weir_proto::log::v1::{IgnoredReason, Position, stage_fact};
use weir_proto::notice::v1::{Medium, NoticeEvent, notice_event::Event as Notice};
use weir_proto::order::v1::{OrderEvent, order_event::Event as Order};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event::Event as Quarantine};
use weir_proto::routing::v1::{RouteEvent, route_event::Event as Route};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event::Event as Shipment};
use weir_proto::topics::Topic;

/// A delivery's place, and what is known of it.
#[derive(Clone, Copy, Default)]
struct Place {
    ours: bool,
    accounted: bool,
}

/// Everything that was read.
pub struct Ledger {
    by_id: HashMap<u128, usize>,
    pub tracks: Vec<Track>,
    /// When each order was meant to be sent, where its pick list should follow without anybody's doing.
    intended_us: Vec<Option<i64>>,
    deliveries: HashMap<(i32, i64), Place>,
    /// Deliveries of ours that the clerk recorded as changing nothing, by reason.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Quarantined records of ours, by stage.
    pub quarantined: BTreeMap<String, u64>,
    /// By its id: whether it was sent, or given up.
    notices: HashMap<String, Option<bool>>,
    /// Messages that were decided more than once (I7).
    pub notices_twice: u64,
    /// Intended moment to the pick list's place in the log, and to when it was read, by when the order was placed.
    pub to_written: ByPhase<Latencies>,
    pub to_seen: ByPhase<Latencies>,
    /// When the last pick list of a peak's orders was read, since the start.
    pub peak_served_us: i64,
    /// First pick lists in each second since the start.
    pub picks_per_second: Vec<u64>,
    /// Wall time of the run's moment 0.
    pub start_us: i64,
    schedule: Schedule,
    pub last_news: Instant,
}

impl Ledger {
    pub fn new(catalogue: &Catalogue, plan: &Plan, start_us: i64) -> Ledger {
        let intended = |order: &crate::demo::orders::OrderSpec| {
            let clean = order.story == Story::Clean && !order.is_held(catalogue);
            clean.then(|| start_us + i64::try_from(order.placed_us).unwrap_or(0))
        };
        let id =
            |order: &crate::demo::orders::OrderSpec| Uuid::parse_str(&order.order_id(catalogue)).unwrap_or_default();
        Ledger {
            by_id: plan.orders.iter().enumerate().map(|(index, order)| (id(order).as_u128(), index)).collect(),
            tracks: vec![Track::default(); plan.orders.len()],
            intended_us: plan.orders.iter().map(intended).collect(),
            deliveries: HashMap::new(),
            ignored: BTreeMap::new(),
            quarantined: BTreeMap::new(),
            notices: HashMap::new(),
            notices_twice: 0,
            to_written: ByPhase::default(),
            to_seen: ByPhase::default(),
            peak_served_us: 0,
            picks_per_second: Vec::new(),
            start_us,
            schedule: plan.schedule.clone(),
            last_news: Instant::now(),
        }
    }

    fn index(&self, key: &str) -> Option<usize> {
        self.by_id.get(&Uuid::parse_str(key).ok()?.as_u128()).copied()
    }

    /// Takes in one record. What can't be read is for `weir verify` to find.
    pub fn take(&mut self, record: &Record, seen_us: i64) {
        let index = self.index(&record.key);
        if index.is_some() {
            self.last_news = Instant::now();
        }
        match record.topic {
            Topic::Deliveries => self.delivery(record, index),
            Topic::Orders => self.order(record, index),
            Topic::Quarantine => self.quarantine(record, index),
            Topic::Notices => self.notice(record, index),
            topic => {
                let Some(index) = index else { return };
                match topic {
                    Topic::Routes => self.route(record, index),
                    Topic::Allocations => self.allocation(record, index),
                    Topic::Shipments => self.shipment(record, index, seen_us),
                    _ => {}
                }
            }
        }
    }

    fn delivery(&mut self, record: &Record, index: Option<usize>) {
        let place = self.deliveries.entry((record.partition, record.offset)).or_default();
        place.ours = index.is_some();
        if let Some(index) = index {
            self.tracks[index].deliveries += 1;
        }
    }

    fn account(&mut self, position: Option<&Position>) {
        if let Some(position) = position.filter(|position| position.topic == Topic::Deliveries.name()) {
            self.deliveries.entry((position.partition, position.offset)).or_default().accounted = true;
        }
    }

    fn order(&mut self, record: &Record, index: Option<usize>) {
        let Ok(OrderEvent { meta, event: Some(event) }) = record.decode::<OrderEvent>() else {
            return;
        };
        if let Order::Stage(fact) = event {
            if let Some(stage_fact::Fact::Ignored(ignored)) = fact.fact {
                for input in ignored.inputs {
                    self.account(input.position.as_ref());
                    if self.index(&input.key).is_some() {
                        *self.ignored.entry(reason(input.reason())).or_default() += 1;
                        self.last_news = Instant::now();
                    }
                }
            }
            return;
        }
        self.account(meta.as_ref().and_then(|meta| meta.cause.as_ref()));
        let Some(index) = index else { return };
        if matches!(event, Order::OrderPlaced(_)) {
            self.tracks[index].placed += 1;
        }
    }

    fn quarantine(&mut self, record: &Record, index: Option<usize>) {
        let Ok(QuarantineEvent { event: Some(Quarantine::Quarantined(found)), .. }) = record.decode() else {
            return;
        };
        self.account(found.position.as_ref());
        if let Some(index) = index {
            self.tracks[index].quarantined = true;
            *self.quarantined.entry(found.stage).or_default() += 1;
        }
    }

    fn route(&mut self, record: &Record, index: usize) {
        let Ok(RouteEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        let track = &mut self.tracks[index];
        match event {
            Route::Planned(_) => {
                track.planned = true;
                track.parked = false;
            }
            Route::Held(held) => {
                track.held = true;
                track.held_by_others |= held.rule != REVIEW_RULE;
                track.open_holds += 1;
            }
            Route::HoldResolved(_) => track.open_holds -= 1,
            Route::Released(_) => track.released = true,
            Route::Rerouted(_) => track.rerouted = true,
            Route::RouteCancelled(_) => track.cancelled = true,
            Route::PaymentTimedOut(_) => track.timed_out = true,
            Route::Parked(_) => track.parked = true,
            _ => {}
        }
    }

    fn allocation(&mut self, record: &Record, index: usize) {
        let Ok(AllocationEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        let track = &mut self.tracks[index];
        match event {
            Allocation::Allocated(_) => {
                track.allocated = true;
                track.waits_for_stock = false;
            }
            Allocation::Backordered(_) => {
                track.backordered = true;
                track.waits_for_stock = true;
            }
            _ => {}
        }
    }

    fn shipment(&mut self, record: &Record, index: usize, seen_us: i64) {
        let Ok(ShipmentEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        let track = &mut self.tracks[index];
        match event {
            Shipment::PickListIssued(_) => {
                let first = track.pick_lists == 0;
                track.pick_lists += 1;
                if first {
                    self.first_pick(index, record.time.0, seen_us);
                }
            }
            Shipment::ShortPicked(_) => track.short_picked = true,
            Shipment::Shipped(shipped) => track.shipped |= shipped.last,
            Shipment::CancelAccepted(_) => track.cancelled = true,
            Shipment::CancelRefused(_) => track.cancel_refused = true,
            Shipment::OnHold(_) => track.on_hold = true,
            Shipment::Resumed(_) => track.on_hold = false,
            _ => {}
        }
    }

    fn first_pick(&mut self, index: usize, written_ms: i64, seen_us: i64) {
        let second = usize::try_from((seen_us - self.start_us) / 1_000_000).unwrap_or(0);
        if self.picks_per_second.len() <= second {
            self.picks_per_second.resize(second + 1, 0);
        }
        self.picks_per_second[second] += 1;
        // Whoever had to wait for stock waited for that and not for Weir.
        let Some(intended_us) = self.intended_us[index].filter(|_| !self.tracks[index].backordered) else {
            return;
        };
        let phase = self.schedule.phase(u64::try_from(intended_us - self.start_us).unwrap_or(0));
        self.to_written.of(phase).record_ms(written_ms - intended_us / 1000);
        self.to_seen.of(phase).record_us(u64::try_from(seen_us - intended_us).unwrap_or(0));
        if phase == Phase::Peak {
            self.peak_served_us = self.peak_served_us.max(seen_us - self.start_us);
        }
    }

    fn notice(&mut self, record: &Record, index: Option<usize>) {
        let (Some(index), Ok(NoticeEvent { event: Some(event), .. })) = (index, record.decode()) else {
            return;
        };
        match event {
            Notice::NoticeDue(due) => {
                // Every thing is told to the shop by webhook, and whatever else is decided with it.
                if due.medium() == Medium::Webhook {
                    self.tracks[index].announced.note(due.kind());
                }
                self.notices_twice += u64::from(self.notices.insert(due.notice_id, None).is_some());
            }
            Notice::NoticeSent(sent) => drop(self.notices.insert(sent.notice_id, Some(true))),
            Notice::NoticeFailed(failed) => drop(self.notices.insert(failed.notice_id, Some(false))),
            _ => {}
        }
    }

    pub fn notices(&self) -> u64 {
        self.notices.len() as u64
    }

    /// How many were sent (true), or given up (false).
    pub fn notices_ended(&self, sent: bool) -> u64 {
        self.notices.values().filter(|end| **end == Some(sent)).count() as u64
    }

    fn notices_open(&self) -> usize {
        self.notices.values().filter(|end| end.is_none()).count()
    }

    /// Orders that something happened to of which no notice was decided.
    pub fn untold(&self) -> usize {
        self.tracks.iter().filter(|track| track.is_untold()).count()
    }

    /// Deliveries of ours in the log of which no fact, no ignoring and no quarantine tells.
    pub fn unaccounted(&self) -> usize {
        self.deliveries.values().filter(|place| place.ours && !place.accounted).count()
    }

    /// Clean orders whose webhook was acknowledged and that have neither a pick list nor a reason to have none.
    pub fn waiting(&self, acknowledged: &[Acknowledged]) -> usize {
        let orders = self.tracks.iter().zip(&self.intended_us).zip(acknowledged);
        orders.filter(|((track, intended), told)| intended.is_some() && told.whole && track.is_undecided()).count()
    }

    /// Orders that were acknowledged and have not come to an end or a named wait.
    pub fn open(&self, acknowledged: &[Acknowledged]) -> usize {
        let orders = self.tracks.iter().zip(acknowledged);
        orders.filter(|(track, told)| told.whole && track.end() == End::Open).count()
    }

    /// Everything that was asked has been answered, as far as the log tells.
    pub fn is_settled(&self, acknowledged: &[Acknowledged]) -> bool {
        self.open(acknowledged) == 0 && self.unaccounted() == 0 && self.notices_open() == 0 && self.untold() == 0
    }

    pub fn count(&self, is: impl Fn(&Track) -> bool) -> u64 {
        self.tracks.iter().filter(|track| is(track)).count() as u64
    }
}

fn reason(reason: IgnoredReason) -> &'static str {
    match reason {
        IgnoredReason::Unspecified => "unspecified",
        IgnoredReason::Duplicate => "duplicate",
        IgnoredReason::Stale => "stale",
        IgnoredReason::Unchanged => "unchanged",
        IgnoredReason::Refused => "refused",
        IgnoredReason::Irrelevant => "irrelevant",
        IgnoredReason::Quarantined => "quarantined",
        IgnoredReason::Parked => "parked",
        IgnoredReason::Closed => "closed",
    }
}

#[cfg(test)]
mod tests;
