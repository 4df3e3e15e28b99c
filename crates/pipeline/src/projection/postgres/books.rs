//! What a projector knows of its partitions: the offsets that the database has, and the records that wait to be applied.

use crate::log::Offsets;
use crate::{Record, TopicPartition};
use std::time::Duration;

/// Records that one transaction takes at most.
pub(super) const BATCH: usize = 2000;
/// How long a record waits for company: most of what happens to an order soon after it was placed becomes one row's one change.
pub(super) const BATCH_WAIT: Duration = Duration::from_millis(400);

/// One offset row's move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pub at: TopicPartition,
    pub expected: i64,
    pub next: i64,
}

/// Offsets and pending records. Empty while no partitions are held.
#[derive(Default)]
pub(super) struct Books {
    /// As the database has them.
    stored: Offsets,
    pending: Vec<Record>,
    /// When the first of them came, by [`crate::Log::uptime`].
    since: Option<Duration>,
}

impl Books {
    /// Begins anew from what the database has.
    pub(super) fn open(&mut self, stored: Offsets) {
        self.close();
        self.stored = stored;
    }

    /// Forgets everything: whatever was pending is read again by whoever holds the partitions.
    pub(super) fn close(&mut self) {
        self.stored.clear();
        self.pending.clear();
        self.since = None;
    }

    /// Takes a record that was polled, unless it is applied already or belongs to a partition that is not held.
    pub(super) fn take(&mut self, record: Record, now: Duration) {
        if self.stored.get(&record.topic_partition()).is_some_and(|stored| record.offset >= *stored) {
            self.since.get_or_insert(now);
            self.pending.push(record);
        }
    }

    pub(super) fn stored(&self) -> &Offsets {
        &self.stored
    }

    pub(super) fn pending(&self) -> &[Record] {
        &self.pending
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.pending.len() >= BATCH || self.since.is_some_and(|since| now.saturating_sub(since) >= BATCH_WAIT)
    }

    /// How long a poll may last without making a batch late.
    pub(super) fn patience(&self, most: Duration, now: Duration) -> Duration {
        self.since.map_or(most, |since| (since + BATCH_WAIT).saturating_sub(now).min(most))
    }

    /// What the pending records do to the offset rows.
    pub(super) fn moves(&self) -> Vec<Move> {
        let mut next = Offsets::new();
        for record in &self.pending {
            next.insert(record.topic_partition(), record.offset + 1);
        }
        next.into_iter().filter_map(|(at, next)| Some(Move { at, expected: *self.stored.get(&at)?, next })).collect()
    }

    /// The pending records are in the database.
    pub(super) fn applied(&mut self, moves: &[Move]) {
        for moved in moves {
            self.stored.insert(moved.at, moved.next);
        }
        self.pending.clear();
        self.since = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Headers;
    use weir_decider::Millis;
    use weir_proto::topics::Topic;

    fn record(partition: i32, offset: i64) -> Record {
        Record {
            topic: Topic::Orders,
            partition,
            offset,
            time: Millis(0),
            key: String::new(),
            value: bytes::Bytes::new(),
            headers: Headers::default(),
        }
    }

    #[test]
    fn moves_go_from_what_is_stored_to_behind_the_last_record() {
        let at = |partition| TopicPartition::new(Topic::Orders, partition);
        let mut books = Books::default();
        books.open(Offsets::from([(at(0), 10), (at(1), 0)]));
        for (partition, offset) in [(0, 9), (0, 10), (1, 4), (0, 13), (2, 1)] {
            books.take(record(partition, offset), Duration::ZERO);
        }
        let moves = books.moves();
        assert_eq!(books.pending().len(), 3);
        assert_eq!(moves, [Move { at: at(0), expected: 10, next: 14 }, Move { at: at(1), expected: 0, next: 5 }]);
        books.applied(&moves);
        books.take(record(0, 20), Duration::ZERO);
        assert_eq!(books.moves(), [Move { at: at(0), expected: 14, next: 21 }]);
    }
}
