//! What routing has asked fulfillment for after Released, as routing itself says it: open from `ChangeAsked` until `ChangeRefused`,
//! or the order's end. A wait that takes too long is said in `Stuck`, once for each request.
//!
//! Only facts of `routes` count here: a refusal that routing was never told of leaves it waiting.

use super::live::Live;
use super::place;
use crate::catalogue::Id;
use crate::ids::print;
use crate::report::Report;
use weir_pipeline::Record;
use weir_proto::routing::v1::route_event;

/// The requests of one order.
#[derive(Default)]
pub(super) struct Asked {
    /// Most orders have none and few have two, so no room is kept for more.
    open: Box<[Request]>,
    /// Nothing is awaited any more: routing knows the end.
    over: bool,
    /// The order is kept whole again after its end, and what was asked before is not known.
    forgotten: bool,
}

/// One of them, by the fingerprint of its id.
struct Request {
    id: u64,
    /// Said to take too long.
    said: bool,
}

/// How it stands at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Nothing,
    /// Of each open request it was said that it takes too long.
    Told,
    Silent,
}

impl Asked {
    pub(super) fn forgotten() -> Asked {
        Asked { forgotten: true, ..Asked::default() }
    }

    pub(super) fn awaited(&self) -> Awaited {
        match self.open.iter().all(|request| request.said) {
            _ if self.open.is_empty() => Awaited::Nothing,
            true => Awaited::Told,
            false => Awaited::Silent,
        }
    }

    fn find(&mut self, request_id: &str) -> Option<&mut Request> {
        let id = print(request_id);
        self.open.iter_mut().find(|request| request.id == id)
    }

    /// A request that is repeated while it waits is the same wait; one that comes after the end waits for nobody.
    fn ask(&mut self, request_id: &str) {
        if !self.over && self.find(request_id).is_none() {
            let asked = Request { id: print(request_id), said: false };
            self.open = std::mem::take(&mut self.open).into_iter().chain([asked]).collect();
        }
    }

    fn answer(&mut self, request_id: &str) {
        let id = print(request_id);
        self.open = std::mem::take(&mut self.open).into_iter().filter(|request| request.id != id).collect();
    }

    fn end(&mut self) {
        self.open = Box::default();
        self.over = true;
    }
}

impl Live {
    /// What routing says of its requests.
    pub(super) fn asks(&mut self, record: &Record, event: &route_event::Event, report: &mut Report) {
        use route_event::Event;
        if self.asked.forgotten {
            return;
        }
        match event {
            Event::ChangeAsked(asked) => self.asked.ask(&asked.request_id),
            Event::ChangeRefused(refused) => {
                let id = &refused.request_id;
                let known = self.asked.find(id).is_some();
                report.check(Id::I5, known, || format!("{}: {id:?} is refused and was not open", place(record)));
                self.asked.answer(id);
            }
            Event::Stuck(stuck) => {
                let id = &stuck.request_id;
                let found = self.asked.find(id).map(|request| std::mem::replace(&mut request.said, true));
                report.check(Id::I5, found == Some(false), || {
                    let why = if found.is_some() { "is said twice" } else { "is said of what was not open" };
                    format!("{}: stuck in the request {id:?} {why}", place(record))
                });
            }
            Event::RouteCancelled(_) | Event::ShippingNoted(_) | Event::ShippedOutside(_) => self.asked.end(),
            _ => {}
        }
    }
}
