//! The full protobuf name of an event: the key under which it is counted and shown.

use super::Event;
use weir_proto::log::v1::{IgnoredReason, StageFact, stage_fact::Fact};
use weir_proto::{allocation, notice, order, quarantine, routing, shipment};

/// The name of a message without an arm: a newer writer's, which this build does not know.
const UNKNOWN: &str = "unknown";

macro_rules! name {
    ($arm:expr, $package:ident::$module:ident: $($name:ident),+ $(; $stage:ident)?) => {
        match $arm {
            $(Some($package::v1::$module::Event::$name(_)) => {
                concat!("weir.", stringify!($package), ".v1.", stringify!($name))
            })+
            $(Some($package::v1::$module::Event::$stage(fact)) => stage_name(fact),)?
            None => UNKNOWN,
        }
    };
}

impl Event {
    pub fn name(&self) -> &'static str {
        match self {
            Event::Order(event) => name!(&event.event, order::order_event:
                OrderPlaced, PaymentReceived, CancellationRequested, OrderCancelled, AddressChangeRequested, NoteChanged,
                LinesChanged, RefundNoted, PlatformHoldChanged, OrderCompleted, OrderObserved, OrderShipped,
                OrderAnnounced, AnnouncementDropped; Stage),
            Event::Route(event) => name!(&event.event, routing::route_event:
                Planned, Held, HoldResolved, Released, ChangeAsked, Rerouted, RouteCancelled, PaymentNoted,
                PaymentTimedOut, Parked, ShippingNoted, ChangeRefused, Stuck, ShippedOutside; Stage),
            Event::Allocation(event) => name!(&event.event, allocation::allocation_event:
                Allocated, Backordered, Unfillable, Voided, Deallocated, SoftReserved, PartiallyAllocated),
            Event::Shipment(event) => name!(&event.event, shipment::shipment_event:
                FulfillmentOrderOpened, AllocationNoted, ReleaseNoted, PickListIssued, Picked, ShortPicked, Packed, Shipped,
                CancelAccepted, CancelRefused, WorkStopped, ScanRecorded, ShippedAfterCancel, RouteNoted, OnHold,
                Resumed, Stuck; Stage),
            Event::Notice(event) => name!(&event.event, notice::notice_event:
                RecipientNoted, NoticeDue, NoticeSent, NoticeFailed; Stage),
            Event::Quarantine(event) => {
                name!(&event.event, quarantine::quarantine_event: Quarantined, Redriven)
            }
        }
    }

    /// What a stage says of its own work, if that is what it is.
    pub fn stage_fact(&self) -> Option<&StageFact> {
        match self {
            Event::Order(event) => match event.event.as_ref()? {
                order::v1::order_event::Event::Stage(fact) => Some(fact),
                _ => None,
            },
            Event::Route(event) => match event.event.as_ref()? {
                routing::v1::route_event::Event::Stage(fact) => Some(fact),
                _ => None,
            },
            Event::Shipment(event) => match event.event.as_ref()? {
                shipment::v1::shipment_event::Event::Stage(fact) => Some(fact),
                _ => None,
            },
            Event::Notice(event) => match event.event.as_ref()? {
                notice::v1::notice_event::Event::Stage(fact) => Some(fact),
                _ => None,
            },
            Event::Allocation(_) | Event::Quarantine(_) => None,
        }
    }
}

fn stage_name(fact: &StageFact) -> &'static str {
    match &fact.fact {
        Some(Fact::Took(_)) => "weir.log.v1.Took",
        Some(Fact::Ignored(_)) => "weir.log.v1.Ignored",
        Some(Fact::Blocked(_)) => "weir.log.v1.Blocked",
        Some(Fact::Resumed(_)) => "weir.log.v1.Resumed",
        Some(Fact::Unblocked(_)) => "weir.log.v1.Unblocked",
        Some(Fact::Closed(_)) => "weir.log.v1.Closed",
        Some(Fact::Answered(_)) => "weir.log.v1.Answered",
        None => UNKNOWN,
    }
}

/// One `Ignored` speaks of many inputs; these are counted by reason.
pub fn ignored_name(reason: IgnoredReason) -> &'static str {
    match reason {
        IgnoredReason::Unspecified => "weir.log.v1.Ignored/unspecified",
        IgnoredReason::Duplicate => "weir.log.v1.Ignored/duplicate",
        IgnoredReason::Stale => "weir.log.v1.Ignored/stale",
        IgnoredReason::Unchanged => "weir.log.v1.Ignored/unchanged",
        IgnoredReason::Refused => "weir.log.v1.Ignored/refused",
        IgnoredReason::Irrelevant => "weir.log.v1.Ignored/irrelevant",
        IgnoredReason::Quarantined => "weir.log.v1.Ignored/quarantined",
        IgnoredReason::Parked => "weir.log.v1.Ignored/parked",
        IgnoredReason::Closed => "weir.log.v1.Ignored/closed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::topics::Topic;

    #[test]
    fn an_event_has_its_full_name() {
        let event = order::v1::order_event::Event::OrderCompleted(order::v1::OrderCompleted::default());
        let event = order::v1::OrderEvent { meta: None, event: Some(event) };
        let event = Event::Order(event.into());
        assert_eq!(event.name(), "weir.order.v1.OrderCompleted");
        let nothing = Event::decode(Topic::Routes, &[]).expect("the empty message").expect("a topic that is read");
        assert_eq!(nothing.name(), UNKNOWN);
    }
}
