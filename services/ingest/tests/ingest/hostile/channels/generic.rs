//! Our own format, and how each of its fields is read.

use super::{Channel, Signature};
use crate::hostile::fields::Reads::{
    self, Choice, Code, CodeOrNone, Entries, Flag, Free, Id, IdOrNone, Minor, MinorOrNone, Money, MoneyOrNone, Name,
    Object, ObjectOrNone, Payable, Root, Time, TimeOrNone, Unread, Whole, WholeOrNone, Word, Words,
};

pub fn channel() -> Channel {
    Channel { name: "generic", good: GOOD, plain: &[], signature: Signature::StandardWebhooks, fields: FIELDS }
}

const GOOD: &str = r#"{
  "type": "order.created", "timestamp": "2026-11-21T10:04:06Z", "source": "shop",
  "data": {
    "order_id": "W-17", "number": "17", "version": 3, "updated_at": "2026-11-21T10:04:06Z", "status": "open", "kind": "sale",
    "placed_at": "2026-11-21T18:04:05+08:00", "pay_by": "2026-11-22T18:04:05+08:00", "ship_by": "2026-11-23T18:04:05+08:00",
    "currency": "CNY", "total": "42.00", "freight": "0.00", "discount_minor": 100, "tax": "1.00", "refunded": "0.00",
    "payment_terms": "prepaid", "payment_state": "paid", "reason": "none",
    "payment": { "id": "p-1", "amount": "42.00", "part": "full", "state": "paid", "paid_at": "2026-11-21T18:05:05+08:00",
      "method": "card", "currency": "CNY" },
    "test": false, "urgent": true, "partial_allowed": true, "holds": ["risk-control"], "seller_remark": "regular", "flag": "red",
    "buyer": { "id": "b-9", "email": "fang@example.com", "phone": "13800000001", "remark": "no plastic", "tier": "gold" },
    "ship_to": { "country": "CN", "province": "Zhejiang", "city": "Hangzhou", "district": "Xihu", "town": "", "name": "Wang Fang",
      "phone": "13800000002", "email": "f@example.com", "address": "12 Xinhua Road, flat 3", "carrier": "SF" },
    "lines": [
      { "line_id": "1", "sku": "TEA-250", "title": "Green tea", "quantity": 2, "price": "20.00", "list_price": "21.00",
        "discount": "1.00", "tax": "1.00", "tax_included": true, "digital": false, "warehouse": "east", "colour": "green" },
      { "line_id": "2", "title": "Sample", "quantity": 1, "price_minor": 200 }
    ]
  }
}"#;

const FIELDS: &[(&str, Reads)] = &[
    ("", Root("type")),
    ("type", Code),
    ("timestamp", Time),
    ("source", Unread),
    ("data", Object("order_id")),
    ("data.order_id", Id),
    ("data.number", IdOrNone),
    ("data.version", WholeOrNone(0, i64::MAX)),
    // Only where there is no version.
    ("data.updated_at", Unread),
    ("data.status", Name),
    ("data.kind", Choice),
    ("data.placed_at", Time),
    ("data.pay_by", TimeOrNone),
    ("data.ship_by", TimeOrNone),
    ("data.currency", Code),
    ("data.total", Payable),
    ("data.freight", MoneyOrNone),
    ("data.discount_minor", MinorOrNone),
    ("data.tax", MoneyOrNone),
    ("data.refunded", MoneyOrNone),
    ("data.payment_terms", Choice),
    ("data.payment_state", Choice),
    // Only of a cancelled order.
    ("data.reason", Unread),
    ("data.payment", ObjectOrNone("amount")),
    ("data.payment.id", Id),
    ("data.payment.amount", Money),
    ("data.payment.part", Choice),
    ("data.payment.state", Choice),
    ("data.payment.paid_at", TimeOrNone),
    ("data.payment.method", Name),
    ("data.payment.currency", CodeOrNone),
    ("data.test", Flag),
    ("data.urgent", Flag),
    ("data.partial_allowed", Flag),
    ("data.holds", Words),
    ("data.holds[]", Word),
    ("data.seller_remark", Free),
    ("data.flag", Name),
    ("data.buyer", ObjectOrNone("")),
    ("data.buyer.id", IdOrNone),
    ("data.buyer.email", Free),
    ("data.buyer.phone", Free),
    ("data.buyer.remark", Free),
    ("data.buyer.tier", Name),
    ("data.ship_to", ObjectOrNone("")),
    ("data.ship_to.country", Free),
    ("data.ship_to.province", Free),
    ("data.ship_to.city", Free),
    ("data.ship_to.district", Free),
    ("data.ship_to.town", Free),
    ("data.ship_to.name", Free),
    ("data.ship_to.phone", Free),
    ("data.ship_to.email", Free),
    ("data.ship_to.address", Free),
    ("data.ship_to.carrier", Name),
    ("data.lines", Entries),
    ("data.lines[]", Object("price")),
    ("data.lines[].line_id", Id),
    ("data.lines[].sku", Name),
    ("data.lines[].title", Free),
    ("data.lines[].quantity", Whole(1, 1_000_000)),
    ("data.lines[].price", Money),
    ("data.lines[].price_minor", Minor("price")),
    ("data.lines[].list_price", MoneyOrNone),
    ("data.lines[].discount", MoneyOrNone),
    ("data.lines[].tax", MoneyOrNone),
    ("data.lines[].tax_included", Flag),
    ("data.lines[].digital", Flag),
    ("data.lines[].warehouse", Name),
    ("data.lines[].colour", Unread),
];
