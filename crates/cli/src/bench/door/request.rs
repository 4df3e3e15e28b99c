//! The requests of a run, written and signed before it begins: new orders, paid when they are placed, with the fields and sizes of
//! those of `weir demo`.

use super::shops::BenchShop;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use weir_channels::{shopify, standard_webhooks, woocommerce};

pub(super) const CURRENCY: &str = "EUR";
const FREIGHT_MINOR: i64 = 490;
/// SKU, unit price and quantity of each line; an order has the first one, two or three.
const LINES: [(&str, i64, i64); 3] = [("WEIR-0001", 2_990, 1), ("WEIR-0042", 990, 2), ("WEIR-0777", 7_490, 1)];

/// All of them, one behind the other.
pub(super) struct Requests {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// An order of a run.
struct Order {
    number: u32,
    lines: &'static [(&'static str, i64, i64)],
}

impl Requests {
    /// So many, for the shops in turn.
    pub(super) fn signed(shops: &[BenchShop], run: &str, count: u32) -> Requests {
        let now = OffsetDateTime::now_utc();
        let mut requests = Requests { bytes: Vec::new(), ends: Vec::new() };
        for (number, shop) in (0..count).zip(shops.iter().cycle()) {
            let order = Order { number: 1_000_001 + number, lines: &LINES[..1 + number as usize / 7 % LINES.len()] };
            requests.bytes.extend_from_slice(&order.request(shop, run, now));
            requests.ends.push(requests.bytes.len());
        }
        requests
    }

    pub(super) fn get(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let begin = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[begin..self.ends[number]]
    }

    pub(super) fn mean_bytes(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }
}

/// A delivery that the door believes of nobody.
pub(super) fn unsigned(shop: &BenchShop) -> Vec<u8> {
    assembled(shop, &[], b"{}")
}

