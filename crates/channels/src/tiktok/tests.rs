//! TikTok Shop's ways, on bodies of our own.

mod wrong;

use super::*;
use crate::fault::{BODY_NOT_JSON, DUPLICATE_KEY, FIELD_INVALID, FIELD_MISSING, MONEY};
use crate::mapped::{CancelRequest, Shipped};
use serde_json::{Value, json};
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{
    FulfillmentMethod, FundedBy, LineKind, Order, OrderKind, PaymentPart, PaymentState, PaymentTerms, ShipTo,
};

const GOOD: &str = include_str!("order.json");
const ID: &str = "577012345678901234";
const UPDATED_S: i64 = 1_795_255_560;
/// Of the good order, which is to be shipped.
const VERSION: i64 = UPDATED_S * 1000 + 2;

/// The order with changes: a pointer, and what is to stand there.
fn order_with(changes: &[(&str, Value)]) -> Value {
    let mut order: Value = serde_json::from_str(GOOD).expect("JSON");
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = order.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
            parent => parent[name] = value.clone(),
        }
    }
    order
}

fn pulled() -> Headers {
    TikTokOrders.headers()
}

fn map_order(changes: &[(&str, Value)]) -> Result<Mapped, Fault> {
    TikTok.map(&pulled(), order_with(changes).to_string().as_bytes())
}

fn whole(changes: &[(&str, Value)]) -> (Mapped, Order) {
    let mut mapped = map_order(changes).unwrap_or_else(|fault| panic!("{changes:?}: {fault}"));
    let draft = mapped.order.take().expect("the whole order");
    (mapped, draft.order)
}

fn with_status(status: &str) -> (Mapped, Order) {
    whole(&[("/status", json!(status))])
}

fn envelope(kind: i64, data: &Value) -> Value {
    json!({
        "type": kind, "tts_notification_id": "7300000000000000017", "shop_id": "7494000000000000001",
        "timestamp": 1_795_255_561, "data": data
    })
}

fn of_status(status: &str, updated_s: i64) -> Value {
    envelope(1, &json!({ "order_id": ID, "order_status": status, "is_on_hold_order": false, "update_time": updated_s }))
}

fn map_notice(body: &Value) -> Result<Mapped, Fault> {
    TikTok.map(&Headers::of(&[("Authorization", "00")]), body.to_string().as_bytes())
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(-1, |money| money.minor)
}

const STATUSES: [&str; 9] = [
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
];

#[test]
fn a_notice_announces_its_order() {
    let mapped = map_notice(&of_status("AWAITING_SHIPMENT", UPDATED_S)).expect("readable");
    assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("ORDER_STATUS_CHANGE", "7300000000000000017"));
    assert_eq!((mapped.platform_order_id.as_str(), mapped.announced), (ID, true));
    assert_eq!((mapped.order, mapped.payment_state, mapped.payment), (None, PaymentState::Unspecified, None));
    let (order, _) = whole(&[]);
    assert_eq!((mapped.version, order.version), (VERSION, VERSION), "in one measure");
    assert!(!order.announced);
}

#[test]
fn a_notice_says_what_its_status_says() {
    use Shipped::{Nothing, Partly, Wholly};
    let shipped = [Nothing, Nothing, Nothing, Partly, Nothing, Wholly, Wholly, Wholly, Nothing];
    for (status, shipped) in STATUSES.into_iter().zip(shipped).chain([("CANCEL", Nothing)]) {
        let mapped = map_notice(&of_status(status, UPDATED_S)).expect("readable");
        assert_eq!((mapped.shipped, mapped.completed), (shipped, status == "COMPLETED"), "{status}");
        assert_eq!(mapped.cancelled.is_some(), status.starts_with("CANCEL"), "{status}");
        assert_eq!((mapped.announced, mapped.payment_state), (true, PaymentState::Unspecified), "{status}");
        let order = with_status(if status == "CANCEL" { "CANCELLED" } else { status }).0;
        assert_eq!((mapped.version, mapped.shipped), (order.version, order.shipped), "{status}: as its order");
    }
}

