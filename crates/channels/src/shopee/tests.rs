//! Shopee's ways, on pushes and orders of our own.

mod pushes;
mod wrong;

use super::*;
use crate::fault::{BODY_NOT_JSON, DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};
use crate::mapped::{Draft, Shipped};
use serde_json::{Value, json};
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{FulfillmentMethod, Order, PaymentPart, PaymentState, PaymentTerms};

const ORDER: &str = include_str!("order.json");
const SN: &str = "261121KX7P2M4Q";
const UPDATED_S: i64 = 1_795_255_506;

/// What an order is pulled under.
fn pulled() -> Headers {
    Shopee.listing().expect("it has one").headers()
}

/// The order's text with other texts in the place of some. Its amounts stay as they are written.
fn order_text(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(ORDER.to_owned(), |text, (old, new)| {
        assert_eq!(text.matches(old).count(), 1, "{old}");
        text.replacen(old, new, 1)
    })
}

fn map_text(body: &str) -> Result<Mapped, Fault> {
    Shopee.map(&pulled(), body.as_bytes())
}

fn whole(changes: &[(&str, &str)]) -> (Mapped, Order) {
    let (mapped, draft) = whole_draft(changes);
    (mapped, draft.order)
}

fn whole_draft(changes: &[(&str, &str)]) -> (Mapped, Draft) {
    let mut mapped = map_text(&order_text(changes)).unwrap_or_else(|fault| panic!("{changes:?}: {fault}"));
    let draft = mapped.order.take().expect("the whole order");
    (mapped, *draft)
}

/// The order in another status.
fn at(status: &str, changes: &[(&str, &str)]) -> (Mapped, Order) {
    let status = format!("\"order_status\": \"{status}\"");
    let changed: Vec<(&str, &str)> =
        [("\"order_status\": \"READY_TO_SHIP\"", status.as_str())].into_iter().chain(changes.iter().copied()).collect();
    whole(&changed)
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(-1, |money| money.minor)
}

#[test]
fn an_order_is_read_whole() {
    let (mapped, draft) = whole_draft(&[]);
    assert_eq!((mapped.kind.as_str(), mapped.platform_order_id.as_str()), ("get_order_detail", SN));
    assert_eq!((mapped.version, mapped.announced), (UPDATED_S * 1000 + 1, false));
    assert_eq!((mapped.cancelled, mapped.cancel_requested, mapped.completed), (None, None, false));
    assert_eq!(mapped.shipped, Shipped::Nothing);
    assert_eq!(
        (draft.personal.name.as_str(), draft.personal.phone.as_str()),
        ("T**n", "******21"),
        "masked stays masked"
    );
    assert_eq!(draft.personal.address_detail, "1* Tiong Bahru Road, #0****, 168731");
    let order = draft.order;
    let identity = order.identity.expect("an identity");
    assert_eq!((identity.shown_number.as_str(), identity.raw_status.as_str()), (SN, "READY_TO_SHIP"));
    assert_eq!((identity.placed_at_ms, identity.platform_version), (1_795_255_445_000, mapped.version));
    assert_eq!((identity.channel.as_str(), identity.method), ("shopee", FulfillmentMethod::Ship.into()));
    let deadlines = order.deadlines.expect("deadlines");
    assert_eq!((deadlines.ship_by_ms, deadlines.after_sales_until_ms), (1_795_514_706_000, 0));
    let buyer = order.buyer.expect("a buyer");
    assert_eq!((buyer.platform_buyer_id.as_str(), buyer.seller_remark.as_str()), ("9007199254740995", "regular"));
    assert_eq!(buyer.buyer_remark, "100% no plastic, please");
    let to = order.ship_to.expect("an address");
    assert_eq!([to.country, to.province, to.city, to.district, to.town], ["SG", "", "Singapore", "Bukit Merah", ""]);
    assert_eq!((to.wished_carrier.as_str(), to.virtual_phone.as_str()), ("Doorstep Delivery", ""));
    assert!(order.permissions.is_some_and(|permissions| permissions.holds.is_empty()));
}

