//! Questions as Kuaishou wants them, and walks over windows and pages.

use super::*;
use std::collections::BTreeMap;

const NOW: i64 = 1_795_300_000_000;
const CREDENTIAL: &str = "ks7:sign:to:ken";

fn asked(wanted: Wanted, after: Option<&str>) -> PageAsked {
    PageAsked { wanted, size: 100, after: after.map(str::to_owned) }
}

fn changed(from_ms: i64, after: Option<&str>) -> PageAsked {
    asked(Wanted::Changed { from_ms }, after)
}

fn path(page: &PageAsked) -> String {
    path_at(page, NOW)
}

fn path_at(page: &PageAsked, now_ms: i64) -> String {
    let ask = KuaishouOrders.ask(page, &Access { credential: CREDENTIAL, now_ms });
    assert_eq!((ask.headers.len(), ask.body), (0, None));
    ask.path
}

/// The parameters of a path, unquoted.
fn parameters(path: &str) -> BTreeMap<String, String> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').expect("a pair");
        let value = percent_encoding::percent_decode_str(value).decode_utf8().expect("UTF-8");
        (name.to_owned(), value.into_owned())
    };
    path.split_once('?').expect("a query").1.split('&').map(pair).collect()
}

fn param(page: &PageAsked) -> Value {
    param_at(page, NOW)
}

fn param_at(page: &PageAsked, now_ms: i64) -> Value {
    serde_json::from_str(&parameters(&path_at(page, now_ms))["param"]).expect("JSON")
}

fn read(page: &PageAsked, body: &str) -> Result<Page, Amiss> {
    read_at(page, body, NOW)
}

fn read_at(page: &PageAsked, body: &str, asked_ms: i64) -> Result<Page, Amiss> {
    KuaishouOrders.read(page, &Answered { headers: &Headers::default(), body: body.as_bytes(), asked_ms })
}

fn list(cursor: &str, orders: &str) -> String {
    format!(
        r#"{{"result":1,"error_msg":"SUCCESS","data":{{"cursor":"{cursor}","pageSize":50,"orderList":[{orders}]}}}}"#
    )
}

/// Made by `openssl dgst -sha256 -hmac sign -binary | base64` over the parameters as they stand below.
#[test]
fn a_question_is_signed_over_its_parameters() {
    let page = asked(Wanted::Ids(vec!["9007199254740993".to_owned()]), None);
    let path = path(&page);
    let sign = "n29tZa9NAv1XO7ll6f2Ckte6Jfc8LmIukf3QLI2tHXY=";
    assert_eq!(
        path,
        format!(
            "/open/order/detail?access_token=to%3Aken&appkey=ks7&method=open.order.detail&param=%7B%22oid%22%3A9007199254740993%7D\
             &signMethod=HMAC_SHA256&timestamp=1795300000000&version=1&sign={}",
            quoted(sign)
        )
    );
    assert_eq!(KuaishouOrders.ids_max(), 1);
}

#[test]
fn a_list_is_asked_for_by_day_and_by_cursor() {
    let begin = NOW - 3 * DAY_MS;
    let page = changed(begin, None);
    assert!(path(&page).starts_with("/open/order/cursor/list?access_token="));
    let wanted = json!({
        "orderViewStatus": 1, "cpsType": 0, "sort": 2, "queryType": 2, "pageSize": 50, "beginTime": begin,
        "endTime": begin + DAY_MS, "cursor": ""
    });
    assert_eq!(param(&page), wanted);
    let next = param(&changed(begin, Some("5:9:1573:56_20:1")));
    assert_eq!((&next["beginTime"], &next["endTime"], &next["cursor"]), (&json!(5), &json!(9), &json!("1573:56_20:1")));
    let placed = param(&asked(Wanted::Placed { from_ms: begin, until_ms: begin + 500 }, None));
    assert_eq!((&placed["queryType"], &placed["endTime"]), (&json!(1), &json!(begin + 500)));
    let almost = param(&changed(NOW - DAY_MS - 30_000, None));
    assert_eq!(almost["endTime"], json!(NOW), "half a minute is no window of its own");
    let soon = param(&changed(NOW - 1_000, None));
    assert_eq!((&soon["beginTime"], &soon["endTime"]), (&json!(NOW - 1_000), &json!(NOW)));
}

