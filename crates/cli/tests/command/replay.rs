//! `weir replay`: an order is found in every topic that names it, whatever its key; a span of time is what it says.

use crate::corner::{Corner, Environment, PARTITIONS, run};
use prost::Message as _;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use weir_proto::log::v1::Meta;
use weir_proto::partition::partition_of;
use weir_proto::stock::v1::{Receive, Reserve, SoftReserved, StockCommand, StockEvent, stock_command, stock_event};
use weir_proto::topics::Topic;

const ORDERS: [&str; 2] = ["bfdc8376-97e6-58c1-9934-fa54717d5fb3", "0f9a2b46-41d5-5f2e-8a35-2f7d9a1c6e11"];

fn meta(pool: &str) -> Option<Meta> {
    Some(Meta { tenant: "demo".to_owned(), key: pool.to_owned(), ..Meta::default() })
}

fn command(corner: &Corner, pool: &str, command: stock_command::Command) {
    let value = StockCommand { meta: meta(pool), command: Some(command) }.encode_to_vec();
    corner.write(Topic::StockCommands, pool, "weir.stock.v1.StockCommand", value, "test");
}

fn reserve(corner: &Corner, pool: &str, order: &str) {
    let reserve = Reserve { order_id: order.to_owned(), plan_version: 1, ..Reserve::default() };
    command(corner, pool, stock_command::Command::Reserve(reserve));
    let reserved = SoftReserved { order_id: order.to_owned(), plan_version: 1, ..SoftReserved::default() };
    let event = Some(stock_event::Event::SoftReserved(reserved));
    let value = StockEvent { meta: meta(pool), event }.encode_to_vec();
    corner.write(Topic::Stock, pool, "weir.stock.v1.SoftReserved", value, "test");
}

/// Two pools that lie in different partitions.
fn pools() -> [String; 2] {
    let pool = |number: i32| format!("demo/pool-{number}");
    let of = |partition: i32| {
        let mut pools = (0..).map(pool);
        pools.find(|pool| partition_of(pool.as_bytes(), PARTITIONS) == partition).expect("one of many")
    };
    [of(0), of(1)]
}

fn lines(said: &str) -> Vec<Value> {
    said.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

#[test]
fn an_order_is_found_where_pools_are_the_keys() {
    let corner = Corner::new();
    let [first, second] = pools();
    let receive = Receive { sku: "TEA".to_owned(), warehouse: "east".to_owned(), quantity: 9, ..Receive::default() };
    command(&corner, &first, stock_command::Command::Receive(receive));
    reserve(&corner, &first, ORDERS[0]);
    reserve(&corner, &first, ORDERS[1]);
    reserve(&corner, &second, ORDERS[0]);
    for topic in ["stock", "stock-commands"] {
        let found = lines(&corner.weir(&["replay", topic, "--order", ORDERS[0]]));
        let mut keys: Vec<&str> = found.iter().map(|line| line["key"].as_str().expect("a key")).collect();
        keys.sort_unstable();
        let mut wanted = [first.as_str(), second.as_str()];
        wanted.sort_unstable();
        assert_eq!(keys, wanted, "{topic}: {found:?}");
        assert!(found.iter().all(|line| line["event"].to_string().contains(ORDERS[0])), "{topic}: {found:?}");
    }
    let of_pool = lines(&corner.weir(&["replay", "stock-commands", "--order", &first]));
    assert_eq!(of_pool.len(), 3, "a pool's own key still finds all of it");
    let one = ["replay", "stock", "--order", ORDERS[1], "--type", "SoftReserved"];
    assert_eq!(lines(&corner.weir(&one)).len(), 1);
    let nobody = corner.weir_with(PARTITIONS, &["replay", "stock", "--order", &ORDERS[0][..35]]);
    assert_eq!((nobody.code, nobody.said.as_str()), (Some(0), ""), "a part of an id is no id: {nobody:?}");
    assert_eq!(nobody.complained, "weir: nothing in stock matches\n");
}

#[test]
fn a_span_leaves_out_what_is_before_and_behind() {
    let corner = Corner::new();
    let [first, second] = pools();
    for order in ORDERS {
        reserve(&corner, &first, order);
        reserve(&corner, &second, order);
    }
    let all = lines(&corner.weir(&["replay", "stock"]));
    assert_eq!(all.len(), 4);
    let time = |line: &Value| line["time"].as_i64().expect("a time");
    let shown = |ms: i64| {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).expect("a time");
        at.format(&Rfc3339).expect("it can be written")
    };
    for line in &all {
        let moment = shown(time(line));
        let later = lines(&corner.weir(&["replay", "stock", "--from", &moment]));
        let earlier = lines(&corner.weir(&["replay", "stock", "--to", &moment]));
        assert!(later.iter().all(|l| time(l) >= time(line)) && earlier.iter().all(|l| time(l) < time(line)));
        assert_eq!(later.len() + earlier.len(), all.len(), "each is on one side of {moment}");
        let both = lines(&corner.weir(&["replay", "stock", "--from", &moment, "--to", &shown(time(line) + 1)]));
        assert_eq!(both, all.iter().filter(|l| time(l) == time(line)).cloned().collect::<Vec<_>>());
    }
    assert_eq!(lines(&corner.weir(&["replay", "stock", "--from", "1970-01-01T00:00:00Z"])).len(), 4);
    assert_eq!(corner.weir(&["replay", "stock", "--from", "2099-01-01T00:00:00Z"]), "");
}

#[test]
fn what_is_wrong_is_named() {
    let corner = Corner::new();
    let wrong = |arguments: &[&str]| corner.weir_with(PARTITIONS, arguments).badly(2);
    let complained = wrong(&["replay", "parcels"]);
    assert!(complained.contains("no topic \"parcels\"; there are deliveries, orders,"), "{complained}");
    let complained = wrong(&["replay", "orders", "--from", "yesterday"]);
    assert!(complained.contains("\"yesterday\" is neither RFC 3339 nor a span"), "{complained}");
    wrong(&["replay"]);
    let backwards = ["replay", "orders", "--from", "1h", "--to", "2h"];
    let complained = corner.weir_with(PARTITIONS, &backwards).badly(64);
    assert!(complained.contains("--from is not before --to"), "{complained}");
    assert!(run(&Environment::new(), &["replay", "orders"]).badly(64).contains("WEIR_BROKERS"));
}
