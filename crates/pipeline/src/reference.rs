//! The reference topic as a table that edges follow: read to its end before it answers, then kept up to date.

mod publisher;

pub use publisher::{Known, Published, Publisher};

use crate::log::{Offsets, Pace};
use crate::{Log, LogError, Reader, Record, Signals, TopicPartition};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use weir_proto::reference::v1::ReferenceEvent;
use weir_proto::topics::Topic;

/// The topic has one partition.
const WHOLE: TopicPartition = TopicPartition { topic: Topic::Reference, partition: 0 };
/// How long the first reading may stand still.
const STANDSTILL: Duration = Duration::from_secs(30);
/// Pause before a broken reader is made anew.
const PAUSE: Duration = Duration::from_millis(500);

/// A table folded from the `reference` topic. Cheap to clone.
pub struct Table<W> {
    inner: Arc<RwLock<(W, i64)>>,
}

impl<W> Clone for Table<W> {
    fn clone(&self) -> Self {
        Table { inner: self.inner.clone() }
    }
}

impl<W: Default + Send + Sync + 'static> Table<W> {
    /// Reads the topic to its end as of now, then follows it on a thread of its own until `signals` say stop.
    ///
    /// # Errors
    /// Where the topic can't be read.
    pub fn follow<L: Log>(
        log: &L,
        signals: Signals,
        learn: impl Fn(&mut W, &str, Option<ReferenceEvent>) + Send + 'static,
    ) -> Result<Table<W>, LogError> {
        let table = Table { inner: Arc::new(RwLock::new((W::default(), 0))) };
        let mut reader = log.reader(Pace::Eager)?;
        let taken = table.clone();
        let take = move |record: &Record| taken.take(record, &learn);
        read_to_end(&mut reader, &take)?;
        let log = log.clone();
        std::thread::Builder::new()
            .name("reference".to_owned())
            .spawn(move || follow(&log, reader, &signals, &take))
            .map_err(|e| LogError::Fatal(format!("the reference thread could not be started: {e}")))?;
        Ok(table)
    }

    /// Looks at the table, and at the next offset that it has not read.
    pub fn with<R>(&self, look: impl FnOnce(&W, i64) -> R) -> R {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        look(&inner.0, inner.1)
    }

    fn take(&self, record: &Record, learn: &impl Fn(&mut W, &str, Option<ReferenceEvent>)) -> i64 {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if record.offset >= inner.1 {
            if let Ok(event) = event(record) {
                learn(&mut inner.0, &record.key, event);
            }
            inner.1 = record.offset + 1;
        }
        inner.1
    }
}

/// The event of a record; `None` is a tombstone. What can't be read is logged here, and is for the reader to leave out.
fn event(record: &Record) -> Result<Option<ReferenceEvent>, ()> {
    if record.value.is_empty() {
        return Ok(None);
    }
    record.decode::<ReferenceEvent>().map(Some).map_err(|fault| {
        tracing::error!(offset = record.offset, key = record.key, ?fault, "a reference record can't be read");
    })
}

/// Hands every record up to the last stable offset as of now to `take`.
fn read_to_end<R: Reader>(reader: &mut R, take: &impl Fn(&Record) -> i64) -> Result<(), LogError> {
    reader.assign(&Offsets::from([(WHOLE, 0)]))?;
    let mut moved = Instant::now();
    while !reader.done() {
        if let Some(record) = reader.poll(Duration::from_millis(100))? {
            take(&record);
            moved = Instant::now();
        }
        if moved.elapsed() > STANDSTILL {
            return Err(LogError::Transient("the reference topic can't be read to its end".to_owned()));
        }
    }
    Ok(())
}

fn follow<L: Log>(log: &L, mut reader: L::Reader, signals: &Signals, take: &impl Fn(&Record) -> i64) {
    let mut next = 0;
    while !signals.stopping() {
        match reader.poll(Duration::from_millis(200)) {
            Ok(Some(record)) => next = take(&record),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "the reference reader starts anew");
                std::thread::sleep(PAUSE);
                match log.reader(Pace::Eager).and_then(|mut r| r.assign(&Offsets::from([(WHOLE, next)])).map(|()| r)) {
                    Ok(fresh) => reader = fresh,
                    Err(error) => tracing::warn!(%error, "the reference topic can't be read"),
                }
            }
        }
    }
}
