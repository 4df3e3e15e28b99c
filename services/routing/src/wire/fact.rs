//! Routing's own facts, written and read back: what one writes the other reads as the same.

pub(super) mod plan;

use super::demand::{demand, due, money, payment, to_demand, to_due, to_money, to_payment};
use super::missing;
use crate::domain::fact::{ChangeAsked, ChangeKind, Held, Resolution};
use crate::domain::{FULFILLMENT, Fact};
use weir_decider::Fault;
use weir_proto::log::v1::Meta;
use weir_proto::routing::v1::{self as pb, route_event::Event};

/// The event's full name, and the event.
pub fn write(meta: &Meta, fact: &Fact) -> (&'static str, Event) {
    match fact {
        Fact::Planned { plan, demand, due } => {
            let demand = demand.as_ref().map(|demand| to_demand(meta, demand));
            let demand = demand.or_else(|| due.as_ref().map(|due| to_due(meta, due)));
            let planned = pb::Planned { plan: Some(plan::write(plan)), demand };
            ("weir.routing.v1.Planned", Event::Planned(planned))
        }
        Fact::Held(held) => ("weir.routing.v1.Held", Event::Held(to_held(held))),
        Fact::HoldResolved { hold_id, resolution, note } => {
            let resolution = to_resolution(*resolution).into();
            let resolved = pb::HoldResolved { hold_id: hold_id.clone(), resolution, note: note.clone() };
            ("weir.routing.v1.HoldResolved", Event::HoldResolved(resolved))
        }
        Fact::Released { plan } => ("weir.routing.v1.Released", Event::Released(pb::Released { plan_version: *plan })),
        Fact::ChangeAsked(asked) => ("weir.routing.v1.ChangeAsked", Event::ChangeAsked(to_change(asked))),
        Fact::Rerouted { plan, reason, excluded, attempt } => {
            let rerouted = pb::Rerouted {
                plan_version: *plan,
                reason: reason.clone(),
                excluded_warehouses: excluded.clone(),
                attempt: *attempt,
            };
            ("weir.routing.v1.Rerouted", Event::Rerouted(rerouted))
        }
        Fact::RouteCancelled { reason, request_id } => {
            let cancelled = pb::RouteCancelled { reason: reason.clone(), request_id: request_id.clone() };
            ("weir.routing.v1.RouteCancelled", Event::RouteCancelled(cancelled))
        }
        Fact::ShippedOutside { plan } => {
            ("weir.routing.v1.ShippedOutside", Event::ShippedOutside(pb::ShippedOutside { plan: *plan }))
        }
        Fact::PaymentNoted { payment, paid, early } => {
            let (state, paid) = (to_payment(*payment).into(), paid.as_ref().and_then(to_money));
            ("weir.routing.v1.PaymentNoted", Event::PaymentNoted(pb::PaymentNoted { state, paid, early: *early }))
        }
        Fact::PaymentTimedOut { plan } => {
            ("weir.routing.v1.PaymentTimedOut", Event::PaymentTimedOut(pb::PaymentTimedOut { plan_version: *plan }))
        }
        Fact::Parked { reason, demand } => {
            let parked = pb::Parked { reason: reason.clone(), demand: Some(to_demand(meta, demand)) };
            ("weir.routing.v1.Parked", Event::Parked(parked))
        }
        Fact::ShippingNoted { outcome } => {
            ("weir.routing.v1.ShippingNoted", Event::ShippingNoted(pb::ShippingNoted { outcome: outcome.clone() }))
        }
        Fact::ChangeRefused { request_id, reason } => {
            let refused = pb::ChangeRefused { request_id: request_id.clone(), reason: reason.clone() };
            ("weir.routing.v1.ChangeRefused", Event::ChangeRefused(refused))
        }
        Fact::Stuck { plan, request_id, since } => {
            let (waits_for, request_id) = (FULFILLMENT.to_owned(), request_id.clone());
            let stuck = pb::Stuck { plan_version: *plan, waits_for, request_id, since_ms: *since };
            ("weir.routing.v1.Stuck", Event::Stuck(stuck))
        }
    }
}

