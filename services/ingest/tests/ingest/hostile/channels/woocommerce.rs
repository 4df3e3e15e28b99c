//! WooCommerce's order, and how each of its fields is read.

use super::{Channel, Signature};
use crate::hostile::fields::Reads::{
    self, Code, Entries, Free, Id, IdOrNone, Money, MoneyOrNone, Name, Object, ObjectOrNone, Payable, Root, Status,
    Time, TimeOrNone, Unread, Whole,
};

pub fn channel() -> Channel {
    Channel {
        name: "woocommerce",
        good: GOOD,
        plain: &[("x-wc-webhook-topic", "order.updated"), ("x-wc-webhook-delivery-id", "d-1")],
        signature: Signature::Header("x-wc-webhook-signature"),
        fields: FIELDS,
    }
}

const GOOD: &str = r#"{
  "id": 731, "number": "731", "status": "processing", "currency": "USD", "customer_id": 5, "customer_note": "at the door",
  "date_created_gmt": "2026-11-21T10:04:05", "date_modified_gmt": "2026-11-21T10:04:06",
  "date_paid_gmt": "2026-11-21T10:04:06",
  "discount_total": "1.00", "shipping_total": "4.90", "total_tax": "0.80", "total": "14.70",
  "payment_method": "bacs", "payment_method_title": "Bank", "meta_data": [{ "id": 1, "key": "k", "value": [] }],
  "billing": { "first_name": "Sam", "last_name": "Okoro", "company": "", "address_1": "5 Mill Lane", "address_2": "",
    "city": "Austin", "state": "TX", "postcode": "78701", "country": "US", "email": "sam@example.com", "phone": "5125550100" },
  "shipping": { "first_name": "Kim", "last_name": "", "company": "", "address_1": "1 Elm St", "address_2": "", "city": "Waco",
    "state": "TX", "postcode": "76701", "country": "US", "phone": "" },
  "line_items": [
    { "id": 11, "name": "Soap", "product_id": 4, "variation_id": 0, "sku": "SOAP-1", "quantity": 3,
      "subtotal": "11.00", "total": "10.00", "total_tax": "0.80", "price": 3.3333333 },
    { "id": 12, "quantity": 1, "total": "0.00" }
  ]
}"#;

const FIELDS: &[(&str, Reads)] = &[
    ("", Root("id")),
    ("id", Id),
    ("number", IdOrNone),
    ("status", Status),
    ("currency", Code),
    ("customer_id", IdOrNone),
    ("customer_note", Free),
    ("date_created_gmt", Time),
    ("date_modified_gmt", Time),
    ("date_paid_gmt", TimeOrNone),
    ("discount_total", MoneyOrNone),
    ("shipping_total", MoneyOrNone),
    ("total_tax", MoneyOrNone),
    ("total", Payable),
    ("payment_method", Name),
    ("payment_method_title", Unread),
    ("meta_data", Unread),
    ("meta_data[]", Unread),
    ("meta_data[].id", Unread),
    ("meta_data[].key", Unread),
    ("meta_data[].value", Unread),
    ("billing", ObjectOrNone("")),
    ("billing.first_name", Free),
    ("billing.last_name", Free),
    ("billing.company", Free),
    ("billing.address_1", Free),
    ("billing.address_2", Free),
    ("billing.city", Free),
    ("billing.state", Free),
    ("billing.postcode", Free),
    ("billing.country", Free),
    ("billing.email", Free),
    ("billing.phone", Free),
    ("shipping", ObjectOrNone("")),
    ("shipping.first_name", Free),
    ("shipping.last_name", Free),
    ("shipping.company", Free),
    ("shipping.address_1", Free),
    ("shipping.address_2", Free),
    ("shipping.city", Free),
    ("shipping.state", Free),
    ("shipping.postcode", Free),
    ("shipping.country", Free),
    ("shipping.phone", Free),
    ("line_items", Entries),
    ("line_items[]", Object("quantity")),
    ("line_items[].id", Id),
    ("line_items[].name", Free),
    ("line_items[].product_id", Unread),
    ("line_items[].variation_id", Unread),
    ("line_items[].sku", Name),
    ("line_items[].quantity", Whole(0, 1_000_000)),
    ("line_items[].subtotal", MoneyOrNone),
    ("line_items[].total", Money),
    ("line_items[].total_tax", MoneyOrNone),
    // A float on purpose: what it says is told exactly by the totals.
    ("line_items[].price", Unread),
];
