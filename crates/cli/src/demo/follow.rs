//! Reads what became of the run's orders straight from the log, as any read_committed consumer would.

pub mod ledger;

use crate::installation::Installation;
use anyhow::Context as _;
use ledger::Ledger;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_pipeline::kafka::{KafkaLog, KafkaReader};
use weir_pipeline::log::Pace;
use weir_pipeline::{Log, LogError, Reader, TopicPartition};
use weir_proto::topics::Topic;

const TOPICS: [Topic; 7] = [
    Topic::Deliveries,
    Topic::Orders,
    Topic::Routes,
    Topic::Allocations,
    Topic::Shipments,
    Topic::Notices,
    Topic::Quarantine,
];

/// A thread that follows the log from where it ended before the run.
pub struct Follower {
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), LogError>>,
}

impl Follower {
    pub async fn start(installation: &Installation, log: KafkaLog, ledger: Ledger) -> anyhow::Result<Follower> {
        let brokers = installation.log.brokers.clone();
        let reader = tokio::task::spawn_blocking(move || at_the_end(&log))
            .await?
            .with_context(|| format!("the topics at {brokers} can't be followed"))?;
        let ledger = Arc::new(Mutex::new(ledger));
        let stop = Arc::new(AtomicBool::new(false));
        let (filled, stopping) = (ledger.clone(), stop.clone());
        let thread =
            std::thread::Builder::new().name("follow".to_owned()).spawn(move || follow(reader, &filled, &stopping))?;
        Ok(Follower { ledger, stop, thread })
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it still follows.
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Ends the thread, and hands out what it found.
    pub fn finish(self) -> anyhow::Result<Ledger> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .map_err(|_| anyhow::anyhow!("the follower panicked"))?
            .context("the log can't be followed")?;
        let ledger = Arc::try_unwrap(self.ledger).map_err(|_| anyhow::anyhow!("the ledger is still in use"))?;
        Ok(ledger.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

fn at_the_end(log: &KafkaLog) -> Result<KafkaReader, LogError> {
    let mut reader = log.reader(Pace::Prompt)?;
    let mut from = BTreeMap::new();
    for topic in TOPICS {
        for partition in 0..log.partitions(topic) {
            let at = TopicPartition::new(topic, partition);
            from.insert(at, reader.bounds(at)?.1);
        }
    }
    reader.assign(&from)?;
    Ok(reader)
}

fn follow(mut reader: KafkaReader, ledger: &Mutex<Ledger>, stop: &AtomicBool) -> Result<(), LogError> {
    while !stop.load(Ordering::Relaxed) {
        let Some(record) = reader.poll(Duration::from_millis(100))? else {
            continue;
        };
        let seen_us = now_us();
        ledger.lock().unwrap_or_else(PoisonError::into_inner).take(&record, seen_us);
    }
    Ok(())
}

/// Wall time.
pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
