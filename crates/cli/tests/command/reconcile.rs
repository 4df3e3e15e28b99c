//! `weir reconcile` and `weir pulls` at a whole installation, beside a platform: what is off is found, and what is missing comes in.

use crate::corner::{Ended, PATIENCE};
use crate::house::House;
use crate::platform::{Platform, TOKEN, told};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use weir_testkit::wait_for;

const HOUR_MS: i64 = 3_600_000;

struct Rig {
    house: House,
    platform: Platform,
    now_ms: i64,
}

impl Rig {
    /// A house that may ask the platform for the orders of shopify/acme.
    fn new() -> Rig {
        let (house, platform) = (House::open(), Platform::start());
        house.weir(&["warehouse", "add", "east"]).well();
        house.weir(&["sku", "add", "TEA"]).well();
        let api = ["--api", &platform.url, "--api-credential", TOKEN, "--pull-every", "1d", "--api-rate", "100"];
        house.weir(&[&["shop", "add", "shopify", "acme", "--secret", "hush-hush"], &api[..]].concat()).well();
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("later than 1970").as_millis();
        let rig = Rig { house, platform, now_ms: i64::try_from(now_ms).expect("no far future") };
        wait_for("ingest to know the shop", PATIENCE, || (!rig.reconcile(&[]).said.is_empty()).then_some(()));
        rig
    }

    fn hours_ago(&self, hours: i64) -> i64 {
        self.now_ms - hours * HOUR_MS
    }

    /// The last two days.
    fn reconcile(&self, options: &[&str]) -> Ended {
        self.house.weir(&[&["reconcile", "shopify/acme", "--from", "2d"], options].concat())
    }
}

/// The last line that was said.
fn sums(ended: &Ended) -> &str {
    ended.said.lines().last().unwrap_or_default()
}

#[test]
fn a_house_catches_up_with_its_platform() {
    let mut rig = Rig::new();
    for (id, hours) in [(1001, 30), (1002, 3), (1003, 2)] {
        rig.platform.place(id, rig.hours_ago(hours));
    }
    what_is_missing_comes_in(&rig);
    what_changed_is_told_and_comes_in(&rig);
    a_platform_that_moves_on_meanwhile_is_asked_again(&rig);
    pulls_are_told(&rig);
    one_shop_that_is_away_keeps_no_other_from_being_looked_at(&rig);
    errors_name_the_next_step(&mut rig);
}

fn what_is_missing_comes_in(rig: &Rig) {
    let found = rig.reconcile(&[]);
    assert_eq!(
        (found.code, sums(&found)),
        (Some(1), "platform 3, house 0: 3 missing, 0 extra, 0 different, 0 unreadable")
    );
    let rows: Vec<&str> = found.said.lines().filter(|line| line.contains("the house does not know it")).collect();
    assert!(rows.len() == 3 && rows[0].contains("1001") && rows[2].contains("1003"), "by time of placing: {found:?}");
    assert!(found.complained.contains("--enter fetches what is missing or different"), "{found:?}");
    let days: Vec<&str> = found.complained.lines().filter(|line| line.contains(" to ")).collect();
    assert!(matches!(days[..], [first, second] if first.contains(": platform 1,") && second.contains(": platform 2,")));

    let entered = rig.reconcile(&["--enter"]);
    let wanted = "platform 3, house 0: 3 missing, 0 extra, 0 different, 0 unreadable; entered 3; still off 0";
    assert_eq!((entered.code, entered.said.trim_end()), (Some(0), wanted), "{entered:?}");
    let again = rig.reconcile(&["--enter"]);
    let wanted = "platform 3, house 3: 0 missing, 0 extra, 0 different, 0 unreadable; entered 0; still off 0";
    assert_eq!((again.code, again.said.trim_end()), (Some(0), wanted), "{again:?}");
}

fn what_changed_is_told_and_comes_in(rig: &Rig) {
    let just_now = rig.hours_ago(1);
    rig.platform.forget(1001);
    rig.platform.change(1002, just_now, |order| order["cancelled_at"] = order["created_at"].clone());
    rig.platform.change(1003, just_now, |order| {
        order["financial_status"] = "paid".into();
        order["line_items"][0]["current_quantity"] = 1.into();
        order["total_price"] = "5.00".into();
    });
    rig.platform.place(1004, just_now);
    rig.platform.place(1005, just_now);
    rig.platform.change(1005, just_now, |order| order["line_items"][0]["price"] = Value::Null);

    let found = rig.reconcile(&["--json"]);
    assert_eq!(found.code, Some(1), "{found:?}");
    let told: Value = serde_json::from_str(&found.said).expect("JSON");
    let rows: Vec<Value> = told["rows"].as_array().expect("rows").clone();
    let brief: Vec<String> = rows.iter().map(|row| format!("{} {}", row["platform_order_id"], row["kind"])).collect();
    for wanted in ["1001 extra", "1002 different", "1003 different", "1004 missing", "1005 unreadable"] {
        let (id, kind) = wanted.split_once(' ').expect("two words");
        assert!(brief.contains(&format!("\"{id}\" \"{kind}\"")), "{wanted}: {brief:?}");
    }
    let how = |id: &str| rows.iter().find(|row| row["platform_order_id"] == id).map(|row| row["how"].clone());
    assert_eq!(how("1002"), Some(json!(["cancelled on the platform, not here"])));
    assert_eq!(how("1003"), Some(json!(["paid on the platform, pending here", "line 1: 1 on the platform, 2 here"])));
    let fault = how("1005").expect("a row").to_string();
    assert!(fault.contains("line_items[0].price"), "{fault}");

    let entered = rig.reconcile(&["--enter"]);
    let wanted = "platform 4, house 3: 1 missing, 1 extra, 2 different, 1 unreadable; entered 3; still off 2";
    assert_eq!((entered.code, sums(&entered)), (Some(1), wanted), "{entered:?}");
    let is_told = |id: &str| entered.said.contains(&format!(" {id} "));
    let told = ["1001", "1002", "1003", "1004", "1005"].map(is_told);
    assert_eq!(told, [true, false, false, false, true], "only what is still off: {entered:?}");
}

