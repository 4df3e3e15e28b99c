//! Shopify's order, and how each of its fields is read.

use super::{Channel, Signature};
use crate::hostile::fields::Reads::{
    self, Code, Entries, Flag, Free, Id, IdOrNone, Money, MoneyOrNone, Name, Object, ObjectOrNone, Payable, Root, Time,
    TimeOrNone, Unread, Whole, WholeOrNone, Words,
};

pub fn channel() -> Channel {
    Channel {
        name: "shopify",
        good: GOOD,
        plain: &[("x-shopify-topic", "orders/create"), ("x-shopify-webhook-id", "w-1")],
        signature: Signature::Header("x-shopify-hmac-sha256"),
        fields: FIELDS,
    }
}

const GOOD: &str = r##"{
  "id": 5102, "name": "#1042", "order_number": 1042, "test": false, "landing_site": "/",
  "created_at": "2026-11-21T11:04:05+01:00", "updated_at": "2026-11-21T11:04:06+01:00",
  "cancelled_at": null, "cancel_reason": null, "closed_at": null,
  "currency": "EUR", "total_price": "98.00", "total_outstanding": "0.00", "total_discounts": "5.00", "total_tax": "15.65",
  "financial_status": "paid", "fulfillment_status": "partial",
  "email": "ada@example.com", "phone": "+49 821 000002", "note": "please ring twice",
  "customer": { "id": 700001 },
  "payment_gateway_names": ["bank transfer"],
  "line_items": [
    { "id": 9007199254740995, "sku": "TEA-250", "title": "Green tea 250 g", "quantity": 2, "current_quantity": 2,
      "price": "45.50", "requires_shipping": true, "gift_card": false,
      "tax_lines": [{ "price": "15.65", "rate": 0.19 }], "discount_allocations": [{ "amount": "5.00" }] },
    { "id": 77, "quantity": 1, "price": "0.00" }
  ],
  "shipping_lines": [{ "discounted_price": "12.00", "price": "13.00", "title": "Parcel" }],
  "shipping_address": {
    "first_name": "Ada", "last_name": "Brandt", "name": "Ada Brandt", "phone": "+49 821 000001",
    "address1": "Lechweg 7", "address2": "2nd floor", "zip": "86150", "city": "Augsburg",
    "province": "Bavaria", "province_code": "BY", "country": "Germany", "country_code": "DE"
  }
}"##;

const FIELDS: &[(&str, Reads)] = &[
    ("", Root("id")),
    ("id", Id),
    ("name", Name),
    // Only where there is no name.
    ("order_number", Unread),
    ("test", Flag),
    ("landing_site", Unread),
    ("created_at", Time),
    ("updated_at", Time),
    ("cancelled_at", TimeOrNone),
    // Only of a cancelled order.
    ("cancel_reason", Unread),
    ("closed_at", TimeOrNone),
    ("currency", Code),
    ("total_price", Payable),
    ("total_outstanding", MoneyOrNone),
    ("total_discounts", MoneyOrNone),
    ("total_tax", MoneyOrNone),
    ("financial_status", Code),
    ("fulfillment_status", Name),
    ("email", Free),
    ("phone", Free),
    ("note", Free),
    ("customer", ObjectOrNone("")),
    ("customer.id", IdOrNone),
    ("payment_gateway_names", Words),
    ("payment_gateway_names[]", Reads::Word),
    ("line_items", Entries),
    ("line_items[]", Object("quantity")),
    ("line_items[].id", Id),
    ("line_items[].sku", Name),
    ("line_items[].title", Free),
    ("line_items[].quantity", Whole(0, 1_000_000)),
    ("line_items[].current_quantity", WholeOrNone(0, 1_000_000)),
    ("line_items[].price", Money),
    ("line_items[].requires_shipping", Flag),
    ("line_items[].gift_card", Flag),
    ("line_items[].tax_lines", Reads::EntriesOrNone),
    ("line_items[].tax_lines[]", Object("price")),
    ("line_items[].tax_lines[].price", Money),
    ("line_items[].tax_lines[].rate", Unread),
    ("line_items[].discount_allocations", Reads::EntriesOrNone),
    ("line_items[].discount_allocations[]", Object("amount")),
    ("line_items[].discount_allocations[].amount", Money),
    ("shipping_lines", Reads::EntriesOrNone),
    ("shipping_lines[]", Object("price")),
    ("shipping_lines[].discounted_price", MoneyOrNone),
    // Only where it is not discounted.
    ("shipping_lines[].price", Unread),
    ("shipping_lines[].title", Unread),
    ("shipping_address", ObjectOrNone("")),
    ("shipping_address.first_name", Free),
    ("shipping_address.last_name", Free),
    ("shipping_address.name", Free),
    ("shipping_address.phone", Free),
    ("shipping_address.address1", Free),
    ("shipping_address.address2", Free),
    ("shipping_address.zip", Free),
    ("shipping_address.city", Free),
    ("shipping_address.province", Free),
    ("shipping_address.province_code", Free),
    ("shipping_address.country", Free),
    ("shipping_address.country_code", Free),
];
