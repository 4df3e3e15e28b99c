//! given / when / then for each rule, and every order of arrival.

mod address;
mod announced;
mod arrival;
mod corners;

use super::*;
use weir_decider::{Ignored, Outcome, Scenario, Verdict, given};

const NOW: i64 = 1_795_255_500_000;

pub(super) fn line(id: &str, sku: &str, quantity: i64) -> Line {
    Line { id: id.to_owned(), platform_sku: sku.to_owned(), sku: sku.to_owned(), quantity, payload: vec![1] }
}

pub(super) fn content(payment: PaymentState, lines: Vec<Line>) -> Content {
    Content { placed_at: Millis(NOW - 1000), payment, lines, payload: vec![7], ..Content::default() }
}

pub(super) fn whole(version: i64, payment: PaymentState) -> Delivery {
    let told = PaymentTold { id: "7:paid".to_owned(), state: payment, payload: vec![2] };
    Delivery {
        shop: "demo/shopify/acme".to_owned(),
        version,
        content: Some(Box::new(content(payment, vec![line("1", "TEA", 2)]))),
        payment: Some(told),
        ..Delivery::default()
    }
}

fn thin_payment(id: &str) -> Delivery {
    let told = PaymentTold { id: id.to_owned(), state: PaymentState::Paid, payload: vec![3] };
    Delivery { version: 99, payment: Some(told), ..Delivery::default() }
}

fn asks_to_cancel(id: &str) -> Delivery {
    let request = CancelRequest { request_id: id.to_owned(), ..CancelRequest::default() };
    Delivery { version: 99, cancel_request: Some(request), ..Delivery::default() }
}

fn cancels(reason: &str) -> Delivery {
    Delivery { version: 99, cancelled: Some(reason.to_owned()), ..Delivery::default() }
}

fn placed(version: i64, payment: PaymentState) -> Fact {
    Fact::Placed(Box::new(Placed {
        version,
        placed_at: Millis(NOW - 1000),
        terms: Terms::Prepaid,
        payment,
        payment_ids: Vec::new(),
        lines: vec![PlacedLine { id: "1".to_owned(), sku: "TEA".to_owned(), quantity: 2 }],
        place: Place::default(),
        remarks: Remarks::default(),
        holds: Vec::new(),
        payload: vec![7],
    }))
}

fn paid(id: &str, version: i64, payload: u8) -> Fact {
    Fact::Paid { id: id.to_owned(), state: PaymentState::Paid, version, payload: vec![payload] }
}

fn nothing() -> Scenario<Order> {
    given([]).at(NOW)
}

fn pending() -> Scenario<Order> {
    given([placed(1, PaymentState::Pending)]).at(NOW)
}

use PaymentState::{Authorized, Paid, PartlyPaid, Pending, Refunded, Unknown, Voided};

#[test]
fn an_order_is_placed_once() {
    let after = nothing().when(&whole(1, Pending)).then(&[placed(1, Pending)]).and();
    after.when(&whole(1, Pending)).ignores(Ignored::Duplicate);
}

#[test]
fn a_paid_order_is_placed_paid_without_another_word() {
    nothing().when(&whole(2, Paid)).then(&[placed(2, Paid)]);
}

#[test]
fn an_older_creation_after_the_payment_reopens_nothing() {
    given::<Order>([placed(2, Paid)]).at(NOW).when(&whole(1, Pending)).ignores(Ignored::Stale);
}

#[test]
fn a_payment_is_told_once() {
    let after = pending().when(&whole(2, Paid)).then(&[paid("7:paid", 2, 2)]).and();
    let after = after.when(&whole(2, Paid)).ignores(Ignored::Duplicate).and();
    after.when(&whole(1, Pending)).ignores(Ignored::Stale);
}

#[test]
fn an_early_payment_is_told_at_once_and_the_order_is_placed_paid() {
    let after = nothing().when(&thin_payment("p-1")).then(&[paid("p-1", 0, 3)]).and();
    let after = after.when(&thin_payment("p-1")).ignores(Ignored::Duplicate).and();
    after.when(&whole(1, Pending)).then(&[placed(1, Paid)]);
}

#[test]
fn a_second_payment_with_an_id_of_its_own_is_told() {
    let after = pending().when(&thin_payment("p-1")).then(&[paid("p-1", 0, 3)]).and();
    after.when(&thin_payment("p-2")).then(&[paid("p-2", 0, 3)]);
}

#[test]
fn a_thin_delivery_does_not_age_the_content() {
    let after = pending().when(&thin_payment("p-1")).and();
    assert_eq!(after.state().version(), 1);
}

