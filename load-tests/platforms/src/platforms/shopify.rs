//! Shopify: whole orders are pushed and listed.
//!
//! Known (its changelog of September 2024 and its webhook troubleshooting page): a push fails unless it is answered with 2xx
//! within 5 s; it is tried again 8 times over 4 h, ever more slowly, with the original payload; where failures persist the
//! subscription is removed. Assumed: the pauses double, and there are 8 of them after the first try, so that the first is 4 h / 255;
//! no spread is put on them; `Retry-After` is not looked at; a subscription is removed as soon as one push has failed in all its
//! tries; what was under way by then goes on.

mod body;
mod list;

use crate::api::bucket::Bucket;
use crate::api::{Asked, Found};
use crate::platform::{Example, Platform, Push, Telling};
use crate::truth::{Book, Step};
use crate::world::Habits;
use axum::http::StatusCode;
use serde_json::json;
use std::time::Duration;

const RETRIES: u32 = 8;
const SPAN: Duration = Duration::from_secs(4 * 3600);
/// Its API's bucket, known from its documentation of rate limits.
const DEPTH: f64 = 40.0;

pub struct Shopify;

impl Platform for Shopify {
    fn name(&self) -> &'static str {
        "shopify"
    }

    fn example(&self) -> Example {
        Example { secret: "hush-hush-hush", credential: "tok" }
    }

    fn first_number(&self) -> u64 {
        6_000_000_000_000
    }

    fn topic(&self, step: Step) -> &'static str {
        body::topic(step)
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let body = body::order(telling.order).to_string().into_bytes();
        Push { headers: body::headers(telling.shop, body::topic(telling.step), telling.delivery, &body), body }
    }

    fn pause(&self, tries: u32) -> Option<Duration> {
        let first = SPAN / (2_u32.pow(RETRIES) - 1);
        (tries <= RETRIES).then(|| first * 2_u32.pow(tries.saturating_sub(1)))
    }

    fn silences(&self, _failures: u32, given_up: bool) -> bool {
        given_up
    }

    fn limit(&self, habits: &Habits) -> Option<Bucket> {
        Some(Bucket::new(DEPTH, habits.shopify_per_s))
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        match asked.header("x-shopify-access-token") == asked.shop.credential {
            true => Ok(()),
            false => Err(Found::new(
                StatusCode::UNAUTHORIZED,
                json!({ "errors": "The access token is missing or not this shop's" }),
            )),
        }
    }

    fn busy(&self, asked: &Asked<'_>) -> Found {
        let errors = json!({ "errors": "Too many calls for this api client: wait before the next one" });
        let refusal = Found::new(StatusCode::TOO_MANY_REQUESTS, errors).with("retry-after", "2.0".to_owned());
        refusal.with("x-shopify-shop-api-call-limit", asked.level.clone())
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        let version = asked.path.strip_prefix("/admin/api/").and_then(|path| path.strip_suffix("/orders.json"));
        if asked.method != "GET" || version.is_none_or(|version| version.contains('/')) {
            return Found::new(StatusCode::NOT_FOUND, json!({ "errors": "Not Found" }));
        }
        let at = format!("{}{}", asked.root, asked.path);
        let found = list::list(book, asked.pairs, &at, asked.now_ms);
        found.with("x-shopify-shop-api-call-limit", asked.level.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::{Hooks, Next, Policy};

    #[test]
    fn shopify_tries_eight_times_more_over_four_hours() {
        let policy = Policy::new(&Shopify, 1.0);
        let mut pauses = Vec::new();
        while let Next::Again(pause) = policy.next(u32::try_from(pauses.len()).expect("few") + 1, Some((503, b""))) {
            pauses.push(pause);
        }
        assert_eq!(pauses.len(), 8);
        assert!(pauses.windows(2).all(|pair| pair[1] == pair[0] * 2));
        let all = pauses.iter().sum::<Duration>();
        assert!(all.abs_diff(SPAN) < Duration::from_millis(1), "{all:?}");
        let quicker = Policy::new(&Shopify, 60.0).next(1, None);
        assert_eq!(quicker, Next::Again(pauses[0].div_f64(60.0)));
        assert_eq!(policy.next(9, None), Next::GivenUp);
        assert_eq!(policy.next(3, Some((204, b""))), Next::Acknowledged);
        assert!(matches!(policy.next(1, Some((302, b""))), Next::Again(_)));
    }

    #[test]
    fn shopify_removes_a_subscription_when_a_push_has_failed_for_good() {
        let mut hooks = Hooks::new(&Shopify);
        (0..100).for_each(|_| hooks.answered("orders/create", Next::Again(Duration::ZERO)));
        assert!(hooks.tells("orders/create"), "a spell that the retries outlast does no harm");
        hooks.answered("orders/create", Next::GivenUp);
        assert_eq!(hooks.disabled().collect::<Vec<_>>(), ["orders/create"]);
    }
}