/// They may leave the order's time as it is: whoever waited for a later one would wait for ever.
#[test]
fn other_notices_take_any_answer() {
    let cases = [
        (3, "RECIPIENT_ADDRESS_UPDATE", json!({ "order_id": ID, "update_time": UPDATED_S })),
        (
            11,
            "CANCELLATION_STATUS_CHANGE",
            json!({ "order_id": ID, "cancel_status": "CANCELLATION_REQUEST_PENDING", "cancel_id": "4035", "create_time": 7 }),
        ),
        (
            12,
            "RETURN_STATUS_CHANGE",
            json!({ "order_id": ID, "return_status": "AWAITING_BUYER_SHIP", "return_id": "4035", "update_time": 7 }),
        ),
    ];
    for (number, kind, data) in cases {
        let mapped = map_notice(&envelope(number, &data)).expect("readable");
        let expected = Mapped {
            kind: kind.to_owned(),
            delivery_id: "7300000000000000017".to_owned(),
            platform_order_id: ID.to_owned(),
            announced: true,
            ..Mapped::default()
        };
        assert_eq!(mapped, expected);
    }
}

#[test]
fn an_id_keeps_every_digit() {
    let mut body = of_status("UNPAID", UPDATED_S);
    body["data"]["order_id"] = json!(9_007_199_254_740_993_u64);
    assert_eq!(map_notice(&body).expect("readable").platform_order_id, "9007199254740993");
    let (mapped, order) = whole(&[("/id", json!(9_007_199_254_740_993_u64))]);
    assert_eq!(mapped.platform_order_id, "9007199254740993");
    assert_eq!(order.identity.map(|identity| identity.platform_order_id), Some("9007199254740993".to_owned()));
}

#[test]
fn an_order_is_read_whole() {
    let mapped = map_order(&[]).expect("readable");
    assert_eq!((mapped.kind.as_str(), mapped.delivery_id.as_str()), ("ORDER", ""));
    assert_eq!((mapped.cancelled, mapped.cancel_requested, mapped.completed), (None, None, false));
    let draft = mapped.order.expect("whole");
    assert_eq!((draft.personal.name.as_str(), draft.personal.phone.as_str()), ("Dana Whitfield", "(+1)5125550143"));
    assert_eq!(draft.personal.address_detail, "12 Cedar Row, Flat 4, 78701");
    assert_eq!((draft.buyer_email.as_str(), draft.personal.email.as_str()), ("", ""), "a relay is nobody's address");
    let order = draft.order;
    let identity = order.identity.expect("an identity");
    assert_eq!((identity.shown_number.as_str(), identity.raw_status.as_str()), (ID, "AWAITING_SHIPMENT"));
    assert_eq!((identity.kind, identity.method), (OrderKind::Sale.into(), FulfillmentMethod::Ship.into()));
    assert_eq!((identity.placed_at_ms, identity.platform_version), (1_795_255_445_000, VERSION));
    let deadlines = order.deadlines.expect("deadlines");
    assert_eq!((deadlines.ship_by_ms, deadlines.deliver_by_ms), (1_795_428_300_000, 1_795_773_900_000));
    let buyer = order.buyer.expect("a buyer");
    assert_eq!(buyer.platform_buyer_id, "7290000000000000123");
    assert_eq!((buyer.buyer_remark.as_str(), buyer.seller_remark.as_str()), ("Ring twice, please", "regular"));
    let to = order.ship_to.expect("an address");
    assert_eq!([to.country, to.province, to.city, to.district], ["US", "Texas", "Austin", "Travis"]);
    assert_eq!((to.wished_carrier.as_str(), to.virtual_phone.as_str(), to.personal), ("Parcel Bee", "", None));
    assert!(
        order.permissions.is_some_and(|permissions| permissions.holds.is_empty()),
        "it was on hold, and is no more"
    );
}