#[test]
fn lines_and_sums_are_exact() {
    let (_, order) = whole(&[]);
    let tea = &order.lines[0];
    assert_eq!((tea.line_id.as_str(), tea.ordered), ("24680135791:9007199254740993", 2), "beyond 2^53");
    assert_eq!((tea.platform_sku.as_str(), tea.title.as_str()), ("TEA-OOL-250", "Oolong tea 250 g"));
    assert_eq!((minor(&tea.list_price), minor(&tea.sold_price)), (1450, 1290));
    let pot = &order.lines[1];
    assert_eq!((pot.line_id.as_str(), pot.sku.as_str()), ("24680135792:0", "item_id:24680135792"));
    assert_eq!((minor(&pot.list_price), minor(&pot.sold_price)), (2000, 2000));
    let sums = order.amounts.expect("sums");
    assert_eq!((sums.currency.as_str(), sums.exponent), ("SGD", 2));
    let told = [&sums.goods, &sums.freight, &sums.discount, &sums.payable, &sums.paid, &sums.due].map(minor);
    assert_eq!(told, [4580, 155, 0, 4735, 4735, 0]);
}

#[test]
fn what_the_total_lacks_is_a_discount() {
    let (_, order) = whole(&[("47.35", "40.00")]);
    let sums = order.amounts.expect("sums");
    assert_eq!([&sums.goods, &sums.freight, &sums.discount, &sums.payable].map(minor), [4580, 0, 580, 4000]);
}

#[test]
fn an_amount_has_the_digits_of_its_currency() {
    let vnd = [("\"SGD\"", "\"VND\""), ("47.35", "53000.0"), ("12.90", "12900"), ("14.5,", "14500.00,")];
    let (_, order) = whole(&vnd);
    assert_eq!(order.amounts.map(|sums| (sums.exponent, minor(&sums.payable))), Some((0, 53_000)));
    assert_eq!((minor(&order.lines[0].list_price), minor(&order.lines[0].sold_price)), (14_500, 12_900));
    let (_, order) = whole(&[("\"SGD\"", "\"IDR\""), ("47.35", "53000")]);
    assert_eq!(order.amounts.map(|sums| (sums.exponent, minor(&sums.payable))), Some((2, 5_300_000)));
}

#[test]
fn a_paid_order_is_paid_in_full() {
    let (mapped, order) = whole(&[]);
    assert_eq!((mapped.payment_state, order.payment_state()), (PaymentState::Paid, PaymentState::Paid));
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id.as_str(), minor(&payment.amount)), ("261121KX7P2M4Q:paid", 4735));
    assert_eq!((payment.paid_at_ms, payment.method.as_str()), (1_795_255_500_000, "ShopeePay"));
    assert_eq!((payment.part(), order.payment_terms()), (PaymentPart::Full, PaymentTerms::Prepaid));
    assert_eq!(order.payments, [payment]);
}

/// Of an unpaid order Shopee tells no total.
#[test]
fn an_unpaid_order_costs_its_goods() {
    let unpaid = [("\"total_amount\": 47.35, ", ""), ("\"pay_time\": 1795255500", "\"pay_time\": null")];
    let (mapped, order) = at("UNPAID", &unpaid);
    assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None));
    let sums = order.amounts.expect("sums");
    assert_eq!([&sums.goods, &sums.payable, &sums.paid, &sums.due].map(minor), [4580, 4580, 0, 4580]);
}

#[test]
fn on_delivery_it_is_paid_when_all_is_done() {
    let cod = [("\"cod\": false", "\"cod\": true")];
    for status in ["UNPAID", "READY_TO_SHIP", "PROCESSED", "SHIPPED", "TO_CONFIRM_RECEIVE", "CANCELLED"] {
        let (mapped, order) = if status == "READY_TO_SHIP" { whole(&cod) } else { at(status, &cod) };
        assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None), "{status}");
        assert_eq!(order.payment_terms(), PaymentTerms::CashOnDelivery);
        assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((0, 4735)), "{status}");
    }
    let (mapped, _) = at("COMPLETED", &cod);
    assert_eq!(mapped.payment_state, PaymentState::Paid);
    assert_eq!(mapped.payment.map(|payment| payment.part()), Some(PaymentPart::CashOnDelivery));
}

