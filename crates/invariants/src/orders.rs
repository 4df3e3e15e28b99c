//! What holds for each order over all its topics: I3 (one OrderPlaced), I4, I5 (versions, legal steps), I7, I13, I17.
//!
//! An order is kept whole while it is under way. Once it has ended and its notices are settled, a digest of 16 bytes is left, which
//! still knows a second placing, a notice that is due twice, and work after the end.

mod asked;
mod folded;
mod live;
mod notices;
mod pay;
mod plans;
mod shipment;
mod wait;

use crate::catalogue::Id;
use crate::ids::{ByPrint, print};
use crate::report::Report;
use folded::Folded;
use live::{Digest, Live};
use weir_pipeline::Record;
use weir_proto::allocation::v1::allocation_event;
use weir_proto::notice::v1::notice_event;
use weir_proto::order::v1::order_event;
use weir_proto::routing::v1::route_event;
use weir_proto::shipment::v1::shipment_event;
use weir_proto::topics::Topic;

/// The orders of one partition, by the fingerprints of their ids. Each is in one of the two.
#[derive(Default)]
pub(crate) struct Orders {
    live: ByPrint<Box<Whole>>,
    ended: ByPrint<Folded>,
}

struct Whole {
    /// Of the order in each fact topic that is keyed by orders.
    versions: [u32; 4],
    /// False where only its versions are known.
    told: bool,
    order: Live,
}

/// A fact or a message about an order.
pub(crate) enum Told<'a> {
    Order(&'a order_event::Event),
    Route(&'a route_event::Event),
    Stock(&'a allocation_event::Event, u32),
    Shipment(&'a shipment_event::Event),
    Notice(&'a notice_event::Event),
}

impl Orders {
    /// Notes the version of an order in a topic, and says which it had before; none where the topic is not keyed by orders.
    pub(crate) fn version(&mut self, topic: Topic, key: &str, version: u32) -> Option<u32> {
        let column = match topic {
            Topic::Orders => 0,
            Topic::Routes => 1,
            Topic::Shipments => 2,
            Topic::Notices => 3,
            _ => return None,
        };
        let id = print(key);
        if let Some(whole) = self.live.get_mut(&id) {
            return Some(std::mem::replace(&mut whole.versions[column], version));
        }
        if let Some(folded) = self.ended.get_mut(&id) {
            let before = u32::from(folded.versions[column]);
            match u16::try_from(version) {
                Ok(small) => folded.versions[column] = small,
                Err(_) => self.wake(id, key).versions[column] = version,
            }
            return Some(before);
        }
        self.whole(id, key).versions[column] = version;
        Some(0)
    }

    /// Takes in what is told of an order.
    pub(crate) fn take(&mut self, record: &Record, told: &Told<'_>, report: &mut Report) {
        let id = print(&record.key);
        let whole = match self.ended.get(&id) {
            Some(folded) if !folded.digest().wakes(record, told, report) => return,
            Some(_) => self.wake(id, &record.key),
            None => self.whole(id, &record.key),
        };
        whole.told = true;
        let order = &mut whole.order;
        match told {
            Told::Order(event) => order.outside(record, event, report),
            Told::Route(event) => order.route(record, event, report),
            Told::Stock(event, plan) => order.stock(event, *plan),
            Told::Shipment(event) => order.shipment(record, event, report),
            Told::Notice(event) => order.notice(record, event, report),
        }
        if let Some(folded) = order.over().and_then(|digest| Folded::of(whole.versions, digest)) {
            self.live.remove(&id);
            self.ended.insert(id, folded);
        }
    }

    fn whole(&mut self, id: u64, key: &str) -> &mut Whole {
        let fresh = || Box::new(Whole { versions: [0; 4], told: false, order: Live::new(key) });
        self.live.entry(id).or_insert_with(fresh)
    }

    /// An order that has ended, whole again.
    fn wake(&mut self, id: u64, key: &str) -> &mut Whole {
        if let Some(folded) = self.ended.remove(&id) {
            let order = Live::woken(key, folded.digest());
            let versions = folded.versions.map(u32::from);
            self.live.insert(id, Box::new(Whole { versions, told: true, order }));
        }
        self.whole(id, key)
    }

    /// What an order must have come to. `holds` says whether stock is reserved for it.
    pub(crate) fn end(&self, running: bool, holds: &dyn Fn(u64) -> bool, report: &mut Report) {
        for (id, folded) in &self.ended {
            let name = || format!("with the fingerprint {id:016x}");
            sum_up(*id, &folded.digest(), &name, running, holds, report);
            report.check(Id::I4, true, String::new);
        }
        let mut live: Vec<(u64, &Live)> =
            self.live.iter().filter(|(_, whole)| whole.told).map(|(id, whole)| (*id, &whole.order)).collect();
        live.sort_unstable_by_key(|(_, order)| order.key());
        for (id, order) in live {
            sum_up(id, &order.digest(), &|| order.key().to_owned(), running, holds, report);
            order.at_end(running, report);
        }
    }

    /// How many orders are kept whole, and how many as digests.
    pub(crate) fn kept(&self) -> (usize, usize) {
        (self.live.len(), self.ended.len())
    }
}

/// Counts an order, and looks whether stock is still reserved for it.
fn sum_up(
    id: u64,
    digest: &Digest,
    name: &dyn Fn() -> String,
    running: bool,
    holds: &dyn Fn(u64) -> bool,
    report: &mut Report,
) {
    report.summary.orders += u64::from(digest.placed);
    report.summary.shipped += u64::from(digest.shipped);
    report.summary.shipped_outside += u64::from(digest.outside && !digest.shipped);
    report.summary.cancelled += u64::from(digest.cancelled && !digest.shipped);
    if !running && (digest.shipped || digest.cancelled || digest.outside) {
        report.check(Id::I6, !holds(id), || format!("order {} has ended and stock is reserved for it", name()));
    }
}

fn place(record: &Record) -> String {
    format!("{}/{}@{} order {}", record.topic, record.partition, record.offset, record.key)
}

#[cfg(test)]
mod tests;
