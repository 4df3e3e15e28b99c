//! Youzan: new and paid orders are pushed whole; what becomes of them later is told by thin messages.
//!
//! Known (its documentation, and answers that others have published): the signature, the envelope with a URL-encoded message; that an
//! answer must hold "success" within 5 s; `youzan.trades.sold.get` and `youzan.trade.get` as they are asked here, with GET or POST, the
//! token in the query; errors within an answer of status 200, with their codes; 100 orders on a page, 100 pages. Assumed: pushes are
//! tried again 5 times, 3 s and then twice as long each (which is what callers are advised to do), and nothing falls silent; a search
//! shows the newest first (its documentation tells the time it sorts by and not the direction); bounds are inclusive; 10 requests a second with
//! 50 at once, as no limit is told for orders. Nobody can edit an order of Youzan: an edit here stands for whatever changes an order, and
//! is told as a thin note; one event makes one message, where the real one tells of a payment several times.

mod body;
mod search;

use crate::api::bucket::Bucket;
use crate::api::{Asked, Found, given};
use crate::platform::{Example, Platform, Push, Telling};
use crate::truth::{Book, Order, Step};
use crate::world::Habits;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use weir_channels::youzan as channel;

const RETRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(3);

pub struct Youzan;

impl Platform for Youzan {
    fn name(&self) -> &'static str {
        "youzan"
    }

    fn example(&self) -> Example {
        Example { secret: "client-id:hush-hush-hush", credential: "access-token" }
    }

    fn currency(&self) -> &'static str {
        "CNY"
    }

    fn order_id(&self, order: &Order) -> String {
        body::tid(order.id)
    }

    fn topic(&self, step: Step) -> &'static str {
        body::topic(step)
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let (client_id, client_secret) = telling.shop.secret.split_once(':').unwrap_or_default();
        let body = body::message(telling, client_id).to_string().into_bytes();
        let signature = channel::sign(client_id.as_bytes(), client_secret.as_bytes(), &body);
        let headers = vec![
            (channel::SIGNATURE, signature),
            (channel::TYPE, body::topic(telling.step).to_owned()),
            (channel::CLIENT_ID, client_id.to_owned()),
        ];
        Push { headers, body }
    }

    fn is_heard(&self, status: u16, body: &[u8]) -> bool {
        status == 200 && body.windows(7).any(|word| word == b"success")
    }

    fn pause(&self, tries: u32) -> Option<Duration> {
        (tries <= RETRIES).then(|| FIRST_PAUSE * 2_u32.pow(tries.saturating_sub(1)))
    }

    fn limit(&self, _habits: &Habits) -> Option<Bucket> {
        Some(Bucket::new(50.0, 10.0))
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        match given(asked.pairs, "access_token") {
            Some(token) if token == asked.shop.credential => Ok(()),
            Some(_) => Err(gateway(4203, "Token 不存在")),
            None => Err(gateway(4201, "非法的请求凭证")),
        }
    }

    fn busy(&self, _asked: &Asked<'_>) -> Found {
        gateway(4101, "请求太频繁")
    }

    fn unwell(&self) -> Found {
        gateway(5001, "系统异常")
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        let posted = serde_json::from_slice(asked.body).unwrap_or(Value::Null);
        let word = |name: &str| match &posted[name] {
            Value::Null => given(asked.pairs, name).map(str::to_owned),
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        match asked.path {
            "/api/youzan.trades.sold.get/4.0.4" => search::list(book, word, asked.now_ms),
            "/api/youzan.trade.get/4.0.2" => {
                let order = word("tid").and_then(|tid| body::number(&tid)).and_then(|id| book.get(id));
                match order {
                    Some(order) => told(body::whole(order)),
                    None => refused(5000, "trade not found", json!({ "delivery_order": [], "full_order_info": {} })),
                }
            }
            _ => gateway(4005, "非法的API"),
        }
    }
}

fn told(data: Value) -> Found {
    let body = json!({ "trace_id": "yz7-0", "code": 200, "success": true, "message": "successful", "data": data });
    Found::new(StatusCode::OK, body)
}

/// A no of the services.
fn refused(code: i64, message: &str, data: Value) -> Found {
    let body = json!({ "trace_id": "yz7-0", "code": code, "success": false, "message": message, "data": data });
    Found::new(StatusCode::OK, body)
}

/// A no of the gateway before them.
fn gateway(code: i64, message: &str) -> Found {
    let said = json!({ "trace_id": "yz7-0", "err_code": code, "err_msg": message });
    Found::new(StatusCode::OK, json!({ "gw_err_resp": said }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_success_is_none() {
        assert!(Youzan.is_heard(200, br#"{"code":0,"msg":"success"}"#));
        assert!(!Youzan.is_heard(200, b"{}") && !Youzan.is_heard(204, b"success"));
        assert_eq!(
            (1..).map_while(|tries| Youzan.pause(tries)).map(|pause| pause.as_secs()).collect::<Vec<_>>(),
            [3, 6, 12, 24, 48]
        );
    }
}
