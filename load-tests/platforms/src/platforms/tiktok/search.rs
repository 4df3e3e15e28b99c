//! Orders by the time of their placing or of their last change, and by id.

use super::{INVALID, body, no, told};
use crate::api::{Asked, Found, given, ids};
use crate::truth::{Book, Order};
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;

const PAGE_SIZE_MAX: usize = 100;
const IDS_MAX: usize = 50;

/// In the query is how the page is made, in the body of which orders.
struct Search {
    size: usize,
    skipped: usize,
    by_update: bool,
    descending: bool,
    created: Range<i64>,
    updated: Range<i64>,
}

/// Answers a search. An order has the place that the index knows, and shows itself as it is by now.
pub fn list(book: &Book, asked: &Asked<'_>) -> Found {
    let Some(search) = Search::read(asked) else {
        return no(INVALID, "Invalid parameter.");
    };
    let rows = search.rows(book, asked.now_ms);
    let shown: Vec<Value> = rows
        .iter()
        .skip(search.skipped)
        .take(search.size)
        .filter_map(|row| book.get(row.id))
        .map(|order| body::whole(order))
        .collect();
    let end = search.skipped + shown.len();
    let token = if end < rows.len() { token(end) } else { String::new() };
    told(json!({ "orders": shown, "next_page_token": token, "total_count": rows.len() }))
}

pub fn named(book: &Book, asked: &Asked<'_>) -> Found {
    match given(asked.pairs, "ids").and_then(ids) {
        Some(ids) if ids.len() <= IDS_MAX => {
            let orders: Vec<Value> =
                ids.into_iter().filter_map(|id| book.get(id)).map(|order| body::whole(order)).collect();
            told(json!({ "orders": orders }))
        }
        _ => no(INVALID, "Invalid parameter. `ids` should have 1 to 50 of them."),
    }
}

/// Opaque to whoever asks, with letters that an address must quote.
fn token(skipped: usize) -> String {
    format!("p+{skipped}/==")
}

fn skipped(token: &str) -> Option<usize> {
    token.strip_prefix("p+")?.strip_suffix("/==")?.parse().ok()
}

impl Search {
    fn read(asked: &Asked<'_>) -> Option<Search> {
        let filter: Value = serde_json::from_slice(asked.body).ok()?;
        let word = |name: &str| given(asked.pairs, name);
        let bound = |name: &str, default: i64| match &filter[name] {
            Value::Null => Some(default),
            bound => bound.as_i64(),
        };
        Some(Search {
            size: word("page_size")?.parse().ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size))?,
            skipped: word("page_token").map_or(Some(0), skipped)?,
            by_update: match word("sort_field").unwrap_or("create_time") {
                "update_time" => true,
                "create_time" => false,
                _ => return None,
            },
            descending: word("sort_order") != Some("ASC"),
            created: bound("create_time_ge", 0)?..bound("create_time_lt", i64::MAX)?,
            updated: bound("update_time_ge", 0)?..bound("update_time_lt", i64::MAX)?,
        })
    }

    fn rows<'a>(&self, book: &'a Book, now_ms: i64) -> Vec<&'a Arc<Order>> {
        let found =
            |order: &&Arc<Order>| self.created.contains(&order.created_s) && self.updated.contains(&order.updated_s);
        let mut rows: Vec<&Arc<Order>> = book.listed(now_ms).filter(found).collect();
        rows.sort_unstable_by_key(|order| (if self.by_update { order.updated_s } else { order.created_s }, order.id));
        if self.descending {
            rows.reverse();
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Pairs;
    use crate::shop::all;
    use crate::truth::Step;
    use crate::truth::tests::order;
    use axum::http::{HeaderMap, Method};

    /// Ids and times on the page, and its token; nothing where it is refused.
    fn page(book: &Book, query: &[(&str, &str)], filter: &str, now_ms: i64) -> Option<(Vec<(String, i64)>, String)> {
        let shops = all("acme");
        let shop = shops.iter().find(|shop| shop.platform.name() == "tiktok").expect("it is registered");
        let pairs: Pairs = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let asked = Asked {
            shop,
            method: &Method::POST,
            path: "/order/202309/orders/search",
            pairs: &pairs,
            headers: &HeaderMap::new(),
            body: filter.as_bytes(),
            root: "",
            now_ms,
            level: String::new(),
        };
        let found: Value = serde_json::from_str(&list(book, &asked).body).expect("JSON");
        let orders = found["data"]["orders"].as_array()?;
        let told = |order: &Value| Some((order["id"].as_str()?.to_owned(), order["update_time"].as_i64()?));
        Some((orders.iter().filter_map(told).collect(), found["data"]["next_page_token"].as_str()?.to_owned()))
    }

    fn book() -> Book {
        let mut book = Book::default();
        for n in 1..=4 {
            book.place(order(n, 1_000 + i64::try_from(n).expect("few")), 0);
        }
        book
    }

    const OLDEST: [(&str, &str); 3] = [("page_size", "2"), ("sort_field", "update_time"), ("sort_order", "ASC")];

    #[test]
    fn pages_follow_their_tokens() {
        let book = book();
        let ids = |query: &[(&str, &str)], filter: &str| {
            let (orders, token) = page(&book, query, filter, i64::MAX).expect("a page");
            (orders.into_iter().map(|(id, _)| id).collect::<Vec<_>>().join(","), token)
        };
        let (first, token) = ids(&OLDEST, r#"{"update_time_ge":1002}"#);
        assert_eq!(first, "2,3");
        let next = [&OLDEST[..], &[("page_token", token.as_str())]].concat();
        assert_eq!(ids(&next, r#"{"update_time_ge":1002}"#), ("4".to_owned(), String::new()));
        assert_eq!(ids(&OLDEST, r#"{"create_time_ge":1001,"create_time_lt":1002}"#), ("1".to_owned(), String::new()));
        assert_eq!(ids(&[("page_size", "100")], "{}").0, "4,3,2,1", "the newest placed first, unless told otherwise");
    }

    #[test]
    fn an_order_shows_its_new_time_in_its_old_place() {
        let mut book = book();
        book.change(1, Step::Paid, 9_000_000, 9_500_000).expect("known");
        let (orders, _) = page(&book, &OLDEST, "{}", 9_100_000).expect("a page");
        assert_eq!(orders, [("1".to_owned(), 9_000), ("2".to_owned(), 1_002)]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let book = book();
        for (name, value) in [("page_size", "101"), ("page_size", "0"), ("sort_field", "id"), ("page_token", "p+x/==")]
        {
            let query: Vec<(&str, &str)> =
                OLDEST.into_iter().filter(|(known, _)| *known != name).chain([(name, value)]).collect();
            assert!(page(&book, &query, "{}", i64::MAX).is_none(), "{name} {value}");
        }
        assert!(page(&book, &OLDEST[1..], "{}", i64::MAX).is_none(), "without a size");
        for filter in ["", r#"{"update_time_ge":"1"}"#] {
            assert!(page(&book, &OLDEST, filter, i64::MAX).is_none(), "{filter}");
        }
    }
}
