//! The journal on its way into the log, in the order in which it came.
//!
//! One record tries the log while it is away; when that is through, the rest follows in portions that double. Before the last one
//! the journal turns: nobody is let past it until it is written, so that the end is reached under load too.

use super::lane::{Entry, Lane};
use crate::journal::{Journal, Portion, Way};
use futures::future::join_all;
use opentelemetry::global;
use prost::Message as _;
use std::time::{Duration, Instant};
use weir_host::{Condition, Drain, semconv, trace};

/// Records on their way at a time.
const PORTION: usize = 1_000;
/// Their bytes, which the producer has room for.
const PORTION_BYTES: u64 = 8 << 20;
/// Whoever waited for a portion that takes longer does not wait for the next.
const SLOW: Duration = Duration::from_millis(1000);
/// Pause after the log refused a record, besides the time that the writer tried.
const PAUSE: Duration = Duration::from_millis(500);

/// Says how much is in the journal, and whether its disk has failed, until it is gone.
pub async fn report(journal: Journal, open: Condition) {
    let meter = global::meter(trace::TRACER);
    let records = semconv::DOOR_JOURNAL_RECORDS.gauge(&meter);
    let bytes = semconv::DOOR_JOURNAL_BYTES.gauge(&meter);
    let mut standing = journal.watch();
    loop {
        let (waiting, size, closed) = {
            let standing = standing.borrow_and_update();
            (standing.records, standing.bytes, standing.closed)
        };
        match closed {
            false => open.set(true, "open"),
            true => open.set(false, "its disk has failed; it takes nothing until a restart"),
        }
        records.record(waiting, &[]);
        bytes.record(size, &[]);
        if standing.changed().await.is_err() {
            return;
        }
    }
}

/// Drains whenever something is in the journal, until the process is to end. What is in it then is drained after the next start.
pub async fn drain(lane: Lane, journal: Journal, stop: Drain) {
    let mut standing = journal.watch();
    loop {
        tokio::select! {
            filled = standing.wait_for(|standing| standing.way != Way::Direct) => if filled.is_err() { return },
            () = stop.requested() => return,
        }
        tracing::warn!("deliveries are in the journal: they go to the log as soon as it takes them");
        tokio::select! {
            () = empty(&lane, &journal) => tracing::info!("the journal is empty, deliveries go to the log again"),
            () = stop.requested() => return,
        }
    }
}

/// Returns when the journal is empty.
async fn empty(lane: &Lane, journal: &Journal) {
    let mut size = 1;
    while journal.way() != Way::Direct {
        let turned = size > 1 && is_last(journal, size);
        if turned {
            journal.turn().await;
        }
        let started = Instant::now();
        match portion(lane, journal, size).await {
            Ok(()) => {
                size = PORTION.min(size * 2);
                // Whoever waits would do so again for the next one; in the journal they are answered in milliseconds. The next
                // portions are small, and make nobody wait.
                if turned && started.elapsed() > SLOW {
                    journal.turn_back().await;
                    size = 1;
                }
            }
            Err(why) => {
                tracing::warn!(why, size, "the journal is not drained yet");
                journal.turn_back().await;
                size = (size / 4).max(1);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether a portion of this size is about all that is left.
fn is_last(journal: &Journal, size: usize) -> bool {
    let standing = journal.watch();
    let standing = standing.borrow();
    standing.records <= size as u64 && standing.bytes <= 2 * PORTION_BYTES
}

/// Brings records from the front into the log. All of them or none: what the log took of a portion that was not taken whole comes
/// once more.
async fn portion(lane: &Lane, journal: &Journal, size: usize) -> Result<(), String> {
    let front = journal.clone();
    let read = tokio::task::spawn_blocking(move || front.front(size, PORTION_BYTES)).await;
    let portion: Portion = read.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    let entries: Result<Vec<Entry>, _> =
        portion.records.iter().map(|record| Entry::decode(record.as_slice())).collect();
    let entries = entries.map_err(|fault| format!("a record in the journal can't be read: {fault}"))?;
    for written in join_all(entries.iter().map(|entry| lane.write(entry))).await {
        written.map_err(|error| error.to_string())?;
    }
    match journal.drained(&portion).await {
        true => Ok(()),
        false => Err("the journal's thread has ended".to_owned()),
    }
}
