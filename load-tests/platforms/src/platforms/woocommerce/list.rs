//! WooCommerce's list of orders, `GET /wp-json/wc/v3/orders`. Pure but for its JSON.
//!
//! Known (its REST API v3 reference and source, and WP_Date_Query): the parameters below; 10 on a page, at most 100; newest first; pages
//! are numbers and counted anew with each request; a page behind the last is empty; bounds in time are exclusive and of whole seconds; they
//! are compared with the shop's own clock unless dates_are_gmt is set; a bound that *has* an offset is turned into the shop's own time
//! even then, so that it should be given without; within a second ids decide. Assumed: `include` is looked up past the index, so
//! without its lag.

use super::body;
use crate::api::{Found, Pairs, given, ids};
use crate::texts::ZONE;
use crate::truth::{Book, Order};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const PER_PAGE_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq)]
struct Search {
    per_page: usize,
    page: usize,
    by: By,
    descending: bool,
    /// Exclusive bounds, in seconds of the clock that `are_gmt` names.
    created: (Option<i64>, Option<i64>),
    modified: (Option<i64>, Option<i64>),
    are_gmt: bool,
    include: Option<Vec<u64>>,
    /// Empty: any.
    statuses: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Date,
    Modified,
    Id,
}

struct Page {
    orders: Vec<Arc<Order>>,
    total: usize,
    pages: usize,
}

/// As the platform tells of a fault.
pub fn fault(status: StatusCode, code: &str, message: &str) -> Found {
    Found::new(status, json!({ "code": code, "message": message, "data": { "status": status.as_u16() } }))
}

pub fn list(book: &Book, pairs: &Pairs, now_ms: i64) -> Found {
    match Search::read(pairs) {
        Err(name) => {
            let message = format!("Invalid parameter(s): {name}");
            fault(StatusCode::BAD_REQUEST, "rest_invalid_param", &message)
        }
        Ok(search) => {
            let page = search.page(book, now_ms);
            let orders: Vec<Value> = page.orders.iter().map(|order| body::order(order)).collect();
            Found::new(StatusCode::OK, Value::Array(orders))
                .with("x-wp-total", page.total.to_string())
                .with("x-wp-totalpages", page.pages.to_string())
        }
    }
}

impl Search {
    /// # Errors
    /// The parameter that can't be read.
    fn read(pairs: &Pairs) -> Result<Search, &'static str> {
        let number = |name: &'static str, default: usize, max: usize| match given(pairs, name) {
            None => Ok(default),
            Some(text) => text.parse().ok().filter(|number| (1..=max).contains(number)).ok_or(name),
        };
        let time = |name: &'static str| given(pairs, name).map(|text| wall_clock(text).ok_or(name)).transpose();
        Ok(Search {
            per_page: number("per_page", 10, PER_PAGE_MAX)?,
            page: number("page", 1, usize::MAX)?,
            by: match given(pairs, "orderby") {
                None | Some("date") => By::Date,
                Some("modified") => By::Modified,
                Some("id") => By::Id,
                Some(_) => return Err("orderby"),
            },
            descending: match given(pairs, "order") {
                None | Some("desc") => true,
                Some("asc") => false,
                Some(_) => return Err("order"),
            },
            created: (time("after")?, time("before")?),
            modified: (time("modified_after")?, time("modified_before")?),
            are_gmt: matches!(given(pairs, "dates_are_gmt"), Some("true" | "1")),
            include: given(pairs, "include").map(|text| ids(text).ok_or("include")).transpose()?,
            statuses: statuses(given(pairs, "status").unwrap_or("any"))?,
        })
    }

    fn page(&self, book: &Book, now_ms: i64) -> Page {
        let mut rows: Vec<&Arc<Order>> = match &self.include {
            Some(ids) => ids.iter().filter_map(|id| book.get(*id)).collect(),
            None => book.listed(now_ms).collect(),
        };
        rows.retain(|order| self.fits(order));
        rows.sort_unstable_by_key(|order| {
            let at_s = match self.by {
                By::Date => order.created_s,
                By::Modified => order.updated_s,
                By::Id => 0,
            };
            (at_s, order.id)
        });
        rows.dedup_by_key(|order| order.id);
        if self.descending {
            rows.reverse();
        }
        let shown = rows.iter().skip(self.per_page.saturating_mul(self.page - 1)).take(self.per_page);
        Page {
            orders: shown.map(|order| Arc::clone(order)).collect(),
            total: rows.len(),
            pages: rows.len().div_ceil(self.per_page),
        }
    }

    fn fits(&self, order: &Order) -> bool {
        let ahead_s = if self.are_gmt { 0 } else { i64::from(ZONE.whole_seconds()) };
        let within = |at_s: i64, (after, before): (Option<i64>, Option<i64>)| {
            after.is_none_or(|after| after < at_s + ahead_s) && before.is_none_or(|before| at_s + ahead_s < before)
        };
        let status = body::status(order);
        let has_status = self.statuses.is_empty() || self.statuses.iter().any(|wanted| wanted == status);
        has_status && within(order.created_s, self.created) && within(order.updated_s, self.modified)
    }
}

