//! `PlaceOrder`: an order in canonical form, sealed here before it reaches the log.
//!
//! The record is the same for the same request (no clock, no random id inside), so a repeat of the command is seen as one.

use super::body::BODY_MAX;
use super::record::{RECEIVED, encode};
use super::{now_ms, refusal};
use crate::domain::HORIZON_MS;
use bytes::Bytes;
use prost::Message as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use weir_channels::grpc::{PLACE_ORDER, check};
use weir_host::{Problem, kind};
use weir_pipeline::gateway::{AskError, Gateway};
use weir_privacy::TenantKey;
use weir_proto::delivery::v1::Received;
use weir_proto::ids;
use weir_proto::ingest::v1::{PersonalInput, PlaceOrderRequest, PlaceOrderResponse};
use weir_proto::limits;
use weir_proto::log::v1::CommandHead;
use weir_proto::order::v1::{Identity, Order};
use weir_proto::privacy::v1::Personal;

/// How long a caller without a deadline of his own waits for the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The service.
pub struct Placing {
    gateway: Arc<OnceLock<Gateway>>,
    key: Arc<TenantKey>,
}

impl Placing {
    /// Until `gateway` is filled, every call is answered `log-unavailable`.
    pub fn new(gateway: Arc<OnceLock<Gateway>>, key: Arc<TenantKey>) -> Placing {
        Placing { gateway, key }
    }

    pub(super) async fn place(&self, request: PlaceOrderRequest) -> Result<PlaceOrderResponse, Problem> {
        let head = request.head.ok_or_else(|| missing("head"))?;
        let order = request.order.ok_or_else(|| missing("order"))?;
        let order = sealed(&self.key, &head, order, request.personal.unwrap_or_default())?;
        let identity = order.identity.clone().unwrap_or_default();
        let gateway = self.gateway.get().ok_or_else(refusal::away)?;
        let order_id = identity.order_id.clone();
        let body = Bytes::from(order.encode_to_vec());
        let record = |meta| encode(meta, received(&identity, body.clone()));
        let receipt = gateway.ask(&head, &order_id, RECEIVED, PATIENCE, record).await;
        let receipt = receipt.map_err(|error| problem(&error))?;
        Ok(PlaceOrderResponse { receipt: Some(receipt), order_id })
    }
}

/// The delivery that an order over gRPC is.
pub fn received(identity: &Identity, body: Bytes) -> Received {
    Received {
        channel: identity.channel.clone(),
        shop: identity.shop.clone(),
        kind: PLACE_ORDER.to_owned(),
        platform_order_id: identity.platform_order_id.clone(),
        body,
        source: "grpc".to_owned(),
        ..Received::default()
    }
}

/// Checks the order and puts ids, seals and hashes in.
fn sealed(key: &TenantKey, head: &CommandHead, mut order: Order, personal: PersonalInput) -> Result<Order, Problem> {
    limits::head(head).map_err(|(field, why)| wrong(field, &why))?;
    // As at the door. What is much larger would not go into the log, however often it is sent.
    if order.encoded_len() > BODY_MAX {
        return Err(Problem::new(kind::BODY_TOO_LARGE, format!("An order has at most {BODY_MAX} bytes.")));
    }
    check(&order).map_err(|fault| refusal::unreadable(&fault.within("order")))?;
    check_person(&personal)?;
    let identity = order.identity.get_or_insert_default();
    if !identity.tenant.is_empty() && identity.tenant != head.tenant {
        return Err(wrong("order.identity.tenant", "it is another tenant than the command's"));
    }
    if identity.placed_at_ms.saturating_add(HORIZON_MS) < now_ms() {
        return Err(wrong("order.identity.placed_at_ms", "it is more than 400 days ago"));
    }
    let id = ids::order_id(&head.tenant, &identity.channel, &identity.shop, &identity.platform_order_id);
    if !identity.order_id.is_empty() && identity.order_id != id {
        return Err(wrong("order.identity.order_id", "it is not the id that derives from the others; leave it empty"));
    }
    identity.tenant.clone_from(&head.tenant);
    identity.order_id.clone_from(&id);
    let PersonalInput { name, phone, email, address_detail } = personal;
    let buyer = order.buyer.get_or_insert_default();
    if !email.is_empty() {
        buyer.email_hash = key.contact_hash("email", &email);
    }
    if !phone.is_empty() {
        buyer.phone_hash = key.contact_hash("phone", &phone);
    }
    let sealed = key.seal(&id, &Personal { name, phone, email, address_detail });
    let ship_to = order.ship_to.get_or_insert_default();
    // Callers have no key: whatever they call sealed is not.
    ship_to.personal = (!sealed.ciphertext.is_empty()).then_some(sealed);
    Ok(order)
}

