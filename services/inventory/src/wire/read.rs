//! Protobuf → domain. What is missing or out of its enum is named; quantities are judged by the rule book.

use crate::domain::command::{Change, Command, Effect, Receipt, Void};
use crate::domain::fact::REPLACED;
use crate::domain::{Candidate, Cost, Demand, Fact, Line, Placed, Split, Status};
use weir_decider::Fault;
use weir_pipeline::{Incoming, Record};
use weir_proto::money::v1::Money;
use weir_proto::routing::v1 as routing;
use weir_proto::stock::v1::{self as stock, stock_command, stock_event};

/// Reads a record of `stock-commands`.
pub fn incoming(record: &Record) -> Result<Incoming<Command>, Fault> {
    let wire: stock::StockCommand = record.decode()?;
    let meta = wire.meta.ok_or_else(|| missing("meta"))?;
    let input = command(wire.command.ok_or_else(|| missing("command"))?)?;
    Ok(Incoming { meta, input })
}

/// Reads a command's arm.
///
/// # Errors
/// Names the field that is missing or unknown.
pub fn command(wire: stock_command::Command) -> Result<Command, Fault> {
    use stock_command::Command as Wire;
    Ok(match wire {
        Wire::Reserve(r) => Command::Reserve { order: r.order_id, plan: r.plan_version, lines: lines(r.lines) },
        Wire::Allocate(a) => Command::Allocate(demand(a)?),
        Wire::Void(v) => Command::Void(Void {
            effect: effect(v.effect)?,
            order: v.order_id,
            plan: v.plan_version,
            reason: v.reason,
            lines: placed(v.lines),
        }),
        Wire::Issue(i) => Command::Issue { order: i.order_id, plan: i.plan_version, lines: placed(i.lines) },
        Wire::Restock(r) => Command::Restock { status: status(r.status)?, order: r.order_id, lines: placed(r.lines) },
        Wire::Receive(r) => {
            Command::Receive(Receipt { sku: r.sku, warehouse: r.warehouse, quantity: r.quantity, document: r.document })
        }
        Wire::Adjust(a) => Command::Adjust(Change {
            sku: a.sku,
            warehouse: a.warehouse,
            delta: a.delta,
            reason: a.reason,
            document: a.document,
        }),
    })
}

/// Reads a record of `stock`.
pub fn read_fact(record: &Record) -> Result<Fact, Fault> {
    let wire: stock::StockEvent = record.decode()?;
    fact(wire.event.ok_or_else(|| missing("event"))?)
}

/// Reads a fact's arm; a stage's fact is none of the domain's.
///
/// # Errors
/// Names the field that is missing or unknown.
pub fn fact(wire: stock_event::Event) -> Result<Fact, Fault> {
    use stock_event::Event;
    Ok(match wire {
        Event::Stage(_) => {
            return Err(Fault::field("not-a-domain-fact", "stage", "a stage's fact is the loop's own"));
        }
        Event::Received(r) => {
            Fact::Received { sku: r.sku, warehouse: r.warehouse, quantity: r.quantity, document: r.document }
        }
        Event::Adjusted(a) => Fact::Adjusted {
            sku: a.sku,
            warehouse: a.warehouse,
            delta: a.delta,
            reason: a.reason,
            document: a.document,
        },
        Event::Shortage(s) => Fact::Shortage { sku: s.sku, warehouse: s.warehouse, quantity: s.quantity },
        Event::QueueServed(s) => Fact::QueueServed { sku: s.sku, after: s.after_order_id },
        Event::StatusChanged(s) => Fact::StatusChanged {
            from: status(s.from)?,
            to: status(s.to)?,
            sku: s.sku,
            warehouse: s.warehouse,
            quantity: s.quantity,
            reason: s.reason,
        },
        of_an_order => order_fact(of_an_order)?,
    })
}

