//! Pages as the platforms give them, still and while orders change.

use super::{Access, Amiss, Answered, Listing, Page, PageAsked, Wanted};
use crate::Headers;
use crate::adapter::adapter;
use std::collections::BTreeSet;

const S: i64 = 1000;

fn listing(channel: &str) -> &'static dyn Listing {
    adapter(channel).and_then(|adapter| adapter.listing()).expect("it has a listing")
}

fn changed(from_ms: i64, size: usize, after: Option<&str>) -> PageAsked {
    PageAsked { wanted: Wanted::Changed { from_ms }, size, after: after.map(str::to_owned) }
}

fn access(credential: &str) -> Access<'_> {
    Access { credential, now_ms: 0 }
}

fn read(channel: &str, page: &PageAsked, headers: &[(&str, &str)], body: &str) -> Result<Page, crate::Fault> {
    let read =
        listing(channel).read(page, &Answered { headers: &Headers::of(headers), body: body.as_bytes(), asked_ms: 0 });
    read.map_err(|amiss| match amiss {
        Amiss::Unreadable(fault) => fault,
        other => panic!("{other:?}"),
    })
}

#[test]
fn shopify_is_asked_by_time_and_then_by_its_own_word() {
    let ask = listing("shopify").ask(&changed(1_795_269_900_000, 250, None), &access("shpat_1"));
    let path = "/admin/api/2026-10/orders.json?status=any&limit=250&order=updated_at%20asc&updated_at_min=2026-11-21T14%3A05%3A00Z";
    assert_eq!(ask.path, path);
    assert_eq!(ask.headers, [("x-shopify-access-token", "shpat_1".to_owned())]);
    let next = listing("shopify").ask(&changed(1_795_269_900_000, 250, Some("a=b c")), &access("shpat_1"));
    assert_eq!(next.path, "/admin/api/2026-10/orders.json?limit=250&page_info=a%3Db%20c");
    let placed = Wanted::Placed { from_ms: 0, until_ms: S };
    let ask = listing("shopify").ask(&PageAsked { wanted: placed, size: 50, after: None }, &access("t"));
    assert!(ask.path.contains(
        "order=created_at%20asc&created_at_min=1970-01-01T00%3A00%3A00Z&created_at_max=1970-01-01T00%3A00%3A01Z"
    ));
    let ids = Wanted::Ids(vec!["1".to_owned(), "2".to_owned()]);
    let ask = listing("shopify").ask(&PageAsked { wanted: ids, size: 50, after: None }, &access("t"));
    assert!(ask.path.ends_with("status=any&limit=50&ids=1%2C2"), "{}", ask.path);
}

