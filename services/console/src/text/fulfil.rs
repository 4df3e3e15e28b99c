//! Sentences for `allocations`, `shipments` and `notices`.

use super::{because, quantities, unknown};
use crate::domain::silent;
use weir_proto::allocation::v1::AllocationEvent;
use weir_proto::allocation::v1::allocation_event::Event as AllocationArm;
use weir_proto::notice::v1::notice_event::Event as NoticeArm;
use weir_proto::notice::v1::{Medium, NoticeDue, NoticeEvent, NoticeKind};
use weir_proto::shipment::v1::ShipmentEvent;
use weir_proto::shipment::v1::shipment_event::Event as ShipmentArm;
use weir_proto::stock::v1::{LineQuantity, PlacedQuantity};

pub(super) fn allocation(event: &AllocationEvent) -> String {
    let plan = event.plan_version;
    match event.event.as_ref() {
        Some(AllocationArm::Allocated(allocated)) => {
            format!("plan {plan} allocated: {}", at(&allocated.lines))
        }
        Some(AllocationArm::PartiallyAllocated(partly)) => {
            format!("plan {plan} partly allocated: {}; missing {}", at(&partly.lines), of(&partly.missing))
        }
        Some(AllocationArm::Backordered(waits)) => {
            format!("plan {plan} backordered: {}", of(&waits.missing))
        }
        Some(AllocationArm::Unfillable(waits)) => {
            format!("plan {plan} can't be covered: {}", of(&waits.missing))
        }
        Some(AllocationArm::Voided(voided)) => {
            format!("stock of plan {plan} freed{}", because(&voided.reason))
        }
        Some(AllocationArm::Deallocated(taken)) => {
            format!("allocation of plan {plan} taken back{}: {}", because(&taken.reason), at(&taken.lines))
        }
        Some(AllocationArm::SoftReserved(_)) => {
            format!("stock reserved in pool {} for plan {plan}", event.pool)
        }
        None => unknown(),
    }
}

fn at(lines: &[PlacedQuantity]) -> String {
    let lines = lines.iter().map(|line| format!("{} × {} at {}", line.quantity, line.sku, line.warehouse));
    lines.collect::<Vec<_>>().join(", ")
}

fn of(lines: &[LineQuantity]) -> String {
    quantities(lines.iter().map(|line| (line.quantity, line.sku.as_str())))
}

pub(super) fn shipment(event: &ShipmentEvent) -> String {
    match event.event.as_ref() {
        Some(ShipmentArm::FulfillmentOrderOpened(opened)) => {
            format!("fulfillment order opened, plan {}", opened.plan_version)
        }
        Some(ShipmentArm::AllocationNoted(noted)) => {
            format!("inventory's word on plan {} noted: {}", noted.plan_version, noted.state)
        }
        Some(ShipmentArm::ReleaseNoted(noted)) => {
            format!("release of plan {} noted", noted.plan_version)
        }
        Some(ShipmentArm::PickListIssued(issued)) => {
            format!("pick list at {}: {}", issued.warehouse, at(&issued.lines))
        }
        Some(ShipmentArm::Picked(picked)) => format!("picked{}", because(&picked.pick_list_id)),
        Some(ShipmentArm::ShortPicked(short)) => {
            format!("short pick at {}{}: missing {}", short.warehouse, because(&short.reason), at(&short.missing))
        }
        Some(ShipmentArm::Packed(packed)) => {
            format!("packed as parcel {}, {} g", packed.parcel_id, packed.weight_grams)
        }
        Some(ShipmentArm::Shipped(shipped)) => {
            let last = if shipped.last { ", the last parcel" } else { "" };
            format!("shipped with {} as {}{last}", shipped.carrier, shipped.tracking_number)
        }
        Some(ShipmentArm::CancelAccepted(accepted)) => {
            format!("cancellation accepted{}", because(&accepted.reason))
        }
        Some(ShipmentArm::CancelRefused(refused)) => {
            format!("cancellation refused: {}{}", refused.reason, because(&refused.detail))
        }
        Some(ShipmentArm::WorkStopped(stopped)) => {
            format!("work under plan {} stopped{}", stopped.plan_version, because(&stopped.reason))
        }
        Some(ShipmentArm::ScanRecorded(scan)) => {
            format!("parcel {} scanned: {}", scan.tracking_number, scan.kind)
        }
        Some(ShipmentArm::ShippedAfterCancel(scan)) => {
            format!("exception: parcel {} was seen ({}) though the order is cancelled", scan.tracking_number, scan.kind)
        }
        Some(ShipmentArm::RouteNoted(noted)) => {
            format!("routing's word noted: {}{}", noted.state, because(&noted.reason))
        }
        Some(ShipmentArm::OnHold(hold)) => format!("work on hold{}", because(&hold.reason)),
        Some(ShipmentArm::Resumed(_)) => "work goes on".to_owned(),
        Some(ShipmentArm::Stuck(stuck)) => {
            format!("stuck: plan {} {}", stuck.plan_version, silent(&stuck.waits_for, &stuck.pools, stuck.since_ms))
        }
        Some(ShipmentArm::Stage(_)) | None => unknown(),
    }
}

pub(super) fn notice(event: &NoticeEvent) -> String {
    match event.event.as_ref() {
        Some(NoticeArm::RecipientNoted(_)) => "whom to notify is noted".to_owned(),
        Some(NoticeArm::NoticeDue(due)) => due_text(due),
        Some(NoticeArm::NoticeSent(sent)) => {
            format!("message sent, attempts: {}{}", sent.attempts, because(&sent.answer))
        }
        Some(NoticeArm::NoticeFailed(failed)) => {
            format!("message given up, attempts: {}{}", failed.attempts, because(&failed.reason))
        }
        Some(NoticeArm::Stage(_)) | None => unknown(),
    }
}

fn due_text(due: &NoticeDue) -> String {
    let kind = match due.kind() {
        NoticeKind::Placed => "placed",
        NoticeKind::Shipped => "shipped",
        NoticeKind::Cancelled => "cancelled",
        NoticeKind::Held => "held",
        NoticeKind::Unspecified => "unknown",
    };
    let medium = match due.medium() {
        Medium::Email => "e-mail",
        Medium::Webhook => "webhook",
        Medium::Unspecified => "message",
    };
    format!("{medium} \"{kind}\" to {} is due", due.recipient)
}

#[cfg(test)]
mod tests {
    //! The sentences in which several fields meet.
    use super::*;
    use weir_proto::shipment::v1::Stuck;

    #[test]
    fn a_wait_that_takes_too_long_names_whom_it_is_for() {
        let said = |waits_for: &str, pools: &[&str]| {
            let (waits_for, pools) = (waits_for.to_owned(), pools.iter().map(|pool| (*pool).to_owned()).collect());
            let stuck = Stuck { plan_version: 2, waits_for, pools, since_ms: 1_795_269_900_000 };
            shipment(&ShipmentEvent { meta: None, event: Some(ShipmentArm::Stuck(stuck)) })
        };
        let inventory = said("inventory", &["cold", "main"]);
        assert_eq!(inventory, "stuck: plan 2 waits for inventory (pool cold, main) since 2026-11-21 14:05Z");
        assert_eq!(said("routing", &[]), "stuck: plan 2 waits for routing since 2026-11-21 14:05Z");
    }
}
