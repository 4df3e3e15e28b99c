//! Given what the platform lists and what the house has, when both are compared, then this is off.

use super::*;
use weir_proto::ingest::v1::PlatformLine;
use weir_proto::order::v1::PaymentState;

/// Ten milliseconds of orders.
const WINDOW: Window = Window { from_ms: 100, until_ms: 110 };

/// A paid order of two units of line 1, as the platform lists it.
fn theirs(id: &str) -> PlatformOrder {
    PlatformOrder {
        platform_order_id: id.to_owned(),
        placed_at_ms: 105,
        version: 7,
        payment_state: PaymentState::Paid.into(),
        lines: vec![line("1", 2)],
        ..PlatformOrder::default()
    }
}

fn line(id: &str, quantity: i64) -> PlatformLine {
    PlatformLine { line_id: id.to_owned(), quantity }
}

/// The same order as the house has it.
fn ours() -> Ours {
    Ours {
        placed_at_ms: 105,
        payment: "paid".to_owned(),
        cancel_asked: false,
        lines: BTreeMap::from([("1".to_owned(), 2)]),
    }
}

fn platform(orders: Vec<PlatformOrder>) -> Platform {
    let mut platform = Platform::new();
    take(&mut platform, WINDOW, orders);
    platform
}

fn house(orders: Vec<(&str, Ours)>) -> House {
    orders.into_iter().map(|(id, ours)| (id.to_owned(), ours)).collect()
}

/// What is off of an order that both have: kind and ways.
fn off(theirs: PlatformOrder, ours: Ours) -> Option<(Kind, Vec<String>)> {
    let house = house(vec![(&theirs.platform_order_id, ours)]);
    let mut off = compare(&platform(vec![theirs]), &house);
    assert!(off.len() <= 1, "{off:?}");
    off.pop().map(|off| (off.kind, off.how))
}

fn different(ways: &[&str]) -> Option<(Kind, Vec<String>)> {
    Some((Kind::Different, ways.iter().map(|way| (*way).to_owned()).collect()))
}

#[test]
fn what_both_have_alike_is_not_off() {
    assert_eq!(off(theirs("a"), ours()), None);
}

#[test]
fn what_only_one_side_has_is_missing_or_extra() {
    let off = compare(&platform(vec![theirs("a"), theirs("b")]), &house(vec![("b", ours()), ("c", ours())]));
    let kinds: Vec<_> = off.iter().map(|off| (off.platform_order_id.as_str(), off.kind)).collect();
    assert_eq!(kinds, [("a", Kind::Missing), ("c", Kind::Extra)]);
}

#[test]
fn a_cancellation_that_the_house_has_not_heard_of_is_a_difference() {
    let cancelled = PlatformOrder { cancelled: true, ..theirs("a") };
    assert_eq!(off(cancelled.clone(), ours()), different(&["cancelled on the platform, not here"]));
    assert_eq!(off(cancelled, Ours { cancel_asked: true, ..ours() }), None);
    assert_eq!(
        off(theirs("a"), Ours { cancel_asked: true, ..ours() }),
        None,
        "a buyer asked us, the platform has not ended it"
    );
}

#[test]
fn a_payment_is_a_difference_where_the_platform_is_further() {
    let refunded = PlatformOrder { payment_state: PaymentState::Refunded.into(), ..theirs("a") };
    assert_eq!(off(refunded, ours()), different(&["refunded on the platform, paid here"]));
    let untold = Ours { payment: String::new(), ..ours() };
    assert_eq!(off(theirs("a"), untold), different(&["paid on the platform, unpaid here"]));
    let pending = PlatformOrder { payment_state: PaymentState::Pending.into(), ..theirs("a") };
    assert_eq!(off(pending, ours()), None, "the house has heard more than the listing");
}

