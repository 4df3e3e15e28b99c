//! What other services' facts, and the outcomes of sends, mean for an order's notices.
//!
//! Every arm that is announced is named here; the rest is read as [`Input::Other`], so that it is counted and not quarantined.

use super::names;
use crate::domain::{Input, Kind, Outcome, Parameters, Recipient};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::Record;
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::{NoticeCommand, notice_command::Command};
use weir_proto::order::v1::{OrderEvent, OrderPlaced, ShipTo, order_event};
use weir_proto::routing::v1::{RouteEvent, route_event};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event};

type Read = Result<(Meta, Input), Fault>;

pub(super) fn order(record: &Record) -> Read {
    use order_event::Event;
    let OrderEvent { meta, event } = record.decode()?;
    let meta = present(meta)?;
    let input = match event {
        Some(Event::OrderPlaced(placed)) => Input::Placed(recipient(&meta, placed)?),
        Some(Event::OrderCancelled(told)) => happened(Kind::Cancelled, [("reason", told.reason)]),
        Some(_) => Input::Other,
        None => return Err(no_event()),
    };
    Ok((meta, input))
}

pub(super) fn route(record: &Record) -> Read {
    use route_event::Event;
    let RouteEvent { meta, event } = record.decode()?;
    let input = match event {
        Some(Event::Held(told)) => happened(Kind::Held, [("reason", told.reason), ("hold_id", told.hold_id)]),
        Some(Event::RouteCancelled(told)) => happened(Kind::Cancelled, [("reason", told.reason)]),
        Some(_) => Input::Other,
        None => return Err(no_event()),
    };
    Ok((present(meta)?, input))
}

pub(super) fn shipment(record: &Record) -> Read {
    use shipment_event::Event;
    let ShipmentEvent { meta, event } = record.decode()?;
    let input = match event {
        // An order is announced as shipped when its last parcel leaves.
        Some(Event::Shipped(told)) if told.last => {
            happened(Kind::Shipped, [("carrier", told.carrier), ("tracking_number", told.tracking_number)])
        }
        Some(Event::CancelAccepted(told)) => happened(Kind::Cancelled, [("reason", told.reason)]),
        Some(_) => Input::Other,
        None => return Err(no_event()),
    };
    Ok((present(meta)?, input))
}

pub(super) fn command(record: &Record) -> Read {
    let NoticeCommand { meta, command } = record.decode()?;
    let meta = present(meta)?;
    let Some(Command::RecordOutcome(told)) = command else {
        return Err(Fault::field("field-missing", "command", "the record carries no command that is known"));
    };
    let subject = names::subject_of(&meta.key, &told.notice_id).ok_or_else(|| {
        let detail = "no notice of this order has this id";
        Fault::field("unknown-notice", "record_outcome.notice_id", detail)
    })?;
    let outcome = Outcome { subject, sent: told.sent, attempts: told.attempts, detail: told.detail };
    Ok((meta, Input::Outcome(outcome)))
}

fn recipient(meta: &Meta, placed: OrderPlaced) -> Result<Recipient, Fault> {
    let order = placed.order.ok_or_else(|| missing("order_placed.order"))?;
    let identity = order.identity.ok_or_else(|| missing("order_placed.order.identity"))?;
    let has_mail = order.buyer.is_some_and(|buyer| !buyer.email_hash.is_empty());
    let personal = order.ship_to.and_then(|ship_to| ship_to.personal).filter(|_| has_mail);
    // Only the sealed part is kept: it holds the address, and nothing else of it is needed here.
    let ship_to = personal.map(|personal| ShipTo { personal: Some(personal), ..ShipTo::default() });
    Ok(Recipient {
        tenant: meta.tenant.clone(),
        channel: identity.channel,
        shop: identity.shop,
        platform_order_id: identity.platform_order_id,
        shown_number: identity.shown_number,
        ship_to: ship_to.map(|ship_to| ship_to.encode_to_vec()).unwrap_or_default(),
    })
}

fn happened<const N: usize>(kind: Kind, parameters: [(&str, String); N]) -> Input {
    let parameters: Parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Input::Happened { kind, parameters }
}

fn present(meta: Option<Meta>) -> Result<Meta, Fault> {
    meta.ok_or_else(|| missing("meta"))
}

fn missing(field: &str) -> Fault {
    Fault::field("field-missing", field, "the record carries none")
}

fn no_event() -> Fault {
    Fault::field("field-missing", "event", "the record carries no event that is known")
}