/// The house has more than the listing then, and that is no fault of it.
fn a_platform_that_moves_on_meanwhile_is_asked_again(rig: &Rig) {
    rig.platform.forget(1005);
    rig.platform.place(1006, rig.hours_ago(1));
    rig.platform.change_once_listed(1006, rig.now_ms, |order| order["line_items"][0]["quantity"] = 5.into());
    let from = told(rig.hours_ago(1));
    let moved = rig.house.weir(&["reconcile", "shopify/acme", "--from", &from, "--enter", "--within", "10s"]);
    let wanted = "platform 2, house 1: 1 missing, 0 extra, 0 different, 0 unreadable; entered 1; still off 0";
    assert_eq!((moved.code, moved.said.trim_end()), (Some(0), wanted), "{moved:?}");
}

fn pulls_are_told(rig: &Rig) {
    let pull = wait_for("the first pull", PATIENCE, || {
        let told: Value = serde_json::from_str(&rig.house.weir(&["pulls", "--json"]).well()).expect("JSON");
        told["pulls"].as_array()?.iter().find(|pull| pull["last_success_ms"].as_i64() > Some(0)).cloned()
    });
    let [channel, shop, failures, failing] = ["channel", "shop", "failures", "failing"].map(|name| pull[name].clone());
    assert_eq!([channel, shop, failures, failing], ["shopify".into(), "acme".into(), json!(0), json!(false)]);
    let table = rig.house.weir(&["pulls"]).well();
    assert!(table.contains("shopify/acme") && !table.contains(TOKEN), "{table}");
}

fn one_shop_that_is_away_keeps_no_other_from_being_looked_at(rig: &Rig) {
    // Nobody listens on port 1.
    let api = ["--api", "http://127.0.0.1:1", "--api-credential", "none", "--pull-every", "1d"];
    rig.house.weir(&[&["shop", "add", "shopify", "aaa", "--secret", "hush-hush"], &api[..]].concat()).well();
    let from = told(rig.hours_ago(1));
    let ended = wait_for("both shops to be looked at", PATIENCE, || {
        let ended = rig.house.weir(&["reconcile", "--all", "--from", &from, "--json"]);
        ended.complained.contains("shopify/aaa").then_some(ended)
    });
    let lines: Vec<Value> = ended.said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shops: Vec<&Value> = lines.iter().map(|line| &line["shop"]).collect();
    assert_eq!((ended.code, shops), (Some(1), vec![&json!("acme")]), "{ended:?}");
    rig.house.weir(&["shop", "add", "shopify", "aaa", "--secret", "hush-hush", "--no-api"]).well();
    rig.house.weir(&["reconcile", "shopify/acme", "--all", "--from", "1h"]).badly(2);
}

fn errors_name_the_next_step(rig: &mut Rig) {
    let house = &rig.house;
    let reconcile = |shop: &str, from: &str| house.weir(&["reconcile", shop, "--from", from]);
    let complained = reconcile("shopify/nobody", "1h").badly(1);
    assert!(complained.contains("weir shop add shopify nobody"), "{complained}");
    house.weir(&["shop", "add", "shopify", "silent", "--secret", "hush-hush"]).well();
    wait_for("a shop without an API", PATIENCE, || {
        let complained = reconcile("shopify/silent", "1h").complained;
        complained.contains("weir shop add shopify silent --api").then_some(())
    });
    house.weir(&["reconcile", "acme", "--from", "1h"]).badly(2);
    house.weir(&["reconcile", "shopify/acme"]).badly(2);
    reconcile("shopify/acme", "yesterday").badly(2);
    let backwards = house.weir(&["reconcile", "shopify/acme", "--from", "1h", "--to", "2h"]).badly(64);
    assert!(backwards.contains("--from is not before --to"), "{backwards}");
    rig.house.kill("ingest");
    let away = rig.reconcile(&[]).badly(1);
    assert!(away.contains("ingest does not answer at"), "{away}");
    let away = rig.house.weir(&["pulls"]).badly(1);
    assert!(away.contains("ingest does not answer at"), "{away}");
}