#[test]
fn refunds_are_told_apart_from_payments() {
    let refunded = Fact::Refunded { state: Refunded, version: 3 };
    let after = given::<Order>([placed(2, Paid)]).at(NOW).when(&whole(3, Refunded)).then(&[refunded]).and();
    after.when(&whole(2, Paid)).ignores(Ignored::Stale);
}

#[test]
fn an_end_is_said_before_the_order_that_it_ends() {
    let delivery = Delivery { cancelled: Some("customer".to_owned()), ..whole(4, Voided) };
    let cancelled = Fact::Cancelled { reason: "customer".to_owned(), version: 4 };
    let after = nothing().when(&delivery).then(&[cancelled, placed(4, Voided)]).and();
    after.when(&delivery).ignores(Ignored::Duplicate);
    let delivery = Delivery { completed: true, shipped: Shipped::Wholly, ..whole(4, Paid) };
    let after =
        nothing().when(&delivery).then(&[Fact::Completed { version: 4 }, left(Shipped::Wholly, 4), placed(4, Paid)]);
    after.and().when(&delivery).ignores(Ignored::Duplicate);
}

fn left(shipped: Shipped, version: i64) -> Fact {
    Fact::Shipped { shipped, version }
}

fn ships(shipped: Shipped) -> Delivery {
    Delivery { version: 99, shipped, ..Delivery::default() }
}

#[test]
fn what_has_left_is_said_before_the_payment_that_would_release_it() {
    let delivery = Delivery { shipped: Shipped::Wholly, ..whole(2, Paid) };
    let after = pending().when(&delivery).then(&[left(Shipped::Wholly, 2), paid("7:paid", 2, 2)]).and();
    after.when(&delivery).ignores(Ignored::Duplicate);
}

#[test]
fn what_has_left_is_said_before_what_was_edited() {
    let edited = Delivery { shipped: Shipped::Partly, ..edited(2, vec![line("1", "TEA", 1)], "") };
    let deltas = vec![LineDelta { line_id: "1".to_owned(), quantity: -1, line: None }];
    let after =
        pending().when(&edited).then(&[left(Shipped::Partly, 2), Fact::LinesChanged { deltas, version: 2 }]).and();
    after.when(&edited).ignores(Ignored::Duplicate);
}

#[test]
fn what_has_left_only_grows() {
    let after = pending().when(&ships(Shipped::Partly)).then(&[left(Shipped::Partly, 0)]).and();
    let after = after.when(&ships(Shipped::Partly)).ignores(Ignored::Duplicate).and();
    let after = after.when(&ships(Shipped::Wholly)).then(&[left(Shipped::Wholly, 0)]).and();
    after.when(&ships(Shipped::Partly)).ignores(Ignored::Duplicate);
    pending().when(&ships(Shipped::Nothing)).ignores(Ignored::Duplicate);
}

#[test]
fn what_has_left_before_its_order_is_remembered() {
    let after = nothing().when(&ships(Shipped::Wholly)).then(&[left(Shipped::Wholly, 0)]).and();
    let again = Delivery { shipped: Shipped::Wholly, ..whole(1, Paid) };
    after.when(&again).then(&[placed(1, Paid)]);
}

#[test]
fn a_cancel_before_its_order_is_remembered() {
    let cancelled = Fact::Cancelled { reason: "gone".to_owned(), version: 0 };
    let after = nothing().when(&cancels("gone")).then(&[cancelled]).and();
    let after = after.when(&cancels("again")).ignores(Ignored::Duplicate).and();
    let after = after.when(&whole(1, Pending)).then(&[placed(1, Pending)]).and();
    assert!(after.state().is_cancelled());
}

#[test]
fn a_request_is_told_once_and_never_after_the_end() {
    let request = CancelRequest { request_id: "c-1".to_owned(), ..CancelRequest::default() };
    let asked = Fact::CancelRequested { request, version: 0 };
    let after = pending().when(&asks_to_cancel("c-1")).then(&[asked]).and();
    let after = after.when(&asks_to_cancel("c-1")).ignores(Ignored::Duplicate).and();
    let after = after.when(&cancels("done")).and();
    after.when(&asks_to_cancel("c-2")).ignores(Ignored::Unchanged);
}

#[test]
fn completion_is_told_once() {
    let delivery = Delivery { completed: true, ..whole(5, Paid) };
    let after = given::<Order>([placed(2, Paid)]).at(NOW).when(&delivery).then(&[Fact::Completed { version: 5 }]).and();
    let after = after.when(&delivery).ignores(Ignored::Duplicate).and();
    assert_eq!(after.state().rest().map(|rest| rest.end_state), Some(2));
}

