//! The transaction coordinator: who a transactional id is now, and what its transaction is at.
//!
//! Source: Kafka's `TransactionCoordinator.scala` for protocol v1, where the epoch stays after a transaction, so that a late EndTxn
//! fits the next one (KAFKA-17754); KIP-890 for v2, where it grows each time.

use super::markers::Target;
use super::partition::Stored;
use super::{Broker, Code};
use crate::settings::{MILLI, Micros, Protocol};
use std::collections::{BTreeMap, BTreeSet};
use weir_pipeline::TopicPartition;

/// Producer id and epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub id: u64,
    pub epoch: i16,
}

/// What a transactional id's transaction is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordination {
    Empty,
    Ongoing,
    /// Decided; the markers are on their way.
    Prepared {
        commit: bool,
    },
    /// Every marker is written.
    Complete {
        commit: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) identity: Identity,
    /// Before the last growth of the epoch (v2): a retried EndTxn comes under it.
    pub(crate) before: Option<Identity>,
    pub(crate) state: Coordination,
    pub(crate) targets: BTreeSet<Target>,
    /// Markers still to be written.
    pub(crate) waiting: BTreeSet<Target>,
    since: Micros,
}

#[derive(Default)]
pub(crate) struct Transactions {
    pub(crate) by_name: BTreeMap<String, Transaction>,
    ids: u64,
}

impl Transactions {
    /// A fresh producer id.
    fn issue(&mut self) -> Identity {
        self.ids += 1;
        Identity { id: self.ids, epoch: 0 }
    }

    /// The next epoch; a used-up id is replaced.
    fn grown(&mut self, from: Identity) -> Identity {
        if from.epoch >= i16::MAX - 1 { self.issue() } else { Identity { id: from.id, epoch: from.epoch + 1 } }
    }
}

impl Broker {
    /// InitProducerId: fences the predecessor and ends what it left open.
    pub fn init_producer(&mut self, name: &str) -> Result<Identity, Code> {
        let Some(known) = self.transactions.by_name.get(name) else {
            let identity = self.transactions.issue();
            let fresh = Transaction {
                identity,
                before: None,
                state: Coordination::Empty,
                targets: BTreeSet::new(),
                waiting: BTreeSet::new(),
                since: self.now,
            };
            self.transactions.by_name.insert(name.to_owned(), fresh);
            return Ok(identity);
        };
        match known.state {
            Coordination::Ongoing => {
                self.fence(name);
                Err(Code::ConcurrentTransactions)
            }
            Coordination::Prepared { .. } => Err(Code::ConcurrentTransactions),
            Coordination::Empty | Coordination::Complete { .. } => {
                let identity = self.transactions.grown(known.identity);
                let known = self.transaction(name)?;
                known.identity = identity;
                known.before = None;
                known.state = Coordination::Empty;
                Ok(identity)
            }
        }
    }

    /// AddPartitionsToTxn and AddOffsetsToTxn: begins the transaction, where none is.
    pub fn add_to_transaction(&mut self, name: &str, by: Identity, target: Target) -> Result<(), Code> {
        if self.faults.moved_producers.remove(name) {
            return Err(Code::NotCoordinator);
        }
        let now = self.now;
        let transaction = self.transaction_of(name, by)?;
        match transaction.state {
            Coordination::Prepared { .. } => return Err(Code::ConcurrentTransactions),
            Coordination::Empty | Coordination::Complete { .. } => {
                transaction.state = Coordination::Ongoing;
                transaction.since = now;
            }
            Coordination::Ongoing => {}
        }
        transaction.targets.insert(target);
        Ok(())
    }

    /// A produce request of a transaction, with the check of `transaction.partition.verification.enable`. Leaves no records
    /// behind where it was done.
    pub fn produce(
        &mut self,
        name: &str,
        by: Identity,
        at: TopicPartition,
        records: &mut Vec<Stored>,
    ) -> Result<i64, Code> {
        if self.partition(at)?.offline {
            return Err(Code::LeaderNotAvailable);
        }
        self.verify(name, by, &Target::Partition(at))?;
        let limit = self.faults.record_bytes_max;
        if records.iter().any(|record| record.key.len() + record.value.len() > limit) {
            return Err(Code::MessageTooLarge);
        }
        let time = self.clock();
        self.change(at, |partition| partition.append_in(by, time, std::mem::take(records)))?
    }

