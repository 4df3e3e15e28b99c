//! Sentences for `orders`, `routes` and `quarantine`.

use super::{because, money, quantities, unknown};
use crate::domain::{minute, unanswered};
use crate::wire::payment_name;
use weir_decider::Millis;
use weir_proto::order::v1::order_event::Event as OrderArm;
use weir_proto::order::v1::{Order, OrderEvent};
use weir_proto::quarantine::v1::QuarantineEvent;
use weir_proto::quarantine::v1::quarantine_event::Event as QuarantineArm;
use weir_proto::routing::v1::route_event::Event as RouteArm;
use weir_proto::routing::v1::{ChangeKind, HoldResolution, Planned, RouteEvent};

pub(super) fn order(event: &OrderEvent) -> String {
    match event.event.as_ref() {
        Some(OrderArm::OrderPlaced(placed)) => placed_text(placed.order.as_ref()),
        Some(OrderArm::PaymentReceived(payment)) => {
            let amount = payment.payment.as_ref().and_then(|payment| payment.amount.as_ref());
            format!("payment received: {}, now {}", money(amount), payment_name(payment.state()))
        }
        Some(OrderArm::CancellationRequested(asked)) => {
            format!("cancellation asked for{}", because(&asked.reason))
        }
        Some(OrderArm::OrderCancelled(done)) => {
            format!("cancelled at the platform{}", because(&done.reason))
        }
        Some(OrderArm::AddressChangeRequested(_)) => "address change asked for".to_owned(),
        Some(OrderArm::NoteChanged(_)) => "remark changed".to_owned(),
        Some(OrderArm::LinesChanged(changed)) => {
            let deltas = changed.deltas.iter().map(|delta| format!("{:+} of line {}", delta.quantity, delta.line_id));
            format!("lines changed: {}", deltas.collect::<Vec<_>>().join(", "))
        }
        Some(OrderArm::RefundNoted(refund)) => {
            format!("refund noted, payment now {}", payment_name(refund.state()))
        }
        Some(OrderArm::PlatformHoldChanged(holds)) if holds.holds.is_empty() => {
            "the platform lifts its hold".to_owned()
        }
        Some(OrderArm::PlatformHoldChanged(holds)) => {
            format!("the platform holds it: {}", holds.holds.join(", "))
        }
        Some(OrderArm::OrderCompleted(_)) => "completed at the platform".to_owned(),
        Some(OrderArm::OrderShipped(shipped)) if shipped.partly => {
            "a part of it was shipped, says the platform".to_owned()
        }
        Some(OrderArm::OrderShipped(_)) => "shipped, says the platform".to_owned(),
        Some(OrderArm::OrderAnnounced(_)) => "announced by the platform, which is asked for it".to_owned(),
        Some(OrderArm::AnnouncementDropped(dropped)) => {
            format!("announced, and the platform has no such order{}", because(&dropped.reason))
        }
        Some(OrderArm::OrderObserved(_)) => "a newer version without a change was seen".to_owned(),
        Some(OrderArm::Stage(_)) | None => unknown(),
    }
}

fn placed_text(order: Option<&Order>) -> String {
    let Some(order) = order else {
        return unknown();
    };
    let identity = order.identity.clone().unwrap_or_default();
    let number = if identity.shown_number.is_empty() { &identity.platform_order_id } else { &identity.shown_number };
    let lines = order.lines.iter().map(|line| {
        let sku = if line.sku.is_empty() { &line.platform_sku } else { &line.sku };
        (line.ordered, sku.as_str())
    });
    let payable = order.amounts.as_ref().and_then(|amounts| amounts.payable.as_ref());
    format!(
        "placed at {}/{} as {number}: {}; payable {}, {}",
        identity.channel,
        identity.shop,
        quantities(lines),
        money(payable),
        payment_name(order.payment_state())
    )
}

