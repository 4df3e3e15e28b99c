//! What the outside has done and was told to be done: what the checks at the end hold the house to.

use super::action::{Action, Outcome, Says, What};
use super::command::Id;
use super::poison::Poison;
use std::collections::BTreeMap;
use weir_proto::topics::Topic;

/// All that is kept of it.
#[derive(Clone, Debug, Default)]
pub struct Books {
    orders: Vec<OrderBook>,
    accepted: Vec<Accepted>,
    commands: BTreeMap<Id, CommandBook>,
    poison: BTreeMap<u64, Poison>,
}

/// One order.
#[derive(Clone, Debug)]
pub struct OrderBook {
    pub id: String,
    pub pool: String,
    /// What the accepted deliveries say of it.
    pub says: Says,
    /// Deliveries that were accepted, repeats included.
    pub accepted: u32,
    /// Units that it asked for when it was placed.
    pub units: i64,
}

/// A record that was acknowledged to its writer: a 2xx of the door, or a command in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub topic: Topic,
    pub partition: i32,
    pub offset: i64,
    pub order: Option<u32>,
    pub what: What,
    pub poison: Option<Poison>,
}

/// One command id.
#[derive(Clone, Debug)]
pub struct CommandBook {
    pub topic: Topic,
    pub key: String,
    /// The body of whoever made the id.
    pub body_hash: Id,
    /// Copies that were acknowledged, of that body and of others.
    pub written: u32,
    pub others: u32,
    /// Attempts of which nobody knows.
    pub unknown: u32,
    /// It carries a version that has passed, so it must be refused.
    pub is_stale: bool,
}

impl Books {
    pub fn orders(&self) -> &[OrderBook] {
        &self.orders
    }

    pub fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    pub fn commands(&self) -> &BTreeMap<Id, CommandBook> {
        &self.commands
    }

    pub(super) fn add_order(&mut self, id: String, pool: String, units: i64) {
        self.orders.push(OrderBook { id, pool, says: Says::NOTHING, accepted: 0, units });
    }

    pub(super) fn add_poison(&mut self, serial: u64, poison: Poison) {
        self.poison.insert(serial, poison);
    }

    /// A command is about to be sent: its id and body are known before anybody answers.
    pub(super) fn add_command(&mut self, action: &Action, is_stale: bool) {
        let Some((id, body_hash)) = action.command else { return };
        let (topic, key) = (action.record.topic, action.record.key.clone());
        let fresh = CommandBook { topic, key, body_hash, written: 0, others: 0, unknown: 0, is_stale };
        self.commands.entry(id).or_insert(fresh);
    }

    pub(super) fn settle(&mut self, action: &Action, outcome: Outcome) {
        if let Some((id, body_hash)) = action.command
            && let Some(book) = self.commands.get_mut(&id)
        {
            match outcome {
                Outcome::Written { .. } if body_hash == book.body_hash => book.written += 1,
                Outcome::Written { .. } => book.others += 1,
                Outcome::Unknown => book.unknown += 1,
                Outcome::Refused => {}
            }
        }
        let Outcome::Written { partition, offset } = outcome else { return };
        let (topic, order, what) = (action.record.topic, action.order, action.what);
        let poison = self.poison.get(&action.serial).copied();
        self.accepted.push(Accepted { topic, partition, offset, order, what, poison });
        let Some(book) = order.and_then(|order| self.orders.get_mut(order as usize)) else { return };
        book.says = book.says.and(action.says);
        if topic == Topic::Deliveries {
            book.accepted += 1;
        }
    }
}