fn edited(version: i64, lines: Vec<Line>, remark: &str) -> Delivery {
    let remarks = Remarks { buyer: remark.to_owned(), ..Remarks::default() };
    let content = Content { remarks, ..content(Pending, lines) };
    Delivery { content: Some(Box::new(content)), ..whole(version, Pending) }
}

#[test]
fn edits_are_deltas_by_line() {
    let delivery = edited(2, vec![line("1", "TEA", 1), line("2", "CUP", 3)], "");
    let deltas = vec![
        LineDelta { line_id: "1".to_owned(), quantity: -1, line: None },
        LineDelta { line_id: "2".to_owned(), quantity: 3, line: Some(("CUP".to_owned(), vec![1])) },
    ];
    let after = pending().when(&delivery).then(&[Fact::LinesChanged { deltas, version: 2 }]).and();
    let gone = edited(3, vec![line("2", "CUP", 3)], "");
    let deltas = vec![LineDelta { line_id: "1".to_owned(), quantity: -1, line: None }];
    let after = after.when(&gone).then(&[Fact::LinesChanged { deltas, version: 3 }]).and();
    after.when(&delivery).ignores(Ignored::Stale);
}

#[test]
fn a_remark_and_a_hold_are_told_when_they_change() {
    let mut delivery = edited(2, vec![line("1", "TEA", 2)], "ring twice");
    let remarks = Remarks { buyer: "ring twice".to_owned(), ..Remarks::default() };
    let after = pending().when(&delivery).then(&[Fact::NoteChanged { remarks, version: 2 }]).and();
    delivery.version = 3;
    if let Some(content) = &mut delivery.content {
        content.holds = vec!["risk".to_owned()];
    }
    after.when(&delivery).then(&[Fact::HoldsChanged { holds: vec!["risk".to_owned()], version: 3 }]);
}

#[test]
fn a_newer_version_without_news_makes_older_ones_stale() {
    let after = pending().when(&edited(3, vec![line("1", "TEA", 2)], "")).then(&[Fact::Observed { version: 3 }]).and();
    after.when(&edited(2, vec![line("1", "TEA", 9)], "old")).ignores(Ignored::Stale);
}

#[test]
fn two_edits_within_one_version_do_not_swing() {
    let second = edited(1, vec![line("1", "TEA", 2)], "quick edit");
    let after = pending().when(&second).and();
    let after = after.when(&whole(1, Pending)).ignores(Ignored::Stale).and();
    after.when(&second).ignores(Ignored::Duplicate);
}

#[test]
fn what_was_forgotten_long_ago_is_not_placed() {
    let mut delivery = whole(1, Pending);
    if let Some(content) = &mut delivery.content {
        content.placed_at = Millis(NOW - HORIZON_MS - 1);
    }
    nothing().when(&delivery).cannot_read("beyond-horizon", "placed_at");
    let early = given::<Order>([paid("p-1", 0, 3)]).at(NOW).when(&delivery);
    assert_eq!(early.decision().outcome, Outcome::Accepted, "it is known, so nothing was forgotten");
}

#[test]
fn skus_and_terms_come_from_the_shop_where_the_order_says_nothing() {
    let skus = BTreeMap::from([("TEA".to_owned(), "SKU-7".to_owned())]);
    let shop = Shop { terms: Some(Terms::OnAccount), skus };
    let world = World { shops: BTreeMap::from([("demo/shopify/acme".to_owned(), shop)]) };
    let mut delivery = whole(1, Pending);
    let nameless = Line { sku: String::new(), ..line("2", "", 1) };
    if let Some(content) = &mut delivery.content {
        content.lines.push(nameless);
    }
    let verdict = nothing().world(world).when(&delivery);
    let Fact::Placed(placed) = &verdict.decision().facts[0] else { panic!("an order is placed") };
    let skus: Vec<&str> = placed.lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!((skus.as_slice(), placed.terms), (["SKU-7", ""].as_slice(), Terms::OnAccount));
}

#[test]
fn an_authorisation_a_void_and_money_after_it() {
    let after = pending().when(&whole(2, Authorized)).and();
    let after = after.when(&whole(3, Voided)).and();
    assert_eq!(after.state().payment(), Voided);
    let after = after.when(&whole(4, PartlyPaid)).and();
    assert_eq!(after.state().payment(), PartlyPaid);
}

#[test]
fn nothing_rests_before_it_is_known() {
    assert_eq!(Order::default().rest(), None);
    assert_eq!(Order::default().payment(), Unknown);
    let rest = pending().state().rest().expect("known");
    assert_eq!(rest.end_state, 3);
}
