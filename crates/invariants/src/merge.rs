//! The topics of orders in one order in which nothing comes before its cause, so that an order can be left behind once it has ended.
//!
//! The broker's time decides; the clocks of several brokers may differ, so a record also waits for its cause. Where stages are at work,
//! what was caused by a record beyond the end of the reading is left out, with all behind it: what is left is a state that was.

use crate::head::Head;
use weir_pipeline::Record;
use weir_proto::topics::Topic;

/// What is merged, in the order of the flow, which decides among records of one millisecond.
const TOPICS: [Topic; 5] = [Topic::Orders, Topic::Routes, Topic::Allocations, Topic::Shipments, Topic::Notices];

/// Merges the five topics of one partition.
pub struct Merge {
    running: bool,
    lanes: [Lane; 5],
    orphans: Vec<String>,
}

#[derive(Default)]
struct Lane {
    head: Option<First>,
    /// Everything below was given out.
    next: i64,
    finished: bool,
}

struct First {
    record: Record,
    /// Lane and offset of its cause, where that is one of ours.
    cause: Option<(usize, i64)>,
}

/// What is to be done next.
#[derive(Debug)]
pub enum Next {
    /// Look at this record.
    Take(Record),
    /// Offer the next record of this topic, or say that it is finished.
    Need(Topic),
    End,
}

impl Merge {
    /// `running`: stages may be at work.
    pub fn new(running: bool) -> Merge {
        Merge { running, lanes: Default::default(), orphans: Vec::new() }
    }

    pub fn topics() -> [Topic; 5] {
        TOPICS
    }

    /// The next record of its topic.
    pub fn offer(&mut self, record: Record) {
        let Some(lane) = lane_of(record.topic.name()) else { return };
        let cause = cause_of(&record);
        self.lanes[lane].head = Some(First { record, cause });
    }

    /// Nothing more comes of this topic.
    pub fn finish(&mut self, topic: Topic) {
        if let Some(lane) = lane_of(topic.name()) {
            self.lanes[lane].finished = true;
        }
    }

    /// What to do now.
    pub fn step(&mut self) -> Next {
        loop {
            let missing = self.lanes.iter().position(|lane| lane.head.is_none() && !lane.finished);
            if let Some(lane) = missing {
                return Next::Need(TOPICS[lane]);
            }
            let mut lanes = [0, 1, 2, 3, 4];
            lanes.sort_by_key(|lane| self.lanes[*lane].head.as_ref().map(|head| head.record.time));
            // Those without a record come first: they sort as what is before any time.
            let heads = &lanes[lanes.iter().filter(|lane| self.lanes[**lane].head.is_none()).count()..];
            let Some(first) = heads.first().copied() else { return Next::End };
            let chosen = match heads.iter().copied().find(|lane| self.is_due(*lane)) {
                Some(due) => due,
                None if self.running => {
                    self.lanes[first].head = None;
                    self.lanes[first].finished = true;
                    continue;
                }
                None => {
                    self.note_orphan(first);
                    first
                }
            };
            if let Some(First { record, .. }) = self.lanes[chosen].head.take() {
                self.lanes[chosen].next = record.offset + 1;
                return Next::Take(record);
            }
        }
    }

    /// Records whose cause is not there, though nothing is at work.
    pub fn orphans(&self) -> &[String] {
        &self.orphans
    }

    fn is_due(&self, lane: usize) -> bool {
        let cause = self.lanes[lane].head.as_ref().and_then(|head| head.cause);
        cause.is_none_or(|(lane, offset)| {
            let lane = &self.lanes[lane];
            // What retention took is below the first that is there.
            offset < lane.next || lane.head.as_ref().is_some_and(|head| offset < head.record.offset)
        })
    }

    fn note_orphan(&mut self, lane: usize) {
        if let Some(First { record, cause: Some((cause, offset)) }) = &self.lanes[lane].head {
            let (topic, cause) = (record.topic, TOPICS[*cause]);
            self.orphans.push(format!(
                "{topic}/{}@{}: its cause {cause}@{offset} is not there",
                record.partition, record.offset
            ));
        }
    }
}

