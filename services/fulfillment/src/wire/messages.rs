//! What fulfillment tells inventory, under the pool's key, and routing, under the order's.

use super::placed;
use crate::domain::{Message, Outcome, StockEffect};
use prost::Message as _;
use weir_pipeline::Outgoing;
use weir_proto::log::v1::Meta;
use weir_proto::routing::v1::{self as routing, RoutingCommand};
use weir_proto::stock::v1::{self as stock, StockCommand};
use weir_proto::{ids, topics::Topic};

pub(super) fn write(meta: Meta, message: &Message) -> Outgoing {
    use routing::routing_command::Command as Ask;
    use stock::stock_command::Command as Move;
    let order_id = meta.key.clone();
    match message {
        Message::Issue { pool, plan, lines } => {
            let lines = placed::write(lines);
            let issue = stock::Issue { order_id, plan_version: *plan, lines };
            to_pool(meta, pool, "weir.stock.v1.Issue", Move::Issue(issue))
        }
        Message::Void { pool, plan, reason, lines, effect } => {
            let void = stock::Void {
                order_id,
                plan_version: *plan,
                reason: reason.clone(),
                lines: placed::write(lines),
                effect: effect_to_wire(*effect).into(),
            };
            to_pool(meta, pool, "weir.stock.v1.Void", Move::Void(void))
        }
        Message::Reroute { plan, excluded, reason, attempt } => {
            let reroute = routing::Reroute {
                plan_version: *plan,
                excluded_warehouses: excluded.clone(),
                reason: reason.clone(),
                attempt: *attempt,
            };
            to_routing(meta, "weir.routing.v1.Reroute", Ask::Reroute(reroute))
        }
        Message::NoteOutcome(outcome) => {
            let outcome = match outcome {
                Outcome::Shipped => "shipped",
                Outcome::Cancelled => "cancelled",
            };
            let note = routing::NoteOutcome { outcome: outcome.to_owned() };
            to_routing(meta, "weir.routing.v1.NoteOutcome", Ask::NoteOutcome(note))
        }
        Message::NoteRefusal { request_id, reason } => {
            let refusal = routing::NoteRefusal { request_id: request_id.clone(), reason: reason.clone() };
            to_routing(meta, "weir.routing.v1.NoteRefusal", Ask::NoteRefusal(refusal))
        }
    }
}

fn to_pool(mut meta: Meta, pool: &str, event_type: &'static str, command: stock::stock_command::Command) -> Outgoing {
    let key = ids::pool_key(&meta.tenant, pool);
    meta.key.clone_from(&key);
    let value = StockCommand { meta: Some(meta), command: Some(command) }.encode_to_vec();
    Outgoing { topic: Topic::StockCommands, key, event_type, value }
}

fn to_routing(meta: Meta, event_type: &'static str, command: routing::routing_command::Command) -> Outgoing {
    let key = meta.key.clone();
    let value = RoutingCommand { meta: Some(meta), command: Some(command) }.encode_to_vec();
    Outgoing { topic: Topic::RoutingCommands, key, event_type, value }
}

fn effect_to_wire(effect: StockEffect) -> stock::StockEffect {
    match effect {
        StockEffect::None => stock::StockEffect::None,
        StockEffect::Suspect => stock::StockEffect::Suspect,
        StockEffect::Damaged => stock::StockEffect::Damaged,
    }
}
