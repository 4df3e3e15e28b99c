//! An order that is under way, and what the outside and routing tell of it.

use super::asked::Asked;
use super::plans::Plans;
use super::{Told, place};
use crate::catalogue::Id;
use crate::ids::print;
use crate::report::Report;
use weir_pipeline::Record;
use weir_proto::allocation::v1::allocation_event;
use weir_proto::order::v1::{LineKind, Order, order_event};
use weir_proto::routing::v1::{DemandLine, Plan, route_event};
use weir_proto::shipment::v1::shipment_event;

/// One order, as far as the checks need it: some 280 bytes, and 40 for its id, 128 for up to four lines, 64 for its pick lists and 64
/// for its notices.
#[derive(Default)]
pub(super) struct Live {
    key: Box<str>,
    placed: bool,
    pub(super) pay: super::pay::Pay,
    pub(super) planned: bool,
    pub(super) parked: bool,
    pub(super) cancelled: bool,
    /// Routing has ended it, as somebody else has shipped it.
    pub(super) outside: bool,
    /// What its platform said of shipping before it could be released.
    left: Left,
    pub(super) stopped: bool,
    pub(super) shipped: bool,
    /// By fulfillment: a person must look.
    pub(super) on_hold: bool,
    /// The outside changed its lines, so that a plan need not be what was placed.
    edited: bool,
    /// In the order of the placing.
    pub(super) lines: Vec<Line>,
    pub(super) released: Plans,
    pub(super) holds: Vec<Box<str>>,
    /// Version and lines of the newest plan.
    pub(super) plan: (u32, u64),
    /// Highest plan that inventory has spoken of, and what it said last.
    pub(super) allocation: (u32, Stock),
    /// As fulfillment has noted them, in its own order.
    pub(super) released_noted: Plans,
    pub(super) allocated_noted: Plans,
    pub(super) lists: Vec<(u64, Step)>,
    /// The newest plan that fulfillment has opened.
    pub(super) opened: u32,
    /// Waits of fulfillment's that took too long, by plan; each is said once.
    pub(super) stuck: Vec<(u32, Box<str>)>,
    pub(super) asked: Asked,
    pub(super) notices: super::notices::Notices,
}

/// When its platform said that all of it has left: routing hears that in the same order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum Left {
    #[default]
    Unsaid,
    BeforePlacing,
    BeforePayment,
    Later,
}

/// One line by its fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: u64,
    pub(super) ordered: i64,
    /// Under the plan that fulfillment works on.
    pub(super) wanted: i64,
    pub(super) shipped: i64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Debug)]
pub(super) enum Stock {
    #[default]
    Silent,
    Soft,
    Declined,
    Waiting,
    Allocated,
    Voided,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(super) enum Step {
    Issued,
    Picked,
    Packed,
    Shipped,
    Withdrawn,
}

/// What is left of an order that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    /// Notices that were due, and are settled.
    pub(super) due: u32,
    /// The newest plan that was released.
    pub(super) released: u32,
    pub(super) placed: bool,
    pub(super) shipped: bool,
    pub(super) cancelled: bool,
    pub(super) outside: bool,
}

impl Digest {
    /// Whether what is told needs the order whole again; what must not come after the end is a break.
    pub(super) fn wakes(&self, record: &Record, told: &Told<'_>, report: &mut Report) -> bool {
        match told {
            Told::Order(order_event::Event::OrderPlaced(_)) => {
                report.check(Id::I3, !self.placed, || format!("{}: placed again", place(record)));
                false
            }
            Told::Route(route_event::Event::Released(released)) => {
                let plan = released.plan_version;
                report.check(Id::I5, plan > self.released, || format!("{}: plan {plan} released twice", place(record)));
                report.check(Id::I5, !self.outside, || format!("{}: released and shipped by others", place(record)));
                false
            }
            Told::Shipment(event) => {
                use shipment_event::Event;
                let work = matches!(
                    event,
                    Event::PickListIssued(_)
                        | Event::Picked(_)
                        | Event::ShortPicked(_)
                        | Event::Packed(_)
                        | Event::Shipped(_)
                );
                report.check(Id::I5, !work, || format!("{}: work after the end of the order", place(record)));
                if let Event::PickListIssued(_) = event {
                    report.check(Id::I17, false, || format!("{}: a pick list after the end", place(record)));
                }
                false
            }
            Told::Notice(_) => true,
            Told::Order(_) | Told::Route(_) | Told::Stock(..) => false,
        }
    }
}

