//! WooCommerce's order webhooks: the whole order in each, and what happened in its status.

use super::{Text, Told};
use crate::workload::catalogue::{CURRENCY, FREIGHT_MINOR};
use crate::workload::order::{Pay, Quirk, Tale};

pub(super) fn write(text: &mut Text, told: Told<'_>) -> &'static str {
    let (order, telling) = (told.order, told.telling);
    let number = order.number as i64;
    text.put("{\"id\":").number(number).put(",\"number\":\"").number(number).put("\",\"status\":\"").put(status(told));
    text.put("\",");
    if told.quirk != Quirk::NoCurrency {
        text.put("\"currency\":\"").put(CURRENCY).put("\",");
    }
    text.put("\"customer_id\":").number(order.buyer as i64).put(",\"customer_note\":\"").note(told);
    text.put("\",\"date_created_gmt\":\"").seconds(told.quirk.placed_ms(order)).put("\",\"date_modified_gmt\":\"");
    text.seconds(telling.event_ms).put("\",\"date_paid_gmt\":");
    if telling.pay >= Pay::Paid && !order.on_delivery {
        text.put("\"").seconds(order.placed_ms).put("\"");
    } else {
        text.put("null");
    }
    text.put(",\"discount_total\":\"0.00\",\"shipping_total\":\"").amount(FREIGHT_MINOR);
    text.put("\",\"total_tax\":\"0.00\",\"total\":").total(told).put(",\"payment_method\":\"");
    text.put(if order.on_delivery { "cod" } else { "card" }).put("\",\"billing\":{");
    address(text, told);
    text.put("},\"shipping\":{");
    address(text, told);
    text.put("},\"line_items\":[");
    for (at, line) in told.lines().enumerate() {
        let sku = if line.unmapped { "" } else { told.catalogue.items[line.item].sku.as_str() };
        let total = line.price_minor * line.quantity;
        text.put(if at == 0 { "{\"id\":" } else { ",{\"id\":" })
            .number(line.id as i64)
            .put(",\"name\":\"")
            .title(told)
            .put("\",\"sku\":\"");
        text.put(sku).put("\",\"quantity\":").number(line.quantity).put(",\"subtotal\":\"").amount(total);
        text.put("\",\"total\":\"").amount(total).put("\",\"total_tax\":\"0.00\"}");
    }
    text.put("]}");
    match telling.tale {
        _ if told.quirk == Quirk::UnknownType => "order.teleported",
        Tale::Created => "order.created",
        _ => "order.updated",
    }
}

fn address(text: &mut Text, told: Told<'_>) {
    let (country, province, city) = told.region();
    text.put("\"first_name\":\"Sam\",\"last_name\":\"Buyer ")
        .number(told.order.buyer as i64)
        .put("\",\"address_1\":\"");
    text.street(told).put("\",\"city\":\"").put(city).put("\",\"state\":\"").put(province);
    text.put("\",\"postcode\":\"10000\",\"country\":\"").put(country).put("\",\"email\":\"buyer-");
    text.number(told.order.buyer as i64).put("@sim.example\",\"phone\":\"+49 821\"");
}

/// A status says one thing at a time: an order that is cancelled no longer tells that it was paid, but its paid
/// date does.
fn status(told: Told<'_>) -> &'static str {
    let telling = told.telling;
    match (telling.tale, telling.pay) {
        (Tale::Cancelled, _) => "cancelled",
        (Tale::Completed, _) => "completed",
        (_, Pay::Refunded) => "refunded",
        (_, Pay::Paid) => "processing",
        _ if told.order.on_delivery => "processing",
        _ => "pending",
    }
}
