//! Shopee: pushes name an order and its status; orders are given over the API alone.
//!
//! Known (its guides to pushes, signatures and calls, its reference of v2, and pushes that receivers have published): the
//! envelope with code 3; an answer must be 2xx with nothing in it; a push that fails is sent again after 5 min, 30 min and 3 h; how a
//! call is signed, and that its time may be 5 min off; both calls as they are asked here, 15 days and 100 orders at most, 50 orders by id;
//! errors by a word within the answer; a field that is optional comes only when it is asked for. Taken here: pushes are signed over the body
//! alone (see the adapter). Assumed: an error is told in HTTP 200; of the orders of a list, the newest change comes first and the cursor is
//! a count; both ends of a span belong to it; one order that is not known keeps the others from coming; the pushes of an app end after
//! 600 failures in a row (documented: where less than 30 % of more than 600 in 6 h are answered well); 10 requests a second with 100 at once,
//! as no limit is told; a total is told of unpaid orders too (documented: of paid ones). Nobody can edit an order of Shopee: an edit here stands
//! for whatever changes an order, and is told as its status once more.

mod body;
mod orders;

use crate::api::bucket::Bucket;
use crate::api::{Asked, Found, given};
use crate::platform::{Example, Platform, Push, Telling};
use crate::truth::{Book, Line, Order, Step};
use crate::world::Habits;
use axum::http::StatusCode;
use serde_json::json;
use std::time::Duration;
use weir_channels::shopee as channel;

const FAILURES_MAX: u32 = 600;
/// How far a call's time may be off.
const TOLERANCE_S: i64 = 300;

pub struct Shopee;

impl Platform for Shopee {
    fn name(&self) -> &'static str {
        "shopee"
    }

    fn example(&self) -> Example {
        Example { secret: "body:900001:hush-hush-hush", credential: "2001887:partner-key:900001:access-token" }
    }

    fn currency(&self) -> &'static str {
        body::CURRENCY
    }

    fn order_id(&self, order: &Order) -> String {
        body::order_sn(order.id)
    }

    fn line_id(&self, line: &Line) -> String {
        format!("{}:0", line.id)
    }

    /// All changes are of one kind of push.
    fn topic(&self, _step: Step) -> &'static str {
        "order_status_push"
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let mut secret = telling.shop.secret.splitn(3, ':').skip(1);
        let (shop_id, key) = (secret.next().unwrap_or_default(), secret.next().unwrap_or_default());
        let body = body::push(telling, shop_id.parse().unwrap_or_default()).to_string().into_bytes();
        Push { headers: vec![(channel::SIGNATURE, channel::sign(key.as_bytes(), &body))], body }
    }

    fn is_heard(&self, status: u16, body: &[u8]) -> bool {
        (200..300).contains(&status) && body.is_empty()
    }

    fn pause(&self, tries: u32) -> Option<Duration> {
        let minutes = [5, 30, 180].get(usize::try_from(tries).ok()?.checked_sub(1)?)?;
        Some(Duration::from_secs(60 * minutes))
    }

    fn silences(&self, failures: u32, _given_up: bool) -> bool {
        failures > FAILURES_MAX
    }

    fn limit(&self, _habits: &Habits) -> Option<Bucket> {
        Some(Bucket::new(100.0, 10.0))
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        let mut parts = asked.shop.credential.splitn(4, ':');
        let [partner_id, key, shop_id, token] = [(); 4].map(|()| parts.next().unwrap_or_default());
        let told = |name: &str| given(asked.pairs, name).unwrap_or_default();
        let timestamp = told("timestamp");
        let off_s = timestamp.parse::<i64>().map(|at_s| asked.now_ms.div_euclid(1000) - at_s);
        let text = format!("{partner_id}{}{timestamp}{token}{shop_id}", asked.path);
        if told("partner_id") != partner_id {
            Err(refused("error_auth", "partner_id is invalid"))
        } else if off_s.is_err() || off_s.is_ok_and(|off_s| off_s.abs() > TOLERANCE_S) {
            Err(refused("error_param", "Timestamp is expired."))
        } else if told("access_token") != token || told("shop_id") != shop_id {
            Err(refused("invalid_acceess_token", "Invalid access_token, please have a check."))
        } else if told("sign") != channel::sign(key.as_bytes(), text.as_bytes()) {
            Err(refused("error_sign", "Wrong sign."))
        } else {
            Ok(())
        }
    }

    fn busy(&self, _asked: &Asked<'_>) -> Found {
        refused("error_rate_limit", "Too many requests. You have reached the rate limit. Please try again later.")
    }

    fn unwell(&self) -> Found {
        refused("error_server", "Something wrong. Please try later.")
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        let word = |name: &str| given(asked.pairs, name);
        match (asked.method.as_str(), asked.path) {
            ("GET", "/api/v2/order/get_order_list") => orders::list(book, word, asked.now_ms),
            ("GET", "/api/v2/order/get_order_detail") => orders::detail(book, word),
            _ => refused("error_param", "This API is currently offline or the request path is incorrect."),
        }
    }
}

fn refused(error: &str, message: &str) -> Found {
    Found::new(StatusCode::OK, json!({ "error": error, "message": message, "request_id": "sh-0" }))
}

fn told(response: serde_json::Value) -> Found {
    Found::new(StatusCode::OK, json!({ "error": "", "message": "", "request_id": "sh-0", "response": response }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_something_in_it_is_none() {
        assert!(Shopee.is_heard(200, b"") && Shopee.is_heard(204, b""));
        assert!(!Shopee.is_heard(200, b"{}") && !Shopee.is_heard(302, b""));
        let pauses: Vec<u64> = (1..).map_while(|tries| Shopee.pause(tries)).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [300, 1_800, 10_800]);
    }
}
