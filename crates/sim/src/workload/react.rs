//! What people, warehouses and carriers do when the house has said something.

use super::action::{Action, Says, What};
use super::command::{self, Command, Head};
use super::draw::{Draw, digest};
use super::{Timed, Workload};
use std::time::Duration;
use weir_decider::Millis;
use weir_pipeline::Record;
use weir_proto::ids::pool_key;
use weir_proto::log::v1::Meta;
use weir_proto::routing::v1::{self as routing, RouteEvent, route_event, routing_command};
use weir_proto::shipment::v1::{self as shipment, ShipmentEvent, shipment_command, shipment_event};
use weir_proto::stock::v1::{Allocate, LineQuantity, Restock, StockStatus};
use weir_proto::topics::Topic;

/// Facts that somebody answers to; all others are passed over unread.
const HEEDED: [&str; 8] = [
    "weir.routing.v1.Held",
    "weir.routing.v1.Planned",
    "weir.routing.v1.Released",
    "weir.shipment.v1.PickListIssued",
    "weir.shipment.v1.Picked",
    "weir.shipment.v1.Packed",
    "weir.shipment.v1.Shipped",
    "weir.shipment.v1.CancelAccepted",
];

const PLANNED: &str = "weir.routing.v1.Planned";
/// What makes somebody at a desk cancel an order now and then.
const CANCELLED_UPON: [&str; 2] = [PLANNED, "weir.routing.v1.Released"];

/// A fact, and the draws that belong to it.
struct Scene<'a> {
    order: u32,
    topic: Topic,
    key: &'a str,
    meta: Meta,
    now: Millis,
    draw: Draw,
    /// Somebody cancels the order, or tells the demand of its older plan again, where the fact is one for that.
    cancels: bool,
    looks_back: bool,
    out: Vec<Timed>,
}

impl Scene<'_> {
    /// The version of the order in these facts that the caller has seen; 0 where the scene is of others. Each stage counts its own
    /// facts of an order: a route's version may pass as the shipment's.
    fn seen(&self, facts: Topic) -> u64 {
        if self.topic == facts { self.meta.version } else { 0 }
    }
}

/// One thing to be asked.
struct Ask<'a> {
    what: What,
    says: Says,
    actor: &'a str,
    role: &'a str,
    after: Duration,
}

impl Workload {
    /// What the outside does upon a committed fact, each with its delay. A fact that is seen again is known:
    /// nothing comes of it.
    pub fn react(&mut self, record: &Record, now: Millis) -> Vec<(Duration, Action)> {
        if self.shape.idle_hands || !matches!(record.topic, Topic::Routes | Topic::Shipments) {
            return Vec::new();
        }
        if record.headers.event_type.as_deref().is_some_and(|name| !HEEDED.contains(&name)) {
            return Vec::new();
        }
        let Some(order) = self.by_id.get(&record.key).copied() else { return Vec::new() };
        let place = format!("{}/{}/{}", record.topic, record.partition, record.offset);
        if !self.seen.insert(digest(place.as_bytes())) {
            return Vec::new();
        }
        let mut draw = Draw::of(self.seed, &place);
        // Plans and releases are many and large, and few are answered: drawn before they are decoded.
        let name = record.headers.event_type.as_deref();
        let upon = |names: &[&str]| name.is_some_and(|name| names.contains(&name));
        let cancels = !upon(&CANCELLED_UPON) || draw.chance(self.shape.desk_cancels);
        let looks_back = upon(&[PLANNED]) && draw.chance(self.shape.old_demands);
        if !cancels && !looks_back {
            return Vec::new();
        }
        let (topic, key) = (record.topic, &*record.key);
        let scene = Scene { order, topic, key, meta: Meta::default(), now, draw, cancels, looks_back, out: Vec::new() };
        match record.topic {
            Topic::Routes => match record.decode::<RouteEvent>() {
                Ok(RouteEvent { meta: Some(meta), event: Some(event) }) => {
                    self.on_route(Scene { meta, ..scene }, event)
                }
                _ => Vec::new(),
            },
            _ => match record.decode::<ShipmentEvent>() {
                Ok(ShipmentEvent { meta: Some(meta), event: Some(event) }) => {
                    self.on_shipment(Scene { meta, ..scene }, event)
                }
                _ => Vec::new(),
            },
        }
    }