#[test]
fn nobody_is_asked_for_more_than_ninety_days() {
    let first = param(&changed(0, None));
    assert_eq!(first["beginTime"], json!(NOW - REACH_MS));
    let old = asked(Wanted::Placed { from_ms: 1, until_ms: 2 }, None);
    let first = param(&old);
    assert_eq!((&first["beginTime"], &first["endTime"]), (&json!(NOW - REACH_MS), &json!(NOW - REACH_MS + 1)));
    assert_eq!(read(&old, &list("nomore", "")).expect("a page").next, None);
}

#[test]
fn a_page_has_orders_and_ids_of_those_with_bare_gifts() {
    let order = |oid: u64, parts: &str| {
        format!(r#"{{"orderBaseInfo": {{"oid":{oid},"createTime":7,"updateTime":8 }}, "subOrderInfo":{parts}}}"#)
    };
    let (one, two) = (order(9_007_199_254_740_993, "[]"), order(9_007_199_254_740_995, r#"[{"subOrderId":4}]"#));
    let (three, odd) = (order(5, r#"[{"subOrderItemInfo":{}}]"#), r#"{"orderBaseInfo":{"oid":6,"updateTime":"late"}}"#);
    let body = list("17_4", &[one.as_str(), &two, &three, odd, "7"].join(" , "));
    let page = read(&changed(NOW - 10, None), &body).expect("a page");
    assert_eq!(page.ids, ["9007199254740995"]);
    let told: Vec<(Option<i64>, &[u8])> =
        page.orders.iter().map(|order| (order.at_ms, order.body.as_slice())).collect();
    let bytes = [one.as_bytes(), three.as_bytes(), odd.as_bytes(), b"7"];
    assert_eq!(told.iter().map(|(_, body)| *body).collect::<Vec<_>>(), bytes, "each byte as the platform wrote it");
    assert_eq!(told.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [Some(8), Some(8), None, None]);
    let placed = asked(Wanted::Placed { from_ms: NOW - 10, until_ms: NOW }, None);
    assert_eq!(read(&placed, &body).expect("a page").orders[0].at_ms, Some(7));
}

#[test]
fn a_detail_is_one_order_or_none() {
    let ids = asked(Wanted::Ids(vec!["5".to_owned()]), None);
    let body = r#"{"orderBaseInfo":{"oid":5,"updateTime":8}, "x": 1}"#;
    let page = read(&ids, &format!(r#"{{"result":1,"data": {body} }}"#)).expect("a page");
    assert_eq!((page.orders, page.next), (vec![Listed { at_ms: Some(8), body: body.as_bytes().to_vec() }], None));
    for none in [r#"{"result":1}"#, r#"{"result":1,"data":null}"#] {
        assert_eq!(read(&ids, none).expect("a page").orders, []);
    }
}

#[test]
fn a_no_is_told_by_its_code() {
    let of = |body: &str| read(&changed(NOW - 10, None), body).expect_err("no page");
    for (body, amiss) in [
        (r#"{"result":24,"error_msg":"token"}"#, Amiss::Refused("24".to_owned())),
        (r#"{"result":28}"#, Amiss::Refused("28".to_owned())),
        (r#"{"result":21,"code":"21"}"#, Amiss::Busy),
        (r#"{"result":2001,"sub_code":"802006"}"#, Amiss::Busy),
        (r#"{"result":802,"subCode":802006}"#, Amiss::Busy),
        (r#"{"result":2001,"code":"2001","sub_code":{}}"#, Amiss::Unwell("2001".to_owned())),
        (r#"{"result":0}"#, Amiss::Unwell("0".to_owned())),
    ] {
        assert_eq!(of(body), amiss, "{body}");
    }
    let long = format!("\"{}\"", "secret ".repeat(1000));
    let same = list("c", "");
    for (body, after) in [
        ("", None),
        ("[]", None),
        ("{}", None),
        (r#"{"result":"1"}"#, None),
        (r#"{"result":1}"#, None),
        (r#"{"result":1,"data":7}"#, None),
        (&long, None),
        (&same, Some("5:9:c")),
    ] {
        let Amiss::Unreadable(fault) = read(&changed(NOW - 10, after), body).expect_err(body) else { panic!("{body}") };
        let told = fault.to_string();
        assert!(told.len() < 200 && !told.contains("secret"), "{told}");
    }
}

/// Id and time of a listed order.
fn known(order: &Listed) -> (u64, i64) {
    let glimpse = Glimpse::of(serde_json::from_slice(&order.body).expect("JSON"));
    (glimpse.base.oid.as_u64().expect("an id"), order.at_ms.expect("a time"))
}

/// A shop as Kuaishou lists it: by window, some orders on a page, the cursor a place in it.
struct Shop(Vec<(u64, i64)>);

impl Shop {
    fn answer(&self, param: &Value, now_ms: i64) -> String {
        let (from, until) = (param["beginTime"].as_i64().expect("a time"), param["endTime"].as_i64().expect("a time"));
        assert!(
            until > from && until - from <= 7 * DAY_MS && from >= now_ms - 90 * DAY_MS && until <= now_ms,
            "{param}"
        );
        let size = usize::try_from(param["pageSize"].as_u64().expect("a size")).expect("a size");
        assert!(size <= 50);
        let within: Vec<&(u64, i64)> = self.0.iter().filter(|(_, at)| (from..=until).contains(at)).collect();
        let begun: usize = param["cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let shown: Vec<String> = within
            .iter()
            .skip(begun)
            .take(size)
            .map(|(oid, at)| format!(r#"{{"orderBaseInfo":{{"oid":{oid},"updateTime":{at}}}}}"#))
            .collect();
        let behind = begun + shown.len();
        list(&if behind < within.len() { behind.to_string() } else { END.to_owned() }, &shown.join(","))
    }
}

proptest::proptest! {
    /// Over windows and pages, in whatever order each window has them, while time goes on.
    #[test]
    fn a_walk_sees_every_order(
        ages in proptest::collection::vec(0_i64..6 * DAY_MS, 0..60),
        size in 1_usize..60,
        pace in 0_i64..20_000,
    ) {
        let from_ms = NOW - 5 * DAY_MS;
        let shop = Shop((0..).zip(ages.iter().map(|age| NOW - age)).collect());
        let (mut after, mut seen, mut settled) = (None, Vec::new(), from_ms);
        let mut now_ms = NOW;
        for _ in 0..1_000 {
            now_ms += pace;
            let page = PageAsked { wanted: Wanted::Changed { from_ms }, size, after };
            let found = read_at(&page, &shop.answer(&param_at(&page, now_ms), now_ms), now_ms).expect("a page");
            seen.extend(found.orders.iter().map(known));
            if let Settled::Until(ms) = found.settled {
                proptest::prop_assert!(ms > settled);
                settled = ms;
                let due = shop.0.iter().filter(|(_, at)| (from_ms..ms).contains(at));
                proptest::prop_assert!(due.clone().all(|order| seen.contains(order)), "what is settled was seen");
            } else {
                proptest::prop_assert_eq!(found.settled, Settled::NotYet);
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        proptest::prop_assert!(after.is_none(), "it has an end");
        proptest::prop_assert!((NOW..=now_ms).contains(&settled));
        let wanted = shop.0.iter().filter(|(_, at)| *at >= from_ms).count();
        seen.sort_unstable();
        seen.dedup();
        proptest::prop_assert_eq!(seen.len(), wanted);
    }
}