#[test]
fn lines_are_compared_by_what_is_ordered_now() {
    let edited = PlatformOrder { lines: vec![line("1", 3), line("2", 1), line("3", 0)], ..theirs("a") };
    let mut had = ours();
    had.lines.insert("9".to_owned(), 4);
    let ways =
        ["line 1: 3 on the platform, 2 here", "line 2: 1 on the platform, 0 here", "line 9: 0 on the platform, 4 here"];
    assert_eq!(off(edited, had), different(&ways));
    let split = PlatformOrder { lines: vec![line("1", 1), line("1", 1)], ..theirs("a") };
    assert_eq!(off(split, ours()), None);
    let many = PlatformOrder { lines: (1..=9).map(|n| line(&n.to_string(), 7)).collect(), ..theirs("a") };
    let (_, how) = off(many, ours()).expect("different");
    assert_eq!((how.len(), how[3].as_str()), (4, "6 more lines"));
}

#[test]
fn a_cancelled_order_with_no_lines_is_no_edit() {
    let cancelled = PlatformOrder { cancelled: true, lines: Vec::new(), ..theirs("a") };
    assert_eq!(off(cancelled.clone(), Ours { cancel_asked: true, ..ours() }), None);
    assert_eq!(off(cancelled, ours()), different(&["cancelled on the platform, not here"]));
    let silent = PlatformOrder { lines: Vec::new(), ..theirs("a") };
    assert_eq!(off(silent, ours()), None, "who tells no lines tells nothing of them");
}

#[test]
fn several_ways_of_one_order_are_told_together() {
    let order = PlatformOrder { cancelled: true, payment_state: PaymentState::Refunded.into(), ..theirs("a") };
    assert_eq!(
        off(order, ours()),
        different(&["cancelled on the platform, not here", "refunded on the platform, paid here"])
    );
}

#[test]
fn what_cant_be_read_is_neither_missing_nor_extra() {
    let fault = "field-missing at line_items[0].price: it is not there";
    let torn = |id: &str| PlatformOrder {
        platform_order_id: id.to_owned(),
        fault: fault.to_owned(),
        ..PlatformOrder::default()
    };
    let off = compare(&platform(vec![torn("a"), torn("b")]), &house(vec![("b", ours())]));
    let found: Vec<_> = off.iter().map(|off| (off.platform_order_id.as_str(), off.kind, off.how[0].as_str())).collect();
    assert_eq!(found, [("a", Kind::Unreadable, fault), ("b", Kind::Unreadable, fault)]);
    let nameless = compare(&platform(vec![torn(""), torn("a"), torn("")]), &House::new());
    let ids: Vec<_> = nameless.iter().map(|off| off.platform_order_id.as_str()).collect();
    assert_eq!(ids, ["", "", "a"], "each counts");
}

#[test]
fn an_order_at_the_windows_edge_is_of_one_window_alone() {
    let placed = |id: &str, placed_at_ms| PlatformOrder { placed_at_ms, ..theirs(id) };
    let orders = vec![placed("before", 99), placed("first", 100), placed("last", 109), placed("behind", 110)];
    let ids: Vec<String> = platform(orders.clone()).into_keys().collect();
    assert_eq!(ids, ["first", "last"], "a listing may have more on either side");
    let mut next = Platform::new();
    take(&mut next, Window { from_ms: 110, until_ms: 120 }, orders);
    assert_eq!(next.into_keys().collect::<Vec<_>>(), ["behind"]);
}

#[test]
fn an_order_that_moved_while_it_was_listed_counts_once_as_it_is_now() {
    let newer = PlatformOrder { version: 8, cancelled: true, ..theirs("a") };
    for orders in [vec![theirs("a"), newer.clone()], vec![newer.clone(), theirs("a")]] {
        assert_eq!(platform(orders), Platform::from([("a".to_owned(), newer.clone())]));
    }
}

#[test]
fn rows_come_by_the_moment_of_placing_and_then_by_id() {
    let placed = |id: &str, placed_at_ms| PlatformOrder { placed_at_ms, ..theirs(id) };
    let house = house(vec![("c", Ours { placed_at_ms: 103, ..ours() }), ("a", Ours { placed_at_ms: 104, ..ours() })]);
    let off = compare(&platform(vec![placed("z", 101), placed("b", 104), placed("d", 103)]), &house);
    let ids: Vec<_> = off.iter().map(|off| off.platform_order_id.as_str()).collect();
    assert_eq!(ids, ["z", "c", "d", "a", "b"]);
}
