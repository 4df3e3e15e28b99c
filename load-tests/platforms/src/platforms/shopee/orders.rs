//! `get_order_list` and `get_order_detail`.

use super::body::{self, OPTIONAL};
use super::{refused, told};
use crate::api::Found;
use crate::truth::{Book, Order};
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE_SIZE_MAX: usize = 100;
const SPAN_MAX_S: i64 = 15 * 86_400;
const IDS_MAX: usize = 50;

#[derive(Clone, Debug, PartialEq)]
struct Search {
    by_update: bool,
    from_s: i64,
    until_s: i64,
    size: usize,
    /// So many were told on the pages before.
    cursor: usize,
}

/// Answers a request whose parameters `word` finds.
pub fn list<'w>(book: &Book, word: impl Fn(&str) -> Option<&'w str>, now_ms: i64) -> Found {
    let search = match Search::read(word) {
        Ok(search) => search,
        Err(refusal) => return refusal,
    };
    let rows = search.rows(book, now_ms);
    let end = search.cursor.saturating_add(search.size).min(rows.len());
    let shown = rows.get(search.cursor..end).unwrap_or_default();
    let list: Vec<Value> = shown.iter().map(|order| json!({ "order_sn": body::order_sn(order.id) })).collect();
    let more = end < rows.len();
    let cursor = if more { end.to_string() } else { String::new() };
    told(json!({ "more": more, "next_cursor": cursor, "order_list": list }))
}

impl Search {
    /// # Errors
    /// What whoever asks so is told.
    fn read<'w>(word: impl Fn(&str) -> Option<&'w str>) -> Result<Search, Found> {
        let wrong = |name: &str| refused("error_param", &format!("Wrong parameters, detail: {name}."));
        let time = |name: &str| word(name).and_then(|text| text.parse::<i64>().ok()).ok_or_else(|| wrong(name));
        let (from_s, until_s) = (time("time_from")?, time("time_to")?);
        if until_s <= from_s || until_s - from_s > SPAN_MAX_S {
            let message = "Start time must be earlier than end time and diff in 15days.";
            return Err(refused("order.order_list_invalid_time", message));
        }
        let size =
            word("page_size").and_then(|text| text.parse().ok()).filter(|size| (1..=PAGE_SIZE_MAX).contains(size));
        let cursor = match word("cursor").unwrap_or_default() {
            "" => Some(0),
            count => count.parse().ok(),
        };
        Ok(Search {
            by_update: match word("time_range_field") {
                Some("update_time") => true,
                Some("create_time") => false,
                _ => return Err(wrong("time_range_field")),
            },
            from_s,
            until_s,
            size: size.ok_or_else(|| wrong("page_size"))?,
            cursor: cursor.ok_or_else(|| wrong("cursor"))?,
        })
    }

    fn at_s(&self, order: &Order) -> i64 {
        if self.by_update { order.updated_s } else { order.created_s }
    }

    fn rows<'a>(&self, book: &'a Book, now_ms: i64) -> Vec<&'a Arc<Order>> {
        let span = self.from_s..=self.until_s;
        let mut rows: Vec<&Arc<Order>> = book.listed(now_ms).filter(|order| span.contains(&self.at_s(order))).collect();
        rows.sort_unstable_by_key(|order| (self.at_s(order), order.id));
        rows.reverse();
        rows
    }
}

/// Answers for orders by their ids.
pub fn detail<'w>(book: &Book, word: impl Fn(&str) -> Option<&'w str>) -> Found {
    let ids: Vec<&str> = word("order_sn_list").unwrap_or_default().split(',').collect();
    if ids.len() > IDS_MAX {
        return refused(
            "error_param",
            "Wrong parameters, detail: order_sn_list: the length should be between 1 and 50.",
        );
    }
    let orders: Option<Vec<&Arc<Order>>> = ids.iter().map(|id| book.get(body::number(id)?)).collect();
    let Some(orders) = orders else {
        return refused("error_not_found", "Wrong parameters, detail: the order is not found.");
    };
    let wanted: Vec<&str> = word("response_optional_fields").unwrap_or_default().split(',').collect();
    let list: Vec<Value> = orders.into_iter().map(|order| with_fields(body::whole(order), &wanted)).collect();
    told(json!({ "order_list": list }))
}