/// Reads a fact back.
///
/// # Errors
/// `field-missing` where a part without which it says nothing is absent.
pub fn read(meta: &Meta, event: Event) -> Result<Fact, Fault> {
    Ok(match event {
        Event::Planned(of) => {
            let plan = Box::new(plan::read(of.plan.ok_or_else(|| missing("planned.plan"))?));
            // A whole demand names the address.
            match of.demand {
                Some(of) if of.ship_to.is_none() => Fact::Planned { plan, demand: None, due: Some(due(&of)) },
                of => {
                    let demand = of.map(|of| demand(meta, of)).transpose()?.map(Box::new);
                    Fact::Planned { plan, demand, due: None }
                }
            }
        }
        Event::Held(of) => Fact::Held(held(of)),
        Event::HoldResolved(of) => {
            let resolution = resolution(of.resolution());
            Fact::HoldResolved { hold_id: of.hold_id, resolution, note: of.note }
        }
        Event::Released(of) => Fact::Released { plan: of.plan_version },
        Event::ChangeAsked(of) => Fact::ChangeAsked(change(of)),
        Event::Rerouted(of) => Fact::Rerouted {
            plan: of.plan_version,
            reason: of.reason,
            excluded: of.excluded_warehouses,
            attempt: of.attempt,
        },
        Event::RouteCancelled(of) => Fact::RouteCancelled { reason: of.reason, request_id: of.request_id },
        Event::PaymentNoted(of) => {
            let payment = payment(of.state());
            Fact::PaymentNoted { payment, paid: of.paid.map(|paid| money(Some(paid))), early: of.early }
        }
        Event::PaymentTimedOut(of) => Fact::PaymentTimedOut { plan: of.plan_version },
        Event::Parked(of) => {
            let demand = Box::new(demand(meta, of.demand.ok_or_else(|| missing("parked.demand"))?)?);
            Fact::Parked { reason: of.reason, demand }
        }
        Event::ShippingNoted(of) => Fact::ShippingNoted { outcome: of.outcome },
        Event::ChangeRefused(of) => Fact::ChangeRefused { request_id: of.request_id, reason: of.reason },
        // There is one stage that it can wait for.
        Event::Stuck(of) => Fact::Stuck { plan: of.plan_version, request_id: of.request_id, since: of.since_ms },
        Event::ShippedOutside(of) => Fact::ShippedOutside { plan: of.plan },
        Event::Stage(_) => return Err(missing("event")),
    })
}

fn held(of: pb::Held) -> Held {
    let pb::Held { hold_id, reason, rule, owner_group, deadline_ms } = of;
    Held { hold_id, reason, rule, owner_group, deadline: deadline_ms }
}

fn to_held(of: &Held) -> pb::Held {
    let Held { hold_id, reason, rule, owner_group, deadline } = of.clone();
    pb::Held { hold_id, reason, rule, owner_group, deadline_ms: deadline }
}

fn resolution(of: pb::HoldResolution) -> Resolution {
    match of {
        pb::HoldResolution::Approved => Resolution::Approved,
        pb::HoldResolution::Lifted => Resolution::Lifted,
        pb::HoldResolution::Rejected | pb::HoldResolution::Unspecified => Resolution::Rejected,
    }
}

fn to_resolution(of: Resolution) -> pb::HoldResolution {
    match of {
        Resolution::Approved => pb::HoldResolution::Approved,
        Resolution::Rejected => pb::HoldResolution::Rejected,
        Resolution::Lifted => pb::HoldResolution::Lifted,
    }
}

fn change(of: pb::ChangeAsked) -> ChangeAsked {
    let kind = match of.kind() {
        pb::ChangeKind::Unspecified | pb::ChangeKind::Cancel => ChangeKind::Cancel,
        pb::ChangeKind::Address => ChangeKind::Address,
        pb::ChangeKind::Hold => ChangeKind::Hold,
        pb::ChangeKind::Resume => ChangeKind::Resume,
    };
    let pb::ChangeAsked { request_id, reason, done_outside, plan_version, .. } = of;
    ChangeAsked { request_id, kind, reason, done_outside, plan: plan_version }
}

fn to_change(of: &ChangeAsked) -> pb::ChangeAsked {
    let kind = match of.kind {
        ChangeKind::Cancel => pb::ChangeKind::Cancel,
        ChangeKind::Address => pb::ChangeKind::Address,
        ChangeKind::Hold => pb::ChangeKind::Hold,
        ChangeKind::Resume => pb::ChangeKind::Resume,
    };
    pb::ChangeAsked {
        request_id: of.request_id.clone(),
        kind: kind.into(),
        reason: of.reason.clone(),
        done_outside: of.done_outside,
        plan_version: of.plan,
    }
}