fn assembled(shop: &BenchShop, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let BenchShop { channel, name, .. } = shop;
    let length = body.len();
    let mut request = format!(
        "POST /webhooks/{channel}/{name} HTTP/1.1\r\nhost: door\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += "\r\n";
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

impl Order {
    fn request(&self, shop: &BenchShop, run: &str, now: OffsetDateTime) -> Vec<u8> {
        let id = format!("{run}-{}", self.number);
        let secret = shop.secret.as_bytes();
        let body = match shop.channel {
            "shopify" => self.shopify(now),
            "woocommerce" => self.woocommerce(now),
            _ => self.generic(now),
        };
        let body = body.to_string().into_bytes();
        let headers = match shop.channel {
            "shopify" => vec![
                (shopify::TOPIC, "orders/create".to_owned()),
                (shopify::SIGNATURE, shopify::sign(secret, &body)),
                (shopify::WEBHOOK_ID, format!("{id}-orders-create")),
                (shopify::EVENT_ID, format!("event-{id}-orders-create")),
                ("x-shopify-shop-domain", format!("{}.example", shop.name)),
                ("x-shopify-api-version", "2026-10".to_owned()),
            ],
            "woocommerce" => vec![
                (woocommerce::TOPIC, "order.created".to_owned()),
                (woocommerce::SIGNATURE, woocommerce::sign(secret, &body)),
                (woocommerce::DELIVERY_ID, format!("{id}-order-created")),
                ("x-wc-webhook-source", format!("https://{}.example/", shop.name)),
            ],
            _ => vec![
                (standard_webhooks::SIGNATURE, standard_webhooks::sign(secret, &id, now.unix_timestamp(), &body)),
                (standard_webhooks::TIMESTAMP, now.unix_timestamp().to_string()),
                (standard_webhooks::ID, id),
            ],
        };
        assembled(shop, &headers, &body)
    }

    fn total(&self) -> String {
        decimal(FREIGHT_MINOR + self.lines.iter().map(|(_, price, quantity)| price * quantity).sum::<i64>())
    }

    fn buyer(&self) -> u32 {
        self.number % 5_000
    }

    fn email(&self) -> String {
        format!("buyer-{}@demo.example", self.buyer())
    }

    fn phone(&self) -> String {
        format!("+49 821 {:06}", self.buyer())
    }

    fn each_line(&self, written: impl Fn(u64, &str, i64, i64) -> Value) -> Vec<Value> {
        let ids = (0..).map(|line| u64::from(self.number) * 10 + line);
        ids.zip(self.lines).map(|(id, (sku, price, quantity))| written(id, sku, *price, *quantity)).collect()
    }

    fn shopify(&self, now: OffsetDateTime) -> Value {
        let lines = self.each_line(|id, sku, price, quantity| {
            json!({ "id": id, "sku": sku, "title": sku, "quantity": quantity, "price": decimal(price),
                "requires_shipping": true, "gift_card": false })
        });
        json!({
            "id": self.number, "name": format!("#{}", self.number), "order_number": self.number,
            "test": false, "created_at": instant(now), "updated_at": instant(now),
            "cancelled_at": null, "cancel_reason": null, "closed_at": null,
            "currency": CURRENCY, "total_price": self.total(), "total_discounts": "0.00", "total_tax": "0.00",
            "financial_status": "paid", "fulfillment_status": null,
            "email": self.email(), "phone": null, "note": null, "customer": { "id": self.buyer() },
            "payment_gateway_names": ["card"], "line_items": lines,
            "shipping_lines": [{ "price": decimal(FREIGHT_MINOR), "title": "Parcel" }],
            "shipping_address": { "name": format!("Buyer {}", self.buyer()), "phone": self.phone(),
                "address1": "Lechweg 7", "address2": null, "zip": "10000", "city": "Augsburg", "province_code": "BY",
                "country_code": "DE" }
        })
    }

    fn woocommerce(&self, now: OffsetDateTime) -> Value {
        let lines = self.each_line(|id, sku, price, quantity| {
            let total = decimal(price * quantity);
            json!({ "id": id, "name": sku, "product_id": id, "variation_id": 0, "sku": sku, "quantity": quantity,
                "subtotal": total, "total": total, "total_tax": "0.00" })
        });
        let address = json!({ "first_name": "Sam", "last_name": format!("Buyer {}", self.buyer()), "company": "",
            "address_1": "5 Mill Lane", "address_2": "", "city": "Augsburg", "state": "BY", "postcode": "10000",
            "country": "DE", "email": self.email(), "phone": self.phone() });
        json!({
            "id": self.number, "number": self.number.to_string(), "status": "processing", "currency": CURRENCY,
            "customer_id": self.buyer(), "customer_note": "",
            "date_created_gmt": seconds(now), "date_modified_gmt": seconds(now), "date_paid_gmt": seconds(now),
            "discount_total": "0.00", "shipping_total": decimal(FREIGHT_MINOR), "total_tax": "0.00", "total": self.total(),
            "payment_method": "card", "billing": address, "shipping": address, "line_items": lines
        })
    }

    fn generic(&self, now: OffsetDateTime) -> Value {
        let id = self.number.to_string();
        let lines = self.each_line(|id, sku, price, quantity| {
            json!({ "line_id": id.to_string(), "sku": sku, "title": sku, "quantity": quantity, "price": decimal(price) })
        });
        json!({ "type": "order.created", "timestamp": instant(now), "data": {
            "order_id": id, "number": id, "version": 1, "status": "open", "placed_at": instant(now),
            "currency": CURRENCY, "total": self.total(), "freight": decimal(FREIGHT_MINOR), "payment_state": "paid",
            "buyer": { "id": format!("b-{}", self.buyer()), "email": self.email(), "phone": self.phone() },
            "ship_to": { "country": "DE", "province": "BY", "city": "Augsburg",
                "name": format!("Buyer {}", self.buyer()), "address": "12 Xinhua Road" },
            "lines": lines
        } })
    }
}

fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

fn instant(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

fn seconds(at: OffsetDateTime) -> String {
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use weir_channels::{Headers, adapter};

    /// What the door would refuse, or keep as unreadable, measures something else.
    #[test]
    fn every_request_is_believed_and_read_and_tells_of_an_order_of_its_own() {
        let shop = |channel| BenchShop { channel, name: "door-1".to_owned(), secret: "whsec_c2VjcmV0".to_owned() };
        let shops = ["shopify", "woocommerce", "generic"].map(shop);
        let requests = Requests::signed(&shops, "run1", 90);
        let mut orders = BTreeSet::new();
        for number in 0..90 {
            let text = String::from_utf8(requests.get(number).to_vec()).expect("text");
            let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
            let mut lines = head.split("\r\n");
            let channel = lines.next().and_then(|line| line.split('/').nth(2)).expect("a channel");
            let headers = lines.filter_map(|line| line.split_once(": "));
            let headers = Headers(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
            assert_eq!(headers.get("content-length"), Some(body.len().to_string().as_str()));
            let now_ms = OffsetDateTime::now_utc().unix_timestamp() * 1000;
            let request = weir_channels::Request { headers: &headers, body: body.as_bytes(), now_ms };
            let adapter = adapter(channel).expect("a channel that is known");
            adapter.verify(&request, &[b"whsec_c2VjcmV0".to_vec()], 300_000).expect("signed");
            let mapped = adapter.map(&headers, body.as_bytes()).expect("readable").identity();
            orders.insert((channel.to_owned(), mapped.platform_order_id));
        }
        assert_eq!(orders.len(), 90);
    }
}
