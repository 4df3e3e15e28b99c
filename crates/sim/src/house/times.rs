//! Times: nothing is decided by a clock that was ahead, no deadline passes what lay in the log before it, and nothing is acted on
//! outside before it was said (STAGE.md §4 and §6).

use super::House;
use super::checks::may_be;
use super::tail::Records;
use crate::broker::{Entry, PartitionLog};
use prost::Message as _;
use std::collections::BTreeMap;
use weir_pipeline::{Record, TopicPartition};
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::notice::v1::{NoticeEvent, notice_event};
use weir_proto::order::v1::{OrderEvent, PaymentState, order_event};
use weir_proto::topics::{STAGES, Topic};

/// Wall and broker may be so far apart before deadlines stop.
const APART_MS: i64 = 2_000;

/// Invariant, key, detail.
type Broken = (&'static str, String, String);

impl House {
    pub(super) fn check_times(&mut self, records: &Records) {
        let mut broken = Vec::new();
        broken.extend(STAGES.iter().flat_map(|stage| records.of(stage.facts).filter_map(ahead)));
        broken.extend(overtaken(&self.paid_at(records.of(Topic::Orders)), records.of(Topic::Routes)));
        let begins = self.plan.settings.begins_ms;
        let first = self.outside.first();
        for record in records.of(Topic::Notices).filter(|record| may_be(record, &["weir.notice.v1.NoticeDue"])) {
            let Ok(NoticeEvent { event: Some(notice_event::Event::NoticeDue(due)), .. }) = record.decode() else {
                continue;
            };
            let acted = first.get(&due.notice_id).map(|at| begins + i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
            if acted.is_some_and(|acted| acted < record.time.0) {
                broken.push(("I12", due.notice_id, "this notice was sent before it was said to be due".to_owned()));
            }
        }
        for (invariant, key, detail) in broken {
            self.breach(invariant, &key, detail);
        }
    }

    /// When the payment of each order could be read.
    fn paid_at<'a>(&self, orders: impl Iterator<Item = &'a Record>) -> BTreeMap<String, i64> {
        let broker = self.sim.lock();
        let of =
            |number| broker.partition(TopicPartition::new(Topic::Orders, number)).map(readable).unwrap_or_default();
        let times: Vec<Vec<i64>> = (0..self.plan.settings.partitions).map(of).collect();
        let mut paid = BTreeMap::new();
        for record in orders.filter(|record| tells_paid(record)) {
            let (number, offset) = (usize::try_from(record.partition).ok(), usize::try_from(record.offset).ok());
            if let Some(at) = number.zip(offset).and_then(|(number, offset)| times.get(number)?.get(offset)) {
                paid.entry(record.key.clone()).or_insert(*at);
            }
        }
        paid
    }
}

/// A fact is decided at its input's time, or at the partition's clock; `Took` tells its owner's wall time.
fn ahead(record: &Record) -> Option<Broken> {
    let at_ms = Decided::decode(&*record.value).ok()?.meta?.at_ms;
    let by = at_ms - record.time.0;
    let is_take_over = || matches!(record.envelope(), Ok((_, Some(Fact::Took(_)))));
    (by > APART_MS && !is_take_over()).then(|| {
        let place = format!("{}/{}@{}", record.topic, record.partition, record.offset);
        ("clock", record.key.clone(), format!("{place} was decided {by} ms before its time"))
    })
}

/// Payments that could be read for longer than clocks may be apart when their deadline passed.
fn overtaken<'a>(paid: &BTreeMap<String, i64>, routes: impl Iterator<Item = &'a Record>) -> Vec<Broken> {
    let timed_out = |record: &&Record| record.headers.event_type.as_deref() == Some("weir.routing.v1.PaymentTimedOut");
    let late = |record: &Record| {
        let (meta, _) = record.envelope().ok()?;
        let before = meta.at_ms - paid.get(&record.key)?;
        let detail = || format!("its payment deadline passed though it had been paid {before} ms before");
        (before > APART_MS).then(|| ("deadline", record.key.clone(), detail()))
    };
    routes.filter(timed_out).filter_map(late).collect()
}

/// As much of a fact as says when it was decided.
#[derive(Clone, PartialEq, prost::Message)]
struct Decided {
    #[prost(message, optional, tag = "1")]
    meta: Option<When>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct When {
    #[prost(int64, tag = "6")]
    at_ms: i64,
}

fn tells_paid(record: &Record) -> bool {
    if !may_be(record, &["weir.order.v1.PaymentReceived"]) {
        return false;
    }
    let event = record.decode().ok().and_then(|OrderEvent { event, .. }| event);
    matches!(event, Some(order_event::Event::PaymentReceived(told)) if told.state() == PaymentState::Paid)
}

/// When each offset of a partition could be read: once nothing before it was open any more.
fn readable(log: &PartitionLog) -> Vec<i64> {
    let (mut readable, mut open) = (Vec::new(), BTreeMap::new());
    for offset in log.start()..log.end() {
        let now = match log.entry(offset) {
            Some(Entry::Record { time, producer, .. }) => {
                producer.map(|producer| *open.entry(producer).or_insert(offset));
                time.0
            }
            Some(Entry::Control { time, producer, .. }) => {
                open.remove(producer);
                time.0
            }
            None => continue,
        };
        let stable = open.values().copied().min().unwrap_or(offset + 1) - log.start();
        readable.resize(readable.len().max(usize::try_from(stable).unwrap_or(0)), now);
    }
    readable
}