#[test]
fn units_of_one_sku_are_a_line_and_sums_are_exact() {
    let (_, order) = whole(&[]);
    let told: Vec<_> =
        order.lines.iter().map(|line| (line.line_id.as_str(), line.sku.as_str(), line.ordered)).collect();
    let expected = [("1729600000000000011", "LAN-GRN", 2), ("1729600000000000021", "sku_id:1729600000000000021", 1)];
    assert_eq!(told, expected);
    let first = &order.lines[0];
    assert_eq!((first.title.as_str(), minor(&first.sold_price), first.kind()), ("Lantern Green", 2000, LineKind::Sale));
    let off = |line: usize| -> Vec<(FundedBy, i64)> {
        order.lines[line].discounts.iter().map(|off| (off.funded_by(), minor(&off.amount))).collect()
    };
    assert_eq!(off(0), [(FundedBy::Platform, 100), (FundedBy::Merchant, 350)]);
    assert_eq!(off(1), [(FundedBy::Platform, 50)]);
    let sums = order.amounts.expect("sums");
    assert_eq!((sums.currency.as_str(), sums.exponent), ("USD", 2));
    let told = [&sums.goods, &sums.discount, &sums.freight, &sums.tax, &sums.payable, &sums.paid, &sums.due].map(minor);
    assert_eq!(told, [5100, 500, 499, 368, 5500, 5500, 0]);
    let off: i64 = order.lines.iter().flat_map(|line| &line.discounts).map(|off| minor(&off.amount)).sum();
    let taxes: i64 = order.lines.iter().flat_map(|line| &line.taxes).map(|tax| minor(&tax.amount)).sum();
    assert_eq!((off, taxes), (500, 368), "the lines' are the order's");
}

#[test]
fn money_has_the_digits_of_its_currency() {
    let price = |currency: &str, amount: &str| {
        let texts = ["/payment/total_amount", "/line_items/0/sale_price"].map(|at| (at, json!(amount)));
        let zero = ["seller_discount", "platform_discount", "shipping_fee", "tax"];
        let mut order = order_with(&texts);
        zero.iter().for_each(|name| order["payment"][name] = json!("0"));
        order["payment"]["currency"] = json!(currency);
        order["line_items"] = json!([{ "id": "1", "sale_price": amount }]);
        let mapped = TikTok.map(&pulled(), order.to_string().as_bytes()).expect("readable");
        mapped.order.and_then(|draft| draft.order.amounts).map(|sums| (minor(&sums.goods), minor(&sums.payable)))
    };
    assert_eq!(price("VND", "125000"), Some((125_000, 125_000)));
    assert_eq!(price("JPY", "980.00"), Some((980, 980)));
    assert_eq!(price("IDR", "10000"), Some((1_000_000, 1_000_000)));
    assert_eq!(price("GBP", "0.10"), Some((10, 10)));
}

#[test]
fn every_status_says_its_own() {
    use PaymentState::{Paid, Pending};
    let states = [Pending, Paid, Paid, Paid, Paid, Paid, Paid, Paid, Paid];
    let mut before = 0;
    for (status, state) in STATUSES.into_iter().zip(states) {
        let (mapped, order) = with_status(status);
        assert_eq!((mapped.payment_state, order.payment_state()), (state, state), "{status}");
        assert_eq!((mapped.completed, mapped.cancelled.is_some()), (status == "COMPLETED", status == "CANCELLED"));
        let holds = order.permissions.expect("permissions").holds;
        assert_eq!(holds, if status == "ON_HOLD" { vec!["ON_HOLD"] } else { vec![] }, "{status}");
        assert_eq!(order.lines.len(), 2, "{status}");
        assert!(mapped.version > before, "a later status of the same second is the later version");
        before = mapped.version;
    }
}

#[test]
fn a_paid_order_is_paid_in_full() {
    let (mapped, order) = whole(&[]);
    let payment = mapped.payment.expect("a payment");
    assert_eq!((payment.payment_id.as_str(), minor(&payment.amount)), ("577012345678901234:paid", 5500));
    assert_eq!((payment.paid_at_ms, payment.method.as_str()), (1_795_255_500_000, "Credit/debit card"));
    assert_eq!((payment.part(), order.payments.len()), (PaymentPart::Full, 1));
    assert_eq!(order.payment_terms(), PaymentTerms::Unspecified);
    let (mapped, order) = whole(&[("/status", json!("UNPAID")), ("/paid_time", json!(0))]);
    assert_eq!((mapped.payment, order.payments.len()), (None, 0));
    assert_eq!(order.amounts.map(|sums| (minor(&sums.paid), minor(&sums.due))), Some((0, 5500)));
}

