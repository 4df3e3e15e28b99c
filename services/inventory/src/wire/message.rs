//! Domain → protobuf: what an order's stages are told, keyed by the order.

use super::write::{lines, money, placed};
use crate::domain::{Message, Said};
use prost::Message as _;
use weir_pipeline::Outgoing;
use weir_proto::allocation::v1::{self as allocation, allocation_event::Event};
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

/// Encodes a message as a record of `allocations`. The sender's key is "tenant/pool", the receiver's is the order.
pub fn outgoing(mut meta: Meta, message: &Message) -> Outgoing {
    let pool = match meta.key.split_once('/') {
        Some((_, pool)) => pool.to_owned(),
        None => meta.key.clone(),
    };
    meta.key.clone_from(&message.order);
    let (event_type, event) = event(&message.said);
    let wire = allocation::AllocationEvent {
        meta: Some(meta),
        event: Some(event),
        sequence: message.sequence,
        pool,
        plan_version: message.plan,
    };
    Outgoing { topic: Topic::Allocations, key: message.order.clone(), event_type, value: wire.encode_to_vec() }
}

fn event(said: &Said) -> (&'static str, Event) {
    match said {
        Said::SoftReserved => ("weir.allocation.v1.SoftReserved", Event::SoftReserved(allocation::SoftReserved {})),
        Said::Unfillable { missing } => {
            let missing = lines(missing);
            ("weir.allocation.v1.Unfillable", Event::Unfillable(allocation::Unfillable { missing }))
        }
        Said::Allocated { lines, cost } => {
            let allocated = allocation::Allocated { lines: placed(lines), cost: money(cost) };
            ("weir.allocation.v1.Allocated", Event::Allocated(allocated))
        }
        Said::PartiallyAllocated { lines: some, missing } => {
            let partly = allocation::PartiallyAllocated { lines: placed(some), missing: lines(missing) };
            ("weir.allocation.v1.PartiallyAllocated", Event::PartiallyAllocated(partly))
        }
        Said::Backordered { missing } => {
            let missing = lines(missing);
            ("weir.allocation.v1.Backordered", Event::Backordered(allocation::Backordered { missing }))
        }
        Said::Voided { reason } => {
            let reason = reason.clone();
            ("weir.allocation.v1.Voided", Event::Voided(allocation::Voided { reason }))
        }
        Said::Deallocated { lines, reason } => {
            let deallocated = allocation::Deallocated { lines: placed(lines), reason: reason.clone() };
            ("weir.allocation.v1.Deallocated", Event::Deallocated(deallocated))
        }
    }
}
