//! Lives of orders, written as the stages write them: every record that the checks look at, with its cause, its version and its owner.

use prost::Message as _;
use std::collections::BTreeMap;
use std::ops::Range;
use weir_channels::snapshot_checksum;
use weir_decider::Millis;
use weir_invariants::Committed;
use weir_pipeline::{Headers, Record, TopicPartition};
use weir_proto::allocation::v1::{AllocationEvent, allocation_event};
use weir_proto::log::v1::{Answered, Ignored, IgnoredInput, Meta, Position, StageFact, Took, stage_fact::Fact};
use weir_proto::notice::v1::{NoticeDue, NoticeEvent, NoticeSent, notice_event};
use weir_proto::order::v1::{
    Amounts, Identity, Line, Order, OrderEvent, OrderPlaced, PaymentReceived, PaymentState, order_event,
};
use weir_proto::routing::v1::{DemandLine, Plan, Planned, Released, RouteEvent, ShippingNoted, route_event};
use weir_proto::shipment::v1::{
    AllocationNoted, FulfillmentOrderOpened, Packed, PickListIssued, Picked, ReleaseNoted, ShipmentEvent, Shipped,
    shipment_event,
};
use weir_proto::stock::v1::{
    Allocated, Issued, LineQuantity, PlacedQuantity, Received, SoftReserved, StockEvent, stock_event,
};
use weir_proto::topics::{STAGES, StageEntry, Topic};

const POOL: &str = "demo/main";
/// More than all of them want.
const STOCK: i64 = 1 << 40;

/// One partition of every topic, of which only the ends are kept.
pub struct Log {
    next: BTreeMap<Topic, i64>,
    /// Inputs of each stage that are neither a cause nor ignored.
    unread: BTreeMap<(&'static str, Topic), Vec<i64>>,
    /// Version of each aggregate in its fact topic; an order's are forgotten with it.
    versions: BTreeMap<(Topic, String), u64>,
    time: i64,
    out: Vec<Record>,
}

type At = (Topic, i64);

impl Log {
    pub fn new() -> Log {
        let mut log = Log {
            next: BTreeMap::new(),
            unread: BTreeMap::new(),
            versions: BTreeMap::new(),
            time: 1_795_300_000_000,
            out: Vec::new(),
        };
        for stage in STAGES {
            log.stage(stage, "", None, Fact::Took(Took::default()));
        }
        let (sku, warehouse) = ("TEA".to_owned(), "east".to_owned());
        let received = Received { sku, warehouse, quantity: STOCK, ..Received::default() };
        let command = log.put(Topic::StockCommands, POOL, Vec::new());
        log.fact(Topic::Stock, POOL, command, stock_event::Event::Received(received));
        log
    }

    /// The records of these orders, all their way or up to an open pick list.
    pub fn lives(&mut self, orders: Range<u64>, whole: bool) -> Vec<Record> {
        for number in orders {
            let key = format!("{number:08x}-0000-5000-8000-{number:012x}");
            self.placed(&key, number, whole);
            self.ignore_the_rest();
            self.versions.retain(|(_, known), _| known == POOL);
        }
        std::mem::take(&mut self.out)
    }

    /// What the stages have committed: all that there is.
    pub fn committed(&self) -> Committed {
        let inputs = STAGES.iter().flat_map(|stage| stage.inputs.iter().map(move |input| (stage.name, *input)));
        let next = |topic| self.next.get(&topic).copied().unwrap_or(0);
        inputs.map(|(stage, input)| ((stage, TopicPartition::new(input, 0)), next(input))).collect()
    }

    fn placed(&mut self, key: &str, number: u64, whole: bool) {
        let first = self.put(Topic::Deliveries, key, vec![b'{'; 600]);
        let second = self.put(Topic::Deliveries, key, vec![b'{'; 300]);
        let order = Some(order(key));
        let placed = self.fact(Topic::Orders, key, first, order_event::Event::OrderPlaced(OrderPlaced { order }));
        let state = PaymentState::Paid.into();
        let paid = PaymentReceived { state, ..PaymentReceived::default() };
        let paid = self.fact(Topic::Orders, key, second, order_event::Event::PaymentReceived(paid));
        let plan = Some(Plan { version: 1, lines: lines(), ..Plan::default() });
        let planned =
            self.fact(Topic::Routes, key, placed, route_event::Event::Planned(Planned { plan, demand: None }));
        let reserve = self.put(Topic::StockCommands, POOL, vec![0; 120]);
        let wanted = vec![LineQuantity { line_id: "1".to_owned(), sku: "TEA".to_owned(), quantity: 2 }];
        let soft = SoftReserved { order_id: key.to_owned(), plan_version: 1, lines: wanted };
        self.fact(Topic::Stock, POOL, reserve, stock_event::Event::SoftReserved(soft));
        let released = self.fact(Topic::Routes, key, paid, route_event::Event::Released(Released { plan_version: 1 }));
        let due = self.due(key, placed, 1, "buyer");
        self.picking(key, number, whole, [planned, released]);
        if whole {
            let sent = self.put(Topic::NoticeCommands, key, vec![0; 120]);
            self.fact(Topic::Notices, key, sent, notice_event::Event::NoticeSent(due));
        }
    }