#[test]
fn what_was_never_paid_is_not_paid_by_its_status() {
    for status in ["ON_HOLD", "CANCELLED"] {
        for never in [json!(0), Value::Null] {
            let (mapped, _) = whole(&[("/status", json!(status)), ("/paid_time", never)]);
            assert_eq!((mapped.payment_state, mapped.payment), (PaymentState::Pending, None), "{status}");
        }
    }
    let (free, _) = whole(&[("/paid_time", json!(0)), ("/payment/total_amount", json!("0"))]);
    assert_eq!(free.payment_state, PaymentState::Paid, "a sample costs nothing, and is to be shipped");
    assert_eq!(free.payment.map(|payment| payment.paid_at_ms), Some(VERSION));
}

#[test]
fn cash_on_delivery_is_paid_when_it_is_delivered() {
    for status in STATUSES {
        let (mapped, order) = whole(&[("/status", json!(status)), ("/is_cod", json!(true)), ("/paid_time", json!(0))]);
        assert_eq!(order.payment_terms(), PaymentTerms::CashOnDelivery);
        let paid = ["DELIVERED", "COMPLETED"].contains(&status);
        let state = if paid { PaymentState::Paid } else { PaymentState::Pending };
        assert_eq!(mapped.payment_state, state, "{status}");
        let part = mapped.payment.map(|payment| payment.part());
        assert_eq!(part, paid.then_some(PaymentPart::CashOnDelivery), "{status}");
    }
}

#[test]
fn a_cancelled_order_says_why() {
    let cancelled = |reason: &str, by: &str| {
        let changes = [("/status", "CANCELLED"), ("/cancel_reason", reason), ("/cancellation_initiator", by)]
            .map(|(at, word)| (at, json!(word)));
        whole(&changes).0.cancelled
    };
    assert_eq!(cancelled("Bought by mistake", "BUYER").as_deref(), Some("Bought by mistake"));
    assert_eq!(cancelled("", "SYSTEM").as_deref(), Some("SYSTEM"));
    assert_eq!(cancelled("", "").as_deref(), Some(""));
    assert_eq!(whole(&[("/cancel_reason", json!("not now"))]).0.cancelled, None);
}

#[test]
fn a_wish_to_cancel_is_one_however_often_it_is_read() {
    let asked = |status: &str, flag: bool| {
        let changes = [
            ("/status", json!(status)),
            ("/is_buyer_request_cancel", json!(flag)),
            ("/request_cancel_time", json!(1_795_255_600)),
            ("/cancel_reason", json!("too late")),
        ];
        whole(&changes).0.cancel_requested
    };
    let wish = CancelRequest {
        request_id: "buyer:1795255600".to_owned(),
        reason: "too late".to_owned(),
        line_ids: Vec::new(),
    };
    assert_eq!(asked("AWAITING_SHIPMENT", true), Some(wish.clone()));
    assert_eq!(asked("AWAITING_COLLECTION", true), Some(wish));
    assert_eq!(asked("AWAITING_SHIPMENT", false), None);
    assert_eq!(asked("CANCELLED", true), None, "it was granted");
}

/// The lines' ids and quantities, and what they cost.
fn goods(order: &Order) -> (Vec<(&str, i64)>, i64) {
    let lines = order.lines.iter().map(|line| (line.line_id.as_str(), line.ordered)).collect();
    (lines, order.amounts.as_ref().map_or(-1, |sums| minor(&sums.goods)))
}