/// Without what was not asked for.
fn with_fields(mut order: Value, wanted: &[&str]) -> Value {
    if let Some(fields) = order.as_object_mut() {
        fields.retain(|name, _| !OPTIONAL.contains(&name.as_str()) || wanted.contains(&name.as_str()));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::Step;
    use crate::truth::tests::order;

    const SPAN: [(&str, &str); 3] = [("time_from", "1001"), ("time_to", "1002"), ("page_size", "2")];

    fn found(book: &Book, words: &[(&str, &'static str)]) -> Value {
        let word = |name: &str| words.iter().rev().find(|(known, _)| *known == name).map(|(_, word)| *word);
        let body =
            if words[0].0 == "order_sn_list" { detail(book, word).body } else { list(book, word, i64::MAX).body };
        serde_json::from_str(&body).expect("JSON")
    }

    fn book() -> Book {
        let mut book = Book::default();
        for n in 0..4 {
            book.place(order(n, 1_000 + i64::try_from(n).expect("few")), 0);
        }
        book.change(1, Step::Paid, 9_000_000, 0).expect("known");
        book
    }

    fn asked(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
        SPAN.iter().chain(more).copied().collect()
    }

    #[test]
    fn orders_are_found_by_either_time_and_page_by_page() {
        let ids = |words: &[(&'static str, &'static str)]| {
            let found = found(&book(), &asked(words));
            let list = found["response"]["order_list"].as_array().expect("a list").clone();
            let ids: Vec<u64> = list
                .iter()
                .map(|row| body::number(row["order_sn"].as_str().expect("a text")).expect("an id"))
                .collect();
            (ids, found["response"]["more"].clone(), found["response"]["next_cursor"].clone())
        };
        assert_eq!(ids(&[("time_range_field", "create_time")]), (vec![2, 1], json!(false), json!("")));
        assert_eq!(ids(&[("time_range_field", "update_time")]), (vec![2], json!(false), json!("")));
        let small = [("time_range_field", "create_time"), ("page_size", "1")];
        assert_eq!(ids(&small), (vec![2], json!(true), json!("1")));
        assert_eq!(ids(&[small[0], small[1], ("cursor", "1")]), (vec![1], json!(false), json!("")));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let error = |words: &[(&'static str, &'static str)]| found(&book(), &asked(words))["error"].clone();
        let by = ("time_range_field", "update_time");
        for words in [("time_to", "1001"), ("time_to", "1297003")] {
            assert_eq!(error(&[by, words]), "order.order_list_invalid_time", "{words:?}");
        }
        for words in
            [("time_to", "x"), ("page_size", "101"), ("page_size", "0"), ("cursor", "x"), ("time_range_field", "x")]
        {
            assert_eq!(error(&[by, words]), "error_param", "{words:?}");
        }
        assert_eq!(error(&[by]), "");
    }

    #[test]
    fn a_field_comes_when_it_is_asked_for() {
        let one = [("order_sn_list", "261121S00000000000001")];
        let bare = &found(&book(), &one)["response"]["order_list"][0];
        assert_eq!((&bare["order_status"], &bare["item_list"]), (&json!("READY_TO_SHIP"), &Value::Null));
        let full = found(&book(), &[one[0], ("response_optional_fields", "item_list,total_amount")]);
        assert_eq!(full["response"]["order_list"][0]["total_amount"], json!(41.92));
        let unknown = found(&book(), &[("order_sn_list", "261121S00000000000001,261121S00000000000009")]);
        assert_eq!(unknown["error"], "error_not_found", "of none of them anything is told");
    }
}
