//! Members of a group as cases need them: what they were told, and what they have read.

use crate::cluster::Cluster;
use crate::scene::{INPUT, INPUT_BESIDE, Member, PATIENCE_MS, Producer, Proof, SHORT};
use weir_pipeline::log::{Offsets, Pace};
use weir_pipeline::{Log as _, LogError, Member as _, Polled, Record, TopicPartition, Transactional as _};
use weir_proto::topics::Topic;

pub const GROUP: &str = "stage";
/// Inputs of a stage, co-partitioned.
pub const INPUTS: [Topic; 2] = [Topic::Orders, Topic::StockCommands];

/// A member, and everything it has heard.
pub struct Seat<C: Cluster> {
    pub member: Member<C>,
    /// What it has now; `None` before the first assignment and after a revocation.
    pub mine: Option<Vec<TopicPartition>>,
    /// As of the last assignment.
    pub proof: Option<Proof<C>>,
    pub assignments: usize,
    /// Whether each revocation said that the partitions were lost.
    pub revocations: Vec<bool>,
    pub read: Vec<Record>,
    pub error: Option<LogError>,
}

impl<C: Cluster> Seat<C> {
    /// Subscribed, and not yet polled.
    pub fn join(cluster: &C, instance: &str, topics: &[Topic]) -> Seat<C> {
        let member = cluster.log().member(GROUP, instance, topics, Pace::Eager).expect("a member");
        let (revocations, read) = (Vec::new(), Vec::new());
        Seat { member, mine: None, proof: None, assignments: 0, revocations, read, error: None }
    }

    /// Joined, and given partitions.
    pub fn take(cluster: &C, instance: &str, topics: &[Topic]) -> Seat<C> {
        let mut seat = Seat::join(cluster, instance, topics);
        pump(cluster, "a first assignment", &mut [&mut seat], |seats| seats[0].mine.is_some());
        seat
    }

    pub fn proof(&self) -> &Proof<C> {
        self.proof.as_ref().expect("a seat that was taken")
    }

    /// Polls once, and answers as a loop does.
    pub fn turn(&mut self) {
        match self.member.poll(SHORT) {
            Ok(Polled::Nothing) => {}
            Ok(Polled::Record(record)) => self.read.push(record),
            Ok(Polled::Assigned(partitions)) => {
                self.proof = Some(self.member.proof().expect("a proof"));
                let committed = self.member.committed(&partitions).expect("committed offsets");
                let from: Offsets =
                    partitions.iter().map(|at| (*at, committed.get(at).copied().unwrap_or(0))).collect();
                self.member.accept(&from).expect("accepted");
                self.member.resume(&partitions).expect("resumed");
                self.assignments += 1;
                self.mine = Some(partitions);
            }
            Ok(Polled::Revoked { lost }) => {
                self.revocations.push(lost);
                self.mine = None;
                self.member.release().expect("released");
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// The numbers of its partitions of a topic.
    pub fn numbers(&self, topic: Topic) -> Vec<i32> {
        let mine = self.mine.iter().flatten();
        mine.filter(|at| at.topic == topic).map(|at| at.partition).collect()
    }
}

/// Polls all in turn until it is so.
pub fn pump<C: Cluster>(cluster: &C, what: &str, seats: &mut [&mut Seat<C>], done: impl Fn(&[&mut Seat<C>]) -> bool) {
    let started = cluster.log().now().0;
    while !done(seats) {
        assert!(cluster.log().now().0 - started < PATIENCE_MS, "waited in vain for {what}");
        for seat in seats.iter_mut() {
            seat.turn();
        }
    }
}

/// Polls all in turn for so long.
pub fn pump_for<C: Cluster>(cluster: &C, length_ms: i64, seats: &mut [&mut Seat<C>]) {
    let started = cluster.log().now().0;
    while cluster.log().now().0 - started < length_ms {
        for seat in seats.iter_mut() {
            seat.turn();
        }
    }
}

/// Offsets of one partition.
pub fn at(partition: TopicPartition, offset: i64) -> Offsets {
    Offsets::from([(partition, offset)])
}

/// Polls all until each has been told of its share, and the shares make up a topic's partitions.
pub fn seat_all<C: Cluster>(cluster: &C, seats: &mut [&mut Seat<C>], count: usize) {
    pump(cluster, "all to be seated", seats, |seats| {
        let had: usize = seats.iter().map(|seat| seat.numbers(Topic::Orders).len()).sum();
        seats.iter().all(|seat| seat.mine.is_some()) && had == count
    });
}

/// Commits a transaction that carries only offsets.
pub fn put<C: Cluster>(producer: &mut Producer<C>, seat: &Seat<C>, offsets: &Offsets) {
    producer.begin().expect("begun");
    producer.send_offsets(offsets, seat.proof()).expect("sent");
    producer.commit().expect("committed");
}

/// What the group has committed of its first input.
pub fn told<C: Cluster>(seat: &mut Seat<C>) -> Offsets {
    seat.member.committed(&[INPUT, INPUT_BESIDE]).expect("committed offsets")
}
