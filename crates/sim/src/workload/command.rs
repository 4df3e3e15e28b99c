//! Commands as the services' edges write them: meta as the gateway makes it, bodies by the services' own code.

use super::catalogue::TENANT;
use super::draw::digest;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use weir_fulfillment::wire::commands as shipments;
use weir_pipeline::Outgoing;
use weir_proto::log::v1::{Actor, ActorKind, Meta};
use weir_proto::routing::v1::{RoutingCommand, routing_command};
use weir_proto::shipment::v1::shipment_command;
use weir_proto::stock::v1::{Adjust, Allocate, Receive, Restock, StockCommand, stock_command};
use weir_proto::topics::Topic;

pub(super) type Id = [u8; 16];

/// A command on its way.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) record: Outgoing,
    pub(super) id: Id,
    pub(super) body_hash: Id,
}

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) id: Id,
    pub(super) actor: &'a str,
    pub(super) role: &'a str,
    pub(super) now_ms: i64,
    pub(super) seen_version: u64,
}

/// A command id: a UUIDv7 of this moment whose other bits derive from the workload's seed and the count of its
/// commands.
pub(super) fn id(seed: u64, serial: u64, now_ms: i64) -> Id {
    let mut id = [0_u8; 16];
    id[..6].copy_from_slice(&now_ms.to_be_bytes()[2..]);
    id[6..8].copy_from_slice(&(serial as u16).to_be_bytes());
    let rest = digest(&[seed.to_be_bytes(), serial.to_be_bytes()].concat());
    id[8..].copy_from_slice(&rest.to_be_bytes());
    id[6] = 0x70 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    id
}

/// As it is printed: 8-4-4-4-12.
pub(super) fn text(id: Id) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in id.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(half)]));
        }
    }
    text
}

/// As `weir_pipeline::gateway::Gateway::ask` makes it.
pub(super) fn command(
    topic: Topic,
    key: &str,
    event_type: &'static str,
    head: Head<'_>,
    encode: impl Fn(Meta) -> Vec<u8>,
) -> Command {
    let Head { id, actor, role, now_ms, seen_version } = head;
    let digest = Sha256::digest(encode(Meta { seen_version, ..Meta::default() }));
    let body_hash: Id = std::array::from_fn(|at| digest[at]);
    let meta = Meta {
        tenant: TENANT.to_owned(),
        key: key.to_owned(),
        command_id: id.to_vec(),
        actor: Some(Actor {
            kind: ActorKind::Person.into(),
            id: actor.to_owned(),
            role: role.to_owned(),
            reason: String::new(),
        }),
        at_ms: now_ms,
        body_hash: body_hash.to_vec(),
        seen_version,
        ..Meta::default()
    };
    let record = Outgoing { topic, key: key.to_owned(), event_type, value: encode(meta) };
    Command { record, id, body_hash }
}

pub(super) fn shipment(order_id: &str, head: Head<'_>, command: &shipment_command::Command) -> Command {
    let encode = |meta| shipments::write(meta, command.clone());
    self::command(Topic::ShipmentCommands, order_id, shipments::event_type(command), head, encode)
}

pub(super) fn routing(order_id: &str, head: Head<'_>, command: &routing_command::Command) -> Command {
    use routing_command::Command as Of;
    let event_type = match command {
        Of::ApproveHold(_) => "weir.routing.v1.ApproveHold",
        Of::RejectHold(_) => "weir.routing.v1.RejectHold",
        Of::Reroute(_) => "weir.routing.v1.Reroute",
        Of::NoteOutcome(_) => "weir.routing.v1.NoteOutcome",
        Of::CancelOrder(_) => "weir.routing.v1.CancelOrder",
        Of::NoteRefusal(_) => "weir.routing.v1.NoteRefusal",
    };
    let encode = |meta| RoutingCommand { meta: Some(meta), command: Some(command.clone()) }.encode_to_vec();
    self::command(Topic::RoutingCommands, order_id, event_type, head, encode)
}

pub(super) fn receive(pool_key: &str, head: Head<'_>, receive: &Receive) -> Command {
    let encode = |meta| weir_inventory::wire::receive(meta, receive.clone());
    command(Topic::StockCommands, pool_key, "weir.stock.v1.Receive", head, encode)
}

pub(super) fn adjust(pool_key: &str, head: Head<'_>, adjust: &Adjust) -> Command {
    let encode = |meta| weir_inventory::wire::adjust(meta, adjust.clone());
    command(Topic::StockCommands, pool_key, "weir.stock.v1.Adjust", head, encode)
}

/// A demand as routing tells it, under an id of its own: what somebody writes back is a command like any other.
pub(super) fn allocate(pool_key: &str, head: Head<'_>, allocate: &Allocate) -> Command {
    let wire =
        |meta| StockCommand { meta: Some(meta), command: Some(stock_command::Command::Allocate(allocate.clone())) };
    command(Topic::StockCommands, pool_key, "weir.stock.v1.Allocate", head, |meta| wire(meta).encode_to_vec())
}

/// Inventory decides returns, and no service asks for them yet: the record is the one that DESIGN.md §1 gives
/// fulfillment.
pub(super) fn restock(pool_key: &str, head: Head<'_>, restock: &Restock) -> Command {
    let wire =
        |meta| StockCommand { meta: Some(meta), command: Some(stock_command::Command::Restock(restock.clone())) };
    command(Topic::StockCommands, pool_key, "weir.stock.v1.Restock", head, |meta| wire(meta).encode_to_vec())
}
