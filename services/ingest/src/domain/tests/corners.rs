//! Where a judgement only just goes one way. Each of these was found by a change of the rule that no other test noticed.

use super::*;

fn with(delivery: Delivery, change: impl FnOnce(&mut Content)) -> Delivery {
    let mut delivery = delivery;
    if let Some(content) = &mut delivery.content {
        change(content);
    }
    delivery
}

fn told(id: &str, state: PaymentState) -> Delivery {
    let told = PaymentTold { id: id.to_owned(), state, payload: vec![3] };
    Delivery { version: 99, payment: Some(told), ..Delivery::default() }
}

fn request(id: &str) -> CancelRequest {
    CancelRequest { request_id: id.to_owned(), ..CancelRequest::default() }
}

#[test]
fn an_order_of_exactly_four_hundred_days_is_placed() {
    assert_eq!(HORIZON_MS, 34_560_000_000);
    let old = |age| with(whole(1, Pending), |content| content.placed_at = Millis(NOW - age));
    assert_eq!(nothing().when(&old(HORIZON_MS)).decision().outcome, Outcome::Accepted);
    nothing().when(&old(HORIZON_MS + 1)).cannot_read("beyond-horizon", "placed_at");
}

#[test]
fn an_order_rests_thirty_days_after_its_end_and_a_hundred_and_twenty_without_one() {
    let (month, idle) = (30 * 86_400_000, 120 * 86_400_000);
    let rest = |deliveries: &[Delivery]| {
        let scenario = deliveries.iter().fold(pending(), |scenario, delivery| scenario.when(delivery).and());
        scenario.state().rest().map(|rest| (rest.from.0, rest.end_state))
    };
    let completed = Delivery { completed: true, ..whole(2, Paid) };
    assert_eq!(rest(&[cancels("gone")]), Some((NOW + month, 1)));
    assert_eq!(rest(std::slice::from_ref(&completed)), Some((NOW + month, 2)));
    assert_eq!(rest(&[completed, cancels("gone")]), Some((NOW + month, 1)));
    assert_eq!(rest(&[whole(2, Paid)]), Some((NOW + idle, 3)));
}

#[test]
fn the_clerk_waits_for_nothing_and_is_never_broken() {
    assert_eq!((pending().state().deadline(), pending().state().broken()), (None, None));
    pending().when_due().ignores(Ignored::Unchanged);
}

#[test]
fn what_has_no_name_is_not_mapped_and_what_is_not_mapped_keeps_its_name() {
    let skus = BTreeMap::from([(String::new(), "WRONG".to_owned()), ("TEA".to_owned(), "SKU-7".to_owned())]);
    let world = World { shops: BTreeMap::from([("demo/shopify/acme".to_owned(), Shop { terms: None, skus })]) };
    let lines = vec![
        line("1", "TEA", 1),
        Line { sku: "OURS".to_owned(), ..line("2", "", 1) },
        Line { sku: String::new(), ..line("3", "CUP", 1) },
        Line { sku: "OURS".to_owned(), ..line("4", "CUP", 1) },
    ];
    let verdict = nothing().world(world).when(&with(whole(1, Pending), |content| content.lines = lines));
    let Fact::Placed(placed) = &verdict.decision().facts[0] else { panic!("an order is placed") };
    let skus: Vec<&str> = placed.lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!(skus, ["SKU-7", "OURS", "CUP", "OURS"]);
}

#[test]
fn a_payment_without_a_name_is_told_where_it_goes_further() {
    nothing().when(&told("", Pending)).ignores(Ignored::Duplicate);
    let paid_state = |state| Fact::Paid { id: String::new(), state, version: 0, payload: vec![3] };
    let after = nothing().when(&told("", Authorized)).then(&[paid_state(Authorized)]).and();
    let after = after.when(&told("", Authorized)).ignores(Ignored::Duplicate).and();
    after.when(&told("", Paid)).then(&[paid_state(Paid)]).and().when(&told("", Authorized)).ignores(Ignored::Duplicate);
}

#[test]
fn a_new_name_says_no_less_than_what_is_known() {
    let after = given::<Order>([placed(2, Paid)]).at(NOW).when(&told("p-9", Authorized));
    after.then(&[paid("p-9", 0, 3)]);
    // A body that names another payment of the same state tells nothing new of it.
    let mut body = whole(3, Paid);
    if let Some(told) = &mut body.payment {
        told.id = "other".to_owned();
    }
    given::<Order>([placed(2, Paid)]).at(NOW).when(&body).then(&[Fact::Observed { version: 3 }]);
}

#[test]
fn a_payment_that_the_body_named_is_known() {
    let body = with(whole(1, Paid), |content| content.payment_ids = vec!["p-1".to_owned()]);
    nothing().when(&body).and().when(&thin_payment("p-1")).ignores(Ignored::Duplicate);
}

