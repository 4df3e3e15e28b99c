//! Shopify's list of orders, `GET /admin/api/{version}/orders.json`. Pure but for its JSON.
//!
//! Known (REST Admin API reference): the parameters below; limit 50, at most 250; times inclusive; open orders only unless a status is
//! asked for; with `page_info` nothing but `limit` and `fields` may be given; pages follow the Link header and keep their place. Assumed:
//! a larger limit is taken for 250; what can't be read is 400; a time without offset is UTC; ids are looked up past the index, so without
//! its lag; the newest comes first unless an order is asked for; `fields` is not obeyed.

use super::body;
use crate::api::{Found, Pairs, given, ids};
use crate::truth::{Book, Order};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const LIMIT_MAX: usize = 250;

/// Where an order stands in a listing.
type Key = (i64, u64);

/// What is searched, with or without a place to go on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Search {
    status: Status,
    /// Bounds in ms, inclusive.
    created: (Option<i64>, Option<i64>),
    updated: (Option<i64>, Option<i64>),
    ids: Option<Vec<u64>>,
    by_update: bool,
    descending: bool,
    from: Option<From>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Status {
    Any,
    Open,
    Closed,
    Cancelled,
}

/// Behind this order, or before it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct From {
    key: Key,
    is_back: bool,
}

/// Orders, and the `page_info` of the pages before and behind.
struct Page {
    orders: Vec<Arc<Order>>,
    previous: Option<String>,
    next: Option<String>,
}

/// A parameter and what is wrong with it.
type Wrong = (&'static str, String);

/// Answers a request. `at` is its address without the query.
pub fn list(book: &Book, pairs: &Pairs, at: &str, now_ms: i64) -> Found {
    match read(pairs) {
        Err((name, why)) => Found::new(StatusCode::BAD_REQUEST, json!({ "errors": { name: why } })),
        Ok((search, limit)) => {
            let page = search.page(book, limit, now_ms);
            let orders: Vec<Value> = page.orders.iter().map(|order| body::order(order)).collect();
            let link = |info: Option<String>, rel| {
                info.map(|info| format!("<{at}?limit={limit}&page_info={info}>; rel=\"{rel}\""))
            };
            let links: Vec<String> =
                [link(page.previous, "previous"), link(page.next, "next")].into_iter().flatten().collect();
            let found = Found::new(StatusCode::OK, json!({ "orders": orders }));
            if links.is_empty() { found } else { found.with("link", links.join(", ")) }
        }
    }
}

fn read(pairs: &Pairs) -> Result<(Search, usize), Wrong> {
    let limit: usize = match given(pairs, "limit") {
        None => 50,
        Some(limit) => match limit.parse() {
            Ok(limit @ 1..) => limit,
            _ => return Err(("limit", format!("{limit:?} is no number of orders"))),
        },
    };
    let limit = limit.min(LIMIT_MAX);
    let Some(page_info) = given(pairs, "page_info") else {
        return Ok((Search::read(pairs)?, limit));
    };
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !["page_info", "limit", "fields"].contains(&name.as_str())) {
        return Err(("page_info", format!("{name} cannot be passed when page_info is present")));
    }
    let search = URL_SAFE_NO_PAD.decode(page_info).ok().and_then(|json| serde_json::from_slice(&json).ok());
    Ok((search.ok_or_else(|| ("page_info", "Invalid value.".to_owned()))?, limit))
}

