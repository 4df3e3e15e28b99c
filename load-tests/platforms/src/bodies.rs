//! Orders as each platform writes them, in pushes and in listings alike. Pure.

pub mod shopify;
pub mod woocommerce;

use crate::shop::{Channel, Shop};
use crate::truth::{Order, Step};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, UtcOffset};

const CURRENCY: &str = "EUR";

/// Where the shops are: an hour before UTC. Whoever takes a local time for UTC is found out.
pub const ZONE: UtcOffset = offset!(+1);

/// Country, province and city of the buyers.
const REGIONS: [(&str, &str, &str); 4] =
    [("DE", "BY", "Augsburg"), ("DE", "HH", "Hamburg"), ("AT", "9", "Wien"), ("FR", "IDF", "Paris")];

/// What tells one push from another. A second sending of it has the same.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// No two pushes of a run have the same.
    pub number: u64,
    /// When the event happened.
    pub at_ms: i64,
}

pub fn order(channel: Channel, order: &Order) -> Value {
    match channel {
        Channel::Shopify => shopify::order(order),
        Channel::WooCommerce => woocommerce::order(order),
    }
}

pub fn topic(channel: Channel, step: Step) -> &'static str {
    match channel {
        Channel::Shopify => shopify::topic(step),
        Channel::WooCommerce => woocommerce::topic(step),
    }
}

/// A push's headers, signature and all.
pub fn headers(shop: &Shop, topic: &'static str, delivery: Delivery, body: &[u8]) -> Vec<(&'static str, String)> {
    let mut headers = match shop.channel {
        Channel::Shopify => shopify::headers(shop, topic, delivery, body),
        Channel::WooCommerce => woocommerce::headers(shop, topic, delivery, body),
    };
    headers.push(("content-type", "application/json".to_owned()));
    headers
}

fn region(order: &Order) -> (&'static str, &'static str, &'static str) {
    REGIONS[order.region % REGIONS.len()]
}

fn email(order: &Order) -> String {
    format!("buyer-{}@platforms.example", order.buyer)
}

fn phone(order: &Order) -> String {
    format!("+49 821 {:06}", order.buyer)
}

fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// "2026-11-21T19:04:05+01:00"
pub fn instant(s: i64) -> String {
    moment(s).to_offset(ZONE).format(&Rfc3339).unwrap_or_default()
}

/// "2026-11-21T18:04:05", in UTC.
pub fn gmt(s: i64) -> String {
    plain(moment(s))
}

/// "2026-11-21T19:04:05", as the clock on the shop's wall has it.
pub fn local(s: i64) -> String {
    plain(moment(s).to_offset(ZONE))
}

fn plain(time: OffsetDateTime) -> String {
    time.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]")).unwrap_or_default()
}

fn moment(s: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(s).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