#[test]
fn a_refund_is_told_where_it_goes_further() {
    let refunded = |state, version| Fact::Refunded { state, version };
    let after = given::<Order>([placed(2, Paid)]).at(NOW).when(&whole(3, PaymentState::PartlyRefunded));
    let after = after.then(&[refunded(PaymentState::PartlyRefunded, 3)]).and();
    assert_eq!(after.state().version(), 3);
    let after = after.when(&told("r-1", PaymentState::PartlyRefunded)).ignores(Ignored::Duplicate).and();
    after.when(&told("r-2", Refunded)).then(&[refunded(Refunded, 0)]);
    assert!(PaymentState::PartlyRefunded.is_refund() && Refunded.is_refund() && !Paid.is_refund());
}

#[test]
fn each_word_of_a_body_carries_its_version() {
    let versions = |delivery: &Delivery| pending().when(delivery).and().state().version();
    assert_eq!(versions(&whole(7, Paid)), 7);
    assert_eq!(versions(&Delivery { cancelled: Some("gone".to_owned()), ..whole(8, Pending) }), 8);
    assert_eq!(versions(&Delivery { completed: true, ..whole(9, Pending) }), 9);
    assert_eq!(versions(&cancels("gone")), 1);
}

#[test]
fn a_wish_within_a_newer_body_does_not_stand_for_its_version() {
    let delivery = Delivery { cancel_request: Some(request("c-1")), ..whole(3, Pending) };
    let asked = Fact::CancelRequested { request: request("c-1"), version: 0 };
    let after = pending().when(&delivery).then(&[asked.clone(), Fact::Observed { version: 3 }]).and();
    after.when(&delivery).ignores(Ignored::Duplicate);
    // The body that places it needs no other word for its version.
    nothing().when(&delivery).then(&[asked, placed(3, Pending)]);
}

#[test]
fn a_cancelled_body_without_lines_is_no_edit() {
    let body = with(whole(2, Pending), |content| content.lines.clear());
    let delivery = Delivery { cancelled: Some("gone".to_owned()), ..body };
    pending().when(&delivery).then(&[Fact::Cancelled { reason: "gone".to_owned(), version: 2 }]);
}

#[test]
fn each_remark_counts_and_the_order_of_holds_does_not() {
    for part in 0..3 {
        let mut remarks = Remarks::default();
        *[&mut remarks.buyer, &mut remarks.seller, &mut remarks.flag][part] = "!".to_owned();
        let body = with(whole(2, Pending), |content| content.remarks = remarks.clone());
        pending().when(&body).then(&[Fact::NoteChanged { remarks, version: 2 }]);
    }
    let held = |version, holds: [&str; 2]| {
        with(whole(version, Pending), |content| content.holds = holds.map(str::to_owned).to_vec())
    };
    let after = pending().when(&held(2, ["fraud", "stock"])).and();
    let after = after.when(&held(3, ["stock", "fraud"])).then(&[Fact::Observed { version: 3 }]).and();
    let lifted = Fact::HoldsChanged { holds: Vec::new(), version: 4 };
    after.when(&whole(4, Pending)).then(&[lifted]);
}

#[test]
fn a_payment_within_a_version_does_not_bring_back_what_was_replaced_in_it() {
    let second = edited(1, vec![line("1", "TEA", 2)], "quick edit");
    let content = second.content.clone();
    let after = pending().when(&second).and().when(&Delivery { content, ..whole(1, Paid) }).and();
    assert_eq!(after.state().payment(), Paid);
    after.when(&whole(1, Pending)).ignores(Ignored::Stale);
}

#[test]
fn a_digest_is_fnv_1a_with_each_part_closed() {
    let none: [&str; 0] = [];
    assert_eq!(digest(&none), 0xcbf2_9ce4_8422_2325);
    assert_eq!(
        (digest(&["a"]), digest(&["a", "b"]), digest(&["ab"])),
        (0x089b_c907_b544_c769, 0xd2b3_7181_9297_f98a, 0xe720_2e19_0542_452f)
    );
}

#[test]
fn the_last_sixteen_are_remembered() {
    let mut recent = Recent::default();
    (0..16).for_each(|digest| recent.note(digest));
    recent.note(0);
    assert!((0..16).all(|digest| recent.knows(digest)), "a repeat takes nobody's place");
    recent.note(16);
    assert!(!recent.knows(0) && (1..17).all(|digest| recent.knows(digest)));
    recent.clear();
    assert!(!(0..17).any(|digest| recent.knows(digest)));
}

#[test]
fn a_line_that_is_gone_is_told_once() {
    let gone = |version| edited(version, vec![line("2", "CUP", 3)], "");
    let after = pending().when(&gone(2)).and();
    assert_eq!(after.state().lines().keys().collect::<Vec<_>>(), ["2"]);
    after.when(&gone(3)).then(&[Fact::Observed { version: 3 }]);
}

#[test]
fn how_far_an_order_has_come_can_be_read() {
    let read = |scenario: &Scenario<Order>| {
        let order = scenario.state();
        (order.is_placed(), order.is_cancelled(), order.is_completed())
    };
    assert_eq!(read(&nothing()), (false, false, false));
    assert_eq!(read(&pending()), (true, false, false));
    assert_eq!(read(&nothing().when(&cancels("gone")).and()), (false, true, false));
    assert_eq!(read(&pending().when(&Delivery { completed: true, ..whole(2, Paid) }).and()), (true, false, true));
}