    /// Whether this producer's transaction is open and includes the target.
    pub(crate) fn verify(&mut self, name: &str, by: Identity, target: &Target) -> Result<(), Code> {
        let transaction = self.transaction(name)?;
        if transaction.identity.id == by.id && by.epoch < transaction.identity.epoch {
            return Err(Code::InvalidProducerEpoch);
        }
        let open = transaction.identity == by && transaction.state == Coordination::Ongoing;
        if open && transaction.targets.contains(target) { Ok(()) } else { Err(Code::InvalidTxnState) }
    }

    /// EndTxn. Returns who the producer is afterwards.
    pub fn end_transaction(&mut self, name: &str, by: Identity, commit: bool) -> Result<Identity, Code> {
        if self.faults.moved_producers.remove(name) {
            return Err(Code::NotCoordinator);
        }
        let known = self.transaction(name)?;
        let repeated = match known.state {
            Coordination::Prepared { commit: decided } | Coordination::Complete { commit: decided } => {
                decided == commit
            }
            Coordination::Empty | Coordination::Ongoing => false,
        };
        if repeated && known.before == Some(by) {
            return known.repeated();
        }
        let v2 = self.settings.protocol == Protocol::V2;
        let known = self.transaction_of(name, by)?;
        match known.state {
            Coordination::Ongoing => {
                self.decide(name, commit, v2)?;
                let known = self.transaction(name)?;
                known.before = v2.then_some(by);
                Ok(known.identity)
            }
            Coordination::Prepared { .. } | Coordination::Complete { .. } if repeated && !v2 => known.repeated(),
            Coordination::Empty | Coordination::Prepared { .. } | Coordination::Complete { .. } => {
                Err(Code::InvalidTxnState)
            }
        }
    }

    /// What a transactional id is at, and who has it.
    pub fn coordination(&self, name: &str) -> Option<(Coordination, Identity)> {
        self.transactions.by_name.get(name).map(|t| (t.state, t.identity))
    }

    /// Looks at every transaction now, and again after the interval.
    pub(crate) fn watch_transactions(&mut self) {
        self.after(self.settings.cleanup_interval_ms * MILLI, super::timers::Event::Cleanup);
    }

    pub(crate) fn end_overdue_transactions(&mut self) {
        self.watch_transactions();
        if self.faults.down {
            return;
        }
        let (now, patience) = (self.now, self.settings.transaction_timeout_ms * MILLI);
        let overdue = |t: &Transaction| t.state == Coordination::Ongoing && now > t.since + patience;
        let names: Vec<String> =
            self.transactions.by_name.iter().filter(|(_, t)| overdue(t)).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.fence(&name);
        }
    }

    /// Aborts an open transaction under the next epoch, so that its producer can do nothing more.
    fn fence(&mut self, name: &str) {
        let outcome = self.decide(name, false, true);
        debug_assert!(outcome.is_ok(), "only open transactions are fenced");
    }

    fn decide(&mut self, name: &str, commit: bool, grow: bool) -> Result<(), Code> {
        let identity = self.transaction(name)?.identity;
        let next = if grow { self.transactions.grown(identity) } else { identity };
        let transaction = self.transaction(name)?;
        transaction.before = None;
        transaction.identity = next;
        transaction.state = Coordination::Prepared { commit };
        transaction.waiting = transaction.targets.clone();
        // A used-up id is replaced only after its last markers.
        let by = if next.id == identity.id { next } else { identity };
        self.send_markers(name, by, commit);
        Ok(())
    }

    pub(crate) fn transaction(&mut self, name: &str) -> Result<&mut Transaction, Code> {
        self.transactions.by_name.get_mut(name).ok_or(Code::InvalidProducerIdMapping)
    }

    fn transaction_of(&mut self, name: &str, by: Identity) -> Result<&mut Transaction, Code> {
        let transaction = self.transaction(name)?;
        if transaction.identity.id != by.id {
            return Err(Code::InvalidProducerIdMapping);
        }
        if transaction.identity.epoch != by.epoch { Err(Code::ProducerFenced) } else { Ok(transaction) }
    }
}

impl Transaction {
    /// The answer to an EndTxn that comes again.
    fn repeated(&self) -> Result<Identity, Code> {
        match self.state {
            Coordination::Complete { .. } => Ok(self.identity),
            _ => Err(Code::ConcurrentTransactions),
        }
    }
}
