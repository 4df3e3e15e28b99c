//! What is asked, and a shop that is walked while it changes.

use super::*;
use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeSet;

const CREDENTIAL: &str = "2001887:pkey:900001:tok-1";
const NOW_MS: i64 = 1_795_255_446_789;
const NOW_S: i64 = 1_795_255_446;
const DAY_S: i64 = 86_400;

fn access(now_ms: i64) -> Access<'static> {
    Access { credential: CREDENTIAL, now_ms }
}

fn changed(from_s: i64, size: usize, after: Option<&str>) -> PageAsked {
    PageAsked { wanted: Wanted::Changed { from_ms: from_s * 1000 }, size, after: after.map(str::to_owned) }
}

fn wanted_ids(ids: &[&str]) -> PageAsked {
    let ids = ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    PageAsked { size: ids.len(), wanted: Wanted::Ids(ids), after: None }
}

fn read(page: &PageAsked, body: &str) -> Result<Page, Amiss> {
    ShopeeOrders.read(page, &Answered { headers: &Headers::default(), body: body.as_bytes(), asked_ms: NOW_MS })
}

/// A value of a query.
fn value<'a>(path: &'a str, name: &str) -> &'a str {
    let query = path.split_once('?').expect("a query").1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    pair.unwrap_or_else(|| panic!("no {name} in {path}"))
}

/// The signatures are openssl's: `printf '%s' 2001887/api/v2/order/get_order_list1795255446tok-1900001 | openssl dgst -sha256 -hmac pkey`.
#[test]
fn a_request_is_signed_by_its_path_and_its_caller() {
    let ask = ShopeeOrders.ask(&changed(NOW_S - 300, 100, None), &access(NOW_MS));
    let caller = "/api/v2/order/get_order_list?partner_id=2001887&shop_id=900001&access_token=tok-1&timestamp=1795255446\
        &sign=fb8ca59a5ca0cee36ea564fe84efe06d6290d31d4b04aae014d9fd1477e11d3d&request_order_status_pending=true&";
    let wanted = "time_range_field=update_time&time_from=1795255145&time_to=1795255446&page_size=100&cursor=";
    assert_eq!((ask.path.as_str(), ask.body), (format!("{caller}{wanted}").as_str(), None));
    assert_eq!(ask.headers, []);
    let ask = ShopeeOrders.ask(&wanted_ids(&["261121A", "261121B"]), &access(NOW_MS));
    assert!(ask.path.starts_with("/api/v2/order/get_order_detail?partner_id=2001887"));
    assert_eq!(value(&ask.path, "sign"), "1c83f0fd2e4d80e8e843928830e64ff6602688f2b0b2cbcdbd17ad06a032d67c");
    assert_eq!(value(&ask.path, "order_sn_list"), "261121A%2C261121B");
    assert!(value(&ask.path, "response_optional_fields").contains("item_list%2Cpay_time"));
    assert_eq!(ShopeeOrders.ids_max(), 50);
}

/// Whatever stands in a credential, it stays within its place of the query.
#[test]
fn a_credential_of_no_form_makes_a_request_that_is_refused() {
    for credential in ["", "2001887", "2001887:pkey", "a&b=c:k:#:t t"] {
        let path = ShopeeOrders.ask(&changed(0, 1, None), &Access { credential, now_ms: NOW_MS }).path;
        assert_eq!(path.matches('&').count(), 10, "{path}");
        assert!(!path.contains([' ', '#']), "{path}");
    }
}