#[test]
fn a_unit_that_is_cancelled_lowers_its_line() {
    let cancelled = |index: usize| (format!("/line_items/{index}/display_status"), json!("CANCELLED"));
    let left = |indices: &[usize], status: &str| {
        let owned: Vec<_> = indices.iter().map(|index| cancelled(*index)).collect();
        let mut changes: Vec<(&str, Value)> = owned.iter().map(|(at, word)| (at.as_str(), word.clone())).collect();
        changes.push(("/status", json!(status)));
        whole(&changes).1
    };
    let (lantern, wick) = ("1729600000000000011", "1729600000000000021");
    assert_eq!(goods(&left(&[], "AWAITING_SHIPMENT")), (vec![(lantern, 2), (wick, 1)], 5100));
    for one in [0, 1] {
        assert_eq!(goods(&left(&[one], "AWAITING_SHIPMENT")), (vec![(lantern, 1), (wick, 1)], 3100));
    }
    assert_eq!(goods(&left(&[0, 1], "AWAITING_SHIPMENT")), (vec![(wick, 1)], 1100));
    assert_eq!(goods(&left(&[0, 1, 2], "CANCELLED")), (vec![(lantern, 2), (wick, 1)], 5100), "its end is no edit");
}

#[test]
fn gifts_and_units_without_a_sku_are_lines_of_their_own() {
    let gift = whole(&[("/line_items/1/is_gift", json!(true))]).1;
    let ids = goods(&gift).0;
    assert_eq!(ids, [("1729600000000000011", 1), ("gift:1729600000000000011", 1), ("1729600000000000021", 1)]);
    assert_eq!([0, 1].map(|index: usize| gift.lines[index].kind()), [LineKind::Sale, LineKind::Gift]);
    let none = ["/line_items/0/sku_id", "/line_items/1/sku_id"].map(|at| (at, json!("0")));
    let ids = ["577012345678911111", "577012345678911112", "1729600000000000021"].map(|id| (id, 1));
    assert_eq!(goods(&whole(&none).1).0, ids);
}

#[test]
fn who_ships_is_told_apart() {
    for by in ["FULFILLMENT_BY_TIKTOK", "FULFILLMENT_BY_DILAYANI_TOKOPEDIA"] {
        let (_, order) = whole(&[("/fulfillment_type", json!(by))]);
        assert_eq!(order.identity.map(|identity| identity.method), Some(FulfillmentMethod::Platform.into()));
        assert_eq!(order.permissions.expect("permissions").holds, [by], "nobody here may ship it");
    }
    let both = [("/fulfillment_type", json!("FULFILLMENT_BY_TIKTOK")), ("/status", json!("ON_HOLD"))];
    let (_, order) = whole(&both);
    assert_eq!(order.permissions.expect("permissions").holds, ["ON_HOLD", "FULFILLMENT_BY_TIKTOK"]);
    let (_, order) = whole(&[("/fulfillment_type", Value::Null)]);
    assert_eq!(order.identity.map(|identity| identity.method), Some(FulfillmentMethod::Ship.into()));
}

#[test]
fn kinds_of_orders_are_told_apart() {
    let of = |at: &str, value: Value| {
        let other = [("/replaced_order_id", json!("576")), (at, value)];
        let identity = whole(&other).1.identity.expect("an identity");
        assert_eq!(identity.parent_id, "576");
        identity.kind()
    };
    assert_eq!(of("/order_type", json!("PRE_ORDER")), OrderKind::Presale);
    assert_eq!(of("/order_type", json!("ZERO_LOTTERY")), OrderKind::Sale);
    assert_eq!(of("/is_sample_order", json!(true)), OrderKind::Sample);
    assert_eq!(of("/is_replacement_order", json!(true)), OrderKind::Reshipment);
    assert_eq!(of("/is_exchange_order", json!(true)), OrderKind::Exchange);
}

#[test]
fn goods_are_named_by_the_sellers_code_first() {
    let sku = |changes: &[(&str, Value)]| whole(changes).1.lines[0].sku.clone();
    assert_eq!(sku(&[]), "LAN-GRN");
    let none = ("/line_items/0/seller_sku", json!(""));
    assert_eq!(sku(std::slice::from_ref(&none)), "sku_id:1729600000000000011");
    for nothing in [json!(""), json!("0"), Value::Null] {
        assert_eq!(sku(&[none.clone(), ("/line_items/0/sku_id", nothing)]), "");
    }
}

