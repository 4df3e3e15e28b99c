//! Records as the stages would write them, made by hand.

use bytes::Bytes;
use prost::Message as _;
use weir_decider::Millis;
use weir_pipeline::{Headers, Record};
use weir_proto::allocation::v1::{Allocated, AllocationEvent, allocation_event};
use weir_proto::log::v1::{Actor, ActorKind, Meta, Position};
use weir_proto::money::v1::Money;
use weir_proto::notice::v1::{Medium, NoticeDue, NoticeEvent, NoticeKind, NoticeSent, notice_event};
use weir_proto::order::v1 as order;
use weir_proto::order::v1::order_event;
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
use weir_proto::routing::v1::route_event::Event as Route;
use weir_proto::routing::v1::{Demand, Held, HoldResolution, HoldResolved, Plan, Planned, Released, RouteEvent};
use weir_proto::shipment::v1::shipment_event::Event as Work;
use weir_proto::shipment::v1::{
    FulfillmentOrderOpened, Packed, PickListIssued, Picked, ReleaseNoted, ShipmentEvent, Shipped,
};
use weir_proto::stock::v1::PlacedQuantity;
use weir_proto::topics::Topic;

pub const TENANT: &str = "demo";
/// 2026-11-21 14:05Z.
pub const START: i64 = 1_795_269_900_000;

/// One order and the next offset in each topic's partition 0.
pub struct Author {
    pub order_id: String,
    pub number: u64,
    at_ms: i64,
}

impl Author {
    pub fn new(number: u64) -> Author {
        let order_id = weir_proto::ids::order_id(TENANT, "shopify", "acme", &number.to_string());
        Author { order_id, number, at_ms: START }
    }

    /// Everything that is said of an order from webhook to message, in the order in which it is said.
    pub fn whole_story(&mut self) -> Vec<Record> {
        let list = format!("{}:1:wh-east", self.order_id);
        let mut records = vec![
            self.order(order_event::Event::OrderPlaced(self.placed())),
            self.route(Route::Planned(planned())),
            self.route(Route::Held(held())),
            self.route(Route::HoldResolved(resolved())),
            self.route(Route::Released(Released { plan_version: 1 })),
            self.allocated(),
        ];
        let issued = PickListIssued {
            pick_list_id: list.clone(),
            warehouse: "wh-east".to_owned(),
            plan_version: 1,
            lines: lines(),
            ..PickListIssued::default()
        };
        let shipped = Shipped {
            pick_list_id: list.clone(),
            carrier: "ups".to_owned(),
            tracking_number: format!("1Z{:08}", self.number),
            lines: lines(),
            last: true,
            ..Shipped::default()
        };
        let work = [
            Work::FulfillmentOrderOpened(FulfillmentOrderOpened { plan_version: 1, ..Default::default() }),
            Work::ReleaseNoted(ReleaseNoted { plan_version: 1 }),
            Work::PickListIssued(issued),
            Work::Picked(Picked { pick_list_id: list.clone() }),
            Work::Packed(Packed { pick_list_id: list.clone(), parcel_id: list, weight_grams: 700 }),
            Work::Shipped(shipped),
        ];
        records.extend(work.map(|event| self.shipment(event)));
        let due = NoticeDue {
            notice_id: "n-1".to_owned(),
            kind: NoticeKind::Shipped.into(),
            medium: Medium::Email.into(),
            recipient: "buyer".to_owned(),
            parameters: Vec::new(),
        };
        let sent = NoticeSent { notice_id: "n-1".to_owned(), attempts: 1, answer: "250 ok".to_owned() };
        records.push(self.notice(notice_event::Event::NoticeDue(due)));
        records.push(self.notice(notice_event::Event::NoticeSent(sent)));
        records
    }

    pub fn order(&mut self, event: order_event::Event) -> Record {
        let event = order::OrderEvent { meta: self.meta(), event: Some(event) };
        self.record(Topic::Orders, event.encode_to_vec())
    }

    pub fn route(&mut self, event: Route) -> Record {
        let event = RouteEvent { meta: self.meta(), event: Some(event) };
        self.record(Topic::Routes, event.encode_to_vec())
    }

    pub fn shipment(&mut self, event: Work) -> Record {
        let event = ShipmentEvent { meta: self.meta(), event: Some(event) };
        self.record(Topic::Shipments, event.encode_to_vec())
    }