impl Live {
    pub(super) fn new(key: &str) -> Live {
        Live { key: key.into(), ..Live::default() }
    }

    /// An order that has ended, and of which more is told.
    pub(super) fn woken(key: &str, digest: Digest) -> Live {
        let Digest { due, released, placed, shipped, cancelled, outside } = digest;
        let notices = super::notices::Notices::settled(due);
        let (released, asked) = (Plans::up_to(released), Asked::forgotten());
        Live { placed, shipped, cancelled, outside, notices, released, asked, ..Live::new(key) }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn is_placed(&self) -> bool {
        self.placed
    }

    pub(super) fn digest(&self) -> Digest {
        let (placed, shipped, cancelled, outside) = (self.placed, self.shipped, self.cancelled, self.outside);
        Digest { due: self.notices.due(), released: self.released.newest(), placed, shipped, cancelled, outside }
    }

    /// The digest, where nothing more is expected.
    pub(super) fn over(&self) -> Option<Digest> {
        let ended = self.placed && (self.shipped || self.cancelled || self.outside);
        let idle = self.lists.iter().all(|(_, step)| matches!(step, Step::Shipped | Step::Withdrawn));
        (ended && idle && self.notices.are_settled()).then(|| self.digest())
    }

    pub(super) fn outside(&mut self, record: &Record, event: &order_event::Event, report: &mut Report) {
        match event {
            order_event::Event::OrderPlaced(placed) => {
                report.check(Id::I3, !self.placed, || format!("{}: placed again", place(record)));
                self.placed = true;
                if let Some(order) = &placed.order {
                    self.place(record, order, report);
                }
            }
            order_event::Event::LinesChanged(changed) => {
                self.edited = true;
                for delta in &changed.deltas {
                    self.line(&delta.line_id).ordered += delta.quantity;
                }
            }
            order_event::Event::CancellationRequested(asked) => self.edited |= !asked.line_ids.is_empty(),
            order_event::Event::PaymentReceived(paid) => self.pay.see(paid.state()),
            order_event::Event::RefundNoted(refund) => self.pay.see_refund(refund.state()),
            order_event::Event::OrderCompleted(_) => self.leave(),
            order_event::Event::OrderShipped(told) if !told.partly => self.leave(),
            _ => {}
        }
    }

    fn leave(&mut self) {
        if self.left == Left::Unsaid {
            self.left = match (self.placed, self.pay.was_seen()) {
                (false, _) => Left::BeforePlacing,
                (true, false) => Left::BeforePayment,
                (true, true) => Left::Later,
            };
        }
    }

    /// What has left before it could be released is not shipped once more. Only a first release is judged: a later one may be
    /// under other terms.
    fn left_first(&self) -> bool {
        match self.left {
            Left::BeforePlacing => true,
            Left::BeforePayment => self.released.newest() == 0 && !self.pay.asks_for_nothing(),
            Left::Unsaid | Left::Later => false,
        }
    }

    fn place(&mut self, record: &Record, order: &Order, report: &mut Report) {
        let shipped = order.lines.iter().filter(|l| !matches!(l.kind(), LineKind::Service | LineKind::Digital));
        for line in shipped {
            self.line(&line.line_id).ordered += line.ordered - line.cancelled;
        }
        let recomputed = weir_channels::snapshot_checksum(order);
        let kept = order.amounts.as_ref().map_or(0, |a| a.checksum);
        report.check(Id::I13, kept == recomputed, || {
            format!("{}: price snapshot {kept:x}, recomputed {recomputed:x}", place(record))
        });
        self.pay.place(order.payment_terms());
        self.pay.see(order.payment_state());
    }

    pub(super) fn line(&mut self, line_id: &str) -> &mut Line {
        let id = print(line_id);
        let at = self.lines.iter().position(|line| line.id == id).unwrap_or_else(|| {
            self.lines.push(Line { id, ..Line::default() });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }

    pub(super) fn route(&mut self, record: &Record, event: &route_event::Event, report: &mut Report) {
        self.asks(record, event, report);
        match event {
            route_event::Event::Planned(planned) => {
                self.planned = true;
                let gone = self.outside || self.left == Left::BeforePlacing;
                report.check(Id::I5, !gone, || format!("{}: planned and shipped by others", place(record)));
                // A demand may say nothing but its terms.
                if let Some(demand) = &planned.demand {
                    self.pay.plan(demand.terms());
                }
                if let Some(plan) = &planned.plan {
                    self.take_plan(record, plan, report);
                }
            }
            route_event::Event::Parked(_) => self.parked = true,
            route_event::Event::Held(held) => self.holds.push(held.hold_id.as_str().into()),
            route_event::Event::HoldResolved(resolved) => self.holds.retain(|id| **id != *resolved.hold_id),
            route_event::Event::Released(released) => {
                let plan = released.plan_version;
                let gone = self.outside || self.left_first();
                report.check(Id::I5, !gone, || format!("{}: released and shipped by others", place(record)));
                let once = self.released.insert(plan);
                report.check(Id::I5, once, || format!("{}: plan {plan} released twice", place(record)));
                let open = &self.holds;
                report
                    .check(Id::I5, open.is_empty(), || format!("{}: released while {open:?} are open", place(record)));
            }
            route_event::Event::RouteCancelled(_) => self.cancelled = true,
            route_event::Event::ShippedOutside(_) => self.outside = true,
            _ => {}
        }
    }

    /// What is planned is what was placed, unless the outside changed it.
    fn take_plan(&mut self, record: &Record, plan: &Plan, report: &mut Report) {
        let version = plan.version;
        report.check(Id::I5, version > self.plan.0, || {
            format!("{}: plan {version} after plan {}", place(record), self.plan.0)
        });
        self.plan = (version, lines_print(&plan.lines));
        if self.edited || !self.placed {
            return;
        }
        for (line, wanted) in self.lines.iter().map(|line| (line, wanted(&plan.lines, line.id))) {
            report.check(Id::I13, line.ordered == wanted, || {
                format!(
                    "{}: plan {version} has {wanted} of a line of which {} are ordered",
                    place(record),
                    line.ordered
                )
            });
        }
    }

    pub(super) fn stock(&mut self, event: &allocation_event::Event, plan: u32) {
        let said = match event {
            allocation_event::Event::Allocated(_) => Stock::Allocated,
            allocation_event::Event::Voided(_) => Stock::Voided,
            allocation_event::Event::SoftReserved(_) => Stock::Soft,
            allocation_event::Event::Unfillable(_) => Stock::Declined,
            allocation_event::Event::Backordered(_)
            | allocation_event::Event::Deallocated(_)
            | allocation_event::Event::PartiallyAllocated(_) => Stock::Waiting,
        };
        if plan >= self.allocation.0 {
            self.allocation = (plan, said);
        }
    }
}

/// How much a plan has of a line.
fn wanted(lines: &[DemandLine], id: u64) -> i64 {
    lines.iter().filter(|line| print(&line.line_id) == id).map(|line| line.quantity).sum()
}

/// The lines of a plan, whatever their order.
pub(super) fn lines_print(lines: &[DemandLine]) -> u64 {
    let one = |line: &DemandLine| print(format!("{}\n{}\n{}\n{}", line.line_id, line.sku, line.quantity, line.pool));
    lines.iter().fold(0, |sum, line| sum.wrapping_add(one(line)))
}
