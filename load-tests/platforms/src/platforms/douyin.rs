//! Douyin shop (抖店): every push is a list of thin messages, and whole orders are had over the API alone.
//!
//! Known (Douyin's own SDKs, and receivers and callers that were published): the list and its MD5; tags and fields of the messages; the
//! answer that it wants; `order.searchList` and `order.orderDetail` as they are asked here, their signature over the parameters in
//! order, the token in the query; codes within an answer of status 200; pages from 0, of 100 orders at most. Assumed: a push is tried
//! again 5 times, 10 s and then twice as long each, and nothing falls silent; one event makes a list of one message, where the real one
//! may tell of several at once; bounds are inclusive; a call is good for ten minutes; 20 calls at once and 10 a second, as no limit is
//! told for orders; what is said of an order that is not there. Nobody can edit an order of Douyin's: an edit here is told as a new price.

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
use weir_channels::douyin as channel;

const RETRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// How old a call may be, in seconds.
const CALL_GOOD_S: i64 = 600;

pub struct Douyin;

impl Platform for Douyin {
    fn name(&self) -> &'static str {
        "douyin"
    }

    fn example(&self) -> Example {
        Example {
            secret: "7001234567890123456:hush-hush-hush",
            credential: "7001234567890123456:hush-hush-hush:access-token",
        }
    }

    fn currency(&self) -> &'static str {
        "CNY"
    }

    /// Beyond 2^53.
    fn first_number(&self) -> u64 {
        691_734_000_000_000_000
    }

    fn topic(&self, step: Step) -> &'static str {
        body::tag(step)
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let (app_key, app_secret) = telling.shop.secret.split_once(':').unwrap_or_default();
        let body = json!([body::message(telling)]).to_string().into_bytes();
        let signature = channel::sign(app_key.as_bytes(), app_secret.as_bytes(), &body);
        Push { headers: vec![(channel::APP, app_key.to_owned()), (channel::SIGNATURE, signature)], body }
    }

    fn is_heard(&self, status: u16, body: &[u8]) -> bool {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        status == 200 && told["code"] == 0
    }

    fn pause(&self, tries: u32) -> Option<Duration> {
        (tries <= RETRIES).then(|| FIRST_PAUSE * 2_u32.pow(tries.saturating_sub(1)))
    }

    fn limit(&self, _habits: &Habits) -> Option<Bucket> {
        Some(Bucket::new(20.0, 10.0))
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        let mut parts = asked.shop.credential.splitn(3, ':');
        let mut part = || parts.next().unwrap_or_default();
        let (app_key, app_secret, token) = (part(), part(), part());
        let word = |name: &str| given(asked.pairs, name).unwrap_or_default();
        let (method, timestamp) = (word("method"), word("timestamp"));
        let param_json = String::from_utf8_lossy(asked.body);
        let age_s = timestamp.parse::<i64>().map(|at_s| asked.now_ms.div_euclid(1000).saturating_sub(at_s));
        let is_signed = word("sign") == channel::sign_call(app_key, app_secret, method, &param_json, timestamp);
        let is_call = method.replace('.', "/") == asked.path.trim_start_matches('/');
        match () {
            () if word("app_key") != app_key => Err(no(40_003, "isv.app-id-invalid", "认证失败")),
            () if word("access_token").is_empty() => Err(no(40_001, "isv.access-token-missing", "认证失败")),
            () if word("access_token") != token => Err(no(40_003, "isv.access-token-no-existed", "access_token不存在")),
            () if !age_s.is_ok_and(|age_s| age_s.abs() <= CALL_GOOD_S) => {
                Err(no(40_003, "isv.timestamp-invalid", "时间戳不合法"))
            }
            () if word("v") != "2" || word("sign_method") != "hmac-sha256" || !is_signed || !is_call => {
                Err(no(40_003, "isv.signature-invalid", "签名校验失败"))
            }
            () => Ok(()),
        }
    }

    fn busy(&self, _asked: &Asked<'_>) -> Found {
        no(60_000, "isv.flow-limit", "触发限流，请稍后重试")
    }

    fn unwell(&self) -> Found {
        no(20_000, "dop.service-error", "服务不可用")
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        let Ok(Value::Object(params)) = serde_json::from_slice(asked.body) else {
            return no(40_003, "isv.parameter-format-invalid", "业务参数json解析失败");
        };
        match asked.path {
            _ if asked.method != "POST" => no(70_000, "isp.api-service-off", "API不存在或API已下线"),
            "/order/searchList" => search::list(book, &params, asked.now_ms),
            "/order/orderDetail" => {
                let id = params.get("shop_order_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
                match id.and_then(|id| book.get(id)) {
                    Some(order) => told(json!({ "shop_order_detail": body::whole(order) })),
                    None => no(50_002, "isv.business-failed:4001", "订单不存在"),
                }
            }
            _ => no(70_000, "isp.api-service-off", "API不存在或API已下线"),
        }
    }
}

fn told(data: Value) -> Found {
    let body = json!({ "code": 10_000, "msg": "success", "sub_code": "", "sub_msg": "", "data": data, "log_id": "0" });
    Found::new(StatusCode::OK, body)
}

fn no(code: i64, sub_code: &str, words: &str) -> Found {
    let body =
        json!({ "code": code, "msg": words, "sub_code": sub_code, "sub_msg": words, "data": null, "log_id": "0" });
    Found::new(StatusCode::OK, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_0_is_heard() {
        assert!(Douyin.is_heard(200, br#"{"code":0,"msg":"success"}"#));
        for (status, body) in
            [(200, "{}"), (200, r#"{"code":1,"msg":"fail"}"#), (200, "success"), (204, r#"{"code":0}"#)]
        {
            assert!(!Douyin.is_heard(status, body.as_bytes()), "{status} {body}");
        }
        let pauses: Vec<u64> = (1..).map_while(|tries| Douyin.pause(tries)).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160]);
    }
}
