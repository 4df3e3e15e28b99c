//! The service's own facts as records of the topic "shipments".

mod read;

pub(super) use read::read;

use super::placed;
use crate::domain::{Allocation, Fact, Line, Opened, PickListIssued, Said, StopReason};
use crate::stuck;
use prost::Message as _;
use weir_pipeline::Outgoing;
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::ShipTo;
use weir_proto::routing::v1::DemandLine;
use weir_proto::shipment::v1::{self as pb, ShipmentEvent, shipment_event::Event};
use weir_proto::topics::Topic;

/// The state that [`Fact::RouteCancelled`] is written as.
const ROUTE_CANCELLED: &str = "cancelled";

pub(super) fn write(meta: Meta, fact: &Fact) -> Outgoing {
    if let Fact::Stuck { waits_for, .. } = fact {
        stuck::count(*waits_for, 1);
    }
    let event = event(fact.clone());
    let (key, event_type) = (meta.key.clone(), event_type(&event));
    let value = ShipmentEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
    Outgoing { topic: Topic::Shipments, key, event_type, value }
}

fn event(fact: Fact) -> Event {
    match fact {
        Fact::Opened(told) => Event::FulfillmentOrderOpened(opened(told)),
        Fact::AllocationNoted(told) => Event::AllocationNoted(noted(told)),
        Fact::ReleaseNoted { plan } => Event::ReleaseNoted(pb::ReleaseNoted { plan_version: plan }),
        Fact::PickListIssued(told) => Event::PickListIssued(issued(told)),
        Fact::Picked { pick_list_id } => Event::Picked(pb::Picked { pick_list_id }),
        Fact::ShortPicked { pick_list_id, warehouse, missing, reason } => {
            let (missing, reason) = (placed::write(&missing), reason.slug().to_owned());
            Event::ShortPicked(pb::ShortPicked { pick_list_id, warehouse, missing, reason })
        }
        Fact::Packed { pick_list_id, parcel_id, weight_grams } => {
            Event::Packed(pb::Packed { pick_list_id, parcel_id, weight_grams })
        }
        Fact::Shipped { pick_list_id, parcel_id, carrier, tracking_number, lines, last } => {
            Event::Shipped(pb::Shipped {
                pick_list_id,
                parcel_id,
                carrier,
                tracking_number,
                lines: placed::write(&lines),
                last,
            })
        }
        Fact::CancelAccepted { request_id, reason } => Event::CancelAccepted(pb::CancelAccepted { request_id, reason }),
        Fact::CancelRefused { request_id, reason, detail } => {
            Event::CancelRefused(pb::CancelRefused { request_id, reason, detail })
        }
        Fact::WorkStopped { plan, reason, attempt } => {
            let reason = stop_to_wire(reason).to_owned();
            Event::WorkStopped(pb::WorkStopped { plan_version: plan, reason, attempt })
        }
        Fact::ScanRecorded { tracking_number, kind, scanned_at_ms } => {
            Event::ScanRecorded(pb::ScanRecorded { tracking_number, kind, scanned_at_ms })
        }
        Fact::ShippedAfterCancel { tracking_number, kind } => {
            Event::ShippedAfterCancel(pb::ShippedAfterCancel { tracking_number, kind })
        }
        Fact::RouteCancelled { reason } => {
            Event::RouteNoted(pb::RouteNoted { state: ROUTE_CANCELLED.to_owned(), reason })
        }
        Fact::OnHold { reason } => Event::OnHold(pb::OnHold { reason }),
        Fact::Resumed => Event::Resumed(pb::Resumed {}),
        Fact::Stuck { plan, waits_for, pools, since_ms } => {
            let waits_for = waits_for.slug().to_owned();
            Event::Stuck(pb::Stuck { plan_version: plan, waits_for, pools, since_ms })
        }
    }
}

fn event_type(event: &Event) -> &'static str {
    match event {
        Event::Stage(_) => "weir.log.v1.StageFact",
        Event::FulfillmentOrderOpened(_) => "weir.shipment.v1.FulfillmentOrderOpened",
        Event::AllocationNoted(_) => "weir.shipment.v1.AllocationNoted",
        Event::ReleaseNoted(_) => "weir.shipment.v1.ReleaseNoted",
        Event::PickListIssued(_) => "weir.shipment.v1.PickListIssued",
        Event::Picked(_) => "weir.shipment.v1.Picked",
        Event::ShortPicked(_) => "weir.shipment.v1.ShortPicked",
        Event::Packed(_) => "weir.shipment.v1.Packed",
        Event::Shipped(_) => "weir.shipment.v1.Shipped",
        Event::CancelAccepted(_) => "weir.shipment.v1.CancelAccepted",
        Event::CancelRefused(_) => "weir.shipment.v1.CancelRefused",
        Event::WorkStopped(_) => "weir.shipment.v1.WorkStopped",
        Event::ScanRecorded(_) => "weir.shipment.v1.ScanRecorded",
        Event::ShippedAfterCancel(_) => "weir.shipment.v1.ShippedAfterCancel",
        Event::RouteNoted(_) => "weir.shipment.v1.RouteNoted",
        Event::OnHold(_) => "weir.shipment.v1.OnHold",
        Event::Resumed(_) => "weir.shipment.v1.Resumed",
        Event::Stuck(_) => "weir.shipment.v1.Stuck",
    }
}

fn opened(told: Opened) -> pb::FulfillmentOrderOpened {
    // The bytes are those that were read from a route: where they no longer decode, there is no address to pass on.
    let ship_to = told.ship_to.and_then(|bytes| ShipTo::decode(bytes.as_slice()).ok());
    pb::FulfillmentOrderOpened {
        plan_version: told.plan,
        lines: told.lines.into_iter().map(line).collect(),
        ship_to,
        channel: told.channel,
        shop: told.shop,
        platform_order_id: told.platform_order_id,
        priority: told.priority,
        attempt: told.attempt,
        ship_by_ms: told.ship_by_ms,
        excluded_warehouses: told.excluded_warehouses,
    }
}

fn line(line: Line) -> DemandLine {
    DemandLine { line_id: line.line_id, sku: line.sku, quantity: line.quantity, pool: line.pool }
}

fn noted(told: Allocation) -> pb::AllocationNoted {
    pb::AllocationNoted {
        plan_version: told.plan,
        pool: told.pool,
        lines: placed::write(&told.lines),
        sequence: told.sequence,
        state: said_to_wire(told.said).to_owned(),
    }
}

fn issued(told: PickListIssued) -> pb::PickListIssued {
    pb::PickListIssued {
        pick_list_id: told.pick_list_id,
        warehouse: told.warehouse,
        plan_version: told.plan,
        lines: placed::write(&told.lines),
        priority: told.priority,
        ship_by_ms: told.ship_by_ms,
    }
}

fn said_to_wire(said: Said) -> &'static str {
    match said {
        Said::Allocated => "allocated",
        Said::Backordered => "backordered",
        Said::Deallocated => "deallocated",
        Said::Voided => "voided",
    }
}

fn stop_to_wire(reason: StopReason) -> &'static str {
    match reason {
        StopReason::ShortPick => "short-pick",
        StopReason::Deallocated => "deallocated",
        StopReason::PartlyShipped => "partly-shipped",
        StopReason::Replanned => "replanned",
    }
}
