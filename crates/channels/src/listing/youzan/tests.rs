//! Windows, pages, and what Youzan says in an answer of status 200.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

const FROM_S: i64 = 1_795_269_900;
const NOW_MS: i64 = (FROM_S + 3_600) * 1000;

fn changed(after: Option<&str>) -> PageAsked {
    PageAsked { wanted: Wanted::Changed { from_ms: FROM_S * 1000 }, size: 100, after: after.map(str::to_owned) }
}

fn ids() -> PageAsked {
    PageAsked { wanted: Wanted::Ids(vec!["E1".to_owned()]), size: 1, after: None }
}

fn asked(page: &PageAsked, now_ms: i64) -> (String, Value) {
    let ask = YouzanOrders.ask(page, &Access { credential: "a b", now_ms });
    assert_eq!(ask.headers, []);
    (ask.path, serde_json::from_str(&ask.body.expect("it is posted")).expect("JSON"))
}

fn read(page: &PageAsked, body: &Value) -> Result<Page, Amiss> {
    let body = body.to_string();
    YouzanOrders.read(page, &Answered { headers: &Headers::default(), body: body.as_bytes(), asked_ms: NOW_MS })
}

fn found(total: u64, orders: &[i64]) -> Value {
    let order = |s: &i64| {
        json!({ "full_order_info": { "order_info": { "tid": s.to_string(),
        "update_time": instant::to_china(s * 1000), "created": instant::to_china(0) } } })
    };
    let list: Vec<Value> = orders.iter().map(order).collect();
    json!({ "code": 200, "success": true, "data": { "total_results": total, "full_order_info_list": list } })
}

#[test]
fn youzan_is_asked_by_window_and_by_id() {
    let (path, body) = asked(&changed(None), NOW_MS);
    assert_eq!(path, "/api/youzan.trades.sold.get/4.0.4?access_token=a%20b");
    assert_eq!(
        body,
        json!({ "start_update": "2026-11-21 22:05:00", "end_update": "2026-11-21 23:05:01", "page_no": 1, "page_size": 100 })
    );
    let long = asked(&changed(None), NOW_MS + 10 * 86_400_000).1;
    assert_eq!(long["end_update"], "2026-11-22 22:05:00", "a day at a time");
    let placed = Wanted::Placed { from_ms: 1_500, until_ms: 9_001 };
    let body = asked(&PageAsked { wanted: placed, size: 5, after: None }, NOW_MS).1;
    assert_eq!(
        (&body["start_created"], &body["end_created"]),
        (&json!("1970-01-01 08:00:01"), &json!("1970-01-01 08:00:10"))
    );
    assert_eq!(body["page_size"], 5);
    let (path, body) = asked(&ids(), NOW_MS);
    assert_eq!((path.as_str(), body), ("/api/youzan.trade.get/4.0.2?access_token=a%20b", json!({ "tid": "E1" })));
}

#[test]
fn a_window_of_one_page_is_done_with_it() {
    let page = read(&changed(None), &found(2, &[FROM_S + 9, FROM_S])).expect("a page");
    assert_eq!((page.next, page.settled), (None, Settled::Until(NOW_MS + 1000)));
    assert_eq!(
        page.orders.iter().map(|order| order.at_ms).collect::<Vec<_>>(),
        [Some((FROM_S + 9) * 1000), Some(FROM_S * 1000)]
    );
    let by_placing = PageAsked { wanted: Wanted::Placed { from_ms: 0, until_ms: 1 }, ..changed(None) };
    let page = read(&by_placing, &found(1, &[FROM_S])).expect("a page");
    assert_eq!((page.orders[0].at_ms, page.next), (Some(0), None));
    let early = format!("{}:{}:0", FROM_S - 86_400, FROM_S);
    let page = read(&changed(Some(&early)), &found(0, &[])).expect("a page");
    assert_eq!(page.settled, Settled::Until(FROM_S * 1000));
    let next = asked(&changed(page.next.as_deref()), NOW_MS + 5000).1;
    assert_eq!(next["end_update"], "2026-11-21 23:05:06", "the next window reaches the moment it is asked for");
}

#[test]
fn too_large_a_window_is_halved() {
    let page = read(&changed(None), &found(10_001, &[])).expect("a page");
    assert_eq!(page.settled, Settled::NotYet);
    let half = asked(&changed(page.next.as_deref()), NOW_MS).1;
    assert_eq!(
        (&half["start_update"], &half["end_update"]),
        (&json!("2026-11-21 22:05:00"), &json!("2026-11-21 22:35:00"))
    );
    let second = format!("{FROM_S}:{}:0", FROM_S + 1);
    assert!(matches!(read(&changed(Some(&second)), &found(10_001, &[])), Err(Amiss::Unreadable(_))));
}