#[test]
fn a_deadline_that_is_not_set_gives_way_to_the_next() {
    let deadlines = |changes: &[(&str, Value)]| whole(changes).1.deadlines.expect("deadlines");
    let without = deadlines(&[("/rts_sla_time", json!(0)), ("/delivery_sla_time", Value::Null)]);
    assert_eq!((without.ship_by_ms, without.deliver_by_ms), (1_795_514_700_000, 1_795_860_300_000));
    let none = ["/rts_sla_time", "/shipping_due_time"].map(|at| (at, json!(0)));
    assert_eq!(deadlines(&none).ship_by_ms, 0);
}

/// A masked number is the same for many buyers: taken for a phone, it would make them one.
#[test]
fn a_masked_recipient_is_kept_as_it_is() {
    let mapped = map_order(&[
        ("/recipient_address/name", json!("D***")),
        ("/recipient_address/phone_number", json!("(+1)512*****43")),
        ("/recipient_address/address_line1", json!("1*********")),
        ("/recipient_address/address_line2", json!("")),
    ]);
    let draft = mapped.expect("readable").order.expect("whole");
    assert_eq!((draft.personal.name.as_str(), draft.personal.phone.as_str()), ("D***", ""));
    assert_eq!(draft.personal.address_detail, "1*********, 78701");
    assert_eq!(draft.order.ship_to.map(|to| to.virtual_phone), Some("(+1)512*****43".to_owned()));
}

#[test]
fn an_address_that_is_not_told_is_none() {
    let empty =
        json!({ "name": "", "phone_number": "", "district_info": null, "region_code": "", "address_line1": "" });
    for none in [json!({}), Value::Null, empty] {
        assert_eq!(whole(&[("/recipient_address", none), ("/status", json!("ON_HOLD"))]).1.ship_to, None);
    }
}

#[test]
fn places_go_by_the_names_of_their_levels_and_then_by_their_numbers() {
    let place = |levels: &[(&str, &str, &str)]| -> ShipTo {
        let part = |(level, name, place): &(&str, &str, &str)| json!({ "address_level": level, "address_level_name": name, "address_name": place });
        let levels: Vec<Value> = levels.iter().map(part).collect();
        whole(&[("/recipient_address/district_info", json!(levels)), ("/recipient_address/post_town", json!("Ely"))])
            .1
            .ship_to
            .expect("an address")
    };
    let to = place(&[
        ("L0", "Country", "Indonesia"),
        ("L1", "province", "Jawa Barat"),
        ("L2", "city", "Bandung"),
        ("L3", "Sub-district", "Coblong"),
        ("L4", "Urban Community", "Dago"),
    ]);
    assert_eq!([to.province, to.city, to.district, to.town], ["Jawa Barat", "Bandung", "Coblong", "Dago"]);
    let to = place(&[("L1", "", "Cambridgeshire"), ("L3", "District", "East"), ("L4", "District", "Other")]);
    assert_eq!([to.province, to.city, to.district, to.town], ["Cambridgeshire", "Ely", "East", ""]);
}

/// Any order of arrival of an order's life tells its last state as the latest.
#[test]
fn the_later_status_has_the_later_version_in_any_order() {
    let life = ["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED"];
    // Two changes in each second.
    let told: Vec<(Mapped, Mapped)> = (0_i64..)
        .zip(life)
        .map(|(at, status)| {
            let updated_s = UPDATED_S + at / 2;
            let notice = map_notice(&of_status(status, updated_s)).expect("readable");
            let order = whole(&[("/status", json!(status)), ("/update_time", json!(updated_s))]).0;
            (notice, order)
        })
        .collect();
    for (earlier, one) in told.iter().enumerate() {
        assert_eq!(one.0.version, one.1.version);
        for other in &told[earlier + 1..] {
            assert!(other.0.version > one.1.version && other.1.shipped >= one.1.shipped);
        }
    }
}

#[test]
fn the_answer_is_an_empty_200() {
    let answer = TikTok.answer();
    assert_eq!((answer.status, answer.body), (200, ""));
}