fn statuses(text: &str) -> Result<Vec<String>, &'static str> {
    const KNOWN: [&str; 8] =
        ["any", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"];
    let wanted: Vec<String> = text.split(',').map(str::to_owned).collect();
    if wanted.iter().any(|status| !KNOWN.contains(&status.as_str())) {
        return Err("status");
    }
    Ok(if wanted.iter().any(|status| status == "any") { Vec::new() } else { wanted })
}

/// What a clock shows, in seconds: as it is written, or with an offset on the clock of the shop.
fn wall_clock(text: &str) -> Option<i64> {
    let plain = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    match PrimitiveDateTime::parse(text, plain) {
        Ok(time) => Some(time.assume_utc().unix_timestamp()),
        Err(_) => {
            let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
            Some(time.unix_timestamp() + i64::from(ZONE.whole_seconds()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::Step;
    use crate::truth::tests::order;

    /// Orders 0.., three in each second from 1,000 on.
    fn book(orders: u64) -> Book {
        let mut book = Book::default();
        for id in 0..orders {
            book.place(order(id, 1_000 + i64::try_from(id / 3).expect("few")), 0);
        }
        book
    }

    fn search(query: &str) -> Result<Search, &'static str> {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Search::read(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn page(book: &Book, query: &str) -> Page {
        search(query).expect("a search").page(book, i64::MAX)
    }

    fn shown(book: &Book, query: &str) -> Vec<u64> {
        page(book, query).orders.iter().map(|order| order.id).collect()
    }

    #[test]
    fn a_walk_over_all_pages_sees_every_order_once() {
        let book = book(1_003);
        for by in ["modified", "date", "id"] {
            let query = |n: usize| format!("orderby={by}&order=asc&per_page=100&page={n}");
            let first = page(&book, &query(1));
            assert_eq!((first.total, first.pages), (1_003, 11));
            let seen: Vec<u64> = (1..=first.pages).flat_map(|n| shown(&book, &query(n))).collect();
            assert_eq!(seen, (0..1_003).collect::<Vec<_>>());
            assert!(page(&book, &query(12)).orders.is_empty());
        }
        assert_eq!(shown(&book, ""), (993..1_003).rev().collect::<Vec<_>>(), "ten, the newest first");
    }

    #[test]
    fn pages_shift_when_orders_change() {
        let mut book = book(9);
        let query = |n| format!("orderby=modified&order=asc&per_page=3&page={n}");
        assert_eq!(shown(&book, &query(1)), [0, 1, 2]);
        book.change(1, Step::Paid, 9_000_000, 0).expect("known");
        assert_eq!(shown(&book, &query(2)), [4, 5, 6], "order 3 has moved onto the page that was read");
    }

    #[test]
    fn bounds_are_exclusive_and_the_clock_is_the_shops() {
        let book = book(12);
        let of = |query: &str| shown(&book, &format!("orderby=id&order=asc&{query}"));
        let gmt = |query: &str| of(&format!("dates_are_gmt=true&{query}"));
        assert_eq!(gmt("modified_after=1970-01-01T00:16:41"), [6, 7, 8, 9, 10, 11]);
        assert_eq!(gmt("modified_before=1970-01-01T00:16:41"), [0, 1, 2]);
        assert_eq!(gmt("after=1970-01-01T00:16:40&before=1970-01-01T00:16:42"), [3, 4, 5]);
        assert_eq!(of("modified_before=1970-01-01T00:16:41"), [] as [u64; 0], "the shop's clock is an hour ahead");
        assert_eq!(of("modified_before=1970-01-01T01:16:41"), [0, 1, 2]);
        assert_eq!(of("modified_before=1970-01-01T00:16:41Z"), [0, 1, 2]);
        assert_eq!(gmt("modified_after=1970-01-01T00:16:41Z"), [] as [u64; 0], "an offset is turned into local time");
    }

    #[test]
    fn what_is_asked_for_is_what_comes() {
        let mut book = book(4);
        book.change(2, Step::Cancelled, 2_000_000, 0).expect("known");
        book.change(3, Step::Paid, 2_000_000, i64::MAX).expect("known");
        let of = |query: &str| search(query).expect("a search").page(&book, 5_000_000);
        let ids = |query: &str| of(query).orders.iter().map(|order| order.id).collect::<Vec<_>>();
        assert_eq!(ids("status=any&order=asc"), [0, 1, 2, 3]);
        assert_eq!(ids("status=cancelled"), [2]);
        assert_eq!(ids("status=cancelled,pending&order=asc"), [0, 1, 2, 3], "the payment is not listed yet");
        assert_eq!(ids("include=3,1,9,3&orderby=id&order=asc"), [1, 3]);
        assert!(of("include=3").orders[0].paid_s.is_some(), "whoever is asked for by id is as it is");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (query, name) in [
            ("per_page=101", "per_page"),
            ("page=0", "page"),
            ("orderby=total", "orderby"),
            ("order=up", "order"),
            ("modified_after=2026-11-21", "modified_after"),
            ("after=2026-11-21T14:05:00 01:00", "after"),
            ("include=a", "include"),
            ("status=paid", "status"),
        ] {
            assert_eq!(search(query).err(), Some(name), "{query}");
        }
    }
}
