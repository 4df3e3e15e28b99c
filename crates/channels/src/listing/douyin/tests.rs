//! Pages as Douyin gives them, still and while orders change.

use super::*;
use std::collections::BTreeSet;

const KEY: &str = "7001234567890123456";
const CREDENTIAL: &str = "7001234567890123456:s:ecret:9d7f-token";
const NOW_MS: i64 = 1_795_255_500_250;

fn changed(from_ms: i64, size: usize, after: Option<&str>) -> PageAsked {
    PageAsked { wanted: Wanted::Changed { from_ms }, size, after: after.map(str::to_owned) }
}

fn by_id(id: &str) -> PageAsked {
    PageAsked { wanted: Wanted::Ids(vec![id.to_owned()]), size: 1, after: None }
}

fn ask(page: &PageAsked) -> (String, String) {
    let ask = DouyinOrders.ask(page, &Access { credential: CREDENTIAL, now_ms: NOW_MS });
    assert_eq!(ask.headers, []);
    (ask.path, ask.body.expect("a POST"))
}

fn read(page: &PageAsked, body: &str) -> Result<Page, Amiss> {
    DouyinOrders.read(page, &Answered { headers: &Headers::default(), body: body.as_bytes(), asked_ms: NOW_MS })
}

fn rows(orders: &[(u64, i64)]) -> String {
    let row = |(id, at_s): &(u64, i64)| format!(r#"{{"order_id":"{id}","create_time":7,"update_time":{at_s}}}"#);
    orders.iter().map(row).collect::<Vec<_>>().join(",")
}

fn page(total: usize, orders: &[(u64, i64)]) -> String {
    format!(r#"{{"code":10000,"msg":"success","data":{{"total":{total},"shop_order_list":[{}]}}}}"#, rows(orders))
}

/// Recomputed with another implementation of HMAC.
#[test]
fn a_search_is_signed_over_its_parameters_in_order() {
    let (path, body) = ask(&changed(1_795_255_440_900, 250, None));
    let expected = r#"{"order_asc":true,"order_by":"update_time","page":0,"size":100,"update_time_end":1795255501,"update_time_start":1795255439}"#;
    assert_eq!(body, expected);
    let told = "59c35c41765e5ad34658ac138e1616354e40bc86f8a3189fc35d12561bc84515";
    assert_eq!(
        path,
        format!(
            "/order/searchList?app_key={KEY}&method=order.searchList&timestamp=1795255500&v=2&sign={told}&sign_method=hmac-sha256&access_token=9d7f-token"
        )
    );
    let parsed: Value = serde_json::from_str(&body).expect("JSON");
    let names: Vec<&String> = parsed.as_object().expect("an object").keys().collect();
    assert!(names.is_sorted() && body.match_indices('"').count() == names.len() * 2 + 2, "{names:?}");
}

#[test]
fn orders_are_asked_for_by_placing_and_by_id() {
    let placed = Wanted::Placed { from_ms: 5_000, until_ms: 9_000 };
    let (_, body) = ask(&PageAsked { wanted: placed, size: 10, after: Some("6:3".to_owned()) });
    let expected =
        r#"{"create_time_end":10,"create_time_start":6,"order_asc":true,"order_by":"create_time","page":3,"size":10}"#;
    assert_eq!(body, expected);
    let (path, body) = ask(&by_id("4781320682406083640"));
    assert_eq!(body, r#"{"shop_order_id":"4781320682406083640"}"#);
    assert!(path.starts_with("/order/orderDetail?") && path.contains("&method=order.orderDetail&"), "{path}");
    let (_, body) = ask(&by_id("a\"b\\"));
    assert_eq!(body, r#"{"shop_order_id":"a\"b\\"}"#);
    assert_eq!(DouyinOrders.ids_max(), 1);
}

#[test]
fn a_credential_of_another_form_signs_nothing() {
    assert_eq!(parted(CREDENTIAL), (KEY, "s:ecret", "9d7f-token"));
    assert_eq!(parted("key:token"), ("key", "", "token"));
    assert_eq!(parted("key"), ("key", "", ""));
    let asked = DouyinOrders.ask(&by_id("1"), &Access { credential: "a&b=c d", now_ms: 0 });
    assert!(asked.path.contains("app_key=a%26b%3Dc%20d&"), "{}", asked.path);
}

#[test]
fn a_page_goes_on_by_time_and_within_a_second_by_number() {
    let next = |after: Option<&str>, body: &str| read(&changed(90_000, 2, after), body).expect("a page").next;
    assert_eq!(next(None, &page(9, &[(1, 95), (2, 97)])).as_deref(), Some("96:0"));
    assert_eq!(next(Some("96:0"), &page(9, &[(2, 97), (3, 97)])).as_deref(), Some("96:1"));
    assert_eq!(next(Some("96:1"), &page(4, &[(4, 97), (5, 98)])), None, "these were the last");
    assert_eq!(
        next(Some("96:1"), &page(5, &[])).as_deref(),
        Some("96:2"),
        "an empty page is not the last where more are counted"
    );
    let uncounted = format!(r#"{{"code":10000,"data":{{"shop_order_list":[{}]}}}}"#, rows(&[(1, 90)]));
    assert_eq!(next(None, &uncounted).as_deref(), Some("89:1"));
    assert_eq!(next(None, r#"{"code":10000,"data":{"total":0,"shop_order_list":null}}"#), None);
}

#[test]
fn an_order_is_listed_in_its_own_bytes() {
    let row = r#"{ "order_id":"4781320682406083640", "update_time":97 }"#;
    let body = format!(r#"{{"code":10000,"data":{{"total":1,"page":0,"size":20,"shop_order_list":[ {row} , 7]}}}}"#);
    let listed = read(&changed(0, 2, None), &body).expect("a page");
    assert_eq!((listed.orders[0].at_ms, listed.orders[0].body.as_slice()), (Some(97_000), row.as_bytes()));
    assert_eq!((listed.orders[1].at_ms, listed.settled), (None, Settled::Newest));
    let detail = format!(r#"{{"code":10000,"msg":"success","data":{{"shop_order_detail":{row}}}}}"#);
    let listed = read(&by_id("4781320682406083640"), &detail).expect("an order");
    assert_eq!((listed.orders.len(), listed.orders[0].body.as_slice()), (1, row.as_bytes()));
    assert_eq!(listed.next, None);
    let headers = DouyinOrders.headers();
    assert!(
        headers.get(PULLED).is_some() && !crate::adapter("douyin").is_some_and(|a| a.kept_headers().contains(&PULLED))
    );
}

#[test]
fn a_page_out_of_its_order_is_settled_up_to_its_earliest() {
    let mixed = read(&changed(0, 2, Some("4999:2")), &page(9, &[(1, 5_010), (2, 5_005)])).expect("a page");
    assert_eq!((mixed.settled, mixed.next.as_deref()), (Settled::Until(5_005_000), Some("4999:3")));
    let falling = read(&changed(0, 2, None), &page(9, &[(1, 9_000), (2, 5_000)]));
    let Err(Amiss::Unreadable(fault)) = falling else { panic!("{falling:?}") };
    assert_eq!(fault.field, "data.shop_order_list[1].update_time");
}

#[test]
fn the_platforms_no_is_told_apart() {
    let says = |code: i64, sub: &str| {
        let body = format!(r#"{{"code":{code},"msg":"m","sub_code":"{sub}","sub_msg":"secret words","data":null}}"#);
        read(&changed(0, 2, None), &body).expect_err("a no")
    };
    let refused = |text: &str| Amiss::Refused(text.to_owned());
    let unwell = |text: &str| Amiss::Unwell(text.to_owned());
    assert_eq!(says(40_003, "isv.access-token-expired"), refused("40003 isv.access-token-expired"));
    assert_eq!(says(30_001, "dop.authorization-closed"), refused("30001 dop.authorization-closed"));
    assert_eq!(says(30_002, ""), refused("30002"));
    assert_eq!(says(40_003, "isv.signature-invalid"), refused("40003 isv.signature-invalid"));
    assert_eq!(says(60_000, "isv.flow-limit"), Amiss::Busy);
    assert_eq!(says(20_000, "dop.service-error"), unwell("20000 dop.service-error"));
    assert_eq!(says(90_000, "words with spaces"), unwell("90000"), "what is no code is not repeated");
    assert_eq!(says(50_002, &"x".repeat(2_000)), unwell("50002"));
    for no_page in [
        "7",
        "<html>",
        "",
        r#"{"code":"10000"}"#,
        r#"{"code":10000,"data":{}}"#,
        r#"{"code":10000,"data":[]}"#,
        r#"{"code":10000}"#,
    ] {
        assert!(matches!(read(&changed(0, 2, None), no_page), Err(Amiss::Unreadable(_))), "{no_page}");
    }
    assert_eq!(read(&changed(0, 2, None), "{}"), Err(unwell("0")));
}

#[test]
fn an_order_that_douyin_does_not_know_is_none() {
    let none = |body: &str| read(&by_id("1"), body).map(|page| page.orders.len());
    assert_eq!(none(r#"{"code":10000,"data":{"shop_order_detail":null}}"#), Ok(0));
    assert_eq!(none(r#"{"code":50002,"sub_code":"isv.business-failed","sub_msg":"订单不存在"}"#), Ok(0));
    let failed = r#"{"code":50002,"sub_code":"isv.business-failed","sub_msg":"稍后"}"#;
    assert_eq!(none(failed), Err(Amiss::Unwell("50002 isv.business-failed".to_owned())));
    let token = r#"{"code":40003,"sub_code":"isv.access-token-no-existed","sub_msg":"access_token不存在"}"#;
    assert!(matches!(none(token), Err(Amiss::Refused(_))), "it is the token that is not there");
    let listing = r#"{"code":50002,"sub_msg":"店铺不存在"}"#;
    assert!(read(&changed(0, 2, None), listing).is_err(), "a search that failed is no empty page");
}

/// A shop as Douyin lists it: pages are counted at the moment of the request.
struct Shop {
    orders: Vec<(u64, i64)>,
    /// Whether a bound is of its own range.
    inclusive: bool,
}

impl Shop {
    fn page(&self, body: &str) -> String {
        let asked: Value = serde_json::from_str(body).expect("JSON");
        let number = |name: &str| asked[name].as_i64().expect("it is asked for");
        let from_s = number("update_time_start") + i64::from(!self.inclusive);
        let mut found: Vec<(u64, i64)> = self.orders.iter().copied().filter(|(_, at)| *at >= from_s).collect();
        found.sort_by_key(|(id, at)| (*at, *id));
        let (size, skip) = (number("size") as usize, (number("page") * number("size")) as usize);
        page(found.len(), &found.iter().copied().skip(skip).take(size).collect::<Vec<_>>())
    }
}

/// Walks to the end; between two pages `meanwhile` may change the shop. Answers the ids that were seen.
fn walk(shop: &mut Shop, size: usize, mut meanwhile: impl FnMut(&mut Shop, usize)) -> BTreeSet<String> {
    let (mut seen, mut after, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let asked = changed(0, size, after.as_deref());
        let answer = shop.page(&ask(&asked).1);
        let page = read(&asked, &answer).expect("a page");
        for order in &page.orders {
            let order: Value = serde_json::from_slice(&order.body).expect("an order");
            seen.insert(order["order_id"].as_str().expect("an id").to_owned());
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
    /// Whatever changes while the pages are walked, no order is passed over, as long as no two seconds together have a page's size of
    /// changes: within such ones pages can only be counted, and the next pull begins earlier than this one ended.
    #[test]
    fn no_order_is_passed_over_while_others_change(
        seconds in proptest::collection::vec(1_i64..400, 1..60),
        size in 6_usize..10,
        inclusive: bool,
        changes in proptest::collection::vec((0_usize..60, 0_usize..5), 0..60),
    ) {
        let of = |second: i64| seconds.iter().filter(|other| **other == second || **other == second + 1).count();
        proptest::prop_assume!(seconds.iter().all(|second| of(*second) < size));
        let mut shop = Shop { orders: (0..).zip(seconds.iter().copied()).collect(), inclusive };
        let seen = walk(&mut shop, size, |shop, page| {
            let now = changes.iter().filter(|(_, when)| *when == page % 5 && page < 40).take(3);
            for (index, _) in now {
                let len = shop.orders.len();
                // A shop's clock goes on: what changes, changes later than all that has changed.
                shop.orders[index % len].1 = 1_000 + 2 * page as i64;
            }
        });
        proptest::prop_assert_eq!(seen.len(), seconds.len());
    }

    #[test]
    fn a_still_shop_is_seen_whole(seconds in proptest::collection::vec(1_i64..6, 1..60), size in 1_usize..9, inclusive: bool) {
        let mut shop = Shop { orders: (0..).zip(seconds.iter().copied()).collect(), inclusive };
        proptest::prop_assert_eq!(walk(&mut shop, size, |_, _| {}).len(), seconds.len());
    }
}