#[test]
fn no_span_is_longer_than_fifteen_days() {
    let mut page = changed(NOW_S - 40 * DAY_S, 100, None);
    let mut spans = Vec::new();
    loop {
        let path = ShopeeOrders.ask(&page, &access(NOW_MS)).path;
        let time = |name: &str| value(&path, name).parse::<i64>().expect("a time");
        spans.push((time("time_from"), time("time_to")));
        let read =
            read(&page, r#"{"error":"","response":{"more":false,"next_cursor":"","order_list":[]}}"#).expect("a page");
        let (_, until_s) = *spans.last().expect("one");
        assert_eq!(read.settled, Settled::Until(until_s * 1000));
        page.after = read.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().all(|(from, until)| until - from <= 15 * DAY_S && from < until), "{spans:?}");
    assert!(spans.windows(2).all(|pair| pair[1].0 == pair[0].1 - 1), "each begins a second before the last one ended");
    assert_eq!((spans[0].0, spans[2].1), (NOW_S - 40 * DAY_S - 1, NOW_S));
}

#[test]
fn orders_by_their_placing_end_where_they_were_to() {
    let placed = |until_ms| PageAsked { wanted: Wanted::Placed { from_ms: 5_000, until_ms }, size: 500, after: None };
    let path = ShopeeOrders.ask(&placed(9_500), &access(NOW_MS)).path;
    assert_eq!((value(&path, "time_range_field"), value(&path, "page_size")), ("create_time", "100"));
    assert_eq!((value(&path, "time_from"), value(&path, "time_to")), ("4", "10"));
    let empty = r#"{"error":"","response":{"more":false,"order_list":[]}}"#;
    assert_eq!(read(&placed(9_500), empty).expect("a page").next, None);
    assert!(read(&placed(NOW_MS), empty).expect("a page").next.is_some());
    let path = ShopeeOrders.ask(&changed(NOW_S + 60, 1, None), &access(NOW_MS)).path;
    assert_eq!(
        (value(&path, "time_from"), value(&path, "time_to")),
        ("1795255505", "1795255506"),
        "of a clock that is ahead"
    );
}

#[test]
fn orders_come_with_each_byte_as_the_platform_wrote_it() {
    let (one, two) =
        (r#"{"order_sn":"261121A","total_amount":12.30,"update_time":1795255440}"#, r#"{ "order_sn": 7 }"#);
    let body = format!(r#"{{"error":"","message":"","response":{{"order_list":[{one}, {two}]}}}}"#);
    let page = read(&wanted_ids(&["261121A", "261121B"]), &body).expect("a page");
    assert_eq!(page.orders[0], Listed { at_ms: Some(1_795_255_440_000), body: one.as_bytes().to_vec() });
    assert_eq!(page.orders[1], Listed { at_ms: None, body: two.as_bytes().to_vec() });
    assert_eq!((page.ids, page.next), (Vec::new(), None));
}

/// One that Shopee does not have keeps all that are asked for with it from coming.
#[test]
fn an_order_that_shopee_does_not_have_is_none() {
    let known = ["A", "B", "C", "D", "E", "F"];
    let answer = |path: &str| {
        let ids: Vec<&str> = value(path, "order_sn_list").split("%2C").collect();
        if ids.iter().any(|id| !known.contains(id)) {
            let said = "Wrong parameters, detail: the order is not found.";
            return format!(r#"{{"error":"error_not_found","message":"{said}","request_id":"1"}}"#);
        }
        let orders: Vec<String> = ids.iter().map(|id| format!(r#"{{"order_sn":"{id}"}}"#)).collect();
        format!(r#"{{"error":"","response":{{"order_list":[{}]}}}}"#, orders.join(","))
    };
    for wanted in
        [&["X"][..], &["A"], &["X", "A"], &["A", "X", "B"], &["X", "Y"], &["A", "B", "C", "X", "D", "Y", "E", "F"]]
    {
        let (mut page, mut found, mut requests) = (wanted_ids(wanted), Vec::new(), 0);
        loop {
            let read = read(&page, &answer(&ShopeeOrders.ask(&page, &access(NOW_MS)).path)).expect("a page");
            found.extend(read.orders.into_iter().map(|order| String::from_utf8(order.body).expect("UTF-8")));
            (page.after, requests) = (read.next, requests + 1);
            if page.after.is_none() {
                break;
            }
        }
        let there: Vec<String> =
            wanted.iter().filter(|id| known.contains(id)).map(|id| format!(r#"{{"order_sn":"{id}"}}"#)).collect();
        assert_eq!(found, there, "{wanted:?}");
        assert!(requests <= 1 + 3 * wanted.len(), "{wanted:?}: {requests}");
    }
}

#[test]
fn what_shopee_refuses_within_200_is_told_apart() {
    let said = |error: &str| {
        let body = format!(r#"{{"error":"{error}","message":"no","request_id":"1","response":""}}"#);
        read(&changed(0, 1, None), &body).expect_err("refused")
    };
    for word in ["error_auth", "error_permission", "error_sign", "invalid_acceess_token", "error_param", "shop_banned"]
    {
        assert_eq!(said(word), Amiss::Refused(word.to_owned()));
        assert_eq!(said(&format!("common.{word}")), Amiss::Refused(word.to_owned()));
    }
    for word in ["error_rate_limit", "error_limit", "common.error_rate_limit"] {
        assert_eq!(said(word), Amiss::Busy, "{word}");
    }
    for word in ["error_server", "error_inner", "error_network", "error_data"] {
        assert_eq!(said(word), Amiss::Unwell(word.to_owned()));
    }
    let strange = said(&"secret ".repeat(1000));
    assert_eq!(strange, Amiss::Unwell("an error it does not document".to_owned()));
}

#[test]
fn what_is_no_page_is_a_fault_that_repeats_nothing() {
    let place = format!("{NOW_S}:1:7");
    let pages = [changed(0, 2, None), changed(0, 2, Some(&place)), wanted_ids(&["261121A"])];
    for body in [
        "",
        "<html>secret</html>",
        "[]",
        "{}",
        r#"{"error":"","response":null}"#,
        r#"{"error":"","response":"secret"}"#,
        r#"{"error":"","response":{"order_list":"secret"}}"#,
        r#"{"error":"","response":{"more":"secret","order_list":7}}"#,
        r#"{"error":7,"response":{"more":false,"order_list":[]}}"#,
    ] {
        for page in &pages {
            let Err(Amiss::Unreadable(fault)) = read(page, body) else { panic!("{body}") };
            assert!(!fault.to_string().contains("secret"), "{fault}");
        }
    }
    for cursor in ["", "7"] {
        let body = format!(r#"{{"error":"","response":{{"more":true,"next_cursor":"{cursor}","order_list":[]}}}}"#);
        let Err(Amiss::Unreadable(fault)) = read(&pages[1], &body) else { panic!("{body}") };
        assert_eq!(fault.field, "response.next_cursor", "there is more, and nowhere to go on");
    }
}

/// A shop as Shopee lists it: newest first, by a cursor that counts; the ends of a span belong to it or not.
struct Shop {
    orders: Vec<(u64, i64)>,
    ends_belong: bool,
}

impl Shop {
    fn list(&self, path: &str) -> String {
        let number = |name: &str| value(path, name).parse::<i64>().expect("a number");
        let (from, until, size) = (number("time_from"), number("time_to"), number("page_size"));
        assert!(until - from <= 15 * DAY_S && from < until && size <= 100, "{path}");
        let skipped: usize = value(path, "cursor").parse().unwrap_or(0);
        let slack = i64::from(!self.ends_belong);
        let mut rows: Vec<&(u64, i64)> =
            self.orders.iter().filter(|(_, at)| (from + slack..=until - slack).contains(at)).collect();
        rows.sort_by_key(|(id, at)| (-at, *id));
        let size = usize::try_from(size).expect("a size");
        let shown: Vec<String> =
            rows.iter().skip(skipped).take(size).map(|(id, _)| format!(r#"{{"order_sn":"{id}"}}"#)).collect();
        let more = rows.len() > skipped + size;
        let cursor = if more { (skipped + size).to_string() } else { String::new() };
        format!(
            r#"{{"error":"","response":{{"more":{more},"next_cursor":"{cursor}","order_list":[{}]}}}}"#,
            shown.join(",")
        )
    }
}

struct Walked {
    seen: BTreeSet<u64>,
    requests: usize,
    settled_s: i64,
}

/// Walks from a time to the end; between two requests `meanwhile` may change the shop, and a second goes by.
fn walk(shop: &mut Shop, from_s: i64, size: usize, mut meanwhile: impl FnMut(&mut Shop, i64)) -> Walked {
    let mut page = changed(from_s, size, None);
    let mut walked = Walked { seen: BTreeSet::new(), requests: 0, settled_s: 0 };
    let mut now_s = NOW_S;
    loop {
        let now_ms = now_s * 1000 + 999;
        let body = shop.list(&ShopeeOrders.ask(&page, &access(now_ms)).path);
        let answer = Answered { headers: &Headers::default(), body: body.as_bytes(), asked_ms: now_ms };
        let Page { ids, next, settled, .. } = ShopeeOrders.read(&page, &answer).expect("a page");
        walked.seen.extend(ids.iter().map(|id| id.parse::<u64>().expect("an id")));
        walked.requests += 1;
        if let Settled::Until(ms) = settled {
            assert!(ms / 1000 >= walked.settled_s, "it goes forward");
            walked.settled_s = ms / 1000;
        }
        assert!(walked.requests < 5_000, "the walk has an end");
        page.after = next;
        if page.after.is_none() {
            return walked;
        }
        now_s += 1;
        meanwhile(shop, now_s);
    }
}

#[test]
fn a_walk_over_many_windows_sees_every_order() {
    // Forty days with an order every ten minutes, and a sale of 700 within a minute.
    let mut orders: Vec<(u64, i64)> = (0_u64..5_760).zip((0..).map(|n| NOW_S - 40 * DAY_S + n * 600)).collect();
    orders.extend((0..700).map(|n| (10_000 + n, NOW_S - 9 * DAY_S + i64::try_from(n).expect("small") % 60)));
    let all = orders.len();
    let walked = walk(&mut Shop { orders, ends_belong: true }, NOW_S - 40 * DAY_S, 100, |_, _| {});
    assert_eq!(walked.seen.len(), all);
    assert!(walked.settled_s >= NOW_S);
    assert!(walked.requests < 4 * all / 100, "{} requests", walked.requests);
}

proptest! {
    /// Whatever changes while it is walked, no order is passed over: it is seen where it was, or lies where the walk has not been.
    #[test]
    fn no_order_is_passed_over_while_others_change(
        times in prop::collection::vec(0_i64..400, 1..80),
        size in 10_usize..16,
        ends_belong: bool,
        changes in prop::collection::vec((0_usize..80, 0_i64..7), 0..40),
    ) {
        let near = |at: i64| times.iter().filter(|other| (**other - at).abs() <= 2).count();
        // Within one second pages can only be counted, and a request asks for a second on either side of it.
        proptest::prop_assume!(times.iter().all(|at| near(*at) < size));
        let from_s = NOW_S - 500;
        let orders: Vec<(u64, i64)> = (0..).zip(times.iter().map(|at| from_s + at)).collect();
        let mut shop = Shop { orders, ends_belong };
        let walked = walk(&mut shop, from_s, size, |shop, now_s| {
            let now = changes.iter().filter(|(_, when)| now_s < NOW_S + 60 && *when == now_s % 7);
            for (index, _) in now.take(3) {
                let len = shop.orders.len();
                shop.orders[index % len].1 = now_s;
            }
        });
        for (id, at) in &shop.orders {
            prop_assert!(walked.seen.contains(id) || *at >= walked.settled_s - 1, "{} at {}", id, at);
        }
    }

    #[test]
    fn a_still_shop_is_seen_whole(times in prop::collection::vec(0_i64..30, 1..120), size in 1_usize..9) {
        let from_s = NOW_S - 500;
        let orders: Vec<(u64, i64)> = (0..).zip(times.iter().map(|at| from_s + at)).collect();
        let count = orders.len();
        let walked = walk(&mut Shop { orders, ends_belong: true }, from_s, size, |_, _| {});
        prop_assert_eq!(walked.seen.len(), count);
    }
}