    /// A delivery of this order that the clerk could not map.
    pub fn quarantined(&mut self, reason: &str) -> Record {
        let bad = Quarantined {
            stage: "clerk".to_owned(),
            reason: reason.to_owned(),
            field: "lines[0].price".to_owned(),
            ..Quarantined::default()
        };
        // As the stage writes it: nobody has looked for a tenant in it.
        let meta = Meta { tenant: String::new(), ..self.meta().unwrap_or_default() };
        let event = quarantine_event::Event::Quarantined(bad);
        let event = QuarantineEvent { meta: Some(meta), event: Some(event) };
        self.record(Topic::Quarantine, event.encode_to_vec())
    }

    fn notice(&mut self, event: notice_event::Event) -> Record {
        let event = NoticeEvent { meta: self.meta(), event: Some(event) };
        self.record(Topic::Notices, event.encode_to_vec())
    }

    fn allocated(&mut self) -> Record {
        let event = AllocationEvent {
            meta: self.meta(),
            event: Some(allocation_event::Event::Allocated(Allocated { lines: lines(), cost: None })),
            sequence: 1,
            pool: "main".to_owned(),
            plan_version: 1,
        };
        self.record(Topic::Allocations, event.encode_to_vec())
    }

    fn meta(&self) -> Option<Meta> {
        Some(Meta {
            tenant: TENANT.to_owned(),
            key: self.order_id.clone(),
            version: 1,
            cause: Some(Position { topic: "deliveries".to_owned(), partition: 0, offset: 9 }),
            at_ms: self.at_ms,
            actor: Some(Actor {
                kind: ActorKind::Person.into(),
                id: "ann".to_owned(),
                role: "review-desk".to_owned(),
                reason: String::new(),
            }),
            ..Meta::default()
        })
    }

    /// Offsets are given by [`in_log`].
    fn record(&mut self, topic: Topic, value: Vec<u8>) -> Record {
        self.at_ms += 1_000;
        Record {
            topic,
            partition: 0,
            offset: 0,
            time: Millis(self.at_ms),
            key: self.order_id.clone(),
            value: Bytes::from(value),
            headers: Headers::default(),
        }
    }

    fn placed(&self) -> order::OrderPlaced {
        let line = |id: &str, sku: String| order::Line {
            line_id: id.to_owned(),
            platform_sku: sku.clone(),
            sku,
            ordered: 1,
            ..order::Line::default()
        };
        let identity = order::Identity {
            tenant: TENANT.to_owned(),
            order_id: self.order_id.clone(),
            channel: "shopify".to_owned(),
            shop: "acme".to_owned(),
            platform_order_id: self.number.to_string(),
            shown_number: format!("#{}", self.number),
            placed_at_ms: START + self.number as i64,
            ..order::Identity::default()
        };
        let buyer = order::Buyer { email_hash: format!("{:032x}", self.number), ..order::Buyer::default() };
        let payable = Money { minor: 4990, currency: "EUR".to_owned() };
        let order = order::Order {
            identity: Some(identity),
            buyer: Some(buyer),
            lines: vec![line("1", "SKU-1".to_owned()), line("2", format!("SKU-{}", 2 + self.number % 50))],
            amounts: Some(order::Amounts { payable: Some(payable), ..order::Amounts::default() }),
            payment_state: order::PaymentState::Paid.into(),
            ..order::Order::default()
        };
        order::OrderPlaced { order: Some(order) }
    }
}

/// Gives each record its offset: its place among those of its topic.
pub fn in_log(records: &mut [Record]) {
    let mut next = std::collections::BTreeMap::new();
    for record in records {
        let offset = next.entry(record.topic).or_insert(0);
        record.offset = *offset;
        *offset += 1;
    }
}

fn planned() -> Planned {
    let plan = Plan { version: 1, ..Plan::default() };
    Planned { plan: Some(plan), demand: Some(Demand::default()) }
}

fn held() -> Held {
    Held {
        hold_id: "h-1".to_owned(),
        reason: "over-2000".to_owned(),
        owner_group: "review-desk".to_owned(),
        ..Held::default()
    }
}

fn resolved() -> HoldResolved {
    HoldResolved { hold_id: "h-1".to_owned(), resolution: HoldResolution::Approved.into(), note: String::new() }
}

fn lines() -> Vec<PlacedQuantity> {
    let line = |id: &str, sku: &str| PlacedQuantity {
        line_id: id.to_owned(),
        sku: sku.to_owned(),
        warehouse: "wh-east".to_owned(),
        quantity: 1,
    };
    vec![line("1", "SKU-1"), line("2", "SKU-2")]
}
