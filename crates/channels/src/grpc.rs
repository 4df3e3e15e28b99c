//! Orders that came over gRPC: canonical already, personal fields sealed before they reached the log.

mod texts;

use crate::adapter::{Adapter, Answer, Headers, Identity, Request};
use crate::assemble::{QUANTITY_MAX, check_lines};
use crate::mapped::{Draft, Mapped};
use crate::{Fault, SignatureFault, money};
use prost::Message;
use weir_proto::order::v1::{Order, PaymentState};

/// The kind of such a delivery.
pub const PLACE_ORDER: &str = "place-order";

/// The adapter. It is in no table of channels, so the door can't be asked for it.
pub struct Grpc;

impl Adapter for Grpc {
    fn channel(&self) -> &'static str {
        "grpc"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Callers of gRPC are known by their connection; nothing here is signed.
    fn verify(&self, _: &Request<'_>, _: &[Vec<u8>], _: i64) -> Result<(), SignatureFault> {
        Err(SignatureFault::Mismatch)
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        self.map(headers, body).map(|mapped| mapped.identity())
    }

    fn map(&self, _: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        let order = Order::decode(body).map_err(|error| Fault::new("undecodable", "", error.to_string()))?;
        check(&order)?;
        let identity = order.identity.clone().unwrap_or_default();
        Ok(Mapped {
            kind: PLACE_ORDER.to_owned(),
            platform_order_id: identity.platform_order_id,
            version: identity.platform_version,
            payment_state: PaymentState::try_from(order.payment_state).unwrap_or_default(),
            payment: order.payments.last().cloned(),
            order: Some(Box::new(Draft { order, ..Draft::default() })),
            ..Mapped::default()
        })
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "application/grpc", body: "" }
    }
}

/// What an order must have to be placed.
///
/// # Errors
/// The first field that is missing or makes no sense.
pub fn check(order: &Order) -> Result<(), Fault> {
    let identity = order.identity.as_ref().ok_or_else(|| Fault::missing("identity"))?;
    let ids = [
        ("identity.channel", &identity.channel),
        ("identity.shop", &identity.shop),
        ("identity.platform_order_id", &identity.platform_order_id),
    ];
    if let Some((field, _)) = ids.iter().find(|(_, value)| value.is_empty()) {
        return Err(Fault::missing(*field));
    }
    if identity.placed_at_ms <= 0 {
        return Err(Fault::missing("identity.placed_at_ms"));
    }
    let amounts = order.amounts.as_ref().ok_or_else(|| Fault::missing("amounts"))?;
    if !money::is_currency(&amounts.currency) {
        return Err(Fault::invalid("amounts.currency", format!("{:?} is no ISO 4217 code", amounts.currency)));
    }
    check_lines(&order.lines, "lines")?;
    for (index, line) in order.lines.iter().enumerate() {
        if line.line_id.is_empty() {
            return Err(Fault::missing(format!("lines[{index}].line_id")));
        }
        if !(1..=QUANTITY_MAX).contains(&line.ordered) {
            let should = format!("it is {}; it should be from 1 to {QUANTITY_MAX}", line.ordered);
            return Err(Fault::invalid(format!("lines[{index}].ordered"), should));
        }
    }
    texts::check(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::order::v1::{Amounts, Identity as OrderIdentity, Line};

    fn order() -> Order {
        Order {
            identity: Some(OrderIdentity {
                channel: "counter".to_owned(),
                shop: "main".to_owned(),
                platform_order_id: "7".to_owned(),
                placed_at_ms: 1,
                platform_version: 4,
                ..OrderIdentity::default()
            }),
            lines: vec![Line { line_id: "1".to_owned(), ordered: 1, ..Line::default() }],
            amounts: Some(Amounts { currency: "CNY".to_owned(), ..Amounts::default() }),
            payment_state: PaymentState::Paid.into(),
            ..Order::default()
        }
    }

    #[test]
    fn a_canonical_order_goes_through_untouched() {
        let mapped = Grpc.map(&Headers::default(), &order().encode_to_vec()).expect("readable");
        assert_eq!((mapped.version, mapped.payment_state), (4, PaymentState::Paid));
        assert_eq!(mapped.order.expect("whole").order, order());
    }

    #[test]
    fn what_is_missing_is_named() {
        type Change = fn(&mut Order);
        let cases: [(&str, Change); 6] = [
            ("identity", |order| order.identity = None),
            ("identity.shop", |order| order.identity.as_mut().expect("there").shop.clear()),
            ("amounts", |order| order.amounts = None),
            ("lines", |order| order.lines.clear()),
            ("lines[0].line_id", |order| order.lines[0].line_id.clear()),
            ("lines[0].ordered", |order| order.lines[0].ordered = 0),
        ];
        for (field, change) in cases {
            let mut order = order();
            change(&mut order);
            assert_eq!(check(&order).expect_err("a fault").field, field);
        }
    }

    #[test]
    fn texts_that_no_table_can_hold_are_refused() {
        type Change = fn(&mut Order, String);
        let cases: [(&str, Change); 10] = [
            ("identity.shop", |order, text| order.identity.as_mut().expect("there").shop = text),
            ("identity.platform_order_id", |order, text| {
                order.identity.as_mut().expect("there").platform_order_id = text;
            }),
            ("identity.shown_number", |order, text| order.identity.as_mut().expect("there").shown_number = text),
            ("lines[0].line_id", |order, text| order.lines[0].line_id = text),
            ("lines[0].sku", |order, text| order.lines[0].sku = text),
            ("lines[0].designated_warehouse", |order, text| order.lines[0].designated_warehouse = text),
            ("buyer.email_hash", |order, text| order.buyer.get_or_insert_default().email_hash = text),
            ("ship_to.wished_carrier", |order, text| order.ship_to.get_or_insert_default().wished_carrier = text),
            ("payments[0].payment_id", |order, text| {
                order.payments.push(weir_proto::order::v1::Payment { payment_id: text, ..Default::default() });
            }),
            ("permissions.holds[0]", |order, text| order.permissions.get_or_insert_default().holds.push(text)),
        ];
        for (field, change) in cases {
            for text in ["A\0B".to_owned(), "x".repeat(256)] {
                let mut order = order();
                change(&mut order, text);
                let fault = check(&order).expect_err(field);
                assert_eq!((fault.reason, fault.field.as_str()), (crate::fault::FIELD_INVALID, field));
            }
        }
        let mut lines = order();
        lines.buyer.get_or_insert_default().buyer_remark = "one\ntwo".to_owned();
        assert_eq!(check(&lines), Ok(()), "a remark may have lines");
        lines.lines[0].title = "\0".to_owned();
        assert_eq!(check(&lines).expect_err("a NUL").field, "lines[0].title");
    }

    #[test]
    fn an_order_has_at_most_500_lines() {
        let with = |count: usize| {
            let line = |n: usize| Line { line_id: n.to_string(), ordered: 1, ..Line::default() };
            Order { lines: (0..count).map(line).collect(), ..order() }
        };
        assert_eq!(check(&with(500)), Ok(()));
        assert_eq!(check(&with(501)).expect_err("too many").field, "lines");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_upset_it(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Grpc.map(&Headers::default(), &body);
        }
    }
}
