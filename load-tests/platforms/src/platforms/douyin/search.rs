//! `order.searchList`: orders by the time of their placing or of their last change, in either direction.

use super::{body, no, told};
use crate::api::Found;
use crate::truth::{Book, Order};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const PAGE_SIZE_MAX: usize = 100;

/// Inclusive, in seconds.
type Bounds = (i64, i64);

#[derive(Clone, Debug, PartialEq)]
struct Search {
    created: Bounds,
    updated: Bounds,
    by_update: bool,
    ascending: bool,
    page: usize,
    size: usize,
}

pub fn list(book: &Book, params: &Map<String, Value>, now_ms: i64) -> Found {
    match Search::read(params) {
        None => no(40_004, "isv.parameter-invalid", "非法的参数"),
        Some(search) => {
            let rows = search.rows(book, now_ms);
            let shown = rows.iter().skip(search.size.saturating_mul(search.page)).take(search.size);
            let list: Vec<Value> = shown.map(|order| body::whole(order)).collect();
            told(json!({ "page": search.page, "size": search.size, "total": rows.len(), "shop_order_list": list }))
        }
    }
}

impl Search {
    /// Nothing where a parameter is wrong.
    fn read(params: &Map<String, Value>) -> Option<Search> {
        let number = |name: &str, default: i64| params.get(name).map_or(Some(default), Value::as_i64);
        let bounds = |from: &str, until: &str| Some((number(from, 0)?, number(until, i64::MAX)?));
        let by = params.get("order_by").map_or(Some("create_time"), Value::as_str)?;
        Some(Search {
            created: bounds("create_time_start", "create_time_end")?,
            updated: bounds("update_time_start", "update_time_end")?,
            by_update: ["create_time", "update_time"].contains(&by).then_some(by == "update_time")?,
            ascending: params.get("order_asc").map_or(Some(false), Value::as_bool)?,
            page: number("page", 0)?.try_into().ok()?,
            size: number("size", 10)?.try_into().ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size))?,
        })
    }

    fn rows<'a>(&self, book: &'a Book, now_ms: i64) -> Vec<&'a Arc<Order>> {
        let within = |at_s: i64, (from, until): Bounds| (from..=until).contains(&at_s);
        let mut rows: Vec<&Arc<Order>> = book
            .listed(now_ms)
            .filter(|order| within(order.created_s, self.created) && within(order.updated_s, self.updated))
            .collect();
        rows.sort_unstable_by_key(|order| (if self.by_update { order.updated_s } else { order.created_s }, order.id));
        if !self.ascending {
            rows.reverse();
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::Step;
    use crate::truth::tests::order;

    fn ids(book: &Book, params: &Value) -> Option<Vec<u64>> {
        let search = Search::read(params.as_object().expect("an object"))?;
        Some(search.rows(book, i64::MAX).iter().map(|order| order.id).collect())
    }

    #[test]
    fn orders_are_found_by_either_time_and_in_either_direction() {
        let mut book = Book::default();
        for n in 0..4 {
            book.place(order(n, 1_000 + i64::try_from(n).expect("few")), 0);
        }
        book.change(1, Step::Paid, 9_000_000, 0).expect("known");
        let created = json!({ "create_time_start": 1_001, "create_time_end": 1_002 });
        assert_eq!(ids(&book, &created), Some(vec![2, 1]), "the newest first unless asked otherwise");
        let updated = json!({ "update_time_start": 1_001, "order_by": "update_time", "order_asc": true });
        assert_eq!(ids(&book, &updated), Some(vec![2, 3, 1]));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let book = Book::default();
        for wrong in
            [json!({ "size": 101 }), json!({ "size": 0 }), json!({ "page": -1 }), json!({ "order_by": "price" })]
        {
            assert_eq!(ids(&book, &wrong), None, "{wrong}");
        }
        assert_eq!(ids(&book, &json!({ "update_time_start": "2026-11-21" })), None);
    }
}
