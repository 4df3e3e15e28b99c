//! `orders` → the view of what was placed.

use crate::domain::{Placed, PlacedLine};
use weir_proto::order::v1::order_event::Event;
use weir_proto::order::v1::{Line, Order, OrderEvent, PaymentState};

pub(super) fn tell(event: &OrderEvent, view: &mut Placed) {
    match event.event.as_ref() {
        Some(Event::OrderPlaced(placed)) => {
            if let Some(order) = &placed.order {
                view.place(placed_order(order));
            }
        }
        Some(Event::PaymentReceived(payment)) => view.payment = payment_name(payment.state()),
        Some(Event::RefundNoted(refund)) => view.payment = payment_name(refund.state()),
        Some(Event::CancellationRequested(_) | Event::OrderCancelled(_)) => view.cancel_asked = true,
        Some(Event::LinesChanged(changed)) => {
            for delta in &changed.deltas {
                view.change_line(&delta.line_id, delta.quantity, delta.line.as_ref().map(sku_of));
            }
        }
        _ => {}
    }
}

fn placed_order(order: &Order) -> Placed {
    let identity = order.identity.clone().unwrap_or_default();
    let buyer = order.buyer.clone().unwrap_or_default();
    let payable = order.amounts.as_ref().and_then(|amounts| amounts.payable.clone()).unwrap_or_default();
    Placed {
        placed: true,
        channel: identity.channel,
        shop: identity.shop,
        platform_order_id: identity.platform_order_id,
        shown_number: identity.shown_number,
        phone_hash: buyer.phone_hash,
        email_hash: buyer.email_hash,
        lines: order.lines.iter().map(placed_line).collect(),
        payable_minor: payable.minor,
        currency: payable.currency,
        payment: payment_name(order.payment_state()),
        placed_at_ms: identity.placed_at_ms,
        cancel_asked: false,
    }
}

fn placed_line(line: &Line) -> PlacedLine {
    PlacedLine {
        line_id: line.line_id.clone(),
        sku: sku_of(line).to_owned(),
        open: line.ordered.saturating_sub(line.cancelled),
    }
}

/// An unmapped line is found by the platform's own SKU.
fn sku_of(line: &Line) -> &str {
    if line.sku.is_empty() { &line.platform_sku } else { &line.sku }
}

/// "paid", "partly-paid".
pub fn payment_name(state: PaymentState) -> String {
    match state {
        PaymentState::Unspecified => String::new(),
        known => known.as_str_name().trim_start_matches("PAYMENT_STATE_").to_lowercase().replace('_', "-"),
    }
}
