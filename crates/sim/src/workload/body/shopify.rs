//! Shopify's order webhooks: the whole order in each.

use super::{Text, Told};
use crate::workload::catalogue::{CURRENCY, FREIGHT_MINOR};
use crate::workload::order::{Left, Pay, Quirk, Tale};

pub(super) fn write(text: &mut Text, told: Told<'_>) -> &'static str {
    let (order, telling) = (told.order, told.telling);
    let number = order.number as i64;
    text.put("{\"id\":").number(number).put(",\"name\":\"#").number(number).put("\",\"test\":false,\"created_at\":\"");
    text.instant(told.quirk.placed_ms(order)).put("\",\"updated_at\":\"").instant(telling.event_ms).put("\",");
    if telling.tale == Tale::Cancelled {
        text.put("\"cancelled_at\":\"").instant(telling.event_ms).put("\",\"cancel_reason\":\"customer\",");
    }
    if telling.tale == Tale::Completed {
        text.put("\"closed_at\":\"").instant(telling.event_ms).put("\",");
    }
    match telling.left {
        Left::All => text.put("\"fulfillment_status\":\"fulfilled\","),
        Left::Part => text.put("\"fulfillment_status\":\"partial\","),
        Left::Nothing => text,
    };
    if told.quirk != Quirk::NoCurrency {
        text.put("\"currency\":\"").put(CURRENCY).put("\",");
    }
    text.put("\"total_price\":").total(told).put(",\"total_discounts\":\"0.00\",\"total_tax\":\"0.00\",");
    if telling.pay == Pay::Part {
        let left = order.total_minor(told.catalogue, telling) / 2;
        text.put("\"total_outstanding\":\"").amount(left).put("\",");
    }
    text.put("\"financial_status\":\"")
        .put(financial(telling.pay))
        .put("\",\"email\":\"buyer-")
        .number(order.buyer as i64);
    text.put("@sim.example\",\"phone\":null,\"note\":\"").note(told).put("\",\"customer\":{\"id\":");
    text.number(order.buyer as i64).put("},\"payment_gateway_names\":[\"");
    text.put(if order.on_delivery { "Cash on Delivery (COD)" } else { "card" }).put("\"],\"line_items\":[");
    lines(text, told);
    let (country, province, city) = told.region();
    text.put("],\"shipping_lines\":[{\"price\":\"").amount(FREIGHT_MINOR).put("\",\"title\":\"Parcel\"}],");
    text.put("\"shipping_address\":{\"name\":\"Buyer ").number(order.buyer as i64).put("\",\"phone\":\"+49 821 ");
    text.padded(order.buyer as i64, 6).put("\",\"address1\":\"").street(told).put("\",\"zip\":\"10000\",\"city\":\"");
    text.put(city).put("\",\"province_code\":\"").put(province).put("\",\"country_code\":\"").put(country).put("\"}}");
    kind(told)
}

fn lines(text: &mut Text, told: Told<'_>) {
    for (at, line) in told.lines().enumerate() {
        let sku = if line.unmapped { "" } else { told.catalogue.items[line.item].sku.as_str() };
        text.put(if at == 0 { "{\"id\":" } else { ",{\"id\":" }).number(line.id as i64).put(",\"sku\":\"").put(sku);
        text.put("\",\"title\":\"").title(told).put("\",\"quantity\":").number(line.quantity).put(",\"price\":\"");
        text.amount(line.price_minor).put("\",\"requires_shipping\":true,\"gift_card\":false}");
    }
}

fn kind(told: Told<'_>) -> &'static str {
    match told.telling.tale {
        _ if told.quirk == Quirk::UnknownType => "orders/teleported",
        Tale::Created => "orders/create",
        Tale::Paid => "orders/paid",
        Tale::Cancelled => "orders/cancelled",
        _ => "orders/updated",
    }
}

fn financial(pay: Pay) -> &'static str {
    match pay {
        Pay::Pending => "pending",
        Pay::Part => "partially_paid",
        Pay::Paid => "paid",
        Pay::Refunded => "refunded",
    }
}
