//! What holds for each order over all its topics: I3 (one OrderPlaced), I4, I5 (legal steps), I7, I13, I17.

use super::report::Report;
use super::scan;
use std::collections::{BTreeMap, HashMap};
use weir_pipeline::Record;
use weir_pipeline::kafka::KafkaLog;
use weir_proto::allocation::v1::{AllocationEvent, allocation_event};
use weir_proto::notice::v1::{NoticeEvent, notice_event};
use weir_proto::order::v1::{OrderEvent, order_event};
use weir_proto::quarantine::v1::{QuarantineEvent, quarantine_event};
use weir_proto::routing::v1::{RouteEvent, route_event};
use weir_proto::shipment::v1::{ShipmentEvent, shipment_event};
use weir_proto::topics::Topic;

/// One order, as far as the checks need it.
#[derive(Default)]
struct Order {
    placed: u32,
    paid: bool,
    lines: BTreeMap<String, Line>,
    planned: bool,
    released: Vec<u32>,
    holds: Vec<String>,
    parked: bool,
    cancelled: bool,
    /// Highest plan that inventory has spoken of, and what it said last.
    allocation: (u32, Stock),
    /// As fulfillment has noted them, in its own order.
    released_noted: Vec<u32>,
    allocated_noted: Vec<u32>,
    pick_lists: BTreeMap<String, Step>,
    stopped: bool,
    /// The newest plan that fulfillment has opened.
    opened: u32,
    /// Waits that took too long, by plan; each is said once.
    stuck: Vec<(u32, String)>,
    shipped_last: bool,
    notices: Vec<String>,
    settled: Vec<String>,
}

#[derive(Default, Clone)]
struct Line {
    ordered: i64,
    shipped: i64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Debug)]