#[test]
fn shopify_names_its_next_page_in_a_link() {
    let order = |id: u64, at: &str| format!(r#"{{"id":{id},"updated_at":"{at}"}}"#);
    let (one, two) = (order(9_007_199_254_740_993, "2026-11-21T18:04:05+08:00"), order(2, "2026-11-21T10:04:06Z"));
    let body = format!(r#"{{"orders":[{one}, {two}]}}"#);
    let link = r#"<https://a.example/orders.json?limit=2&page_info=before>; rel="previous", <https://a.example/orders.json?limit=2&page_info=ab%3D%3D>; rel="next""#;
    let page = read("shopify", &changed(0, 2, None), &[("link", link)], &body).expect("a page");
    assert_eq!(page.next.as_deref(), Some("ab=="));
    assert_eq!(page.orders[0].body, one.as_bytes(), "each byte as the platform wrote it");
    assert_eq!(page.orders[0].at_ms.map(|at| at + S), page.orders[1].at_ms);
    let last = read("shopify", &changed(0, 2, None), &[("link", link.split_once(", ").expect("two").0)], &body);
    assert_eq!(last.expect("a page").next, None);
    assert_eq!(read("shopify", &changed(0, 2, None), &[], r#"{"orders":[]}"#).expect("a page").orders, []);
}

#[test]
fn woocommerce_is_asked_from_the_second_before() {
    let ask = listing("woocommerce").ask(&changed(1_795_269_900_250, 100, None), &access("ck:cs"));
    let path = "/wp-json/wc/v3/orders?status=any&per_page=100&page=1&orderby=modified&order=asc&modified_after=2026-11-21T14%3A04%3A59&dates_are_gmt=true";
    assert_eq!(ask.path, path);
    assert_eq!(ask.headers, [("authorization", "Basic Y2s6Y3M=".to_owned())]);
    let placed = PageAsked { wanted: Wanted::Placed { from_ms: 5 * S, until_ms: 9 * S }, size: 10, after: None };
    let ask = listing("woocommerce").ask(&placed, &access("ck:cs"));
    assert!(ask.path.contains("orderby=date&order=asc&after=1970-01-01T00%3A00%3A04&before=1970-01-01T00%3A00%3A10"));
}

#[test]
fn what_is_no_page_is_a_fault_and_an_order_that_cannot_be_read_is_none() {
    for (channel, body) in [("shopify", "[]"), ("shopify", "<html>"), ("woocommerce", "{}"), ("woocommerce", "[{},")] {
        assert!(read(channel, &changed(0, 2, None), &[], body).is_err(), "{channel} {body}");
    }
    let page = read("woocommerce", &changed(0, 2, None), &[], r#"[7, {"id":1,"date_modified_gmt":"yesterday"}]"#);
    let page = page.expect("a page");
    assert_eq!(page.orders.iter().map(|order| order.at_ms).collect::<Vec<_>>(), [None, None]);
    assert_eq!(page.next.as_deref(), Some("-1:2"), "where no time is known the pages are counted");
}

#[test]
fn a_page_in_another_order_is_a_fault() {
    let body =
        r#"[{"id":2,"date_modified_gmt":"2026-11-21T11:00:01"},{"id":1,"date_modified_gmt":"2026-11-21T10:00:00"}]"#;
    let fault = read("woocommerce", &changed(0, 2, None), &[], body).expect_err("refused");
    assert_eq!(fault.field, "[1].date_modified_gmt");
    let ids = PageAsked { wanted: Wanted::Ids(vec!["1".to_owned(), "2".to_owned()]), size: 2, after: None };
    assert!(read("woocommerce", &ids, &[], body).is_ok(), "by ids any order will do");
}

/// Clocks go back, and the shop sorts by them.
#[test]
fn a_page_that_is_out_of_order_by_an_hour_is_followed_by_number() {
    let body =
        r#"[{"id":2,"date_modified_gmt":"2026-10-25T01:10:00"},{"id":1,"date_modified_gmt":"2026-10-25T00:30:00"}]"#;
    let page = read("woocommerce", &changed(0, 2, Some("5:3")), &[("x-wp-totalpages", "9")], body).expect("a page");
    assert_eq!(page.next.as_deref(), Some("5:4"));
    let in_order = body.replace("T01:10", "T00:10");
    let page =
        read("woocommerce", &changed(0, 2, Some("5:3")), &[("x-wp-totalpages", "9")], &in_order).expect("a page");
    assert_eq!(page.next.as_deref(), Some("1792888199:1"));
}

#[test]
fn a_page_that_is_short_or_empty_is_not_the_last_where_more_are_counted() {
    let next = |headers: &[(&str, &str)], body: &str| {
        read("woocommerce", &changed(0, 2, Some("5:3")), headers, body).expect("a page").next
    };
    assert_eq!(next(&[("x-wp-totalpages", "4")], "[]").as_deref(), Some("5:4"));
    assert_eq!(next(&[("x-wp-totalpages", "3")], r#"[{"id":1}]"#), None);
    assert_eq!(next(&[], r#"[{"id":1}]"#).as_deref(), Some("5:4"), "where nothing is counted, until a page is empty");
    assert_eq!(next(&[], "[]"), None);
}

/// What a fault says may end in a log line and in a header.
#[test]
fn a_fault_does_not_repeat_what_the_platform_said() {
    let said = format!("\"{}\"", "secret ".repeat(1000));
    for channel in ["shopify", "woocommerce"] {
        let fault = read(channel, &changed(0, 2, None), &[], &said).expect_err("no page").to_string();
        assert!(fault.len() < 200 && !fault.contains("secret"), "{fault}");
    }
}

/// WordPress, with a shop in New York: the bound is local time there, and in GMT only after that.
#[test]
fn a_bound_in_the_hour_that_clocks_skip_is_sent_an_hour_earlier() {
    let asked = |at: &str| {
        let from_ms = crate::instant::in_utc(at).expect("a time");
        let path = listing("woocommerce").ask(&changed(from_ms, 2, None), &access("ck:cs")).path;
        path.split("modified_after=").nth(1).expect("a bound").split('&').next().expect("a time").replace("%3A", ":")
    };
    assert_eq!(asked("2027-03-14T02:13:00"), "2027-03-14T01:12:59", "read as 02:12:59 there is 03:12:59");
    assert_eq!(asked("2027-03-14T03:13:00"), "2027-03-14T02:12:59", "which counts as 03:12:59");
    assert_eq!(asked("2027-03-14T06:13:00"), "2027-03-14T06:12:59");
    assert_eq!(asked("2027-06-13T02:13:00"), "2027-06-13T02:12:59", "not in summer");
}

/// A shop as WooCommerce lists it: pages are counted at the moment of the request, bounds are exclusive.
struct Shop(Vec<(u64, i64)>);

impl Shop {
    fn page(&self, path: &str) -> (String, String) {
        let value = |name: &str| {
            let query = path.split_once('?').expect("a query").1;
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
                .expect("it is asked for")
                .to_owned()
        };
        let after = crate::instant::in_utc(&value("modified_after").replace("%3A", ":")).expect("a time");
        let (size, number): (usize, usize) =
            (value("per_page").parse().expect("a size"), value("page").parse().expect("a page"));
        let mut rows: Vec<&(u64, i64)> = self.0.iter().filter(|(_, at)| *at > after).collect();
        rows.sort_by_key(|(id, at)| (*at, *id));
        let pages = rows.len().div_ceil(size);
        let shown: Vec<String> = rows
            .into_iter()
            .skip(size * (number - 1))
            .take(size)
            .map(|(id, at)| format!(r#"{{"id":{id},"date_modified_gmt":"{}"}}"#, crate::instant::to_utc(*at)))
            .collect();
        (format!("[{}]", shown.join(",")), pages.to_string())
    }
}

/// Walks to the end; between two pages `meanwhile` may change the shop. Answers the ids that were seen.
fn walk(shop: &mut Shop, size: usize, mut meanwhile: impl FnMut(&mut Shop, usize)) -> BTreeSet<u64> {
    let (mut seen, mut after, mut pages) = (BTreeSet::new(), None, 0);
    loop {
        let asked = changed(0, size, after.as_deref());
        let (body, total) = shop.page(&listing("woocommerce").ask(&asked, &access("ck:cs")).path);
        let page = read("woocommerce", &asked, &[("x-wp-totalpages", &total)], &body).expect("a page");
        for order in &page.orders {
            let id: serde_json::Value = serde_json::from_slice(&order.body).expect("an order");
            seen.insert(id["id"].as_u64().expect("an id"));
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
    /// Whatever changes while the pages are walked, no order is passed over: neither those that changed nor those that moved up.
    /// That holds as long as no second has a page's size of changes or more; within such a one pages can only be counted, and what is
    /// passed over there is seen by the next pull, which begins earlier than this one ended.
    #[test]
    fn no_order_is_passed_over_while_others_change(
        seconds in proptest::collection::vec(1_i64..200, 1..60),
        size in 5_usize..9,
        changes in proptest::collection::vec((0_usize..60, 0_usize..5), 0..60),
    ) {
        let of = |second| seconds.iter().filter(|other| **other == second).count();
        proptest::prop_assume!(seconds.iter().all(|second| of(*second) < size));
        let mut shop = Shop((0..).zip(seconds.iter().map(|at| at * S)).collect());
        let seen = walk(&mut shop, size, |shop, page| {
            let now = changes.iter().filter(|(_, when)| *when == page % 5 && page < 40).take(3);
            for (index, _) in now {
                let len = shop.0.len();
                // A shop's clock goes on: what changes, changes later than all that has changed.
                shop.0[index % len].1 = (1_000 + page as i64) * S;
            }
        });
        proptest::prop_assert_eq!(seen.len(), seconds.len());
    }

    #[test]
    fn a_still_shop_is_seen_whole(seconds in proptest::collection::vec(1_i64..6, 1..60), size in 1_usize..9) {
        let mut shop = Shop((0..).zip(seconds.iter().map(|at| at * S)).collect());
        proptest::prop_assert_eq!(walk(&mut shop, size, |_, _| {}).len(), seconds.len());
    }
}
