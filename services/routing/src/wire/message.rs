//! Writes what routing tells inventory, under the pool's key.

use super::fact::plan::{to_candidate, to_split};
use crate::domain::Message;
use crate::domain::order::Line;
use prost::Message as _;
use weir_pipeline::Outgoing;
use weir_proto::log::v1::Meta;
use weir_proto::stock::v1::{self as pb, stock_command::Command};
use weir_proto::{ids, topics::Topic};

pub(super) fn write(mut meta: Meta, message: &Message) -> Outgoing {
    let (pool, event_type, command) = command(message);
    meta.key = ids::pool_key(&meta.tenant, pool);
    let key = meta.key.clone();
    let value = pb::StockCommand { meta: Some(meta), command: Some(command) }.encode_to_vec();
    Outgoing { topic: Topic::StockCommands, key, event_type, value }
}

fn command(message: &Message) -> (&str, &'static str, Command) {
    match message {
        Message::Reserve { pool, order, plan, lines } => {
            let reserve = pb::Reserve { order_id: order.clone(), plan_version: *plan, lines: quantities(lines) };
            (pool, "weir.stock.v1.Reserve", Command::Reserve(reserve))
        }
        Message::Allocate { pool, order, plan, lines, pricing } => {
            let allocate = pb::Allocate {
                order_id: order.clone(),
                plan_version: *plan,
                lines: quantities(lines),
                candidates: pricing.candidates.iter().map(to_candidate).collect(),
                split: to_split(pricing.split).into(),
                parcels_max: pricing.parcels_max,
                priority: pricing.priority,
            };
            (pool, "weir.stock.v1.Allocate", Command::Allocate(allocate))
        }
        Message::Void { pool, order, plan, reason } => {
            let void = pb::Void {
                order_id: order.clone(),
                plan_version: *plan,
                reason: reason.clone(),
                lines: Vec::new(),
                effect: pb::StockEffect::None.into(),
            };
            (pool, "weir.stock.v1.Void", Command::Void(void))
        }
    }
}

fn quantities(lines: &[Line]) -> Vec<pb::LineQuantity> {
    let quantity = |line: &Line| pb::LineQuantity {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
    };
    lines.iter().map(quantity).collect()
}