/// While it is walked, orders change: they leave the window, and those behind them move up, whichever way the pages are sorted.
#[test]
fn nothing_is_passed_over_while_orders_leave_the_window() {
    for descending in [false, true] {
        let mut shop: Vec<i64> = (0..1_000).map(|n| FROM_S + n).collect();
        if descending {
            shop.reverse();
        }
        let (mut seen, mut left, mut after) = (BTreeSet::new(), BTreeSet::new(), None);
        for round in 0.. {
            let page = changed(after.as_deref());
            let body = asked(&page, NOW_MS).1;
            let number = usize::try_from(body["page_no"].as_u64().expect("a number")).expect("small");
            let rows: Vec<i64> = shop.iter().skip(100 * (number - 1)).take(100).copied().collect();
            let read = read(&page, &found(shop.len() as u64, &rows)).expect("a page");
            seen.extend(rows);
            let gone = shop.remove((round * 397) % shop.len());
            left.insert(gone);
            match read.next {
                Some(next) => after = Some(next),
                None => break,
            }
            assert!(round < 50, "it ends");
        }
        let stayed: BTreeSet<i64> = shop.into_iter().collect();
        assert!(seen.is_superset(&stayed), "what left comes again with its new time, what stayed was seen");
        assert!(left.len() > 5);
    }
}

#[test]
fn every_no_of_youzan_is_told_from_an_empty_page() {
    let gateway = |code: Value| json!({ "gw_err_resp": { "trace_id": "t", "err_msg": "m", "err_code": code } });
    let service = |code: i64, words: &str| {
        json!({ "code": code, "success": false, "message": words,
        "data": { "full_order_info_list": [], "full_order_info": { "orders": [] } } })
    };
    for page in [changed(None), ids()] {
        for code in [4201, 4202, 4203, 4204, 4007] {
            assert_eq!(read(&page, &gateway(json!(code))), Err(Amiss::Refused(code.to_string())));
        }
        assert_eq!(read(&page, &gateway(json!("4101"))), Err(Amiss::Busy));
        assert_eq!(read(&page, &gateway(json!(5001))), Err(Amiss::Unwell("5001".to_owned())));
        assert_eq!(read(&page, &gateway(Value::Null)), Err(Amiss::Unwell(String::new())));
        assert_eq!(read(&page, &service(123_000_042, "")), Err(Amiss::Busy));
        assert_eq!(read(&page, &service(106_000_001, "")), Err(Amiss::Unwell("106000001".to_owned())));
        assert_eq!(read(&page, &service(5000, "busy")), Err(Amiss::Unwell("5000".to_owned())));
        assert!(matches!(read(&page, &json!([])), Err(Amiss::Unreadable(_))));
        assert!(matches!(read(&page, &json!({})), Err(Amiss::Unwell(_))), "what says no success is none");
    }
    let unknown = service(5000, "trade not found");
    assert_eq!(read(&ids(), &unknown).expect("an answer").orders, []);
    assert_eq!(read(&ids(), &service(106_000_004, "")).expect("an answer").orders, []);
    assert_eq!(read(&changed(None), &unknown), Err(Amiss::Unwell("5000".to_owned())));
    assert!(matches!(read(&changed(None), &json!({ "success": true })), Err(Amiss::Unreadable(_))));
    let uncounted = json!({ "success": true, "data": { "full_order_info_list": [] } });
    assert!(matches!(read(&changed(None), &uncounted), Err(Amiss::Unreadable(_))));
    let counted = json!({ "success": true, "data": { "full_order_info_list": [], "paginator": { "total_count": 0 } } });
    assert!(read(&changed(None), &counted).is_ok());
}

#[test]
fn one_order_is_kept_as_it_came() {
    let body = br#"{"success":true,"code":200,"data": {"full_order_info": {"order_info":{"tid":"E1"} } }}"#;
    let answered = Answered { headers: &Headers::default(), body, asked_ms: NOW_MS };
    let page = YouzanOrders.read(&ids(), &answered).expect("a page");
    assert_eq!(page.orders[0].body, br#"{"full_order_info": {"order_info":{"tid":"E1"} } }"#);
}