    fn on_route(&mut self, mut scene: Scene<'_>, event: route_event::Event) -> Vec<Timed> {
        use route_event::Event;
        match event {
            Event::Held(held) => self.on_hold(&mut scene, held),
            Event::Planned(routing::Planned { plan: Some(plan), .. }) if plan.version > 1 => {
                self.look_back(&mut scene, plan);
            }
            Event::Planned(planned) if planned.plan.is_some() && scene.cancels => {
                let request_id = format!("desk-{}", scene.key);
                let cancel = routing::CancelOrder { request_id, reason: "desk".to_owned() };
                let ask = self.cancels(&mut scene, What::DeskCancel);
                self.ask_routing(&mut scene, ask, &routing_command::Command::CancelOrder(cancel));
            }
            Event::Released(_) => {
                let request_id = format!("late-{}", scene.key);
                let cancel = shipment::Cancel { request_id, reason: "desk".to_owned() };
                let ask = self.cancels(&mut scene, What::LateCancel);
                self.ask_fulfillment(&mut scene, ask, &shipment_command::Command::Cancel(cancel));
            }
            _ => {}
        }
        scene.out
    }

    /// The demand of the plan before this one comes once more. Nobody of the house does that, whose demands come in
    /// order; a record that is written back from quarantine may.
    fn look_back(&mut self, scene: &mut Scene<'_>, plan: routing::Plan) {
        if !scene.looks_back || plan.candidates.is_empty() {
            return;
        }
        let line =
            |line: routing::DemandLine| LineQuantity { line_id: line.line_id, sku: line.sku, quantity: line.quantity };
        let allocate = Allocate {
            order_id: scene.key.to_owned(),
            plan_version: plan.version - 1,
            lines: plan.lines.into_iter().map(line).collect(),
            candidates: plan.candidates,
            split: plan.split,
            parcels_max: plan.parcels_max,
            priority: plan.priority,
        };
        let key = self.pool_key(scene.order);
        let after = scene.draw.length(self.shape.hands_ms);
        let ask = Ask { what: What::OldDemand, says: Says::NOTHING, actor: "operator", role: "operator", after };
        self.ask(scene, ask, 0, |head| command::allocate(&key, head, &allocate), None);
    }

    /// Key of the pool that an order is sold from.
    fn pool_key(&self, order: u32) -> String {
        let pool = self.catalogue.shops[self.orders[order as usize].shop].pool;
        pool_key(super::catalogue::TENANT, &self.catalogue.pools[pool])
    }