fn order_fact(wire: stock_event::Event) -> Result<Fact, Fault> {
    use stock_event::Event;
    Ok(match wire {
        Event::SoftReserved(s) => Fact::SoftReserved { order: s.order_id, plan: s.plan_version, lines: lines(s.lines) },
        Event::Declined(d) => Fact::Declined { order: d.order_id, plan: d.plan_version, missing: lines(d.missing) },
        Event::Allocated(a) => Fact::Allocated {
            demand: demand(a.allocate.ok_or_else(|| missing("allocated.allocate"))?)?,
            lines: placed(a.lines),
            cost: cost(a.cost),
        },
        Event::Queued(q) => Fact::Queued {
            demand: demand(q.allocate.ok_or_else(|| missing("queued.allocate"))?)?,
            missing: lines(q.missing),
        },
        Event::Voided(v) if v.reason == REPLACED => {
            Fact::Replaced { order: v.order_id, plan: v.plan_version, lines: placed(v.lines) }
        }
        Event::Voided(v) => {
            Fact::Voided { order: v.order_id, plan: v.plan_version, reason: v.reason, lines: placed(v.lines) }
        }
        Event::Issued(i) => Fact::Issued {
            order: i.order_id,
            plan: i.plan_version,
            lines: placed(i.lines),
            unallocated: placed(i.unallocated),
        },
        Event::Restocked(r) => Fact::Restocked { status: status(r.status)?, order: r.order_id, lines: placed(r.lines) },
        Event::Deallocated(d) => {
            Fact::Deallocated { order: d.order_id, plan: d.plan_version, lines: placed(d.lines), reason: d.reason }
        }
        _ => {
            return Err(Fault::field("unknown-fact", "event", "this fact is not one of an order"));
        }
    })
}

fn demand(wire: stock::Allocate) -> Result<Demand, Fault> {
    let mut currency = String::new();
    let mut candidates = Vec::with_capacity(wire.candidates.len());
    for (i, candidate) in wire.candidates.into_iter().enumerate() {
        let mut minor = |money: Option<Money>, field: &str| -> Result<i64, Fault> {
            let Some(money) = money else { return Ok(0) };
            if currency.is_empty() {
                currency.clone_from(&money.currency);
            }
            // An amount of nothing needs no currency.
            if money.currency != currency && money.minor != 0 {
                let detail = format!("{} among costs in {currency}", money.currency);
                return Err(Fault::field("currency-mixed", format!("candidates[{i}].{field}"), detail));
            }
            Ok(money.minor)
        };
        let (parcel_cost, unit_cost) =
            (minor(candidate.parcel_cost, "parcel_cost")?, minor(candidate.unit_cost, "unit_cost")?);
        candidates.push(Candidate {
            warehouse: candidate.warehouse,
            parcel_cost,
            unit_cost,
            keep_back: candidate.keep_back,
        });
    }
    let split = match routing::SplitPolicy::try_from(wire.split) {
        Ok(routing::SplitPolicy::ShipComplete) => Split::ShipComplete,
        Ok(routing::SplitPolicy::ShipAvailable) => Split::ShipAvailable,
        _ => {
            return Err(Fault::field("field-invalid", "split", format!("{} is no split policy", wire.split)));
        }
    };
    Ok(Demand {
        order: wire.order_id,
        plan: wire.plan_version,
        lines: lines(wire.lines),
        candidates,
        currency,
        split,
        parcels_max: wire.parcels_max,
        priority: wire.priority,
    })
}

fn lines(wire: Vec<stock::LineQuantity>) -> Vec<Line> {
    wire.into_iter().map(|l| Line { line: l.line_id, sku: l.sku, quantity: l.quantity }).collect()
}

fn placed(wire: Vec<stock::PlacedQuantity>) -> Vec<Placed> {
    let one =
        |l: stock::PlacedQuantity| Placed { line: l.line_id, sku: l.sku, warehouse: l.warehouse, quantity: l.quantity };
    wire.into_iter().map(one).collect()
}

fn cost(wire: Option<Money>) -> Cost {
    wire.map(|money| Cost { minor: money.minor, currency: money.currency }).unwrap_or_default()
}

fn effect(wire: i32) -> Result<Effect, Fault> {
    match stock::StockEffect::try_from(wire) {
        Ok(stock::StockEffect::Unspecified | stock::StockEffect::None) => Ok(Effect::None),
        Ok(stock::StockEffect::Suspect) => Ok(Effect::Suspect),
        Ok(stock::StockEffect::Damaged) => Ok(Effect::Damaged),
        Err(_) => Err(Fault::field("field-invalid", "effect", format!("{wire} is no stock effect"))),
    }
}

fn status(wire: i32) -> Result<Status, Fault> {
    match stock::StockStatus::try_from(wire) {
        Ok(stock::StockStatus::Sellable) => Ok(Status::Sellable),
        Ok(stock::StockStatus::Damaged) => Ok(Status::Damaged),
        Ok(stock::StockStatus::QualityHold) => Ok(Status::QualityHold),
        Ok(stock::StockStatus::Suspect) => Ok(Status::Suspect),
        _ => Err(Fault::field("field-invalid", "status", format!("{wire} is no stock status"))),
    }
}

fn missing(field: &'static str) -> Fault {
    Fault::field("field-missing", field, "it has to be there")
}
