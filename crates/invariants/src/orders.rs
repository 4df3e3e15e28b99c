//! What holds for each order over all its topics: I3 (one OrderPlaced), I4, I5 (versions, legal steps), I7, I13, I17.
//!
//! An order is kept whole while it is under way. Once it has ended and its notices are settled, a digest of 12 bytes is left, which
//! still knows a second placing, a notice that is due twice, and work after the end.

mod live;
mod notices;
mod plans;
mod shipment;
mod wait;

use crate::catalogue::Id;
use crate::ids::{ByPrint, print};
use crate::report::Report;
use live::{Digest, Live};
use weir_pipeline::Record;
use weir_proto::allocation::v1::allocation_event;
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::notice_event;
use weir_proto::order::v1::order_event;
use weir_proto::routing::v1::route_event;
use weir_proto::shipment::v1::shipment_event;
use weir_proto::topics::Topic;

/// The orders of one partition, by the fingerprints of their ids.
#[derive(Default)]
pub(crate) struct Orders {
    entries: ByPrint<Entry>,
}

#[derive(Default)]
struct Entry {
    /// Of the order in each fact topic that is keyed by orders.
    versions: [u32; 4],
    standing: Standing,
}

#[derive(Default)]
enum Standing {
    #[default]
    Unseen,
    Live(Box<Live>),
    Ended(Digest),
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
    /// The version that the order's next fact in a topic must have is one above this.
    pub(crate) fn version(&mut self, topic: Topic, meta: &Meta) -> Option<&mut u32> {
        let column = match topic {
            Topic::Orders => 0,
            Topic::Routes => 1,
            Topic::Shipments => 2,
            Topic::Notices => 3,
            _ => return None,
        };
        self.entries.entry(print(&meta.key)).or_default().versions.get_mut(column)
    }

    /// Takes in what is told of an order.
    pub(crate) fn take(&mut self, record: &Record, told: &Told<'_>, report: &mut Report) {
        let entry = self.entries.entry(print(&record.key)).or_default();
        if let Standing::Ended(digest) = &entry.standing {
            if !digest.wakes(record, told, report) {
                return;
            }
            entry.standing = Standing::Live(Box::new(Live::woken(&record.key, *digest)));
        }
        if let Standing::Unseen = entry.standing {
            entry.standing = Standing::Live(Box::new(Live::new(&record.key)));
        }
        let Standing::Live(live) = &mut entry.standing else { return };
        match told {
            Told::Order(event) => live.outside(record, event, report),
            Told::Route(event) => live.route(record, event, report),
            Told::Stock(event, plan) => live.stock(event, *plan),
            Told::Shipment(event) => live.shipment(record, event, report),
            Told::Notice(event) => live.notice(record, event, report),
        }
        if let Some(digest) = live.over() {
            entry.standing = Standing::Ended(digest);
        }
    }

    /// What an order must have come to. `holds` says whether stock is reserved for it.
    pub(crate) fn end(&self, running: bool, holds: &dyn Fn(u64) -> bool, report: &mut Report) {
        let mut live = Vec::new();
        for (id, entry) in &self.entries {
            let digest = match &entry.standing {
                Standing::Unseen => continue,
                Standing::Live(order) => {
                    live.push(&**order);
                    order.digest()
                }
                Standing::Ended(digest) => *digest,
            };
            report.summary.orders += u64::from(digest.placed);
            report.summary.shipped += u64::from(digest.shipped);
            report.summary.cancelled += u64::from(digest.cancelled && !digest.shipped);
            if !running && (digest.shipped || digest.cancelled) {
                let name = || match &entry.standing {
                    Standing::Live(order) => order.key().to_owned(),
                    _ => format!("with the fingerprint {id:016x}"),
                };
                report
                    .check(Id::I6, !holds(*id), || format!("order {} has ended and stock is reserved for it", name()));
            }
            if let Standing::Ended(_) = entry.standing {
                report.check(Id::I4, true, String::new);
            }
        }
        live.sort_unstable_by_key(|order| order.key());
        live.iter().for_each(|order| order.at_end(running, report));
    }

    /// How many orders are kept whole, and how many as digests.
    pub(crate) fn kept(&self) -> (usize, usize) {
        let live = self.entries.values().filter(|entry| matches!(entry.standing, Standing::Live(_))).count();
        (live, self.entries.len() - live)
    }
}

fn place(record: &Record) -> String {
    format!("{}/{}@{} order {}", record.topic, record.partition, record.offset, record.key)
}

#[cfg(test)]
mod tests;
