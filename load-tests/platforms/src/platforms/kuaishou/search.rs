//! Kuaishou's list of orders, and how requests are signed. Pure.

use super::{body, refused, told};
use crate::api::{Found, Pairs};
use crate::truth::{Book, Order};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
// The one that Weir has in base64, over other bytes.
use weir_channels::shopify::sign as hmac_in_base64;

const DAY_MS: i64 = 86_400_000;
const SIZE_MAX: u64 = 50;
const END: &str = "nomore";
const INVALID: i64 = 2001;

/// In base64: the parameters but the signature itself, sorted by name, with the secret behind them, under the secret.
pub fn signature(pairs: &Pairs, secret: &str) -> String {
    let sorted: BTreeMap<&str, &str> =
        pairs.iter().filter(|(name, _)| name != "sign").map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let joined: Vec<String> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
    hmac_in_base64(secret.as_bytes(), format!("{}&signSecret={secret}", joined.join("&")).as_bytes())
}

pub fn list(book: &Book, param: &Value, now_ms: i64) -> Found {
    match page(book, param, now_ms) {
        Ok(page) => told(page),
        Err(name) => refused(INVALID, &format!("{name}无效")),
    }
}

fn page(book: &Book, param: &Value, now_ms: i64) -> Result<Value, &'static str> {
    let from = param["beginTime"].as_i64().filter(|from| *from >= now_ms - 90 * DAY_MS).ok_or("beginTime")?;
    let until =
        param["endTime"].as_i64().filter(|until| *until > from && until - from <= 7 * DAY_MS).ok_or("endTime")?;
    let size = param["pageSize"].as_u64().filter(|size| (1..=SIZE_MAX).contains(size)).ok_or("pageSize")?;
    let by_update = match param["queryType"].as_i64() {
        None | Some(1) => false,
        Some(2) => true,
        _ => return Err("queryType"),
    };
    let is_ascending = match param["sort"].as_i64() {
        None | Some(1) => false,
        Some(2) => true,
        _ => return Err("sort"),
    };
    param["orderViewStatus"].as_i64().filter(|status| *status == 1).ok_or("orderViewStatus")?;
    let behind = match param["cursor"].as_str() {
        None => return Err("cursor"),
        Some("") => None,
        Some(cursor) => Some(place(cursor).ok_or("cursor")?),
    };
    let at = |order: &Order| 1000 * if by_update { order.updated_s } else { order.created_s };
    let mut found: Vec<((i64, u64), &Arc<Order>)> =
        book.listed(now_ms).map(|order| ((at(order), order.id), order)).collect();
    found.retain(|((at, _), _)| (from..=until).contains(at));
    found.sort_unstable_by_key(|(key, _)| *key);
    if !is_ascending {
        found.reverse();
    }
    if let Some(behind) = behind {
        found.retain(|(key, _)| if is_ascending { *key > behind } else { *key < behind });
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let cursor = match found.get(size.saturating_sub(1)) {
        Some(((at, id), _)) if found.len() > size => format!("{at}_{id}"),
        _ => END.to_owned(),
    };
    let orders: Vec<Value> = found.iter().take(size).map(|(_, order)| body::listed(order)).collect();
    Ok(json!({ "cursor": cursor, "pageSize": size, "beginTime": from, "endTime": until, "orderList": orders }))
}

/// "1795269900000_17"
fn place(cursor: &str) -> Option<(i64, u64)> {
    let (at, id) = cursor.split_once('_')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::tests::order;

    const NOW: i64 = 10_000_000_000;

    /// Seven orders, two a second.
    fn book() -> Book {
        let mut book = Book::default();
        for id in 0..7 {
            book.place(order(id, 9_000_000 + i64::try_from(id / 2).expect("few")), 0);
        }
        book
    }

    fn asked(changes: &[(&str, Value)]) -> Result<(Vec<u64>, String), &'static str> {
        let mut param = json!({
            "orderViewStatus": 1, "pageSize": 3, "sort": 2, "queryType": 2, "beginTime": 9_000_000_000_i64,
            "endTime": 9_100_000_000_i64, "cursor": ""
        });
        for (name, value) in changes {
            param[*name] = value.clone();
        }
        let page = page(&book(), &param, NOW)?;
        let ids = page["orderList"].as_array().expect("a list").iter();
        let ids = ids.map(|order| order["orderBaseInfo"]["oid"].as_u64().expect("an id")).collect();
        Ok((ids, page["cursor"].as_str().expect("a text").to_owned()))
    }

    #[test]
    fn pages_follow_their_cursor_to_the_end() {
        let (ids, cursor) = asked(&[]).expect("a page");
        assert_eq!((ids, cursor.as_str()), (vec![0, 1, 2], "9000001000_2"));
        let (ids, cursor) = asked(&[("cursor", json!(cursor))]).expect("a page");
        assert_eq!((ids, cursor.as_str()), (vec![3, 4, 5], "9000002000_5"));
        assert_eq!(asked(&[("cursor", json!(cursor))]), Ok((vec![6], END.to_owned())));
        let (ids, cursor) = asked(&[("sort", json!(1))]).expect("a page");
        assert_eq!((ids, cursor.as_str()), (vec![6, 5, 4], "9000002000_4"));
        let bounds =
            [("beginTime", json!(9_000_001_000_i64)), ("endTime", json!(9_000_002_000_i64)), ("pageSize", json!(50))];
        assert_eq!(asked(&bounds), Ok((vec![2, 3, 4, 5], END.to_owned())), "bounds are inclusive");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (name, value) in [
            ("pageSize", json!(51)),
            ("pageSize", json!(0)),
            ("endTime", json!(9_000_000_000_i64 + 7 * DAY_MS + 1)),
            ("endTime", json!(9_000_000_000_i64)),
            ("beginTime", json!(NOW - 90 * DAY_MS - 1)),
            ("beginTime", json!("9000000000")),
            ("queryType", json!(3)),
            ("sort", json!(0)),
            ("cursor", json!(null)),
            ("cursor", json!(END)),
            ("orderViewStatus", json!(null)),
        ] {
            assert_eq!(asked(&[(name, value.clone())]), Err(name), "{value}");
        }
    }
}
