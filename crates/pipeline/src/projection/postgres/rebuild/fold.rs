//! The log, from the beginning to where it ends, folded into the copies: in rounds, each shorter than the one before.

use super::{Phase, RebuildFault, Work, execute};
use crate::log::{Offsets, Pace};
use crate::projection::Projection;
use crate::projection::postgres::books::BATCH;
use crate::projection::postgres::{Applied, store};
use crate::{Log, Reader as _, TopicPartition};
use std::time::Duration;

/// Longest poll.
const POLL: Duration = Duration::from_millis(100);

/// How far a topic is folded.
pub(super) enum Until<'a> {
    /// What is stable as of now; each batch in a transaction of its own.
    Stable,
    /// Where the live tables are and not a record further, inside one transaction. By the given time, or not at all.
    Live(&'a Offsets, Duration),
}

impl<P: Projection, L: Log> Work<'_, P, L> {
    pub(super) fn open_readers(&mut self) -> Result<(), RebuildFault> {
        for _ in self.projection.topics() {
            self.readers.push(self.log.reader(Pace::Eager)?);
        }
        let mut firsts = Vec::new();
        for at in self.places() {
            let (first, _) = self.readers[at.0].bounds(at.1)?;
            if first > 0 {
                firsts.push(format!("{}/{} before {first}", at.1.topic, at.1.partition));
            }
        }
        if !firsts.is_empty() {
            tracing::warn!(places = ?firsts, "the log no longer keeps these: no row is made of them any more");
        }
        self.rebuilt.forgotten = firsts;
        Ok(())
    }

    /// Folds every topic to where it ends now.
    pub(super) fn fold_round(&mut self) -> Result<(), RebuildFault> {
        self.progress.wanted = 0;
        for (number, at) in self.places() {
            self.progress.wanted += self.readers[number].bounds(at)?.1;
        }
        for number in 0..self.readers.len() {
            self.fold(number, &Until::Stable)?;
        }
        Ok(())
    }

    /// Folds what the live tables have beyond the copies. False: not in time.
    pub(super) fn fold_up_to(&mut self, live: &Offsets, patience: Duration) -> Result<bool, RebuildFault> {
        let deadline = self.log.uptime() + patience;
        for number in 0..self.readers.len() {
            let topic = self.projection.topics()[number];
            let stored = self.books.stored();
            let behind = live.iter().any(|(at, next)| at.topic == topic && stored.get(at).is_some_and(|at| at < next));
            if behind && !self.fold(number, &Until::Live(live, deadline))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Folds one topic. False: it was not there in time.
    fn fold(&mut self, number: usize, until: &Until<'_>) -> Result<bool, RebuildFault> {
        let topic = self.projection.topics()[number];
        let from: Offsets =
            self.books.stored().iter().filter(|(at, _)| at.topic == topic).map(|(at, next)| (*at, *next)).collect();
        self.readers[number].assign(&from)?;
        loop {
            // Partitions come as they come: one may run on while another is waited for.
            let within = |at: TopicPartition, offset: i64| match until {
                Until::Stable => true,
                Until::Live(live, _) => live.get(&at).is_some_and(|next| offset < *next),
            };
            if let Some(record) = self.readers[number].poll(POLL)?
                && within(TopicPartition::new(record.topic, record.partition), record.offset)
            {
                self.books.take(record, self.log.uptime());
            }
            let reader = &self.readers[number];
            let over = match until {
                Until::Stable => reader.done(),
                Until::Live(live, _) => {
                    reader.done() || from.keys().all(|at| reader.position(*at) >= live.get(at).copied().unwrap_or(0))
                }
            };
            if self.books.pending().len() >= BATCH || over && !self.books.pending().is_empty() {
                self.write(matches!(until, Until::Stable))?;
            }
            match until {
                Until::Stable => self.tell_folding()?,
                Until::Live(_, deadline) if !over && self.log.uptime() >= *deadline => return Ok(false),
                Until::Live(..) => {}
            }
            if over {
                return Ok(true);
            }
        }
    }

    /// Writes what waits; in a transaction of its own, or in the one that is open.
    fn write(&mut self, alone: bool) -> Result<(), RebuildFault> {
        let mut books = std::mem::take(&mut self.books);
        let moves = books.moves();
        let batch = books.pending();
        let applied = self.within(super::PATIENCE, async |step| {
            if alone {
                // The commit of the swap makes these durable together with itself.
                execute(step.connection, "begin; set local synchronous_commit = off".to_owned()).await?;
            }
            let applied = store::write(step.connection, step.projection, batch, &moves).await?;
            if alone && applied == Applied::Done {
                execute(step.connection, "commit".to_owned()).await?;
            }
            Ok::<_, sqlx::Error>(applied)
        })?;
        if applied == Applied::Moved {
            return Err(RebuildFault::Disturbed);
        }
        self.rebuilt.records += batch.len() as u64;
        books.applied(&moves);
        self.books = books;
        Ok(())
    }

    fn tell_folding(&mut self) -> Result<(), RebuildFault> {
        let positions = |(number, at): &(usize, TopicPartition)| {
            self.readers[*number].position(*at).max(self.books.stored().get(at).copied().unwrap_or(0))
        };
        self.progress.done = self.places().iter().map(positions).sum();
        self.tell(Phase::Folding)
    }

    /// Partitions, each with the number of its reader.
    fn places(&self) -> Vec<(usize, TopicPartition)> {
        let topics = self.projection.topics();
        let number = |at: &TopicPartition| topics.iter().position(|topic| *topic == at.topic);
        self.books.stored().keys().filter_map(|at| Some((number(at)?, *at))).collect()
    }
}
