//! WooCommerce: whole orders are pushed and listed.
//!
//! Known (`WC_Webhook` in its source): each topic is a webhook of its own; a delivery is made once, by Action Scheduler,
//! and no failed one is made again; 200 to 302 is success, redirects are not followed; failures in a row are counted per webhook and
//! a success sets them to nothing; a disabled webhook takes no further events, and what was queued is still delivered. It disables when
//! there are "more than 5 consecutive failures": by its own counter that is the seventh, by its comment the sixth. Taken here: the
//! sixth, which is the stricter. Its patience is 60 s; taken here: 5 s, which is the stricter too. Assumed: enabling it again sets
//! the counter to nothing.

mod body;
mod list;

use crate::api::{Asked, Found};
use crate::platform::{Example, Platform, Push, Telling};
use crate::truth::{Book, Step};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;

const FAILURES_MAX: u32 = 5;

pub struct WooCommerce;

impl Platform for WooCommerce {
    fn name(&self) -> &'static str {
        "woocommerce"
    }

    fn example(&self) -> Example {
        Example { secret: "hush-hush-hush", credential: "ck:cs" }
    }

    fn topic(&self, step: Step) -> &'static str {
        body::topic(step)
    }

    fn push(&self, telling: &Telling<'_>) -> Push {
        let body = body::order(telling.order).to_string().into_bytes();
        Push { headers: body::headers(telling.shop, body::topic(telling.step), telling.delivery, &body), body }
    }

    fn is_heard(&self, status: u16, _body: &[u8]) -> bool {
        (200..303).contains(&status)
    }

    fn pause(&self, _tries: u32) -> Option<Duration> {
        None
    }

    fn silences(&self, failures: u32, _given_up: bool) -> bool {
        failures > FAILURES_MAX
    }

    fn let_in(&self, asked: &Asked<'_>) -> Result<(), Found> {
        let wanted = format!("Basic {}", STANDARD.encode(&asked.shop.credential));
        match asked.header("authorization") == wanted {
            true => Ok(()),
            false => Err(list::fault(
                StatusCode::UNAUTHORIZED,
                "woocommerce_rest_cannot_view",
                "You may not list these resources",
            )),
        }
    }

    fn answer(&self, asked: &Asked<'_>, book: &Book) -> Found {
        match (asked.method.as_str(), asked.path) {
            ("GET", "/wp-json/wc/v3/orders") => list::list(book, asked.pairs, asked.now_ms),
            _ => list::fault(StatusCode::NOT_FOUND, "rest_no_route", "No such route"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::{Hooks, Next, Policy};

    #[test]
    fn woocommerce_tries_once() {
        let policy = Policy::new(&WooCommerce, 60.0);
        assert_eq!(policy.next(1, Some((200, b""))), Next::Acknowledged);
        assert_eq!(policy.next(1, Some((302, b""))), Next::Acknowledged);
        for status in [303, 429, 500] {
            assert_eq!(policy.next(1, Some((status, b""))), Next::GivenUp);
        }
        assert_eq!(policy.next(1, None), Next::GivenUp);
    }

    #[test]
    fn woocommerce_disables_a_topic_after_more_than_five_failures_in_a_row() {
        let mut hooks = Hooks::new(&WooCommerce);
        (0..5).for_each(|_| hooks.answered("order.created", Next::GivenUp));
        hooks.answered("order.created", Next::Acknowledged);
        (0..5).for_each(|_| hooks.answered("order.created", Next::GivenUp));
        hooks.answered("order.updated", Next::Acknowledged);
        assert!(hooks.tells("order.created"), "an answer between has broken the row");
        assert_eq!((hooks.failures_in_a_row(), hooks.worst_failures_in_a_row()), (5, 5));
        hooks.answered("order.created", Next::GivenUp);
        assert_eq!(hooks.disabled().collect::<Vec<_>>(), ["order.created"]);
        assert!(!hooks.tells("order.created") && hooks.tells("order.updated"));
        hooks.answered("order.created", Next::Acknowledged);
        assert!(!hooks.tells("order.created"), "only a person enables it");
        hooks.enable();
        assert!(hooks.tells("order.created"));
        assert_eq!((hooks.failures_in_a_row(), hooks.worst_failures_in_a_row()), (0, 6));
    }
}