impl Search {
    fn read(pairs: &Pairs) -> Result<Search, Wrong> {
        let time = |name: &'static str| match given(pairs, name) {
            None => Ok(None),
            Some(text) => instant(text).map(Some).ok_or_else(|| (name, format!("{text:?} is no time"))),
        };
        let status = match given(pairs, "status") {
            Some("any") => Status::Any,
            None | Some("open") => Status::Open,
            Some("closed") => Status::Closed,
            Some("cancelled") => Status::Cancelled,
            Some(status) => return Err(("status", format!("{status:?} is none of open, closed, cancelled, any"))),
        };
        let (field, direction) = match given(pairs, "order") {
            None => ("created_at", "desc"),
            Some(order) => order.split_once(' ').unwrap_or((order, "asc")),
        };
        let is_known = ["created_at", "updated_at"].contains(&field) && ["asc", "desc"].contains(&direction.trim());
        if !is_known {
            return Err((
                "order",
                format!("{field:?} {direction:?} is no order: it should be like \"updated_at asc\""),
            ));
        }
        let ids = match given(pairs, "ids") {
            None => None,
            Some(text) => Some(ids(text).ok_or_else(|| ("ids", format!("{text:?} is no list of ids")))?),
        };
        Ok(Search {
            status,
            created: (time("created_at_min")?, time("created_at_max")?),
            updated: (time("updated_at_min")?, time("updated_at_max")?),
            ids,
            by_update: field == "updated_at",
            descending: direction.trim() == "desc",
            from: None,
        })
    }

    fn page(&self, book: &Book, limit: usize, now_ms: i64) -> Page {
        let mut rows: Vec<&Arc<Order>> = match &self.ids {
            Some(ids) => ids.iter().filter_map(|id| book.get(*id)).collect(),
            None => book.listed(now_ms).collect(),
        };
        rows.retain(|order| self.fits(order));
        rows.sort_unstable_by(|one, other| self.compare(self.key(one), self.key(other)));
        rows.dedup_by_key(|order| order.id);
        let (begin, end) = match self.from {
            None => (0, rows.len().min(limit)),
            Some(From { key, is_back: false }) => {
                let begin = rows.partition_point(|order| self.compare(self.key(order), key).is_le());
                (begin, rows.len().min(begin + limit))
            }
            Some(From { key, is_back: true }) => {
                let end = rows.partition_point(|order| self.compare(self.key(order), key).is_lt());
                (end.saturating_sub(limit), end)
            }
        };
        let info = |order: Option<&&Arc<Order>>, is_back| {
            let from = Some(From { key: self.key(order?), is_back });
            let json = serde_json::to_vec(&Search { from, ..self.clone() }).ok()?;
            Some(URL_SAFE_NO_PAD.encode(json))
        };
        let shown = &rows[begin..end];
        Page {
            previous: if begin > 0 { info(shown.first(), true) } else { None },
            next: if end < rows.len() { info(shown.last(), false) } else { None },
            orders: shown.iter().map(|order| Arc::clone(order)).collect(),
        }
    }

    fn fits(&self, order: &Order) -> bool {
        let within = |at_s: i64, (min, max): (Option<i64>, Option<i64>)| {
            min.is_none_or(|min| min <= at_s * 1000) && max.is_none_or(|max| at_s * 1000 <= max)
        };
        let is_cancelled = order.cancelled_s.is_some();
        let has_status = match self.status {
            Status::Any => true,
            Status::Open => !is_cancelled,
            Status::Cancelled => is_cancelled,
            // Nobody here closes an order.
            Status::Closed => false,
        };
        has_status && within(order.created_s, self.created) && within(order.updated_s, self.updated)
    }

    fn key(&self, order: &Order) -> Key {
        (if self.by_update { order.updated_s } else { order.created_s }, order.id)
    }

    fn compare(&self, one: Key, other: Key) -> std::cmp::Ordering {
        if self.descending { other.cmp(&one) } else { one.cmp(&other) }
    }
}

