//! The fold: state(p) = fold(own fact topic, partition p). The same code for a take-over, a snapshot and `weir verify`.

use super::broken::Broken;
use super::partition::{Aggregate, ClosedAggregate, Partition, Standing};
use crate::{Record, Said, Topology};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_decider::plant::planted;
use weir_decider::{Breach, Decider as _, Fault, Millis};
use weir_proto::log::v1::{Meta, Position, stage_fact::Fact};
use weir_proto::topics::Topic;

/// What one record of the fact topic was.
#[derive(Debug, PartialEq, Eq)]
pub enum Folded {
    /// A take-over, with the nonce of its owner.
    Took(Vec<u8>),
    /// A fact of an aggregate.
    Domain,
    /// Any other fact of the stage.
    Stage,
    /// A fact of an aggregate that is out of place: the aggregate stands still from here on.
    Gap,
}

/// Why a fact does not fit its aggregate.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error("{0}")]
    Gap(String),
    /// The aggregate says so itself.
    #[error("{0}")]
    Broken(Broken),
}

impl<T: Topology> Partition<T> {
    /// Takes in one committed record of the fact partition.
    ///
    /// # Errors
    /// Says why nothing may be decided on this partition: a fenced owner's fact, an unreadable one, one that does not fit.
    pub fn fold(&mut self, topology: &T, record: &Record) -> Result<Folded, Broken> {
        if record.headers.redriven.is_some() {
            // A copy, written back for a reader of this topic: the fact itself stands where it first stood.
            self.next_fact = record.offset + 1;
            return Ok(Folded::Stage);
        }
        let place = || format!("{}/{}@{}", record.topic, record.partition, record.offset);
        let told = topology.read_told(record).map_err(|f| Broken::fold(format!("{}: {}", place(), said(&f))))?;
        let meta = &told.meta;
        if let Said::Stage(Fact::Took(took)) = &told.said {
            self.owner = record.offset;
            // The clock stays: a take-over is no input, and must not make deadlines pass before the inputs are read.
            self.next_fact = record.offset + 1;
            return Ok(Folded::Took(took.nonce.clone()));
        }
        if meta.owner != self.owner {
            let why = format!("{}: written by owner {} while {} owns it", place(), meta.owner, self.owner);
            return Err(Broken::fenced(why));
        }
        self.note_cause(meta);
        let at = Millis(meta.at_ms);
        self.advance_clock(at);
        let folded = match &told.said {
            Said::Stage(Fact::Answered(_)) if planted("command-memory-not-folded") => Folded::Stage,
            Said::Stage(fact) => {
                self.evolve_stage(at, &meta.key, meta.cause.as_ref(), fact);
                Folded::Stage
            }
            Said::Domain(fact) => match self.evolve(at, meta, fact) {
                Ok(()) => Folded::Domain,
                Err(Unfit::Gap(why)) if !topology.gap_stops_partition() => {
                    self.tear(&meta.key, &format!("{}: {why}", place()));
                    Folded::Gap
                }
                Err(Unfit::Gap(why)) => return Err(Broken::steps(format!("{}: {why}", place()))),
                Err(Unfit::Broken(Broken { invariant, why })) => {
                    return Err(Broken { invariant, why: format!("{}: {why}", place()) });
                }
            },
        };
        self.next_fact = record.offset + 1;
        Ok(folded)
    }

    /// Takes in a fact of an aggregate: from the log, or as it is being said.
    pub(super) fn evolve(
        &mut self,
        at: Millis,
        meta: &Meta,
        fact: &<T::State as weir_decider::Decider>::Fact,
    ) -> Result<(), Unfit> {
        let key = meta.key.as_str();
        let aggregate = match self.aggregates.get_mut(key) {
            Some(aggregate) => aggregate,
            None => self.aggregates.entry(Arc::from(key)).or_default(),
        };
        if meta.version != aggregate.version + 1 {
            let why = format!("{} goes from version {} to {}", meta.key, aggregate.version, meta.version);
            return Err(Unfit::Gap(why));
        }
        aggregate.state.evolve(at, fact);
        if let Some(Breach { invariant, why }) = aggregate.state.broken() {
            return Err(Unfit::Broken(Broken { invariant, why: format!("{}: {why}", meta.key) }));
        }
        aggregate.version = meta.version;
        if *aggregate.tenant != *meta.tenant {
            aggregate.tenant = intern_in(&mut self.tenants, &meta.tenant);
        }
        self.set_timer(key);
        Ok(())
    }

    /// A fact is missing: what comes later can't be trusted, and the others have no part in it.
    fn tear(&mut self, key: &str, why: &str) {
        self.waiting.remove(key);
        let aggregate = self.aggregate(key);
        if std::mem::replace(&mut aggregate.standing, Standing::Torn) != Standing::Torn {
            tracing::error!(key, why, "an aggregate's facts have a gap: it stands still");
        }
    }

    /// Takes in a fact of the stage, but `Took`.
    pub(super) fn evolve_stage(&mut self, at: Millis, key: &str, cause: Option<&Position>, fact: &Fact) {
        match fact {
            Fact::Took(_) => {}
            Fact::Ignored(ignored) => {
                for input in &ignored.inputs {
                    if let Some(position) = input.position.as_ref().filter(|_| !planted("ignored-is-no-cause")) {
                        self.note_position(position);
                    }
                    self.note_ignored(input);
                }
            }
            Fact::Blocked(_) => self.block(key, cause),
            Fact::Resumed(resumed) => self.resume(key, resumed.position.as_ref()),
            Fact::Unblocked(_) => self.unblock(key),
            Fact::Closed(closed) => {
                let version = u32::try_from(closed.version).unwrap_or(u32::MAX);
                let digest = ClosedAggregate { version, end_state: closed.end_state, at: at.0 };
                self.close(key, closed.fingerprint, digest);
            }
            Fact::Answered(answered) => self.commands.remember(at, key, answered),
        }
    }

    pub(super) fn stand(&mut self, key: &str, standing: Standing) {
        let aggregate = self.aggregate(key);
        if aggregate.standing != Standing::Torn {
            aggregate.standing = standing;
        }
    }

    fn aggregate(&mut self, key: &str) -> &mut Aggregate<T::State> {
        let key = self.intern(key);
        self.aggregates.entry(key).or_default()
    }

    /// The key as it is kept already, so that map and timers share it.
    pub(super) fn intern(&self, key: &str) -> Arc<str> {
        self.aggregates.get_key_value(key).map_or_else(|| Arc::from(key), |(kept, _)| kept.clone())
    }

    fn note_cause(&mut self, meta: &Meta) {
        if let Some(cause) = &meta.cause {
            self.note_position(cause);
        }
    }

    fn note_position(&mut self, position: &Position) {
        if let Some(topic) = Topic::parse(&position.topic) {
            let highest = self.causes.entry(topic).or_insert(-1);
            *highest = (*highest).max(position.offset);
        }
    }
}

/// The name as it is kept already, so that all share it.
pub(super) fn intern_in(names: &mut BTreeSet<Arc<str>>, name: &str) -> Arc<str> {
    if let Some(kept) = names.get(name) {
        return kept.clone();
    }
    let kept: Arc<str> = Arc::from(name);
    names.insert(kept.clone());
    kept
}

fn said(fault: &Fault) -> String {
    format!("{} {} {}", fault.reason, fault.field, fault.detail)
}
