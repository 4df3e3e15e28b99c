//! Reads what the orders topic says.

use super::demand::{money, payment, region, terms};
use super::missing;
use crate::domain::Input;
use crate::domain::input::{CancellationAsked, LineDelta, Placed};
use crate::domain::order::{Line, Order};
use prost::Message as _;
use weir_decider::Fault;
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::{self as pb, order_event::Event};

pub(super) fn read(meta: &Meta, event: Event) -> Result<Input, Fault> {
    Ok(match event {
        Event::OrderPlaced(placed) => {
            let order = placed.order.ok_or_else(|| missing("order_placed.order"))?;
            Input::Placed(Box::new(self::placed(meta, order)?))
        }
        Event::PaymentReceived(received) => {
            let state = payment(received.state());
            Input::PaymentSeen(state, received.payment.and_then(|payment| payment.amount).map(|of| money(Some(of))))
        }
        Event::RefundNoted(refund) => Input::PaymentSeen(payment(refund.state()), None),
        Event::CancellationRequested(asked) => Input::CancellationAsked(CancellationAsked {
            request_id: asked.request_id,
            reason: asked.reason,
            line_ids: asked.line_ids,
        }),
        Event::OrderCancelled(cancelled) => Input::CancelledOutside { reason: cancelled.reason },
        Event::OrderShipped(shipped) => Input::ShippedOutside { wholly: !shipped.partly },
        // No platform completes what it has not seen leave.
        Event::OrderCompleted(_) => Input::ShippedOutside { wholly: true },
        Event::AddressChangeRequested(asked) => {
            let ship_to = asked.ship_to.ok_or_else(|| missing("address_change_requested.ship_to"))?;
            Input::AddressChangeAsked { region: region(&ship_to), ship_to: ship_to.encode_to_vec() }
        }
        Event::LinesChanged(changed) => Input::LinesChanged(changed.deltas.into_iter().map(delta).collect()),
        Event::PlatformHoldChanged(changed) => Input::PlatformHolds(changed.holds),
        Event::Stage(_)
        | Event::NoteChanged(_)
        | Event::OrderObserved(_)
        | Event::OrderAnnounced(_)
        | Event::AnnouncementDropped(_) => Input::Irrelevant,
    })
}

fn placed(meta: &Meta, of: pb::Order) -> Result<Placed, Fault> {
    let (asked_terms, payment_state) = (of.payment_terms(), of.payment_state());
    let identity = of.identity.ok_or_else(|| missing("order.identity"))?;
    let ship_to = of.ship_to.unwrap_or_default();
    let deadlines = of.deadlines.unwrap_or_default();
    let permissions = of.permissions.unwrap_or_default();
    let order = Order {
        tenant: meta.tenant.clone(),
        channel: identity.channel,
        shop: identity.shop,
        platform_order_id: identity.platform_order_id,
        lines: of.lines.into_iter().filter(is_shipped).map(line).filter(|line| line.quantity > 0).collect(),
        region: region(&ship_to),
        payable: money(of.amounts.and_then(|amounts| amounts.payable)),
        placed_at: identity.placed_at_ms,
        pay_by: deadlines.pay_by_ms,
        ship_by: deadlines.ship_by_ms,
        urgent: permissions.urgent,
        partial_allowed: permissions.partial_allowed,
        terms: terms(asked_terms),
    };
    Ok(Placed {
        order,
        payment: payment(payment_state),
        ship_to: ship_to.encode_to_vec(),
        platform_holds: permissions.holds,
    })
}

/// Services and downloads need no stock.
fn is_shipped(line: &pb::Line) -> bool {
    !matches!(line.kind(), pb::LineKind::Service | pb::LineKind::Digital)
}

fn line(of: pb::Line) -> Line {
    let quantity = of.ordered.saturating_sub(of.cancelled);
    Line { line_id: of.line_id, sku: of.sku, quantity, pool: String::new() }
}

fn delta(of: pb::LineDelta) -> LineDelta {
    let sku = of.line.filter(is_shipped).map(|line| line.sku);
    LineDelta { line_id: of.line_id, quantity: of.quantity, sku }
}