#[test]
fn every_status_says_its_own() {
    use PaymentState::{Paid, Pending};
    use Shipped::{Nothing, Wholly};
    let cases = [
        ("UNPAID", Pending, Nothing, None),
        ("PENDING", Paid, Nothing, Some("PENDING")),
        ("INVOICE_PENDING", Paid, Nothing, Some("INVOICE_PENDING")),
        ("PROCESSED", Paid, Nothing, None),
        ("RETRY_SHIP", Paid, Nothing, None),
        ("IN_CANCEL", Paid, Nothing, None),
        ("SHIPPED", Paid, Wholly, None),
        ("TO_CONFIRM_RECEIVE", Paid, Wholly, None),
        ("TO_RETURN", Paid, Wholly, None),
        ("COMPLETED", Paid, Wholly, None),
        ("CANCELLED", Paid, Nothing, None),
    ];
    for (status, payment, shipped, hold) in cases {
        let (mapped, order) = at(status, &[]);
        assert_eq!((mapped.payment_state, mapped.shipped), (payment, shipped), "{status}");
        let holds = order.permissions.map(|permissions| permissions.holds).unwrap_or_default();
        assert_eq!(holds, hold.into_iter().collect::<Vec<_>>(), "{status}");
        assert_eq!(mapped.completed, status == "COMPLETED");
        assert_eq!(mapped.cancelled.is_some(), status == "CANCELLED");
        assert_eq!(mapped.cancel_requested.is_some(), status == "IN_CANCEL");
    }
    let (mapped, _) = at("CANCELLED", &[("\"pay_time\": 1795255500", "\"pay_time\": 0")]);
    assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None), "it was never paid");
}

#[test]
fn what_the_seller_may_not_ship_is_held_until_it_is_shipped() {
    let terms = ("\"split_up\": false", "\"pending_terms\": [\"SYSTEM_PENDING\", \"KYC_PENDING\"]");
    let holds = |order: Order| order.permissions.expect("permissions").holds;
    let (mapped, order) = at("PENDING", &[terms]);
    assert_eq!(holds(order), ["SYSTEM_PENDING", "KYC_PENDING"]);
    assert_eq!(mapped.version, UPDATED_S * 1000 + 1, "a push of the same second may call it ready to ship");
    let (_, order) = whole(&[terms]);
    assert!(holds(order).is_empty(), "of an order that is ready they are old");
    let by_shopee = ("fulfilled_by_local_seller", "fulfilled_by_shopee");
    let (_, order) = whole(&[by_shopee]);
    assert_eq!(order.identity.as_ref().map(|identity| identity.method()), Some(FulfillmentMethod::Platform));
    assert_eq!(holds(order), ["fulfilled_by_shopee"]);
    let (_, order) = at("SHIPPED", &[by_shopee]);
    assert!(holds(order).is_empty());
    let (_, order) = whole(&[("\"advance_package\": false", "\"advance_package\": true")]);
    assert_eq!(holds(order), ["advance_package"]);
}

#[test]
fn a_buyers_wish_is_one_and_the_same() {
    let asked = |reason: &str| {
        let reason = format!("\"buyer_cancel_reason\": \"{reason}\"");
        at("IN_CANCEL", &[("\"buyer_cancel_reason\": \"\"", &reason)]).0.cancel_requested.expect("it is asked for")
    };
    let (first, again) = (asked("changed my mind"), asked(""));
    assert_eq!((first.reason.as_str(), first.line_ids.len()), ("changed my mind", 0));
    assert_eq!(
        (first.request_id.as_str(), again.request_id.as_str()),
        ("261121KX7P2M4Q:cancel", "261121KX7P2M4Q:cancel")
    );
}

#[test]
fn a_cancelled_order_says_why() {
    let why = [("\"cancel_reason\": \"\",\n", "\"cancel_reason\": \"OUT_OF_STOCK\",\n")];
    assert_eq!(at("CANCELLED", &why).0.cancelled.as_deref(), Some("OUT_OF_STOCK"));
    assert_eq!(at("CANCELLED", &[]).0.cancelled.as_deref(), Some(""));
    let (mapped, order) = at("CANCELLED", &[("\"item_list\": [\n    {", "\"item_list\": [], \"was\": [\n    {")]);
    assert_eq!((mapped.cancelled.as_deref(), order.lines.len()), (Some(""), 0), "it may have no line any more");
}

