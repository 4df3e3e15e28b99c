//! TikTok Shop: notices without orders are pushed; orders are searched for, or asked for by id, over a signed API.
//!
//! Known (its Partner Center): the signatures of notices and requests; the notices' fields; `POST /order/202309/orders/search` and
//! `GET /order/202309/orders` as they are asked here; that an order may show a later time than the place it was found at; the codes of its
//! no's; a time that is at most 5 minutes old or 30 s ahead; notices tried again after 2 and 30 minutes, 3 and 12 hours, if they are not
//! answered with 200 within 3 s. Assumed: nothing falls silent; a no comes with HTTP status 200, the harder case for a caller; a token
//! counts orders, so that it shifts when they change; 10 requests a second with 50 at once, of the 3 to 10 that TikTok advises; ids that it
//! does not know are left out. Nobody can edit an order there: an edit here stands for whatever changes an order, and is told as a
//! change of its status. TikTok's example of prices is in dollars; so are these.

mod body;
mod search;

use crate::api::bucket::Bucket;
use crate::api::{Asked, Found, given};
use crate::platform::{Example, Platform, Push, Telling};
use crate::truth::{Book, Step};
use crate::world::Habits;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use weir_channels::tiktok as channel;

/// In minutes.
const PAUSES: [u64; 4] = [2, 30, 180, 720];
/// How far a request's time may lie behind, and ahead.
const OLD_S: i64 = 300;
const AHEAD_S: i64 = 30;

const INVALID: i64 = 36_009_004;

pub struct TikTok;

/// The parts of "app_key:app_secret:shop_cipher:access_token".
struct Keys<'a> {
    app_key: &'a str,
    app_secret: &'a str,
    shop_cipher: &'a str,
    access_token: &'a str,
}

impl<'a> Keys<'a> {
    fn of(credential: &'a str) -> Keys<'a> {
        let mut parts = credential.splitn(4, ':');
        let mut next = || parts.next().unwrap_or_default();
        Keys { app_key: next(), app_secret: next(), shop_cipher: next(), access_token: next() }
    }
}

impl Platform for TikTok {
    fn name(&self) -> &'static str {
        "tiktok"
    }

    fn example(&self) -> Example {
        Example { secret: "app-key:hush-hush-hush", credential: "app-key:hush-hush-hush:ROW_cipher:access-token" }
    }

    fn currency(&self) -> &'static str {
        "USD"
    }

    /// Beyond what a float can hold.
    fn first_number(&self) -> u64 {
        576_000_000_000_000_000
    }

    fn topic(&self, _step: Step) -> &'static str {
        "ORDER_STATUS_CHANGE"
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let (app_key, app_secret) = telling.shop.secret.split_once(':').unwrap_or_default();
        let body = body::notice(telling).to_string().into_bytes();
        let signature = channel::sign(app_key.as_bytes(), app_secret.as_bytes(), &body);
        Push { headers: vec![(channel::SIGNATURE, signature)], body }
    }

    fn is_heard(&self, status: u16, _body: &[u8]) -> bool {
        status == 200
    }

    fn pause(&self, tries: u32) -> Option<Duration> {
        let place = usize::try_from(tries).ok()?.checked_sub(1)?;
        PAUSES.get(place).map(|minutes| Duration::from_secs(60 * minutes))
    }

    fn limit(&self, _habits: &Habits) -> Option<Bucket> {
        Some(Bucket::new(50.0, 10.0))
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        let keys = Keys::of(&asked.shop.credential);
        let shown = |name: &str| given(asked.pairs, name).unwrap_or_default();
        if shown("app_key") != keys.app_key {
            return Err(no(INVALID, "Invalid credentials. Invalid `app_key` query parameter."));
        }
        let age_s = shown("timestamp").parse::<i64>().map(|at_s| asked.now_ms.div_euclid(1000) - at_s);
        if !age_s.is_ok_and(|age_s| (-AHEAD_S..=OLD_S).contains(&age_s)) {
            return Err(no(INVALID, "Invalid timestamp."));
        }
        if shown("sign") != signature(keys.app_secret, asked) {
            return Err(no(106_001, "Invalid sign."));
        }
        match asked.header("x-tts-access-token") {
            "" => Err(no(INVALID, "Invalid credentials. The `x-tts-access-token` header is invalid.")),
            token if token != keys.access_token => Err(no(105_002, "Expired credentials.")),
            _ if shown("shop_cipher") != keys.shop_cipher => Err(no(106_013, "Invalid shop_cipher.")),
            _ => Ok(()),
        }
    }

    fn busy(&self, _asked: &Asked<'_>) -> Found {
        no(36_009_002, "Too many requests.")
    }

    fn unwell(&self) -> Found {
        no(36_009_003, "Internal error.")
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        match (asked.method, asked.path) {
            (&Method::POST, "/order/202309/orders/search") => search::list(book, asked),
            (&Method::GET, "/order/202309/orders") => search::named(book, asked),
            _ => no(36_009_009, "Invalid path."),
        }
    }
}

/// Over all parameters but the signature itself, in the order of their names.
fn signature(app_secret: &str, asked: &Asked<'_>) -> String {
    let signed = |(name, _): &&(String, String)| !["sign", "access_token"].contains(&name.as_str());
    let mut query: Vec<(&str, String)> =
        asked.pairs.iter().filter(signed).map(|(name, value)| (name.as_str(), value.clone())).collect();
    query.sort();
    channel::sign_request(app_secret, asked.path, &query, &String::from_utf8_lossy(asked.body))
}

fn told(data: Value) -> Found {
    Found::new(StatusCode::OK, json!({ "code": 0, "message": "Success", "request_id": "r-0", "data": data }))
}

fn no(code: i64, message: &str) -> Found {
    Found::new(StatusCode::OK, json!({ "code": code, "message": message, "request_id": "r-0", "data": null }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_tried_five_times_in_all() {
        let pauses: Vec<u64> = (1..).map_while(|tries| TikTok.pause(tries)).map(|pause| pause.as_secs() / 60).collect();
        assert_eq!(pauses, PAUSES);
        assert!(TikTok.is_heard(200, b"") && !TikTok.is_heard(202, b""));
    }
}