enum Stock {
    #[default]
    Silent,
    Soft,
    Declined,
    Waiting,
    Allocated,
    Voided,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
enum Step {
    Issued,
    Picked,
    Packed,
    Shipped,
    Withdrawn,
}

/// Checks every order, one partition at a time.
pub fn check(log: &KafkaLog, running: bool, report: &mut Report) -> anyhow::Result<()> {
    for partition in 0..Topic::Orders.partitions(log.config().partitions) {
        let mut orders: HashMap<String, Order> = HashMap::new();
        scan::partition(log, Topic::Orders, partition, |r| orders.on(r, Order::outside, report))?;
        scan::partition(log, Topic::Routes, partition, |r| orders.on(r, Order::route, report))?;
        scan::partition(log, Topic::Allocations, partition, |r| orders.on(r, Order::stock, report))?;
        scan::partition(log, Topic::Shipments, partition, |r| orders.on(r, Order::shipment, report))?;
        scan::partition(log, Topic::Notices, partition, |r| orders.on(r, Order::notice, report))?;
        scan::partition(log, Topic::Quarantine, partition, |record| {
            let event = record.decode::<QuarantineEvent>().ok().and_then(|event| event.event);
            if let Some(quarantine_event::Event::Quarantined(_)) = event {
                report.summary.quarantined += 1;
            }
        })?;
        for (id, order) in &orders {
            order.at_end(id, running, report);
        }
    }
    Ok(())
}

/// Finds the order of a record, and lets a step look at both.
trait Walk {
    fn on(&mut self, record: &Record, step: fn(&mut Order, &Record, &mut Report), report: &mut Report);
}

impl Walk for HashMap<String, Order> {
    fn on(&mut self, record: &Record, step: fn(&mut Order, &Record, &mut Report), report: &mut Report) {
        if record.headers.redriven.is_some() {
            return;
        }
        let is_stage = record.headers.event_type.as_deref().is_some_and(|t| t.starts_with("weir.log.v1."));
        if !is_stage {
            step(self.entry(record.key.clone()).or_default(), record, report);
        }
    }
}

fn place(record: &Record) -> String {
    format!("{}/{}@{} order {}", record.topic, record.partition, record.offset, record.key)
}

impl Order {
    fn outside(&mut self, record: &Record, report: &mut Report) {
        let Ok(OrderEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        match event {
            order_event::Event::OrderPlaced(placed) => {
                self.placed += 1;
                report.check("I3", self.placed == 1, || format!("{}: placed again", place(record)));
                let Some(order) = placed.order else { return };
                for line in &order.lines {
                    self.lines.entry(line.line_id.clone()).or_default().ordered += line.ordered;
                }
                let recomputed = weir_channels::snapshot_checksum(&order);
                let kept = order.amounts.as_ref().map_or(0, |a| a.checksum);
                report.check("I13", kept == recomputed, || {
                    format!("{}: price snapshot {kept:x}, recomputed {recomputed:x}", place(record))
                });
                self.paid |= is_met(order.payment_terms, order.payment_state);
            }
            order_event::Event::LinesChanged(changed) => {
                for delta in changed.deltas {
                    self.lines.entry(delta.line_id).or_default().ordered += delta.quantity;
                }
            }
            order_event::Event::PaymentReceived(paid) => self.paid |= is_met(0, paid.state),
            _ => {}
        }
    }

    fn route(&mut self, record: &Record, report: &mut Report) {
        let Ok(RouteEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        match event {
            route_event::Event::Planned(_) => self.planned = true,
            route_event::Event::Parked(_) => self.parked = true,
            route_event::Event::Held(held) => self.holds.push(held.hold_id),
            route_event::Event::HoldResolved(resolved) => self.holds.retain(|id| *id != resolved.hold_id),
            route_event::Event::Released(released) => {
                let plan = released.plan_version;
                let once = !self.released.contains(&plan);
                report.check("I5", once, || format!("{}: plan {plan} released twice", place(record)));
                let open = self.holds.clone();
                report.check("I5", open.is_empty(), || format!("{}: released while {open:?} are open", place(record)));
                self.released.push(plan);
            }
            route_event::Event::RouteCancelled(_) => self.cancelled = true,
            _ => {}
        }
    }

    fn stock(&mut self, record: &Record, _: &mut Report) {
        let Ok(AllocationEvent { event: Some(event), plan_version, .. }) = record.decode() else {
            return;
        };
        let said = match event {
            allocation_event::Event::Allocated(_) => Stock::Allocated,
            allocation_event::Event::Voided(_) => Stock::Voided,
            allocation_event::Event::SoftReserved(_) => Stock::Soft,
            allocation_event::Event::Unfillable(_) => Stock::Declined,
            allocation_event::Event::Backordered(_)
            | allocation_event::Event::Deallocated(_)
            | allocation_event::Event::PartiallyAllocated(_) => Stock::Waiting,
        };
        if plan_version >= self.allocation.0 {
            self.allocation = (plan_version, said);
        }
    }

    fn shipment(&mut self, record: &Record, report: &mut Report) {
        let Ok(ShipmentEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        match event {
            shipment_event::Event::FulfillmentOrderOpened(opened) => self.opened = opened.plan_version,
            shipment_event::Event::ReleaseNoted(noted) => self.released_noted.push(noted.plan_version),
            shipment_event::Event::AllocationNoted(noted) if noted.state == "allocated" => {
                self.allocated_noted.push(noted.plan_version);
            }
            shipment_event::Event::AllocationNoted(noted) => self.allocated_noted.retain(|p| *p != noted.plan_version),
            shipment_event::Event::PickListIssued(list) => {
                let plan = list.plan_version;
                let due = self.released_noted.contains(&plan) && self.allocated_noted.contains(&plan);
                let known = self.released.contains(&plan);
                report.check("I17", due && known, || {
                    format!("{}: a pick list of plan {plan} before allocated and released", place(record))
                });
                let fresh = self.pick_lists.insert(list.pick_list_id, Step::Issued).is_none();
                report.check("I5", fresh, || format!("{}: the same pick list twice", place(record)));
                self.stopped = false;
            }
            shipment_event::Event::Picked(e) => self.step(record, &e.pick_list_id, Step::Issued, Step::Picked, report),
            shipment_event::Event::Packed(e) => self.step(record, &e.pick_list_id, Step::Picked, Step::Packed, report),
            shipment_event::Event::Shipped(e) => {
                self.step(record, &e.pick_list_id, Step::Packed, Step::Shipped, report);
                for line in e.lines {
                    let entry = self.lines.entry(line.line_id.clone()).or_default();
                    entry.shipped += line.quantity;
                    let (ordered, shipped) = (entry.ordered, entry.shipped);
                    report.check("I13", shipped <= ordered, || {
                        format!("{}: line {} shipped {shipped} of {ordered}", place(record), line.line_id)
                    });
                }
                self.shipped_last |= e.last;
            }
            shipment_event::Event::WorkStopped(_) => self.withdraw(),
            shipment_event::Event::Stuck(stuck) => {
                let wait = (stuck.plan_version, stuck.waits_for);
                let once = !self.stuck.contains(&wait);
                report.check("I5", once, || format!("{}: stuck in {wait:?} is said twice", place(record)));
                self.stuck.push(wait);
            }
            shipment_event::Event::CancelAccepted(_) => {
                self.cancelled = true;
                self.withdraw();
            }
            _ => {}
        }
    }

    fn withdraw(&mut self) {
        self.stopped = true;
        for step in self.pick_lists.values_mut().filter(|step| **step != Step::Shipped) {
            *step = Step::Withdrawn;
        }
    }

    fn step(&mut self, record: &Record, list: &str, from: Step, to: Step, report: &mut Report) {
        let found = self.pick_lists.insert(list.to_owned(), to);
        report.check("I5", found == Some(from), || format!("{}: {list} goes from {found:?} to {to:?}", place(record)));
    }

    fn notice(&mut self, record: &Record, report: &mut Report) {
        let Ok(NoticeEvent { event: Some(event), .. }) = record.decode() else {
            return;
        };
        match event {
            notice_event::Event::NoticeDue(due) => {
                let id = format!("{}/{}/{}", due.kind, due.medium, due.recipient);
                report.check("I7", !self.notices.contains(&id), || format!("{}: {id} is due twice", place(record)));
                self.notices.push(id);
            }
            notice_event::Event::NoticeSent(sent) => self.settle(record, sent.notice_id, report),
            notice_event::Event::NoticeFailed(failed) => self.settle(record, failed.notice_id, report),
            _ => {}
        }
    }

    fn settle(&mut self, record: &Record, id: String, report: &mut Report) {
        report.check("I7", !self.settled.contains(&id), || format!("{}: {id} is settled twice", place(record)));
        self.settled.push(id);
    }

    fn at_end(&self, id: &str, running: bool, report: &mut Report) {
        report.summary.orders += u64::from(self.placed > 0);
        if self.shipped_last {
            report.summary.shipped += 1;
            let whole = self.lines.values().all(|line| line.shipped == line.ordered);
            report.check("I13", whole, || format!("order {id} ended with lines that do not add up"));
        } else if self.cancelled {
            report.summary.cancelled += 1;
        }
        match self.waits_for() {
            Ok(None) => report.check("I4", true, String::new),
            Ok(Some(wait)) => {
                report.check("I4", true, String::new);
                *report.summary.waiting.entry(wait.to_owned()).or_insert(0) += 1;
            }
            Err(stuck) if running => *report.summary.waiting.entry(format!("under way: {stuck}")).or_insert(0) += 1,
            Err(stuck) => report.check("I4", false, || format!("order {id} {stuck}")),
        }
    }

    /// Whether fulfillment has said that it waits too long for this stage, under the plan that it has.
    fn is_stuck(&self, waits_for: &str) -> bool {
        self.stuck.iter().any(|(plan, whom)| *plan == self.opened && whom == waits_for)
    }

    /// What the order waits for; none where it has come to its end.
    fn waits_for(&self) -> Result<Option<&'static str>, &'static str> {
        if self.shipped_last || self.cancelled {
            return Ok(None);
        }
        if self.placed == 0 {
            return Ok(Some("its order: only a payment or a request was seen"));
        }
        if self.parked && !self.planned {
            return Ok(Some("reference data: parked"));
        }
        if !self.planned {
            return Err("was placed and never planned");
        }
        if !self.holds.is_empty() {
            return Ok(Some("a person: held"));
        }
        if self.released.is_empty() {
            return if self.paid { Err("is paid, not held and not released") } else { Ok(Some("payment")) };
        }
        let open = self.pick_lists.values().any(|step| matches!(step, Step::Issued | Step::Picked | Step::Packed));
        match self.allocation.1 {
            Stock::Waiting => Ok(Some("stock: backordered")),
            Stock::Allocated if open => Ok(Some("the warehouse: pick list open")),
            Stock::Allocated => Err("is allocated and released and has no pick list"),
            _ if self.stopped && self.is_stuck("routing") => Ok(Some("routing: stuck without a new plan")),
            _ if self.stopped => Err("stopped and got no new plan"),
            _ if self.is_stuck("inventory") => Ok(Some("inventory: stuck without its word")),
            _ => Err("is released and inventory said nothing"),
        }
    }
}

/// Whether the payment policy lets the order go: paid, or terms that need no payment before.
fn is_met(terms: i32, state: i32) -> bool {
    use weir_proto::order::v1::{PaymentState, PaymentTerms};
    terms == PaymentTerms::CashOnDelivery as i32
        || terms == PaymentTerms::OnAccount as i32
        || state == PaymentState::Paid as i32
}

#[cfg(test)]
mod tests;