#[test]
fn a_parcel_that_has_left_is_a_part() {
    for status in ["LOGISTICS_PICKUP_DONE", "LOGISTICS_DELIVERY_DONE"] {
        let (mapped, _) = at("PROCESSED", &[("LOGISTICS_READY", status)]);
        assert_eq!(mapped.shipped, Shipped::Partly, "{status}");
    }
    for status in ["LOGISTICS_REQUEST_CREATED", "LOGISTICS_PICKUP_FAILED", "LOGISTICS_OF_NEXT_YEAR"] {
        assert_eq!(at("PROCESSED", &[("LOGISTICS_READY", status)]).0.shipped, Shipped::Nothing, "{status}");
    }
    assert_eq!(at("CANCELLED", &[("LOGISTICS_READY", "LOGISTICS_PICKUP_DONE")]).0.shipped, Shipped::Nothing);
}

#[test]
fn one_model_within_a_bundle_and_without_is_two_lines() {
    let twin = r#"{ "item_id": 24680135792, "model_id": 0, "model_sku": "POT", "model_quantity_purchased": 3,
        "model_original_price": 20.0, "model_discounted_price": 0.0, "promotion_type": "bundle_deal", "order_item_id": 1,
        "promotion_group_id": 55 }, { "item_id": 24680135792, "item_name": "Tea pot""#;
    let (_, order) = whole(&[("{ \"item_id\": 24680135792, \"item_name\": \"Tea pot\"", twin)]);
    let ids: Vec<&str> = order.lines.iter().map(|line| line.line_id.as_str()).collect();
    assert_eq!(ids, ["24680135791:9007199254740993", "24680135792:0:1:55", "24680135792:0"]);
    assert_eq!(minor(&order.lines[1].sold_price), 2000, "of a bundle no price is told");
}

#[test]
fn what_was_cancelled_of_a_line_is_not_to_be_shipped() {
    let cancelled = |count: &str| format!("\"model_quantity_purchased\": 2, \"cancelled_qty\": {count}");
    let (_, order) = whole(&[("\"model_quantity_purchased\": 2", &cancelled("1"))]);
    assert_eq!(order.lines.iter().map(|line| line.ordered).collect::<Vec<_>>(), [1, 1]);
    let (_, order) = whole(&[("\"model_quantity_purchased\": 2", &cancelled("2"))]);
    assert_eq!(order.lines.iter().map(|line| line.line_id.as_str()).collect::<Vec<_>>(), ["24680135792:0"]);
}

#[test]
fn what_is_not_told_is_empty() {
    let from = ORDER.find("\"recipient_address\"").expect("an address");
    let to = ORDER.find("\"item_list\"").expect("lines");
    let address = &ORDER[from..to];
    for none in ["\"recipient_address\": null, ", "\"recipient_address\": { \"name\": \"\", \"town\": null }, ", ""] {
        let (_, draft) = whole_draft(&[(address, none)]);
        assert_eq!((draft.order.ship_to, draft.personal.name.as_str()), (None, ""), "{none}");
    }
    let virtual_number = [("\"virtual_contact_number\": \"\"", "\"virtual_contact_number\": \"0912345678\"")];
    let (_, order) = whole(&virtual_number);
    assert_eq!(order.ship_to.map(|to| to.virtual_phone), Some("0912345678".to_owned()));
    let (_, order) = whole(&[("\"buyer_user_id\": 9007199254740995", "\"buyer_user_id\": null")]);
    assert_eq!(order.buyer.map(|buyer| buyer.platform_buyer_id), Some(String::new()));
}

#[test]
fn an_order_is_identified_as_it_is_read() {
    let identity = Shopee.identify(&pulled(), ORDER.as_bytes()).expect("identified");
    assert_eq!(identity, map_text(ORDER).expect("readable").identity());
    let broken = order_text(&[("\"READY_TO_SHIP\"", "\"DREAMT\"")]);
    assert_eq!(
        Shopee.identify(&pulled(), broken.as_bytes()).map(|identity| identity.platform_order_id),
        Ok(SN.to_owned())
    );
}