/// Lane and offset of a record's cause, where that is one of ours.
fn cause_of(record: &Record) -> Option<(usize, i64)> {
    let of = |topic: &str, partition: i32, offset: i64| {
        (partition == record.partition).then_some(())?;
        Some((lane_of(topic)?, offset))
    };
    match Head::split(&record.value) {
        Some((head, _)) => head.cause.and_then(|cause| of(cause.topic, cause.partition, cause.offset)),
        None => {
            let cause = record.envelope().ok()?.0.cause?;
            of(&cause.topic, cause.partition, cause.offset)
        }
    }
}

fn lane_of(topic: &str) -> Option<usize> {
    TOPICS.iter().position(|known| known.name() == topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_decider::Millis;
    use weir_pipeline::Headers;
    use weir_proto::log::v1::{Envelope, Meta, Position};

    fn record(topic: Topic, offset: i64, time: i64, cause: Option<(Topic, i64)>) -> Record {
        let cause = cause.map(|(topic, offset)| Position { topic: topic.name().to_owned(), partition: 0, offset });
        let envelope = Envelope { meta: Some(Meta { cause, ..Meta::default() }), stage: None };
        let value = prost::Message::encode_to_vec(&envelope).into();
        Record {
            topic,
            partition: 0,
            offset,
            time: Millis(time),
            key: "o".to_owned(),
            value,
            headers: Headers::default(),
        }
    }

    /// In which order they come, and how many have no cause.
    fn merged(running: bool, records: &[Record]) -> (Vec<(Topic, i64)>, usize) {
        let (mut merge, mut out) = (Merge::new(running), Vec::new());
        let mut lanes: Vec<_> = TOPICS.map(|topic| records.iter().filter(move |r| r.topic == topic)).into();
        loop {
            match merge.step() {
                Next::Take(record) => out.push((record.topic, record.offset)),
                Next::Need(topic) => match lanes[lane_of(topic.name()).expect("ours")].next() {
                    Some(record) => merge.offer(record.clone()),
                    None => merge.finish(topic),
                },
                Next::End => return (out, merge.orphans().len()),
            }
        }
    }

    #[test]
    fn time_decides_and_the_flow_among_equals() {
        let records = [
            record(Topic::Shipments, 0, 5, None),
            record(Topic::Orders, 0, 5, None),
            record(Topic::Orders, 1, 9, None),
            record(Topic::Routes, 3, 1, None),
        ];
        let order = [(Topic::Routes, 3), (Topic::Orders, 0), (Topic::Shipments, 0), (Topic::Orders, 1)];
        assert_eq!(merged(false, &records), (order.into(), 0));
    }

    #[test]
    fn a_record_waits_for_its_cause_whatever_the_clocks_say() {
        let records = [record(Topic::Orders, 4, 100, None), record(Topic::Routes, 0, 90, Some((Topic::Orders, 4)))];
        assert_eq!(merged(false, &records), ([(Topic::Orders, 4), (Topic::Routes, 0)].into(), 0));
        let trimmed = [record(Topic::Orders, 4, 100, None), record(Topic::Routes, 0, 90, Some((Topic::Orders, 2)))];
        assert_eq!(merged(false, &trimmed).0[0], (Topic::Routes, 0), "what retention took is waited for by nobody");
    }

    #[test]
    fn what_was_caused_beyond_the_end_is_left_out_while_stages_work_and_told_else() {
        let records = [
            record(Topic::Orders, 0, 1, None),
            record(Topic::Routes, 0, 2, Some((Topic::Orders, 1))),
            record(Topic::Routes, 1, 3, None),
        ];
        assert_eq!(merged(true, &records), ([(Topic::Orders, 0)].into(), 0));
        assert_eq!(merged(false, &records).0.len(), 3);
        assert_eq!(merged(false, &records).1, 1);
    }
}