    fn cancels(&self, scene: &mut Scene<'_>, what: What) -> Ask<'static> {
        let after = scene.draw.length(self.shape.hands_ms);
        Ask { what, says: Says::CANCEL_ASKED, actor: "desk", role: "review", after }
    }

    /// Approved, rejected, or left: what waits for a person may wait.
    fn on_hold(&mut self, scene: &mut Scene<'_>, held: routing::Held) {
        let fate = scene.draw.within(0, 9_999);
        let after = scene.draw.length(self.shape.hands_ms) * 2;
        let hold_id = held.hold_id;
        if fate < self.shape.approved {
            let ask = Ask { what: What::Approve, says: Says::NOTHING, actor: "desk", role: "review", after };
            let approve = routing::ApproveHold { hold_id, note: "looks good".to_owned() };
            self.ask_routing(scene, ask, &routing_command::Command::ApproveHold(approve));
        } else if fate < self.shape.approved + self.shape.rejected {
            let ask = Ask { what: What::Reject, says: Says::REJECTED, actor: "desk", role: "review", after };
            let reject = routing::RejectHold { hold_id, note: "not for us".to_owned() };
            self.ask_routing(scene, ask, &routing_command::Command::RejectHold(reject));
        }
    }

    fn on_shipment(&mut self, mut scene: Scene<'_>, event: shipment_event::Event) -> Vec<Timed> {
        use shipment_event::Event;
        let after = scene.draw.length(self.shape.hands_ms);
        let says = Says::NOTHING;
        match event {
            Event::PickListIssued(list) => self.on_list(&mut scene, &list, after),
            Event::Picked(list) => {
                let pack = shipment::Pack { pick_list_id: list.pick_list_id, weight_grams: 750 };
                let ask = Ask { what: What::Pack, says, actor: "packer", role: "packer", after };
                self.ask_fulfillment(&mut scene, ask, &shipment_command::Command::Pack(pack));
            }
            Event::Packed(list) => {
                let ship = shipment::Ship {
                    tracking_number: tracking(&list.pick_list_id),
                    pick_list_id: list.pick_list_id,
                    carrier: "sim-post".to_owned(),
                };
                let ask = Ask { what: What::Ship, says, actor: "dock", role: "packer", after };
                self.ask_fulfillment(&mut scene, ask, &shipment_command::Command::Ship(ship));
            }
            Event::Shipped(shipped) => self.on_shipped(&mut scene, shipped, after),
            Event::CancelAccepted(_) if scene.draw.chance(self.shape.late_scans) => {
                let tracking = tracking(scene.key);
                self.scan(&mut scene, What::LateScan, &tracking, "first-scan", after);
            }
            _ => {}
        }
        scene.out
    }

    fn on_list(&mut self, scene: &mut Scene<'_>, list: &shipment::PickListIssued, after: Duration) {
        let says = Says::NOTHING;
        let pick_list_id = list.pick_list_id.clone();
        let given_up = self.shape.given_up.filter(|(order, _)| *order == scene.order && list.plan_version == 1);
        if let Some((_, reason)) = given_up {
            let short = shipment::ShortPick { pick_list_id, missing: Vec::new(), reason: reason.to_owned() };
            let ask = Ask { what: What::ShortPick, says, actor: &list.warehouse, role: "picker", after };
            self.ask_fulfillment(scene, ask, &shipment_command::Command::ShortPick(short));
            return;
        }
        if scene.draw.chance(self.shape.short_picks) {
            let reason = ["not-found", "damaged", "no-capacity"][scene.draw.index(3)];
            let line = list.lines.first();
            let missing = line.map(|line| shipment::MissingLine { line_id: line.line_id.clone(), quantity: 1 });
            // Now and then nothing of the list is there.
            let missing = if scene.draw.chance(2_000) { None } else { missing };
            let short =
                shipment::ShortPick { pick_list_id, missing: missing.into_iter().collect(), reason: reason.to_owned() };
            let ask = Ask { what: What::ShortPick, says, actor: &list.warehouse, role: "picker", after };
            self.ask_fulfillment(scene, ask, &shipment_command::Command::ShortPick(short));
            return;
        }
        if scene.draw.chance(self.shape.stale / 2) {
            // A second scanner at the same shelf, which is ahead of the hand.
            let ship = shipment::Ship {
                pick_list_id: pick_list_id.clone(),
                carrier: "sim-post".to_owned(),
                tracking_number: "EARLY".to_owned(),
            };
            let ask = Ask { what: What::OutOfOrder, says, actor: "dock", role: "packer", after: after / 3 };
            self.ask_fulfillment(scene, ask, &shipment_command::Command::Ship(ship));
        }
        let pick = shipment::Pick { pick_list_id };
        let ask = Ask { what: What::Pick, says, actor: &list.warehouse, role: "picker", after };
        self.ask_fulfillment(scene, ask, &shipment_command::Command::Pick(pick));
    }

    fn on_shipped(&mut self, scene: &mut Scene<'_>, shipped: shipment::Shipped, after: Duration) {
        if scene.draw.chance(3_000) {
            self.scan(scene, What::Scan, &shipped.tracking_number, "first-scan", after);
        }
        if !scene.draw.chance(self.shape.returns) {
            return;
        }
        self.scan(scene, What::Scan, &shipped.tracking_number, "returned", after * 3);
        let key = self.pool_key(scene.order);
        let status = if scene.draw.chance(8_000) { StockStatus::Sellable } else { StockStatus::Damaged };
        let restock = Restock { order_id: scene.key.to_owned(), lines: shipped.lines, status: status.into() };
        let ask =
            Ask { what: What::Restock, says: Says::NOTHING, actor: "returns", role: "receiver", after: after * 4 };
        self.ask(scene, ask, 0, |head| command::restock(&key, head, &restock), None);
    }

    fn scan(&mut self, scene: &mut Scene<'_>, what: What, tracking: &str, kind: &str, after: Duration) {
        let scanned_at_ms = scene.now.0 + after.as_millis() as i64;
        let scan = shipment::RecordScan { tracking_number: tracking.to_owned(), kind: kind.to_owned(), scanned_at_ms };
        let ask = Ask { what, says: Says::NOTHING, actor: "carrier", role: "carrier", after };
        self.ask_fulfillment(scene, ask, &shipment_command::Command::RecordScan(scan));
    }

    fn ask_routing(&mut self, scene: &mut Scene<'_>, ask: Ask<'_>, asked: &routing_command::Command) {
        let key = scene.key.to_owned();
        // Harmless, whichever of the two comes first.
        let other = routing_command::Command::ApproveHold(routing::ApproveHold::default());
        let seen = scene.seen(Topic::Routes);
        let otherwise: Option<&dyn Fn(Head<'_>) -> Command> = Some(&|head| command::routing(&key, head, &other));
        self.ask(scene, ask, seen, |head| command::routing(&key, head, asked), otherwise);
    }

    fn ask_fulfillment(&mut self, scene: &mut Scene<'_>, ask: Ask<'_>, asked: &shipment_command::Command) {
        let key = scene.key.to_owned();
        let scan = shipment::RecordScan {
            tracking_number: "CONFLICT".to_owned(),
            kind: "first-scan".to_owned(),
            scanned_at_ms: scene.now.0,
        };
        let other = shipment_command::Command::RecordScan(scan);
        let seen = scene.seen(Topic::Shipments);
        let otherwise: Option<&dyn Fn(Head<'_>) -> Command> = Some(&|head| command::shipment(&key, head, &other));
        self.ask(scene, ask, seen, |head| command::shipment(&key, head, asked), otherwise);
    }

    /// The command, and what goes wrong around it: a version that has passed, a repeat, another body under the same
    /// id.
    fn ask(
        &mut self,
        scene: &mut Scene<'_>,
        ask: Ask<'_>,
        seen: u64,
        make: impl Fn(Head<'_>) -> Command,
        otherwise: Option<&dyn Fn(Head<'_>) -> Command>,
    ) {
        let now_ms = scene.now.0 + ask.after.as_millis() as i64;
        let head = |id, seen_version| Head { id, actor: ask.actor, role: ask.role, now_ms, seen_version };
        let order = Some(scene.order);
        if seen >= 2 && scene.draw.chance(self.shape.stale) {
            let command = make(head(self.command_id(now_ms), seen - 1));
            let action = self.commanded(What::Stale, Says::NOTHING, order, command, true);
            scene.out.push((ask.after / 2, action));
        }
        let id = self.command_id(now_ms);
        let action = self.commanded(ask.what, ask.says, order, make(head(id, 0)), false);
        if scene.draw.chance(self.shape.repeats) {
            let again = Action { serial: self.next_serial(), what: What::Repeat, ..action.clone() };
            scene.out.push((ask.after + scene.draw.length((0, 1_500)), again));
        }
        if let Some(make_other) = otherwise.filter(|_| scene.draw.chance(self.shape.conflicts)) {
            let other = self.commanded(What::Conflict, Says::NOTHING, order, make_other(head(id, 0)), false);
            scene.out.push((ask.after + scene.draw.length((1, 1_500)), other));
        }
        scene.out.push((ask.after, action));
    }
}

/// The same parcel has the same number.
pub(super) fn tracking(name: &str) -> String {
    format!("SP{:016X}", digest(name.as_bytes()))
}
