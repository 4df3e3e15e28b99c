//! Pages as TikTok Shop gives them, still and while orders change.

use super::*;
use crate::Headers;
use std::collections::BTreeSet;

const CREDENTIAL: &str = "app7key:hush:ROW_c1+/:TTP_token:1";
const NOW_MS: i64 = 1_795_269_900_250;

fn ask(page: &PageAsked) -> Ask {
    TikTokOrders.ask(page, &Access { credential: CREDENTIAL, now_ms: NOW_MS })
}

fn changed(from_ms: i64, size: usize, after: Option<&str>) -> PageAsked {
    PageAsked { wanted: Wanted::Changed { from_ms }, size, after: after.map(str::to_owned) }
}

fn read(page: &PageAsked, body: &str) -> Result<Page, Amiss> {
    TikTokOrders.read(page, &Answered { headers: &Headers::default(), body: body.as_bytes(), asked_ms: NOW_MS })
}

/// A page of orders, each with its time.
fn body(orders: &[(u64, i64)], token: &str) -> String {
    let orders: Vec<String> = orders
        .iter()
        .map(|(id, at)| format!(r#"{{"id":"{id}","update_time":{at},"create_time":{}}}"#, at - 1))
        .collect();
    format!(
        r#"{{"code":0,"message":"Success","request_id":"r","data":{{"orders":[{}],"next_page_token":"{token}","total_count":9}}}}"#,
        orders.join(",")
    )
}

fn times(page: &Page) -> Vec<Option<i64>> {
    page.orders.iter().map(|order| order.at_ms.map(|ms| ms / 1000)).collect()
}

#[test]
fn changes_are_searched_oldest_first() {
    let asked = ask(&changed(1_795_266_000_999, 100, None));
    let (path, sign) = asked.path.rsplit_once("&sign=").expect("signed last");
    let expected = "/order/202309/orders/search?app_key=app7key&page_size=100&shop_cipher=ROW_c1%2B%2F&sort_field=update_time&sort_order=ASC&timestamp=1795269900";
    assert_eq!(path, expected);
    assert_eq!(asked.body.as_deref(), Some(r#"{"update_time_ge":1795266000}"#));
    assert_eq!(asked.headers, [("x-tts-access-token", "TTP_token:1".to_owned())]);
    // Over the values as they are, not as an address writes them.
    let text = r#"hush/order/202309/orders/searchapp_keyapp7keypage_size100shop_cipherROW_c1+/sort_fieldupdate_timesort_orderASCtimestamp1795269900{"update_time_ge":1795266000}hush"#;
    assert_eq!(sign, hmac_hex(b"hush", &[text.as_bytes()]));
}

/// TikTok's published example of "Sign your API request", and one of our own with a body.
#[test]
fn the_published_vector_holds() {
    let query = |key: &str, at_s: &str| [("app_key", key.to_owned()), ("timestamp", at_s.to_owned())];
    let signed = super::sign("e59af819cc", "/authorization/202309/shops", &query("29a39d", "1623812664"), "");
    assert_eq!(signed, "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8");
    let signed = super::sign("hush", "/a/b", &query("k", "1"), "{}");
    assert_eq!(signed, "3a65c1bf96ce1ca9dd3cd25a02fc66263cf346592c249de15f96dbbd86fe1075");
}

#[test]
fn orders_are_asked_for_by_placing_and_by_id() {
    let placed = Wanted::Placed { from_ms: 5_500, until_ms: 9_001 };
    let asked = ask(&PageAsked { wanted: placed, size: 20, after: None });
    assert!(asked.path.contains("&sort_field=create_time&sort_order=ASC&"), "{}", asked.path);
    assert_eq!(asked.body.as_deref(), Some(r#"{"create_time_ge":5,"create_time_lt":10}"#));
    let ids = Wanted::Ids(vec!["577012345678901234".to_owned(), "2".to_owned()]);
    let asked = ask(&PageAsked { wanted: ids, size: 2, after: None });
    assert!(
        asked.path.starts_with("/order/202309/orders?app_key=app7key&ids=577012345678901234%2C2&shop_cipher="),
        "{}",
        asked.path
    );
    assert_eq!((asked.body, asked.headers.len()), (None, 2));
    assert!(TikTokOrders.ids_max() <= 50);
}

#[test]
fn a_credential_with_fewer_parts_is_no_panic() {
    for (credential, token) in [("", ""), ("k", ""), ("k:s::t", "t"), (":::", "")] {
        let asked = TikTokOrders.ask(&changed(0, 1, None), &Access { credential, now_ms: 0 });
        assert!(!asked.path.contains("shop_cipher"), "{}", asked.path);
        assert_eq!(asked.headers[0].1, token);
    }
}

#[test]
fn orders_keep_each_byte_and_a_later_time_is_asked_for_anew() {
    let odd = r#"{"code":0,"data":{"orders":[{"id":9007199254740993, "update_time":8},{"id":"2","update_time":9},{"update_time":"soon"}],"next_page_token":"t1"}}"#;
    let page = read(&changed(5_000, 3, None), odd).expect("a page");
    assert_eq!(page.orders[0].body, br#"{"id":9007199254740993, "update_time":8}"#);
    assert_eq!(times(&page), [Some(8), Some(9), None]);
    let page = read(&changed(5_000, 3, None), &body(&[(1, 8), (2, 9), (3, 9)], "t1")).expect("a page");
    assert_eq!((page.next.as_deref(), page.settled, page.ids.len()), (Some("9:"), Settled::Newest, 0));
    let next = ask(&changed(5_000, 3, Some("9:")));
    assert_eq!(next.body.as_deref(), Some(r#"{"update_time_ge":9}"#));
    assert!(!next.path.contains("page_token"));
}

#[test]
fn within_a_second_the_token_leads_on() {
    let page = read(&changed(9_000, 2, None), &body(&[(1, 9), (2, 9)], "a+b/=:c")).expect("a page");
    assert_eq!(page.next.as_deref(), Some("9:a+b/=:c"));
    let next = ask(&changed(9_000, 2, page.next.as_deref()));
    assert_eq!(next.body.as_deref(), Some(r#"{"update_time_ge":9}"#));
    assert!(next.path.contains("&page_token=a%2Bb%2F%3D%3Ac&"), "{}", next.path);
}

#[test]
fn the_last_page_is_the_one_without_a_token_or_without_orders() {
    for (orders, token) in [(&[(1, 8)][..], ""), (&[], "t"), (&[], "")] {
        assert_eq!(read(&changed(5_000, 2, None), &body(orders, token)).expect("a page").next, None);
    }
    for none in [r#"{"code":0,"data":{}}"#, r#"{"code":0,"data":{"orders":null,"next_page_token":null}}"#] {
        assert_eq!(read(&changed(5_000, 2, None), none).expect("a page").orders, []);
    }
    let ids = PageAsked { wanted: Wanted::Ids(vec!["1".to_owned()]), size: 1, after: None };
    assert_eq!(read(&ids, &body(&[(1, 8)], "t")).expect("a page").next, None, "by ids there is one page");
}

/// TikTok says so of its own search: an order that changes meanwhile shows its new time in its old place.
#[test]
fn a_time_that_is_later_than_its_place_takes_nobody_along() {
    let page = read(&changed(5_000, 9, None), &body(&[(1, 6), (2, 500), (3, 7), (4, 900)], "t")).expect("a page");
    assert_eq!(times(&page), [Some(6), Some(7), Some(7), Some(7)]);
    assert_eq!(page.next.as_deref(), Some("7:"));
    let last = read(&changed(5_000, 9, None), &body(&[(1, 6), (2, 500), (3, 7), (4, 8)], "")).expect("a page");
    assert_eq!(times(&last), [Some(6), Some(7), Some(7), Some(8)], "no page follows that it could pass over");
    let alone = read(&changed(5_000, 1, None), &body(&[(1, 6)], "t")).expect("a page");
    assert_eq!(alone.next.as_deref(), Some("6:"));
}

#[test]
fn placing_goes_by_the_time_of_placing() {
    let placed = Wanted::Placed { from_ms: 5_000, until_ms: 99_000 };
    let page = PageAsked { wanted: placed, size: 3, after: None };
    let page = read(&page, &body(&[(1, 8), (2, 9), (3, 10)], "t")).expect("a page");
    assert_eq!(times(&page), [Some(7), Some(8), Some(8)]);
    assert_eq!(page.next.as_deref(), Some("8:"));
}

#[test]
fn a_no_within_a_200_is_told_apart() {
    let no = |code: i64| {
        let body = format!(r#"{{"code":{code},"message":"secret words","request_id":"r","data":null}}"#);
        read(&changed(0, 2, None), &body).expect_err("a no")
    };
    for code in [36_009_002, 36_009_037] {
        assert_eq!(no(code), Amiss::Busy, "{code}");
    }
    for code in [105_001, 105_002, 105_005, 101_000, 106_001, 106_013, 36_004_004, 36_009_004, 36_009_033, 36_009_043] {
        assert_eq!(no(code), Amiss::Refused(code.to_string()));
    }
    for code in [36_009_003, 36_009_007, 12_001_000, -1, 7] {
        assert_eq!(no(code), Amiss::Unwell(code.to_string()));
    }
}

#[test]
fn what_is_no_page_is_a_fault_that_repeats_nothing() {
    let said = format!("\"{}\"", "secret ".repeat(1000));
    for broken in ["", "[]", "{}", "<html>", r#"{"code":"0","data":{}}"#, r#"{"code":0,"data":{"orders":{}}}"#, &said] {
        let Err(Amiss::Unreadable(fault)) = read(&changed(0, 2, None), broken) else { panic!("{broken:.40}") };
        let fault = fault.to_string();
        assert!(fault.len() < 200 && !fault.contains("secret"), "{fault}");
    }
    let Err(Amiss::Unreadable(fault)) = read(&changed(0, 2, None), r#"{"code":0}"#) else { panic!("no data") };
    assert_eq!(fault.field, "data");
}

/// A shop as TikTok might list it at its worst: its tokens count orders at the moment of the request, so that they shift.
struct Shop(Vec<(u64, i64)>);

impl Shop {
    fn page(&self, asked: &Ask) -> String {
        let value =
            |name: &str| asked.path.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let filter: serde_json::Value = serde_json::from_str(asked.body.as_deref().expect("a filter")).expect("JSON");
        let from_s = filter["update_time_ge"].as_i64().expect("a bound");
        let size: usize = value("page_size").and_then(|size| size.parse().ok()).expect("a size");
        let skipped: usize = value("page_token").map_or(0, |token| token.parse().expect("a token of ours"));
        let mut rows: Vec<(u64, i64)> = self.0.iter().copied().filter(|(_, at)| *at >= from_s).collect();
        rows.sort_by_key(|(id, at)| (*at, *id));
        let shown: Vec<(u64, i64)> = rows.iter().copied().skip(skipped).take(size).collect();
        let end = skipped + shown.len();
        body(&shown, &if end < rows.len() { end.to_string() } else { String::new() })
    }
}

/// Walks to the end; between two pages `meanwhile` may change the shop. Answers the ids that were seen.
fn walk(shop: &mut Shop, size: usize, mut meanwhile: impl FnMut(&mut Shop, usize)) -> BTreeSet<String> {
    let (mut seen, mut after, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let asked = changed(1_000, size, after.as_deref());
        let page = read(&asked, &shop.page(&ask(&asked))).expect("a page");
        for order in &page.orders {
            let order: serde_json::Value = serde_json::from_slice(&order.body).expect("an order");
            seen.insert(order["id"].as_str().expect("an id").to_owned());
        }
        pages += 1;
        assert!(pages < 10_000, "the walk has an end");
        after = page.next;
        if after.is_none() {
            return seen;
        }
        meanwhile(shop, pages);
    }
}

proptest::proptest! {
    /// Whatever changes while the pages are walked, no order is passed over, as long as no second has so many that pages within it must
    /// be counted.
    #[test]
    fn no_order_is_passed_over_while_others_change(
        seconds in proptest::collection::vec(1_i64..200, 1..60),
        size in 5_usize..9,
        changes in proptest::collection::vec((0_usize..60, 0_usize..5), 0..60),
    ) {
        let of = |second| seconds.iter().filter(|other| **other == second).count();
        proptest::prop_assume!(seconds.iter().all(|second| of(*second) < size - 1));
        let mut shop = Shop((0..).zip(seconds.iter().copied()).collect());
        let seen = walk(&mut shop, size, |shop, page| {
            let now = changes.iter().filter(|(_, when)| *when == page % 5 && page < 40).take(3);
            for (index, _) in now {
                let len = shop.0.len();
                // A shop's clock goes on: what changes, changes later than all that has changed.
                shop.0[index % len].1 = 1_000 + page as i64;
            }
        });
        proptest::prop_assert_eq!(seen.len(), seconds.len());
    }

    #[test]
    fn a_still_shop_is_seen_whole(seconds in proptest::collection::vec(1_i64..6, 1..60), size in 1_usize..9) {
        let mut shop = Shop((0..).zip(seconds.iter().copied()).collect());
        proptest::prop_assert_eq!(walk(&mut shop, size, |_, _| {}).len(), seconds.len());
    }
}
