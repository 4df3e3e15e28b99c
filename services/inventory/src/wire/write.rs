//! Domain → protobuf: the ledger's facts, and the commands that this service's own edge writes.

use crate::domain::fact::REPLACED;
use crate::domain::{Candidate, Cost, Demand, Fact, Line, Placed, Split, Status};
use prost::Message as _;
use weir_pipeline::Outgoing;
use weir_proto::log::v1::Meta;
use weir_proto::money::v1::Money;
use weir_proto::routing::v1 as routing;
use weir_proto::stock::v1::{self as stock, stock_command, stock_event};
use weir_proto::topics::Topic;

/// An arm with its full protobuf name.
pub type Said = (&'static str, stock_event::Event);

/// Encodes a fact as a record of `stock`.
pub fn outgoing(meta: Meta, fact: &Fact) -> Outgoing {
    let key = meta.key.clone();
    let (event_type, event) = event(fact);
    let value = stock::StockEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    Outgoing { topic: Topic::Stock, key, event_type, value }
}

/// The command of a receipt, encoded.
pub fn receive(meta: Meta, receive: stock::Receive) -> Vec<u8> {
    let command = Some(stock_command::Command::Receive(receive));
    stock::StockCommand { meta: Some(meta), command }.encode_to_vec()
}

/// The command of an adjustment, encoded.
pub fn adjust(meta: Meta, adjust: stock::Adjust) -> Vec<u8> {
    let command = Some(stock_command::Command::Adjust(adjust));
    stock::StockCommand { meta: Some(meta), command }.encode_to_vec()
}

fn event(fact: &Fact) -> Said {
    use stock_event::Event;
    match fact.clone() {
        Fact::Received { sku, warehouse, quantity, document } => {
            ("weir.stock.v1.Received", Event::Received(stock::Received { sku, warehouse, quantity, document }))
        }
        Fact::Adjusted { sku, warehouse, delta, reason, document } => {
            ("weir.stock.v1.Adjusted", Event::Adjusted(stock::Adjusted { sku, warehouse, delta, reason, document }))
        }
        Fact::Shortage { sku, warehouse, quantity } => {
            ("weir.stock.v1.Shortage", Event::Shortage(stock::Shortage { sku, warehouse, quantity }))
        }
        Fact::QueueServed { sku, after: after_order_id } => {
            ("weir.stock.v1.QueueServed", Event::QueueServed(stock::QueueServed { sku, after_order_id }))
        }
        Fact::StatusChanged { sku, warehouse, quantity, from, to, reason } => {
            let (from, to) = (status(from), status(to));
            let changed = stock::StatusChanged { sku, warehouse, quantity, from, to, reason };
            ("weir.stock.v1.StatusChanged", Event::StatusChanged(changed))
        }
        of_an_order => order_event(of_an_order),
    }
}

fn order_event(fact: Fact) -> Said {
    use stock_event::Event;
    match fact {
        Fact::SoftReserved { order: order_id, plan: plan_version, lines: kept } => {
            let lines = lines(&kept);
            ("weir.stock.v1.SoftReserved", Event::SoftReserved(stock::SoftReserved { order_id, plan_version, lines }))
        }
        Fact::Declined { order: order_id, plan: plan_version, missing } => {
            let missing = lines(&missing);
            ("weir.stock.v1.Declined", Event::Declined(stock::Declined { order_id, plan_version, missing }))
        }
        Fact::Allocated { demand, lines, cost: sum } => {
            let (order_id, plan_version) = (demand.order.clone(), demand.plan);
            let (lines, cost, allocate) = (placed(&lines), money(&sum), Some(allocate(&demand)));
            let allocated = stock::Allocated { order_id, plan_version, lines, cost, allocate };
            ("weir.stock.v1.Allocated", Event::Allocated(allocated))
        }
        Fact::Queued { demand, missing } => {
            let queued = stock::Queued { allocate: Some(allocate(&demand)), missing: lines(&missing) };
            ("weir.stock.v1.Queued", Event::Queued(queued))
        }
        Fact::Voided { order, plan, reason, lines } => voided(order, plan, reason, &lines),
        Fact::Replaced { order, plan, lines } => voided(order, plan, REPLACED.to_owned(), &lines),
        Fact::Issued { order: order_id, plan: plan_version, lines, unallocated } => {
            let (lines, unallocated) = (placed(&lines), placed(&unallocated));
            let issued = stock::Issued { order_id, plan_version, lines, unallocated };
            ("weir.stock.v1.Issued", Event::Issued(issued))
        }
        Fact::Restocked { order: order_id, lines, status: kind } => {
            let restocked = stock::Restocked { order_id, lines: placed(&lines), status: status(kind) };
            ("weir.stock.v1.Restocked", Event::Restocked(restocked))
        }
        Fact::Deallocated { order: order_id, plan: plan_version, lines, reason } => {
            let deallocated = stock::Deallocated { order_id, plan_version, lines: placed(&lines), reason };
            ("weir.stock.v1.Deallocated", Event::Deallocated(deallocated))
        }
        Fact::Received { .. }
        | Fact::Adjusted { .. }
        | Fact::Shortage { .. }
        | Fact::QueueServed { .. }
        | Fact::StatusChanged { .. } => event(&fact),
    }
}

fn voided(order_id: String, plan_version: u32, reason: String, lines: &[Placed]) -> Said {
    let voided = stock::Voided { order_id, plan_version, reason, lines: placed(lines) };
    ("weir.stock.v1.Voided", stock_event::Event::Voided(voided))
}

fn allocate(demand: &Demand) -> stock::Allocate {
    let money = |minor: i64| Some(Money { minor, currency: demand.currency.clone() });
    let candidate = |candidate: &Candidate| routing::Candidate {
        warehouse: candidate.warehouse.clone(),
        parcel_cost: money(candidate.parcel_cost),
        unit_cost: money(candidate.unit_cost),
        keep_back: candidate.keep_back,
    };
    let split = match demand.split {
        Split::ShipComplete => routing::SplitPolicy::ShipComplete,
        Split::ShipAvailable => routing::SplitPolicy::ShipAvailable,
    };
    stock::Allocate {
        order_id: demand.order.clone(),
        plan_version: demand.plan,
        lines: lines(&demand.lines),
        candidates: demand.candidates.iter().map(candidate).collect(),
        split: split.into(),
        parcels_max: demand.parcels_max,
        priority: demand.priority,
    }
}

pub(super) fn lines(lines: &[Line]) -> Vec<stock::LineQuantity> {
    let one = |l: &Line| stock::LineQuantity { line_id: l.line.clone(), sku: l.sku.clone(), quantity: l.quantity };
    lines.iter().map(one).collect()
}

pub(super) fn placed(lines: &[Placed]) -> Vec<stock::PlacedQuantity> {
    let one = |l: &Placed| stock::PlacedQuantity {
        line_id: l.line.clone(),
        sku: l.sku.clone(),
        warehouse: l.warehouse.clone(),
        quantity: l.quantity,
    };
    lines.iter().map(one).collect()
}

pub(super) fn money(cost: &Cost) -> Option<Money> {
    Some(Money { minor: cost.minor, currency: cost.currency.clone() })
}

fn status(status: Status) -> i32 {
    let wire = match status {
        Status::Sellable => stock::StockStatus::Sellable,
        Status::Damaged => stock::StockStatus::Damaged,
        Status::QualityHold => stock::StockStatus::QualityHold,
        Status::Suspect => stock::StockStatus::Suspect,
    };
    wire.into()
}
