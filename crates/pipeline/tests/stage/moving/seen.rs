//! What the facts of a stage have told so far: who took which partition, who decides there, and how far. For a stage with inputs
//! in one topic, each of which becomes a fact or is noted as passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition, Topology};
use weir_proto::log::v1::stage_fact::Fact;
use weir_proto::topics::Topic;

const PATIENCE: Duration = Duration::from_secs(60);

/// A take-over.
struct Taken {
    partition: i32,
    owner: String,
    at_ms: i64,
    /// The first input that was not decided.
    resumes: i64,
}

/// Follows the facts.
pub struct Seen {
    reader: <KafkaLog as Log>::Reader,
    input: Topic,
    owners: BTreeMap<(i32, i64), String>,
    taken: Vec<Taken>,
    /// Who said the newest fact of each partition.
    newest: BTreeMap<i32, String>,
    /// Who has decided on each aggregate.
    deciders: BTreeMap<String, BTreeSet<String>>,
    /// The next input of each partition.
    next: BTreeMap<i32, i64>,
}

impl Seen {
    pub fn of(log: &KafkaLog, stage: &impl Topology) -> Seen {
        let (input, facts) = (stage.inputs()[0], stage.facts());
        let mut reader = log.reader(Pace::Eager).expect("a reader");
        let parts = (0..log.partitions(facts)).map(|p| (TopicPartition::new(facts, p), 0));
        reader.assign(&parts.collect()).expect("assigned");
        let (owners, taken, newest, deciders, next) = Default::default();
        Seen { reader, input, owners, taken, newest, deciders, next }
    }

    /// Looks until it is so. Between two looks, `meanwhile` hears how many inputs are settled.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Seen) -> bool, mut meanwhile: impl FnMut(usize)) {
        let started = Instant::now();
        while !holds(self) {
            let stand = || format!("{:?}, {} inputs settled", self.newest, self.settled());
            assert!(started.elapsed() < PATIENCE, "waited in vain until {what}: {}", stand());
            meanwhile(self.settled());
            while let Some(record) = self.reader.poll(Duration::from_millis(10)).expect("read") {
                self.take(&record);
            }
        }
    }

    /// Whether the newest fact of some partition is this one's.
    pub fn decides(&self, owner: &str) -> bool {
        self.newest.values().any(|newest| newest == owner)
    }

    /// Whether nobody else decides.
    pub fn decides_alone(&self, owner: &str) -> bool {
        self.newest.values().all(|newest| newest == owner)
    }

    /// Inputs that became a fact, or are noted as passed over.
    pub fn settled(&self) -> usize {
        usize::try_from(self.next.values().sum::<i64>()).expect("a count")
    }

    /// How many partitions were taken over, by anybody.
    pub fn take_overs(&self) -> usize {
        self.taken.len()
    }

    /// How many aggregates were decided by more than one.
    pub fn shared(&self) -> usize {
        self.deciders.values().filter(|owners| owners.len() > 1).count()
    }

    /// How often each took a partition from another while inputs waited in it.
    pub fn moves_under_load(&self, inputs: &[Record]) -> BTreeMap<&str, usize> {
        let (mut moves, mut before) = (BTreeMap::new(), BTreeMap::new());
        for taken in &self.taken {
            let from_another = before.insert(taken.partition, &taken.owner).is_some_and(|owner| *owner != taken.owner);
            let waited = |input: &Record| {
                input.partition == taken.partition && input.offset >= taken.resumes && input.time.0 <= taken.at_ms
            };
            if from_another && inputs.iter().any(waited) {
                *moves.entry(taken.owner.as_str()).or_default() += 1;
            }
        }
        moves
    }

    fn take(&mut self, record: &Record) {
        let (meta, stage) = record.envelope().expect("an envelope");
        match stage {
            Some(Fact::Took(took)) => {
                let resumes = took.resumes.iter().find(|at| at.topic == self.input.name()).map_or(0, |at| at.offset);
                // "toy.a.0"
                let owner = took.owner.split('.').nth(1).expect("a seat's name").to_owned();
                self.owners.insert((record.partition, record.offset), owner.clone());
                let (partition, at_ms) = (record.partition, record.time.0);
                self.taken.push(Taken { partition, owner, at_ms, resumes });
            }
            Some(Fact::Ignored(ignored)) => {
                ignored.inputs.into_iter().filter_map(|input| input.position).for_each(|at| self.passed(&at));
            }
            Some(_) => {}
            None => {
                let owner = &self.owners[&(record.partition, meta.owner)];
                self.newest.insert(record.partition, owner.clone());
                self.deciders.entry(record.key.clone()).or_default().insert(owner.clone());
                meta.cause.iter().for_each(|at| self.passed(at));
            }
        }
    }

    fn passed(&mut self, at: &weir_proto::log::v1::Position) {
        let next = self.next.entry(at.partition).or_default();
        *next = (*next).max(at.offset + 1);
    }
}
