//! The service's own facts read back. A fault here stops the partition, so only what was never written is one.

use super::super::{missing, placed, routes};
use super::{ROUTE_CANCELLED, said_to_wire, stop_to_wire};
use crate::domain::{Allocation, Fact, Opened, PickListIssued, Said, ShortReason, StopReason, WaitsFor};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::Record;
use weir_proto::shipment::v1::{self as pb, ShipmentEvent, shipment_event::Event};

pub(in super::super) fn read(record: &Record) -> Result<Fact, Fault> {
    let ShipmentEvent { event, .. } = record.decode()?;
    Ok(match event.ok_or_else(|| missing("event"))? {
        Event::FulfillmentOrderOpened(told) => Fact::Opened(opened(told)),
        Event::AllocationNoted(told) => Fact::AllocationNoted(noted(told)?),
        Event::ReleaseNoted(told) => Fact::ReleaseNoted { plan: told.plan_version },
        Event::PickListIssued(told) => Fact::PickListIssued(issued(told)),
        Event::Picked(told) => Fact::Picked { pick_list_id: told.pick_list_id },
        Event::ShortPicked(told) => short_picked(told)?,
        Event::Packed(told) => {
            Fact::Packed { pick_list_id: told.pick_list_id, parcel_id: told.parcel_id, weight_grams: told.weight_grams }
        }
        Event::Shipped(told) => Fact::Shipped {
            pick_list_id: told.pick_list_id,
            parcel_id: told.parcel_id,
            carrier: told.carrier,
            tracking_number: told.tracking_number,
            lines: placed::read(told.lines),
            last: told.last,
        },
        Event::CancelAccepted(told) => Fact::CancelAccepted { request_id: told.request_id, reason: told.reason },
        Event::CancelRefused(told) => {
            Fact::CancelRefused { request_id: told.request_id, reason: told.reason, detail: told.detail }
        }
        Event::WorkStopped(told) => stopped(told)?,
        Event::ScanRecorded(told) => Fact::ScanRecorded {
            tracking_number: told.tracking_number,
            kind: told.kind,
            scanned_at_ms: told.scanned_at_ms,
        },
        Event::ShippedAfterCancel(told) => {
            Fact::ShippedAfterCancel { tracking_number: told.tracking_number, kind: told.kind }
        }
        Event::RouteNoted(told) if told.state == ROUTE_CANCELLED => Fact::RouteCancelled { reason: told.reason },
        Event::OnHold(told) => Fact::OnHold { reason: told.reason },
        Event::Resumed(_) => Fact::Resumed,
        Event::Stuck(told) => Fact::Stuck {
            plan: told.plan_version,
            waits_for: WaitsFor::parse(&told.waits_for).ok_or_else(|| unknown("stuck.waits_for", &told.waits_for))?,
            pools: told.pools,
            since_ms: told.since_ms,
        },
        Event::RouteNoted(told) => return Err(unknown("route_noted.state", &told.state)),
        Event::Stage(_) => return Err(unknown("event", "StageFact")),
    })
}

fn unknown(field: &str, value: &str) -> Fault {
    Fault::field("unknown-value", field, format!("{value:?} was never written by this service"))
}

fn opened(told: pb::FulfillmentOrderOpened) -> Opened {
    Opened {
        plan: told.plan_version,
        lines: told.lines.into_iter().map(routes::line).collect(),
        ship_to: told.ship_to.map(|ship_to| ship_to.encode_to_vec()),
        channel: told.channel,
        shop: told.shop,
        platform_order_id: told.platform_order_id,
        priority: told.priority,
        attempt: told.attempt,
        ship_by_ms: told.ship_by_ms,
        excluded_warehouses: told.excluded_warehouses,
    }
}

fn noted(told: pb::AllocationNoted) -> Result<Allocation, Fault> {
    let all = [Said::Allocated, Said::Backordered, Said::Deallocated, Said::Voided];
    let said = all.into_iter().find(|said| said_to_wire(*said) == told.state);
    Ok(Allocation {
        pool: told.pool,
        plan: told.plan_version,
        sequence: told.sequence,
        said: said.ok_or_else(|| unknown("allocation_noted.state", &told.state))?,
        lines: placed::read(told.lines),
    })
}

fn issued(told: pb::PickListIssued) -> PickListIssued {
    PickListIssued {
        pick_list_id: told.pick_list_id,
        warehouse: told.warehouse,
        plan: told.plan_version,
        lines: placed::read(told.lines),
        priority: told.priority,
        ship_by_ms: told.ship_by_ms,
    }
}

fn short_picked(told: pb::ShortPicked) -> Result<Fact, Fault> {
    let reason = ShortReason::parse(&told.reason);
    Ok(Fact::ShortPicked {
        pick_list_id: told.pick_list_id,
        warehouse: told.warehouse,
        missing: placed::read(told.missing),
        reason: reason.ok_or_else(|| unknown("short_picked.reason", &told.reason))?,
    })
}

fn stopped(told: pb::WorkStopped) -> Result<Fact, Fault> {
    let all = [StopReason::ShortPick, StopReason::Deallocated, StopReason::PartlyShipped, StopReason::Replanned];
    let reason = all.into_iter().find(|reason| stop_to_wire(*reason) == told.reason);
    Ok(Fact::WorkStopped {
        plan: told.plan_version,
        reason: reason.ok_or_else(|| unknown("work_stopped.reason", &told.reason))?,
        attempt: told.attempt,
    })
}