fn check_person(person: &PersonalInput) -> Result<(), Problem> {
    let PersonalInput { name, phone, email, address_detail } = person;
    let texts = [
        ("personal.name", name),
        ("personal.phone", phone),
        ("personal.email", email),
        ("personal.address_detail", address_detail),
    ];
    texts.iter().try_for_each(|(field, text)| limits::free(text).map_err(|why| wrong(field, &why)))
}

fn missing(field: &str) -> Problem {
    Problem::new(kind::FIELD_MISSING, format!("The request carries no {field}.")).field(field, "it is not there")
}

fn wrong(field: &str, why: &str) -> Problem {
    Problem::new(kind::FIELD_INVALID, format!("{field}: {why}.")).field(field, why)
}

fn problem(error: &AskError) -> Problem {
    match error {
        AskError::Head { field, why } => wrong(&format!("head.{field}"), why),
        AskError::Refused { code, detail } => {
            let known = kind::ALL.iter().find(|kind| kind.slug == code).copied();
            let problem = Problem::new(known.unwrap_or(kind::FAILED_PRECONDITION), detail.as_str());
            if known.is_some() { problem } else { problem.with("refusal", code.as_str()) }
        }
        AskError::Conflict => Problem::new(kind::COMMAND_CONFLICT, "The command id came with another body before."),
        AskError::TimedOut { command_id } => {
            let detail = "The order is on its way; ask again under the same command id.";
            Problem::new(kind::COMMAND_TIMEOUT, detail).with("command_id", command_id.as_str())
        }
        AskError::Unavailable(error) => refusal::not_written(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::order::v1::{Amounts, Line};

    fn order() -> Order {
        Order {
            identity: Some(Identity {
                channel: "counter".to_owned(),
                shop: "main".to_owned(),
                platform_order_id: "7".to_owned(),
                placed_at_ms: now_ms(),
                ..Identity::default()
            }),
            lines: vec![Line { line_id: "1".to_owned(), ordered: 1, ..Line::default() }],
            amounts: Some(Amounts { currency: "CNY".to_owned(), ..Amounts::default() }),
            ..Order::default()
        }
    }

    fn seal(order: Order) -> Result<Order, Problem> {
        let head = CommandHead { tenant: "demo".to_owned(), ..CommandHead::default() };
        let personal =
            PersonalInput { name: "Wang Fang".to_owned(), phone: "138".to_owned(), ..PersonalInput::default() };
        sealed(&TenantKey::new([7; 32]), &head, order, personal)
    }

    #[test]
    fn persons_are_sealed_before_the_log() {
        let order = seal(order()).expect("a good order");
        assert!(!order.encode_to_vec().windows(4).any(|bytes| bytes == b"Wang"));
        let id = order.identity.expect("an identity").order_id;
        assert_eq!(id, ids::order_id("demo", "counter", "main", "7"));
        let personal = order.ship_to.and_then(|ship_to| ship_to.personal).expect("sealed");
        assert_eq!(
            TenantKey::new([7; 32]).open(&id, &personal).map(|personal| personal.name),
            Ok("Wang Fang".to_owned())
        );
        assert!(!order.buyer.expect("a buyer").phone_hash.is_empty());
    }

    #[test]
    fn heads_and_persons_hold_no_nul() {
        let key = TenantKey::new([7; 32]);
        let head = |tenant: &str| CommandHead { tenant: tenant.to_owned(), ..CommandHead::default() };
        let none = PersonalInput::default;
        let problem = sealed(&key, &head("de\0mo"), order(), none()).expect_err("refused");
        assert_eq!(problem.fields()[0].field, "head.tenant");
        let name = PersonalInput { name: "Wang\0".to_owned(), ..none() };
        let problem = sealed(&key, &head("demo"), order(), name).expect_err("refused");
        assert_eq!(problem.fields()[0].field, "personal.name");
    }

    /// What the log would not take can't be sent again with better luck.
    #[test]
    fn an_order_is_no_larger_than_a_delivery() {
        let mut large = order();
        let line = |n: usize| Line { line_id: n.to_string(), ordered: 1, title: "x".repeat(20_000), ..Line::default() };
        large.lines = (0..20).map(line).collect();
        assert_eq!(seal(large).expect_err("refused").kind(), kind::BODY_TOO_LARGE);
    }

    #[test]
    fn what_is_wrong_is_named() {
        type Change = fn(&mut Identity);
        let cases: [(&str, Change); 5] = [
            ("order.identity.tenant", |identity| identity.tenant = "other".to_owned()),
            ("order.identity.order_id", |identity| identity.order_id = "mine".to_owned()),
            ("order.identity.placed_at_ms", |identity| identity.placed_at_ms = 1),
            ("order.identity.shop", |identity| identity.shop.clear()),
            ("order.identity.shown_number", |identity| identity.shown_number = "\0".to_owned()),
        ];
        for (field, change) in cases {
            let mut order = order();
            change(order.identity.as_mut().expect("there"));
            let problem = seal(order).expect_err("refused");
            assert_eq!(problem.fields()[0].field, field);
        }
    }
}
