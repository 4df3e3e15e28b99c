//! Webhooks of own shops: thin where the format allows it, the whole order where something was edited.

use super::{Text, Told};
use crate::workload::catalogue::{CURRENCY, FREIGHT_MINOR};
use crate::workload::order::{Left, Pay, Quirk, Tale};

pub(super) fn write(text: &mut Text, told: Told<'_>) -> &'static str {
    let (order, telling) = (told.order, told.telling);
    let kind = kind(told);
    text.put("{\"type\":\"")
        .put(kind)
        .put("\",\"timestamp\":\"")
        .instant(telling.event_ms)
        .put("\",\"data\":{\"order_id\":\"");
    text.number(order.number as i64).put("\",\"version\":").number(telling.version);
    match telling.tale {
        Tale::Paid => payment(text, told),
        Tale::Cancelled => {
            text.put(",\"reason\":\"customer\"");
        }
        Tale::CancelAsked => request(text, told, ",\"reason\":\"changed my mind\""),
        Tale::LineCancelAsked => {
            request(text, told, ",\"line_ids\":[\"");
            text.number(order.number as i64 * 10).put("\"]");
        }
        Tale::Created | Tale::Updated | Tale::Completed | Tale::Shipped => whole(text, told),
    }
    text.put("}}");
    kind
}

fn kind(told: Told<'_>) -> &'static str {
    match told.telling.tale {
        _ if told.quirk == Quirk::UnknownType => "order.teleported",
        Tale::Created => "order.created",
        Tale::Paid => "order.paid",
        Tale::Updated | Tale::Completed | Tale::Shipped => "order.updated",
        Tale::CancelAsked | Tale::LineCancelAsked => "order.cancel_requested",
        Tale::Cancelled => "order.cancelled",
    }
}

fn request(text: &mut Text, told: Told<'_>, rest: &str) {
    text.put(",\"request_id\":\"ask-").number(told.order.number as i64).put("-").number(told.telling.version);
    text.put("\"").put(rest);
}

/// In parts: half of it first, then the rest.
fn payment(text: &mut Text, told: Told<'_>) {
    let (order, telling) = (told.order, told.telling);
    let total = order.total_minor(told.catalogue, telling);
    let (part, state, amount) = match telling.pay {
        Pay::Part => ("deposit", "partly_paid", total / 2),
        Pay::Refunded => ("full", "refunded", total),
        _ => ("full", "paid", total),
    };
    text.put(",\"payment\":{\"id\":\"pay-").number(order.number as i64).put("-").number(telling.version);
    text.put("\",\"part\":\"").put(part).put("\",\"amount\":\"").amount(amount).put("\",\"currency\":\"").put(CURRENCY);
    text.put("\",\"state\":\"")
        .put(state)
        .put("\",\"paid_at\":\"")
        .instant(telling.event_ms)
        .put("\",\"method\":\"card\"}");
}

fn whole(text: &mut Text, told: Told<'_>) {
    let (order, telling) = (told.order, told.telling);
    let status = match telling.left {
        _ if telling.tale == Tale::Completed => "completed",
        Left::All => "shipped",
        Left::Part => "partly_shipped",
        Left::Nothing => "open",
    };
    text.put(",\"status\":\"").put(status).put("\",\"placed_at\":\"").instant(told.quirk.placed_ms(order)).put("\",");
    if told.quirk != Quirk::NoCurrency {
        text.put("\"currency\":\"").put(CURRENCY).put("\",");
    }
    text.put("\"total\":").total(told).put(",\"freight\":\"").amount(FREIGHT_MINOR).put("\",\"payment_state\":\"");
    text.put(state(telling.pay)).put("\",");
    if order.on_delivery {
        text.put("\"payment_terms\":\"cash_on_delivery\",");
    }
    if telling.hold {
        text.put("\"holds\":[\"risk-control\"],");
    }
    text.put("\"buyer\":{\"id\":\"b-")
        .number(order.buyer as i64)
        .put("\",\"email\":\"buyer-")
        .number(order.buyer as i64);
    text.put("@sim.example\",\"remark\":\"").note(told).put("\"},\"ship_to\":{\"country\":\"");
    let (country, province, city) = told.region();
    text.put(country)
        .put("\",\"province\":\"")
        .put(province)
        .put("\",\"city\":\"")
        .put(city)
        .put("\",\"name\":\"Buyer ");
    text.number(order.buyer as i64).put("\",\"address\":\"").street(told).put("\"},\"lines\":[");
    for (at, line) in told.lines().enumerate() {
        let sku = if line.unmapped { "" } else { told.catalogue.items[line.item].sku.as_str() };
        text.put(if at == 0 { "{\"line_id\":\"" } else { ",{\"line_id\":\"" }).number(line.id as i64);
        text.put("\",\"sku\":\"")
            .put(sku)
            .put("\",\"title\":\"")
            .title(told)
            .put("\",\"quantity\":")
            .number(line.quantity);
        text.put(",\"price\":\"").amount(line.price_minor).put("\"}");
    }
    text.put("]");
}

fn state(pay: Pay) -> &'static str {
    match pay {
        Pay::Pending => "pending",
        Pay::Part => "partly_paid",
        Pay::Paid => "paid",
        Pay::Refunded => "refunded",
    }
}
