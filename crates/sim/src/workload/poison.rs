//! What can't be read, and the reason that quarantine must give for it.

use super::catalogue::TENANT;
use super::delivery::{Envelope, delivery};
use super::order::Quirk;
use prost::Message as _;
use weir_ingest::edge::RECEIVED;
use weir_pipeline::Outgoing;
use weir_proto::delivery::v1::DeliveryEvent;
use weir_proto::ids;
use weir_proto::log::v1::Meta;
use weir_proto::routing::v1::{ApproveHold, RoutingCommand, routing_command};
use weir_proto::shipment::v1::{ShipmentCommand, ShortPick, shipment_command};
use weir_proto::stock::v1::{StockCommand, Void, stock_command};
use weir_proto::topics::Topic;

/// Kinds of poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Poison {
    CutOff,
    FloatMoney,
    NoCurrency,
    UnknownType,
    /// An order that was placed longer ago than anybody remembers.
    Ancient,
    /// A fact that no topic takes comes of it.
    Oversize,
    WrongKey,
    NoMeta,
    Bytes,
    RoutingBytes,
    RoutingKey,
    ShipmentBytes,
    ShipmentWord,
    StockBytes,
    StockWord,
}

impl Poison {
    /// Those that are drawn for any order; the oversize one is rare and dear.
    pub(super) const USUAL: [Poison; 14] = [
        Poison::CutOff,
        Poison::FloatMoney,
        Poison::NoCurrency,
        Poison::UnknownType,
        Poison::Ancient,
        Poison::WrongKey,
        Poison::NoMeta,
        Poison::Bytes,
        Poison::RoutingBytes,
        Poison::RoutingKey,
        Poison::ShipmentBytes,
        Poison::ShipmentWord,
        Poison::StockBytes,
        Poison::StockWord,
    ];

    /// The slug under which it lies in quarantine.
    pub fn reason(self) -> &'static str {
        match self {
            Poison::CutOff => "body-not-json",
            Poison::FloatMoney => "money-not-integer-or-decimal-string",
            Poison::NoCurrency | Poison::NoMeta => "field-missing",
            Poison::UnknownType | Poison::ShipmentWord | Poison::StockWord => "field-invalid",
            Poison::Ancient => "beyond-horizon",
            Poison::Oversize => "oversize",
            Poison::WrongKey | Poison::RoutingKey => "wrong-key",
            Poison::Bytes | Poison::RoutingBytes | Poison::ShipmentBytes | Poison::StockBytes => "undecodable",
        }
    }

    pub fn is_command(self) -> bool {
        use Poison::{RoutingBytes, RoutingKey, ShipmentBytes, ShipmentWord, StockBytes, StockWord};
        matches!(self, RoutingBytes | RoutingKey | ShipmentBytes | ShipmentWord | StockBytes | StockWord)
    }

    /// Where it is wrong in a body that a platform's adapter reads.
    fn quirk(self) -> Option<Quirk> {
        Some(match self {
            Poison::CutOff => Quirk::CutOff,
            Poison::FloatMoney => Quirk::FloatMoney,
            Poison::NoCurrency => Quirk::NoCurrency,
            Poison::UnknownType => Quirk::UnknownType,
            Poison::Ancient => Quirk::Ancient,
            Poison::Oversize => Quirk::Oversize,
            _ => return None,
        })
    }

    /// The same for an order of our own counter, which has no bodies that could be wrong.
    pub(super) fn without_body(self) -> Poison {
        let needs_body = self.quirk().is_some() || matches!(self, Poison::WrongKey | Poison::NoMeta);
        if needs_body { Poison::Bytes } else { self }
    }

    /// Whether it only works on an order of which nothing is known.
    pub(super) fn needs_stranger(self) -> bool {
        matches!(self, Poison::Ancient | Poison::Oversize)
    }

    /// The record. `pool_key` is that of the order's pool.
    pub(super) fn record(self, envelope: Envelope<'_>, pool_key: &str) -> (Outgoing, String) {
        let key = envelope.order.id.clone();
        let raw = |topic, key: &str, event_type, value| {
            (Outgoing { topic, key: key.to_owned(), event_type, value }, format!("poison-{}", envelope.order.number))
        };
        let garbage = || vec![0xff, 0x07, 0x80, 0xff, 0xff, 0xff];
        let routing = Topic::RoutingCommands;
        match self {
            Poison::WrongKey => {
                let (mut record, id) = delivery(envelope);
                let event = DeliveryEvent::decode(record.value.as_slice()).unwrap_or_default();
                record.key = ids::derived(&["a stranger", &key]);
                let meta = event.meta.map(|meta| Meta { key: record.key.clone(), ..meta });
                record.value = DeliveryEvent { meta, ..event }.encode_to_vec();
                (record, id)
            }
            Poison::NoMeta => {
                let (mut record, id) = delivery(envelope);
                let event = DeliveryEvent::decode(record.value.as_slice()).unwrap_or_default();
                record.value = DeliveryEvent { meta: None, ..event }.encode_to_vec();
                (record, id)
            }
            Poison::Bytes => raw(Topic::Deliveries, &key, RECEIVED, garbage()),
            Poison::RoutingBytes => raw(routing, &key, "weir.routing.v1.ApproveHold", garbage()),
            Poison::ShipmentBytes => raw(Topic::ShipmentCommands, &key, "weir.shipment.v1.Pick", garbage()),
            Poison::StockBytes => raw(Topic::StockCommands, pool_key, "weir.stock.v1.Receive", garbage()),
            Poison::RoutingKey => {
                let approve = routing_command::Command::ApproveHold(ApproveHold::default());
                let command = RoutingCommand { meta: Some(meta("somebody else")), command: Some(approve) };
                raw(routing, &key, "weir.routing.v1.ApproveHold", command.encode_to_vec())
            }
            Poison::ShipmentWord => {
                let short = ShortPick { reason: "tired".to_owned(), ..ShortPick::default() };
                let command = Some(shipment_command::Command::ShortPick(short));
                let value = ShipmentCommand { meta: Some(meta(&key)), command }.encode_to_vec();
                raw(Topic::ShipmentCommands, &key, "weir.shipment.v1.ShortPick", value)
            }
            Poison::StockWord => {
                let void = Void { order_id: key, effect: 99, ..Void::default() };
                let command = Some(stock_command::Command::Void(void));
                let value = StockCommand { meta: Some(meta(pool_key)), command }.encode_to_vec();
                raw(Topic::StockCommands, pool_key, "weir.stock.v1.Void", value)
            }
            in_the_body => {
                let quirk = in_the_body.quirk().unwrap_or_default();
                delivery(Envelope { quirk, ..envelope })
            }
        }
    }
}

fn meta(key: &str) -> Meta {
    Meta { tenant: TENANT.to_owned(), key: key.to_owned(), ..Meta::default() }
}
