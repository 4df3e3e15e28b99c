//! `routes`, `allocations` and `shipments` → the views of plan, stock and work.

use crate::domain::{Coverage, Hold, PickList, Route, Stage, Stock, Stuck, Told, Unanswered, Work};
use weir_proto::allocation::v1::AllocationEvent;
use weir_proto::allocation::v1::allocation_event::Event as AllocationArm;
use weir_proto::routing::v1::RouteEvent;
use weir_proto::routing::v1::route_event::Event as RouteArm;
use weir_proto::shipment::v1::ShipmentEvent;
use weir_proto::shipment::v1::shipment_event::Event as ShipmentArm;
use weir_proto::stock::v1::{LineQuantity, PlacedQuantity};

pub(super) fn tell_route(event: &RouteEvent, at_ms: i64, view: &mut Route) {
    match event.event.as_ref() {
        Some(RouteArm::Planned(planned)) => {
            let version = planned.plan.as_ref().map_or(0, |plan| plan.version);
            view.planned(version, planned.demand.as_ref().map(|demand| demand.pay_by_ms));
        }
        Some(RouteArm::Held(held)) => view.held(Hold {
            id: held.hold_id.clone(),
            reason: held.reason.clone(),
            owner_group: held.owner_group.clone(),
        }),
        Some(RouteArm::HoldResolved(resolved)) => view.resolved(&resolved.hold_id),
        Some(RouteArm::Released(released)) => view.released(released.plan_version, at_ms),
        Some(RouteArm::Parked(parked)) => view.parked = Some(parked.reason.clone()),
        Some(RouteArm::RouteCancelled(cancelled)) => view.cancelled = Some(cancelled.reason.clone()),
        Some(RouteArm::ShippedOutside(_)) => view.shipped_outside = true,
        Some(RouteArm::Stuck(stuck)) => view.stuck(Unanswered {
            request_id: stuck.request_id.clone(),
            waits_for: stuck.waits_for.clone(),
            since_ms: stuck.since_ms,
        }),
        Some(RouteArm::ChangeRefused(refused)) => view.answered(&refused.request_id),
        Some(RouteArm::ShippingNoted(_)) => view.unanswered = Vec::new(),
        _ => {}
    }
}

pub(super) fn tell_stock(event: &AllocationEvent, view: &mut Stock) {
    let told = Told { pool: &event.pool, plan: event.plan_version, sequence: event.sequence };
    if !view.is_new(told) {
        return;
    }
    match event.event.as_ref() {
        Some(AllocationArm::Allocated(allocated)) => {
            view.clear(&event.pool);
            placed(view, told, &allocated.lines);
        }
        Some(AllocationArm::PartiallyAllocated(partly)) => {
            view.clear(&event.pool);
            placed(view, told, &partly.lines);
            missing(view, told, &partly.missing, Coverage::Backordered);
        }
        Some(AllocationArm::Backordered(waits)) => missing(view, told, &waits.missing, Coverage::Backordered),
        Some(AllocationArm::Unfillable(waits)) => missing(view, told, &waits.missing, Coverage::Unfillable),
        Some(AllocationArm::Deallocated(taken)) => {
            for line in &taken.lines {
                view.cover(told, &line.line_id, &line.sku, "", Coverage::Backordered);
            }
        }
        Some(AllocationArm::Voided(_)) => view.clear(&event.pool),
        Some(AllocationArm::SoftReserved(_)) | None => {}
    }
}

fn placed(view: &mut Stock, told: Told<'_>, lines: &[PlacedQuantity]) {
    for line in lines {
        view.cover(told, &line.line_id, &line.sku, &line.warehouse, Coverage::Allocated);
    }
}

fn missing(view: &mut Stock, told: Told<'_>, lines: &[LineQuantity], coverage: Coverage) {
    for line in lines {
        view.cover(told, &line.line_id, &line.sku, "", coverage);
    }
}

pub(super) fn tell_work(event: &ShipmentEvent, at_ms: i64, view: &mut Work) {
    match event.event.as_ref() {
        Some(ShipmentArm::PickListIssued(issued)) => {
            let list = PickList {
                plan: issued.plan_version,
                warehouse: issued.warehouse.clone(),
                lines: issued.lines.iter().map(|line| line.line_id.clone()).collect(),
                stage: Stage::Issued,
                since_ms: at_ms,
                tracking_number: String::new(),
            };
            view.issued(&issued.pick_list_id, list);
        }
        Some(ShipmentArm::Picked(picked)) => view.moved(&picked.pick_list_id, Stage::Picked, at_ms),
        Some(ShipmentArm::Packed(packed)) => view.moved(&packed.pick_list_id, Stage::Packed, at_ms),
        Some(ShipmentArm::Shipped(shipped)) => view.shipped(&shipped.pick_list_id, &shipped.tracking_number, at_ms),
        Some(ShipmentArm::ScanRecorded(scan)) => view.scanned(&scan.tracking_number, &scan.kind, at_ms),
        Some(ShipmentArm::WorkStopped(stopped)) => {
            view.stopped(stopped.plan_version);
            view.stuck = None;
        }
        Some(ShipmentArm::OnHold(hold)) => view.on_hold = Some(hold.reason.clone()),
        Some(ShipmentArm::Resumed(_)) => view.on_hold = None,
        Some(ShipmentArm::Stuck(stuck)) => {
            let (waits_for, pools) = (stuck.waits_for.clone(), stuck.pools.clone());
            view.stuck = Some(Stuck { waits_for, pools, since_ms: stuck.since_ms });
        }
        Some(ShipmentArm::FulfillmentOrderOpened(_)) => view.stuck = None,
        Some(ShipmentArm::AllocationNoted(noted)) => view.heard(&noted.pool),
        Some(ShipmentArm::CancelAccepted(accepted)) => view.cancelled = Some(accepted.reason.clone()),
        _ => {}
    }
}