    fn due(&mut self, key: &str, cause: At, kind: i32, to: &str) -> NoticeSent {
        let (notice_id, recipient) = (format!("{kind}{}", &key[1..]), to.to_owned());
        let sent = NoticeSent { notice_id: notice_id.clone(), attempts: 1, answer: "250".to_owned() };
        let due = NoticeDue { notice_id, kind, medium: 1, recipient, parameters: Vec::new() };
        self.fact(Topic::Notices, key, cause, notice_event::Event::NoticeDue(due));
        sent
    }

    fn picking(&mut self, key: &str, number: u64, whole: bool, [planned, released]: [At; 2]) {
        use shipment_event::Event;
        let allocate = self.put(Topic::StockCommands, POOL, vec![0; 200]);
        let soft = PlacedQuantity { warehouse: String::new(), ..piece() };
        // What was soft is given back in the same decision.
        let voided = weir_proto::stock::v1::Voided {
            order_id: key.to_owned(),
            plan_version: 1,
            lines: vec![soft],
            ..Default::default()
        };
        self.fact(Topic::Stock, POOL, allocate, stock_event::Event::Voided(voided));
        let taken =
            Allocated { order_id: key.to_owned(), plan_version: 1, lines: vec![piece()], ..Allocated::default() };
        self.fact(Topic::Stock, POOL, allocate, stock_event::Event::Allocated(taken));
        let allocated = self.allocation(key, allocate);
        let opened = FulfillmentOrderOpened { plan_version: 1, lines: lines(), ..FulfillmentOrderOpened::default() };
        self.fact(Topic::Shipments, key, planned, Event::FulfillmentOrderOpened(opened));
        self.fact(Topic::Shipments, key, released, Event::ReleaseNoted(ReleaseNoted { plan_version: 1 }));
        let noted = AllocationNoted { plan_version: 1, state: "allocated".to_owned(), ..AllocationNoted::default() };
        self.fact(Topic::Shipments, key, allocated, Event::AllocationNoted(noted));
        let list = format!("{key}/1");
        let issued = PickListIssued { pick_list_id: list.clone(), plan_version: 1, ..PickListIssued::default() };
        self.fact(Topic::Shipments, key, allocated, Event::PickListIssued(issued));
        if !whole {
            return;
        }
        let pick_list_id = || list.clone();
        self.work(key, number, 1, Event::Picked(Picked { pick_list_id: pick_list_id() }));
        self.work(key, number, 2, Event::Packed(Packed { pick_list_id: pick_list_id(), ..Packed::default() }));
        let parcel = Shipped { pick_list_id: list, lines: vec![piece()], last: true, ..Shipped::default() };
        let shipped = self.work(key, number, 3, Event::Shipped(parcel));
        let issue = self.put(Topic::StockCommands, POOL, vec![0; 120]);
        let left = Issued { order_id: key.to_owned(), plan_version: 1, lines: vec![piece()], ..Issued::default() };
        self.fact(Topic::Stock, POOL, issue, stock_event::Event::Issued(left));
        let outcome = self.put(Topic::RoutingCommands, key, vec![0; 100]);
        let noted = ShippingNoted { outcome: "shipped".to_owned() };
        self.fact(Topic::Routes, key, outcome, route_event::Event::ShippingNoted(noted));
        let due = self.due(key, shipped, 2, "shop");
        let sent = self.put(Topic::NoticeCommands, key, vec![0; 120]);
        self.fact(Topic::Notices, key, sent, notice_event::Event::NoticeSent(due));
    }

