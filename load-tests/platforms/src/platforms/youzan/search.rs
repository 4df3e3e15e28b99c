//! `youzan.trades.sold.get`: orders by the time of their placing or of their last change, the newest first.

use super::{body, gateway, refused, told};
use crate::api::Found;
use crate::texts::from_china;
use crate::truth::{Book, Order};
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE_SIZE_MAX: usize = 100;
const PAGES_MAX: usize = 100;
const SPAN_MAX_S: i64 = 92 * 86_400;

/// Inclusive, in seconds.
type Bounds = (i64, i64);

#[derive(Clone, Debug, PartialEq)]
struct Search {
    created: Option<Bounds>,
    updated: Option<Bounds>,
    page: usize,
    size: usize,
}

/// Answers a request whose parameters `word` finds.
pub fn list(book: &Book, word: impl Fn(&str) -> Option<String>, now_ms: i64) -> Found {
    match Search::read(word) {
        Err(refusal) => refusal,
        Ok(search) => {
            let rows = search.rows(book, now_ms);
            let shown = rows.iter().skip(search.size * (search.page - 1)).take(search.size);
            let list: Vec<Value> = shown.map(|order| body::whole(order)).collect();
            told(json!({ "total_results": rows.len(), "full_order_info_list": list }))
        }
    }
}

impl Search {
    /// # Errors
    /// What whoever asks so is told.
    fn read(word: impl Fn(&str) -> Option<String>) -> Result<Search, Found> {
        let wrong = |message: &str| refused(5000, message, json!({ "full_order_info_list": [] }));
        let number = |name: &str, default: usize, max: usize| match word(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| (1..=max).contains(number))
                .ok_or_else(|| wrong("每页最多显示100条数据")),
        };
        let time = |name: &str| match word(name) {
            None => Ok(None),
            Some(text) => from_china(&text).map(Some).ok_or_else(|| gateway(5001, "系统异常")),
        };
        // A bound without its other end counts for nothing.
        let bounds = |from: &str, until: &str| match (time(from)?, time(until)?) {
            (Some(from), Some(until)) if until <= from => Err(wrong("开始时间不能大于结束时间")),
            (Some(from), Some(until)) if until - from > SPAN_MAX_S => {
                Err(refused(106_000_001, "请重新选择起止时间", Value::Null))
            }
            (Some(from), Some(until)) => Ok(Some((from, until))),
            _ => Ok(None),
        };
        Ok(Search {
            created: bounds("start_created", "end_created")?,
            updated: bounds("start_update", "end_update")?,
            page: number("page_no", 1, PAGES_MAX)?,
            size: number("page_size", 20, PAGE_SIZE_MAX)?,
        })
    }

    fn rows<'a>(&self, book: &'a Book, now_ms: i64) -> Vec<&'a Arc<Order>> {
        let within =
            |at_s: i64, bounds: Option<Bounds>| bounds.is_none_or(|(from, until)| (from..=until).contains(&at_s));
        let mut rows: Vec<&Arc<Order>> = book
            .listed(now_ms)
            .filter(|order| within(order.created_s, self.created) && within(order.updated_s, self.updated))
            .collect();
        let by_update = self.updated.is_some();
        rows.sort_unstable_by_key(|order| (if by_update { order.updated_s } else { order.created_s }, order.id));
        rows.reverse();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::in_china;
    use crate::truth::Step;
    use crate::truth::tests::order;

    fn search(words: &[(&str, &str)]) -> Result<Search, Found> {
        Search::read(|name| words.iter().find(|(known, _)| *known == name).map(|(_, word)| (*word).to_owned()))
    }

    fn ids(book: &Book, words: &[(&str, &str)]) -> Vec<u64> {
        search(words).expect("a search").rows(book, i64::MAX).iter().map(|order| order.id).collect()
    }

    #[test]
    fn orders_are_found_by_either_time_the_newest_first() {
        let mut book = Book::default();
        for n in 0..4 {
            book.place(order(n, 1_000 + i64::try_from(n).expect("few")), 0);
        }
        book.change(1, Step::Paid, 9_000_000, 0).expect("known");
        let (from, until) = (in_china(1_001), in_china(1_002));
        assert_eq!(ids(&book, &[("start_created", &from), ("end_created", &until)]), [2, 1]);
        assert_eq!(ids(&book, &[("start_update", &from), ("end_update", &until)]), [2]);
        assert_eq!(ids(&book, &[("start_update", &from)]), [3, 2, 1, 0], "half a pair counts for nothing");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let (day, next) = ("2026-11-21 22:05:00", "2026-11-22 22:05:00");
        let told = |words: &[(&str, &str)]| search(words).expect_err("refused").body;
        for words in [[("page_size", "101")], [("page_no", "101")], [("page_no", "0")]] {
            assert!(told(&words).contains("5000"), "{words:?}");
        }
        assert!(told(&[("start_update", next), ("end_update", day)]).contains("5000"));
        assert!(told(&[("start_update", "2026-01-01 00:00:00"), ("end_update", day)]).contains("106000001"));
        assert!(told(&[("start_update", "2026-11-21"), ("end_update", next)]).contains("gw_err_resp"));
    }
}
