//! A copy of a log, to be changed.

use weir_invariants::Committed;
use weir_pipeline::Record;
use weir_proto::log::v1::Meta;
use weir_proto::topics::Topic;

#[derive(Clone)]
pub struct Copy {
    pub records: Vec<Record>,
    pub committed: Committed,
    /// Whether orders may be under way.
    pub running: bool,
}

impl Copy {
    pub fn new(records: Vec<Record>, committed: Committed) -> Copy {
        Copy { records, committed, running: true }
    }

    /// The first record of a topic that is as wanted, as its message.
    pub fn find<M: prost::Message + Default>(&self, topic: Topic, wanted: impl Fn(&M) -> bool) -> (usize, M) {
        let of_topic = self.records.iter().enumerate().filter(|(_, record)| record.topic == topic);
        let mut decoded = of_topic.filter_map(|(at, record)| Some((at, record.decode::<M>().ok()?)));
        decoded.find(|(_, message)| wanted(message)).unwrap_or_else(|| panic!("{topic} has no such record"))
    }

    pub fn put<M: prost::Message>(&mut self, at: usize, message: &M) {
        self.records[at].value = message.encode_to_vec().into();
    }

    /// Changes one record in its place.
    pub fn change<M: prost::Message + Default>(&mut self, topic: Topic, change: impl Fn(&mut M) -> bool) {
        let (at, _) =
            self.find(topic, |message: &M| change(&mut M::decode(message.encode_to_vec().as_slice()).expect("itself")));
        let mut message: M = self.records[at].decode().expect("found above");
        change(&mut message);
        self.put(at, &message);
    }

    /// Puts a copy of a record at the end of its partition.
    pub fn append(&mut self, at: usize) -> usize {
        let mut copy = self.records[at].clone();
        let same = self.records.iter().filter(|record| record.topic_partition() == copy.topic_partition());
        copy.offset = same.map(|record| record.offset).max().unwrap_or(0) + 1;
        copy.time = self.records.iter().map(|record| record.time).max().unwrap_or(copy.time);
        self.records.push(copy);
        self.records.len() - 1
    }

    /// The meta that the next fact of the same aggregate would have, as if a deadline had caused it.
    pub fn next(&self, at: usize, meta: &Meta) -> Option<Meta> {
        let of_partition = self.records.iter().filter(|r| r.topic_partition() == self.records[at].topic_partition());
        let metas = of_partition.filter_map(|record| Some(record.envelope().ok()?.0));
        let version = metas.filter(|known| known.key == meta.key).map(|known| known.version).max().unwrap_or(0) + 1;
        let owner = self.last_owner(at);
        Some(Meta { version, owner, cause: None, ..meta.clone() })
    }

    /// Where the newest owner of a record's partition took it.
    pub fn last_owner(&self, at: usize) -> i64 {
        let took = |record: &&Record| record.headers.event_type.as_deref() == Some("weir.log.v1.Took");
        let of_partition = self.records.iter().filter(|r| r.topic_partition() == self.records[at].topic_partition());
        of_partition.filter(took).map(|record| record.offset).max().expect("somebody owns it")
    }
}
