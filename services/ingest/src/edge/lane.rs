//! How a believed delivery becomes durable: in the log, else in the journal, else not at all.

use crate::edge::record::RECEIVED;
use crate::journal::{Journal, Refused, Way};
use prost::Message as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use uuid::Uuid;
use weir_pipeline::writer::Writer;
use weir_pipeline::{LogError, Outgoing};
use weir_proto::topics::Topic;

/// How long somebody waits at most while the journal turns: as long as the log may take for a record, by default. Less, and a slow
/// log that is good enough for a delivery would never see the journal's end.
const TURN_MAX: Duration = Duration::from_millis(1500);

/// The way into the house. Cheap to clone.
#[derive(Clone)]
pub struct Lane {
    /// Nothing until the log was reached and its settings were found right.
    pub writer: Arc<OnceLock<Writer>>,
    /// Nothing where the pod has no disk of its own.
    pub journal: Option<Journal>,
}

/// Where a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Log,
    Journal,
}

/// Why a delivery is nowhere, or not known to be anywhere.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("the log did not take it: {0}")]
    Log(LogError),
    #[error("the journal did not take it: {0}")]
    Journal(Refused),
}

/// A delivery as it lies in the journal. Its fields only grow.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Entry {
    #[prost(string, tag = "1")]
    pub key: String,
    /// The record's value: `weir.delivery.v1.DeliveryEvent`.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
    /// The record's `ce_id`.
    #[prost(string, tag = "3")]
    pub id: String,
    #[prost(string, optional, tag = "4")]
    pub traceparent: Option<String>,
}

impl Lane {
    /// Makes a delivery durable.
    ///
    /// # Errors
    /// Where it is not: nothing may be acknowledged then.
    pub async fn keep(&self, entry: Entry) -> Result<Kept, Lost> {
        let Some(journal) = &self.journal else {
            return self.write(&entry).await.map(|()| Kept::Log).map_err(Lost::Log);
        };
        let direct = way(journal).await == Way::Direct;
        if direct {
            match self.write(&entry).await {
                Ok(()) => return Ok(Kept::Log),
                Err(error) => tracing::warn!(%error, "the log did not take a delivery, which goes into the journal"),
            }
        }
        match journal.append(entry.encode_to_vec()).await {
            Ok(()) => Ok(Kept::Journal),
            // What is on a disk that failed may never be drained; the log may be there all the same.
            Err(Refused::Closed(_)) if !direct => self.write(&entry).await.map(|()| Kept::Log).map_err(Lost::Log),
            Err(refused) => Err(Lost::Journal(refused)),
        }
    }

    /// Writes a delivery to the log.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub async fn write(&self, entry: &Entry) -> Result<(), LogError> {
        let Entry { key, value, id, traceparent } = entry;
        let (key, value) = (key.clone(), value.clone());
        let record = Outgoing { topic: Topic::Deliveries, key, event_type: RECEIVED, value };
        self.put(record, id, traceparent.as_deref()).await
    }

    /// Writes a record of the house's own to the log.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub async fn tell(&self, record: Outgoing) -> Result<(), LogError> {
        self.put(record, &Uuid::now_v7().to_string(), None).await
    }

    async fn put(&self, record: Outgoing, id: &str, traceparent: Option<&str>) -> Result<(), LogError> {
        let writer = self.writer.get().ok_or_else(|| LogError::Transient("not reached yet".to_owned()))?;
        writer.write(record, id, traceparent).await.map(drop)
    }
}

/// Which way to go, once the journal does not turn any more.
async fn way(journal: &Journal) -> Way {
    if journal.way() != Way::Turning {
        return journal.way();
    }
    let mut standing = journal.watch();
    let turned = tokio::time::timeout(TURN_MAX, standing.wait_for(|standing| standing.way != Way::Turning)).await;
    match turned {
        Ok(Ok(standing)) => standing.way,
        // The log has slowed down again, or the journal has ended, which says so itself.
        Ok(Err(_)) | Err(_) => Way::Behind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What waits on a disk that failed may never be drained: it must not keep the door from a log that is there.
    #[test]
    fn a_journal_whose_disk_failed_sends_deliveries_to_the_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let lane = Lane { writer: Arc::default(), journal: Some(Journal::on_a_failing_disk(folder.path(), 1)) };
        let lost = runtime.block_on(lane.keep(Entry::default())).expect_err("there is no log here");
        assert!(matches!(lost, Lost::Log(_)), "{lost}");
    }
}