    /// A picker's command, its fact and its answer.
    fn work(&mut self, key: &str, number: u64, step: u64, event: shipment_event::Event) -> At {
        let command = self.put(Topic::ShipmentCommands, key, vec![0; 150]);
        let fact = self.fact(Topic::Shipments, key, command, event);
        let id = u128::from(number) << 64 | u128::from(step);
        let body_hash = (id.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes().to_vec();
        let answer =
            Answered { command_id: id.to_be_bytes().to_vec(), body_hash, version: 4 + step, ..Answered::default() };
        self.stage(stage_of(Topic::Shipments), key, Some(command), Fact::Answered(answer));
        fact
    }

    fn allocation(&mut self, key: &str, cause: At) -> At {
        let event = Some(allocation_event::Event::Allocated(Default::default()));
        let meta = Some(self.meta(key, 0, Some(cause)));
        let event = AllocationEvent { meta, event, sequence: 1, pool: POOL.to_owned(), plan_version: 1 };
        self.put(Topic::Allocations, key, event.encode_to_vec())
    }

    /// What no fact came of, each stage in the order of the flow: what one says of it is the next one's input.
    fn ignore_the_rest(&mut self) {
        for stage in STAGES {
            let left = stage.inputs.iter().flat_map(|input| {
                let left = self.unread.remove(&(stage.name, *input)).unwrap_or_default();
                left.into_iter().map(|offset| position((*input, offset)))
            });
            let inputs: Vec<IgnoredInput> = left
                .map(|position| IgnoredInput { position: Some(position), reason: 5, ..IgnoredInput::default() })
                .collect();
            if !inputs.is_empty() {
                self.stage(stage, "", None, Fact::Ignored(Ignored { inputs }));
            }
        }
    }

    fn fact<E: Event>(&mut self, topic: Topic, key: &str, cause: At, event: E) -> At {
        let version = self.versions.entry((topic, key.to_owned())).or_insert(0);
        *version += 1;
        let version = *version;
        let meta = self.meta(key, version, Some(cause));
        self.read(stage_of(topic), cause);
        self.put(topic, key, event.message(meta))
    }

    fn stage(&mut self, stage: &'static StageEntry, key: &str, cause: Option<At>, fact: Fact) {
        let meta = self.meta(key, 0, cause);
        let stage_fact = Some(StageFact { fact: Some(fact) });
        let value = weir_proto::log::v1::Envelope { meta: Some(meta), stage: stage_fact }.encode_to_vec();
        self.put(stage.facts, key, value);
    }

    fn read(&mut self, stage: &'static StageEntry, (topic, offset): At) {
        if let Some(unread) = self.unread.get_mut(&(stage.name, topic)) {
            unread.retain(|left| *left != offset);
        }
    }

    fn meta(&self, key: &str, version: u64, cause: Option<At>) -> Meta {
        let (tenant, key) = ("demo".to_owned(), key.to_owned());
        Meta { tenant, key, version, cause: cause.map(position), owner: 0, at_ms: self.time, ..Meta::default() }
    }

    fn put(&mut self, topic: Topic, key: &str, value: Vec<u8>) -> At {
        let next = self.next.entry(topic).or_insert(0);
        let offset = *next;
        *next += 1;
        self.time += 1;
        for stage in STAGES.iter().filter(|stage| stage.inputs.contains(&topic)) {
            self.unread.entry((stage.name, topic)).or_default().push(offset);
        }
        let (key, value, headers) = (key.to_owned(), value.into(), Headers::default());
        self.out.push(Record { topic, partition: 0, offset, time: Millis(self.time), key, value, headers });
        (topic, offset)
    }
}

fn stage_of(facts: Topic) -> &'static StageEntry {
    STAGES.iter().find(|stage| stage.facts == facts).expect("a fact topic")
}

fn position((topic, offset): At) -> Position {
    Position { topic: topic.name().to_owned(), partition: 0, offset }
}

fn piece() -> PlacedQuantity {
    PlacedQuantity { line_id: "1".to_owned(), sku: "TEA".to_owned(), warehouse: "east".to_owned(), quantity: 2 }
}

fn lines() -> Vec<DemandLine> {
    vec![DemandLine { line_id: "1".to_owned(), sku: "TEA".to_owned(), quantity: 2, pool: "main".to_owned() }]
}

fn order(key: &str) -> Order {
    let identity = Some(Identity { tenant: "demo".to_owned(), order_id: key.to_owned(), ..Identity::default() });
    let line = Line { line_id: "1".to_owned(), sku: "TEA".to_owned(), ordered: 2, ..Line::default() };
    let mut order = Order { identity, lines: vec![line], ..Order::default() };
    order.amounts = Some(Amounts { checksum: snapshot_checksum(&order), ..Amounts::default() });
    order
}

/// What a fact topic's message is made of.
trait Event {
    fn message(self, meta: Meta) -> Vec<u8>;
}

macro_rules! event {
    ($($module:ident, $message:ident);+ $(;)?) => {$(
        impl Event for $module::Event {
            fn message(self, meta: Meta) -> Vec<u8> {
                $message { meta: Some(meta), event: Some(self) }.encode_to_vec()
            }
        }
    )+};
}

event! {
    order_event, OrderEvent;
    route_event, RouteEvent;
    stock_event, StockEvent;
    shipment_event, ShipmentEvent;
    notice_event, NoticeEvent;
}