/// In ms.
fn instant(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| {
        let plain = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        Some(PrimitiveDateTime::parse(text, plain).ok()?.assume_utc())
    })?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
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

    fn pairs(query: &[(&str, &str)]) -> Pairs {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn page(book: &Book, query: &[(&str, &str)]) -> Page {
        let (search, limit) = read(&pairs(query)).expect("a search");
        search.page(book, limit, i64::MAX)
    }

    fn shown(page: &Page) -> Vec<u64> {
        page.orders.iter().map(|order| order.id).collect()
    }

    #[test]
    fn a_walk_over_all_pages_sees_every_order_once_and_back_again() {
        let book = book(1_003);
        for order in ["updated_at asc", "created_at asc", "updated_at desc"] {
            let (mut seen, mut back) = (Vec::new(), Vec::new());
            let mut now = page(&book, &[("status", "any"), ("limit", "50"), ("order", order)]);
            assert!(now.previous.is_none(), "the first page has none before it");
            let last = loop {
                seen.extend(shown(&now));
                match &now.next {
                    Some(next) => now = page(&book, &[("limit", "50"), ("page_info", next)]),
                    None => break now,
                }
            };
            let mut wanted: Vec<u64> = (0..1_003).collect();
            if order == "updated_at desc" {
                wanted.reverse();
            }
            assert_eq!(seen, wanted, "{order}");
            let mut now = last;
            while let Some(previous) = &now.previous {
                now = page(&book, &[("limit", "50"), ("page_info", previous)]);
                back.splice(0..0, shown(&now));
            }
            assert_eq!(back, wanted[..1_000], "{order}");
        }
    }

    #[test]
    fn what_changes_during_a_walk_is_seen_again_and_nothing_is_passed_over() {
        let mut book = book(200);
        let first = page(&book, &[("limit", "100"), ("order", "updated_at asc")]);
        book.change(5, Step::Paid, 5_000_000, 0).expect("known");
        let next = first.next.as_deref().expect("a second page");
        let second = page(&book, &[("limit", "250"), ("page_info", next)]);
        let wanted: Vec<u64> = (100..200).chain([5]).collect();
        assert_eq!(shown(&second), wanted);
    }

    #[test]
    fn bounds_are_inclusive() {
        let book = book(9);
        let of = |query: &[(&str, &str)]| {
            let mut query = query.to_vec();
            query.push(("order", "updated_at asc"));
            shown(&page(&book, &query))
        };
        let (second, third) = ("1970-01-01T00:16:41Z", "1970-01-01T01:16:42+01:00");
        assert_eq!(of(&[("updated_at_min", second)]), [3, 4, 5, 6, 7, 8]);
        assert_eq!(of(&[("updated_at_max", second)]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(of(&[("created_at_min", second), ("created_at_max", third)]), [3, 4, 5, 6, 7, 8]);
        assert_eq!(of(&[("updated_at_min", "1970-01-01T00:16:41.001Z")]), [6, 7, 8]);
    }

    #[test]
    fn without_a_status_only_open_orders_are_listed() {
        let mut book = book(4);
        book.change(2, Step::Cancelled, 2_000_000, 0).expect("known");
        let of = |status| shown(&page(&book, &[("status", status), ("order", "created_at asc")]));
        assert_eq!(of("any"), [0, 1, 2, 3]);
        assert_eq!(of("cancelled"), [2]);
        assert_eq!(of("open"), [0, 1, 3]);
        assert_eq!(of("closed"), [] as [u64; 0]);
        assert_eq!(shown(&page(&book, &[])), [3, 1, 0], "newest first");
        assert_eq!(shown(&page(&book, &[("ids", "3,2,9,3"), ("status", "any"), ("order", "created_at asc")])), [2, 3]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let wrong = |query: &[(&str, &str)]| read(&pairs(query)).err().map(|(name, _)| name);
        assert_eq!(wrong(&[("page_info", "abc")]), Some("page_info"));
        assert_eq!(wrong(&[("limit", "0")]), Some("limit"));
        assert_eq!(wrong(&[("order", "total asc")]), Some("order"));
        assert_eq!(wrong(&[("status", "paid")]), Some("status"));
        // The plus of an offset that was not quoted arrives as a space.
        assert_eq!(wrong(&[("updated_at_min", "2026-11-21T14:05:00 01:00")]), Some("updated_at_min"));
        assert_eq!(wrong(&[("ids", "1,x")]), Some("ids"));
        let next = page(&book(60), &[]).next.expect("another page");
        assert_eq!(wrong(&[("page_info", &next), ("limit", "10"), ("fields", "id")]), None);
        assert_eq!(wrong(&[("page_info", &next), ("status", "any")]), Some("page_info"));
        assert_eq!(read(&pairs(&[("limit", "1000")])).expect("a search").1, 250);
    }
}
