//! What fulfillment tells of an order: pick lists and their steps, parcels, the end.

use super::live::{Live, Step, lines_print};
use super::place;
use crate::catalogue::Id;
use crate::ids::print;
use crate::report::Report;
use weir_pipeline::Record;
use weir_proto::shipment::v1::{FulfillmentOrderOpened, PickListIssued, Shipped, shipment_event};

impl Live {
    pub(super) fn shipment(&mut self, record: &Record, event: &shipment_event::Event, report: &mut Report) {
        use shipment_event::Event;
        match event {
            Event::FulfillmentOrderOpened(opened) => self.open(record, opened, report),
            Event::ReleaseNoted(noted) => drop(self.released_noted.insert(noted.plan_version)),
            Event::AllocationNoted(noted) if noted.state == "allocated" => {
                self.allocated_noted.insert(noted.plan_version);
            }
            Event::AllocationNoted(noted) => self.allocated_noted.remove(noted.plan_version),
            Event::PickListIssued(list) => self.issue(record, list, report),
            Event::Picked(e) => self.step(record, &e.pick_list_id, &[Step::Issued], Step::Picked, report),
            Event::ShortPicked(e) => {
                self.step(record, &e.pick_list_id, &[Step::Issued, Step::Picked], Step::Withdrawn, report);
            }
            Event::Packed(e) => self.step(record, &e.pick_list_id, &[Step::Picked], Step::Packed, report),
            Event::Shipped(e) => self.ship(record, e, report),
            Event::WorkStopped(_) => self.withdraw(),
            Event::OnHold(_) => self.on_hold = true,
            Event::Stuck(stuck) => {
                let wait = (stuck.plan_version, stuck.waits_for.as_str().into());
                let once = !self.stuck.contains(&wait);
                report.check(Id::I5, once, || format!("{}: stuck in {wait:?} is said twice", place(record)));
                self.stuck.push(wait);
            }
            Event::CancelAccepted(_) => {
                let left = self.lists.iter().any(|(_, step)| *step == Step::Shipped);
                report.check(Id::I5, !left, || format!("{}: cancelled after a parcel has left", place(record)));
                self.cancelled = true;
                self.withdraw();
            }
            Event::RouteNoted(_) => self.withdraw(),
            _ => {}
        }
    }

    fn open(&mut self, record: &Record, opened: &FulfillmentOrderOpened, report: &mut Report) {
        let plan = opened.plan_version;
        report.check(Id::I5, plan > self.opened, || {
            format!("{}: plan {plan} is opened after {}", place(record), self.opened)
        });
        if plan == self.plan.0 {
            let same = lines_print(&opened.lines) == self.plan.1;
            report.check(Id::I13, same, || format!("{}: the lines are not those of plan {plan}", place(record)));
        }
        self.opened = plan;
        self.stopped = false;
        self.on_hold = false;
        self.lines.iter_mut().for_each(|line| line.wanted = 0);
        opened.lines.iter().for_each(|line| self.line(&line.line_id).wanted += line.quantity);
    }

    fn issue(&mut self, record: &Record, list: &PickListIssued, report: &mut Report) {
        let plan = list.plan_version;
        let due = self.released_noted.contains(plan) && self.allocated_noted.contains(plan);
        let known = self.released.contains(plan);
        report.check(Id::I17, due && known, || {
            format!("{}: a pick list of plan {plan} before allocated and released", place(record))
        });
        let over = self.shipped || self.cancelled || self.outside;
        report.check(Id::I5, !over, || format!("{}: work after the end of the order", place(record)));
        let id = print(&list.pick_list_id);
        let fresh = self.lists.iter().all(|(known, _)| *known != id);
        report.check(Id::I5, fresh, || format!("{}: the same pick list twice", place(record)));
        self.put(id, Step::Issued);
        self.stopped = false;
    }

    fn ship(&mut self, record: &Record, parcel: &Shipped, report: &mut Report) {
        self.step(record, &parcel.pick_list_id, &[Step::Packed], Step::Shipped, report);
        for shipped in &parcel.lines {
            let line = self.line(&shipped.line_id);
            line.shipped += shipped.quantity;
            let (wanted, shipped_now) = (line.wanted, line.shipped);
            report.check(Id::I13, shipped_now <= wanted, || {
                format!("{}: line {} shipped {shipped_now} of {wanted}", place(record), shipped.line_id)
            });
        }
        if parcel.last {
            let whole = self.lines.iter().all(|line| line.shipped == line.wanted);
            report
                .check(Id::I13, whole, || format!("{}: the order ended with lines that do not add up", place(record)));
        }
        self.shipped |= parcel.last;
    }

    fn withdraw(&mut self) {
        self.stopped = true;
        for (_, step) in self.lists.iter_mut().filter(|(_, step)| *step != Step::Shipped) {
            *step = Step::Withdrawn;
        }
    }

    fn step(&mut self, record: &Record, list: &str, from: &[Step], to: Step, report: &mut Report) {
        let found = self.put(print(list), to);
        let legal = found.is_some_and(|found| from.contains(&found));
        report.check(Id::I5, legal, || format!("{}: {list} goes from {found:?} to {to:?}", place(record)));
    }

    /// Puts a list at a step; says where it was.
    fn put(&mut self, id: u64, step: Step) -> Option<Step> {
        match self.lists.iter_mut().find(|(known, _)| *known == id) {
            Some((_, at)) => Some(std::mem::replace(at, step)),
            None => {
                self.lists.push((id, step));
                None
            }
        }
    }
}
