//! The ledger for those who ask: rows in Postgres ([`levels`]), counters in Redis ([`availability`]), both made of the same
//! deltas. A fact says what it adds and takes, so nothing is read before it is written.

pub mod availability;
pub mod levels;

use crate::domain::{Fact, Placed, Status};
use crate::wire;
use weir_decider::Fault;
use weir_pipeline::Record;
use weir_proto::stock::v1::{StockEvent, stock_event::Event};

/// What a fact adds to the quantities of a SKU at a place; an empty warehouse is the pool's soft total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub sku: String,
    pub warehouse: String,
    pub on_hand: i64,
    /// Soft where the warehouse is empty.
    pub held: i64,
    pub damaged: i64,
    pub suspect: i64,
    pub quality_hold: i64,
    /// Set to this, not added.
    pub shortage: Option<i64>,
}

/// The pool's key and the domain fact of a record; `None` for a stage's own fact.
pub fn fact_of(record: &Record) -> Result<Option<Fact>, Fault> {
    let wire: StockEvent = record.decode()?;
    match wire.event {
        None | Some(Event::Stage(_)) => Ok(None),
        Some(event) => wire::fact(event).map(Some),
    }
}

/// What a fact adds, place by place.
pub fn deltas(fact: &Fact) -> Vec<Delta> {
    match fact {
        Fact::Received { sku, warehouse, quantity, .. } => vec![moved(sku, warehouse, Status::Sellable, *quantity)],
        Fact::Adjusted { sku, warehouse, delta, .. } => vec![moved(sku, warehouse, Status::Sellable, *delta)],
        Fact::SoftReserved { lines, .. } => {
            let soft =
                |line: &crate::domain::Line| Delta { sku: line.sku.clone(), held: line.quantity, ..Delta::default() };
            lines.iter().map(soft).collect()
        }
        Fact::Allocated { lines, .. } => held(lines, 1),
        Fact::Voided { lines, .. } | Fact::Replaced { lines, .. } | Fact::Deallocated { lines, .. } => held(lines, -1),
        Fact::Issued { lines, .. } => {
            let gone = lines.iter().map(|l| moved(&l.sku, &l.warehouse, Status::Sellable, l.quantity.saturating_neg()));
            gone.chain(held(lines, -1)).collect()
        }
        Fact::Restocked { lines, status, .. } => {
            lines.iter().map(|l| moved(&l.sku, &l.warehouse, *status, l.quantity)).collect()
        }
        Fact::StatusChanged { sku, warehouse, quantity, from, to, .. } => {
            vec![moved(sku, warehouse, *from, quantity.saturating_neg()), moved(sku, warehouse, *to, *quantity)]
        }
        Fact::Shortage { sku, warehouse, quantity } => {
            let place = moved(sku, warehouse, Status::Sellable, 0);
            vec![Delta { shortage: Some(*quantity), ..place }]
        }
        Fact::Declined { .. } | Fact::Queued { .. } | Fact::QueueServed { .. } => Vec::new(),
    }
}

fn held(lines: &[Placed], sign: i64) -> Vec<Delta> {
    let one = |line: &Placed| Delta {
        sku: line.sku.clone(),
        warehouse: line.warehouse.clone(),
        held: line.quantity.saturating_mul(sign),
        ..Delta::default()
    };
    lines.iter().map(one).collect()
}

fn moved(sku: &str, warehouse: &str, status: Status, by: i64) -> Delta {
    let mut delta = Delta { sku: sku.to_owned(), warehouse: warehouse.to_owned(), ..Delta::default() };
    match status {
        Status::Sellable => delta.on_hand = by,
        Status::Damaged => delta.damaged = by,
        Status::QualityHold => delta.quality_hold = by,
        Status::Suspect => delta.suspect = by,
    }
    delta
}