pub(super) fn route(event: &RouteEvent) -> String {
    match event.event.as_ref() {
        Some(RouteArm::Planned(planned)) => planned_text(planned),
        Some(RouteArm::Held(held)) => {
            let until = match minute(Millis(held.deadline_ms)) {
                until if until.is_empty() => until,
                until => format!(" until {until}"),
            };
            format!("held: {}{}{until}", held.reason, because(&held.owner_group))
        }
        Some(RouteArm::HoldResolved(resolved)) => {
            let how = match resolved.resolution() {
                HoldResolution::Approved => "approved",
                HoldResolution::Rejected => "rejected",
                HoldResolution::Lifted => "lifted",
                HoldResolution::Unspecified => "resolved",
            };
            format!("hold {} {how}{}", resolved.hold_id, because(&resolved.note))
        }
        Some(RouteArm::Released(released)) => format!("plan {} released", released.plan_version),
        Some(RouteArm::ChangeAsked(asked)) => {
            let what = match asked.kind() {
                ChangeKind::Cancel => "cancellation",
                ChangeKind::Address => "address change",
                ChangeKind::Hold => "hold",
                ChangeKind::Resume => "end of a hold",
                ChangeKind::Unspecified => "change",
            };
            let done = if asked.done_outside { ", done at the platform already" } else { "" };
            format!("fulfillment is asked for a {what}{}{done}", because(&asked.reason))
        }
        Some(RouteArm::Rerouted(rerouted)) => format!(
            "plan {} given up{}, attempt {}; without {}",
            rerouted.plan_version,
            because(&rerouted.reason),
            rerouted.attempt,
            rerouted.excluded_warehouses.join(", ")
        ),
        Some(RouteArm::RouteCancelled(cancelled)) => {
            format!("cancelled{}", because(&cancelled.reason))
        }
        Some(RouteArm::ShippedOutside(_)) => "shipped already, says the platform: nothing leaves from here".to_owned(),
        Some(RouteArm::PaymentNoted(noted)) => {
            let early = if noted.early { ", before the order itself" } else { "" };
            format!("payment noted: {}{early}", payment_name(noted.state()))
        }
        Some(RouteArm::PaymentTimedOut(_)) => "not paid in time".to_owned(),
        Some(RouteArm::Parked(parked)) => format!("parked{}", because(&parked.reason)),
        Some(RouteArm::ShippingNoted(noted)) => format!("the order has ended: {}", noted.outcome),
        Some(RouteArm::ChangeRefused(refused)) => {
            format!("fulfillment refused the request {}{}", refused.request_id, because(&refused.reason))
        }
        Some(RouteArm::Stuck(stuck)) => {
            format!("stuck: {}", unanswered(&stuck.waits_for, &stuck.request_id, stuck.since_ms))
        }
        Some(RouteArm::Stage(_)) | None => unknown(),
    }
}

fn planned_text(planned: &Planned) -> String {
    let Some(plan) = &planned.plan else {
        return unknown();
    };
    let candidates: Vec<&str> = plan.candidates.iter().map(|candidate| candidate.warehouse.as_str()).collect();
    let how = if plan.soft { "reserve in the pool" } else { "allocate at once" };
    format!("plan {}: {how}; warehouses in question: {}", plan.version, candidates.join(", "))
}

pub(super) fn quarantine(event: &QuarantineEvent) -> String {
    match event.event.as_ref() {
        Some(QuarantineArm::Quarantined(bad)) if bad.parked => {
            format!("a record for {} waits behind a blocked order", bad.stage)
        }
        Some(QuarantineArm::Quarantined(bad)) => {
            let field = if bad.field.is_empty() { String::new() } else { format!(" at {}", bad.field) };
            format!("{} could not read a record: {}{field}{}", bad.stage, bad.reason, because(&bad.detail))
        }
        Some(QuarantineArm::Redriven(redriven)) => {
            format!("a quarantined record was written back to {}", redriven.topic)
        }
        None => unknown(),
    }
}
