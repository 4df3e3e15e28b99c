//! Kuaishou shop: every push is thin and sealed.
//!
//! Known or documented (see the heads of Weir's own adapter and listing): the sealing, the messages, the answer `{"result":1}` within 3 s
//! and the retries after 5, 10, 20, 30 and 60 minutes; the signature of requests, both methods, their bounds, and errors within an
//! answer of status 200. Assumed: nothing falls silent; a cursor is a place in time and keeps it; bounds are inclusive; the code of a
//! wrong signature; 10 requests a second with 50 at once, as no limit is told. A real order has one item, and parts for its gifts: here
//! each further line is such a part, with a price, and a list tells of some orders' parts no more than their ids. Nobody can edit an order of
//! Kuaishou: an edit stands for whatever changes an order, and is told as another price.

mod body;
mod search;

use crate::api::bucket::Bucket;
use crate::api::{Asked, Found, given};
use crate::platform::{Example, Platform, Push, Telling};
use crate::truth::{Book, Step};
use crate::world::Habits;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use weir_channels::kuaishou as channel;

const PAUSES_MIN: [u64; 5] = [5, 10, 20, 30, 60];

const SUCCESS: i64 = 1;
const BUSY: i64 = 21;
const WRONG_TOKEN: i64 = 24;
const WRONG_SIGN: i64 = 22;
const UNWELL: i64 = 2;
const NO_METHOD: i64 = 15;

pub struct Kuaishou;

impl Platform for Kuaishou {
    fn name(&self) -> &'static str {
        "kuaishou"
    }

    /// The message key in base64; the application's key, its secret for signatures, and the access token.
    fn example(&self) -> Example {
        Example { secret: "aHVzaC1odXNoLWh1c2gtaA==", credential: "ks7:sign-secret:access-token" }
    }

    fn currency(&self) -> &'static str {
        "CNY"
    }

    /// Beyond what a float can hold.
    fn first_number(&self) -> u64 {
        9_100_000_000_000_000
    }

    fn topic(&self, step: Step) -> &'static str {
        body::event(step)
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let message = body::message(telling).to_string();
        // A secret that is no key opens nothing either: the door refuses what is empty.
        let sealed = channel::seal(telling.shop.secret.as_bytes(), message.as_bytes()).unwrap_or_default();
        Push { headers: vec![("content-type", "text/plain".to_owned())], body: sealed.into_bytes() }
    }

    fn is_heard(&self, status: u16, body: &[u8]) -> bool {
        let answer = serde_json::from_slice(body).unwrap_or(Value::Null);
        status == 200 && answer["result"] == SUCCESS
    }

    fn pause(&self, tries: u32) -> Option<Duration> {
        let index = usize::try_from(tries).ok()?.checked_sub(1)?;
        PAUSES_MIN.get(index).map(|minutes| Duration::from_secs(60 * minutes))
    }

    fn limit(&self, _habits: &Habits) -> Option<Bucket> {
        Some(Bucket::new(50.0, 10.0))
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        let mut parts = asked.shop.credential.splitn(3, ':');
        let mut part = || parts.next().unwrap_or_default();
        let (app_key, sign_secret, token) = (part(), part(), part());
        let is = |name: &str, wanted: &str| given(asked.pairs, name) == Some(wanted);
        if !is("access_token", token) || !is("appkey", app_key) {
            return Err(refused(WRONG_TOKEN, "access_token无效"));
        }
        match is("signMethod", "HMAC_SHA256") && is("sign", &search::signature(asked.pairs, sign_secret)) {
            true => Ok(()),
            false => Err(refused(WRONG_SIGN, "sign无效")),
        }
    }

    fn busy(&self, _asked: &Asked<'_>) -> Found {
        refused(BUSY, "请求过于频繁")
    }

    fn unwell(&self) -> Found {
        refused(UNWELL, "服务繁忙")
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        let param: Value = serde_json::from_str(given(asked.pairs, "param").unwrap_or("{}")).unwrap_or(Value::Null);
        let method = asked.path.trim_start_matches('/').replace('/', ".");
        match method.as_str() {
            _ if asked.method != "GET" || given(asked.pairs, "method") != Some(&method) => {
                refused(NO_METHOD, "method无效")
            }
            "open.order.cursor.list" => search::list(book, &param, asked.now_ms),
            "open.order.detail" => {
                let order = param["oid"].as_u64().and_then(|id| book.get(id));
                told(order.map_or(Value::Null, |order| body::detail(order)))
            }
            _ => refused(NO_METHOD, "method无效"),
        }
    }
}

fn told(data: Value) -> Found {
    Found::new(StatusCode::OK, json!({ "result": SUCCESS, "error_msg": "SUCCESS", "data": data, "requestId": "ks-0" }))
}

fn refused(code: i64, message: &str) -> Found {
    Found::new(
        StatusCode::OK,
        json!({ "result": code, "code": code.to_string(), "error_msg": message, "requestId": "ks-0" }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_result_is_none() {
        assert!(Kuaishou.is_heard(200, br#"{"result":1}"#));
        assert!(!Kuaishou.is_heard(200, b"{}") && !Kuaishou.is_heard(200, br#"{"result":0}"#));
        assert!(!Kuaishou.is_heard(202, br#"{"result":1}"#));
        let minutes = (1..).map_while(|tries| Kuaishou.pause(tries)).map(|pause| pause.as_secs() / 60);
        assert_eq!(minutes.collect::<Vec<_>>(), PAUSES_MIN);
    }
}
