//! Snapshots: they only shorten the fold, and are never trusted blindly (STAGE.md §6).
//!
//! Whatever does not fit is ignored, with the reason in the log: a stage without a snapshot folds from the beginning, and starts
//! as well while Postgres is away.

mod store;

use crate::Record;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;

/// What a snapshot must have been made of, to be of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotKey {
    /// "routing".
    pub stage: String,
    pub partition: i32,
    pub cluster_id: String,
    /// The fact topic at the broker, and whatever tells it from another of that name: see [`fact_hash`].
    pub topic: String,
    /// Partition count of the fact topic.
    pub partitions: i32,
    /// [`crate::Topology::shape`].
    pub shape: u32,
}

/// A partition's fold up to `next_offset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// First offset of the fact topic that is not in it.
    pub next_offset: i64,
    /// [`fact_hash`] of the last fact in it: the fact at that place must still have it.
    pub last_fact: [u8; 32],
    /// The fold, as postcard makes it.
    pub bytes: Vec<u8>,
}

/// Why a snapshot could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("postgres refuses")]
    Postgres(#[source] sqlx::Error),
    #[error("postgres did not answer in time")]
    Late,
    #[error("what was read back differs from what was written")]
    Differs,
    #[error("no runtime for it")]
    Runtime(#[source] std::io::Error),
    /// Without its cause, which could show a password.
    #[error("that is no address of a database")]
    Address,
}

/// Where snapshots of stages are kept: table `stage_snapshots` in the service's schema. Its calls block and bring a runtime of
/// their own: for OS threads only.
#[derive(Clone)]
pub struct Snapshots {
    options: Arc<PgConnectOptions>,
    /// The schema that is made before the first snapshot is kept; none where somebody else makes it.
    schema: Option<Arc<str>>,
}

impl Snapshots {
    /// Uses the pool's options, so that the search path is the pool's; never its connections.
    pub fn connect(pool: &PgPool) -> Snapshots {
        Snapshots { options: pool.connect_options(), schema: None }
    }

    /// For a service that keeps nothing else in Postgres: `service` is its name and its schema's, which comes to be with the
    /// first snapshot. Nothing connects before a stage's threads do, so that no start waits for Postgres.
    ///
    /// # Errors
    /// Where `url` is no address of a database.
    pub fn of_service(url: &str, service: &str) -> Result<Snapshots, SnapshotError> {
        let options: PgConnectOptions = url.parse().map_err(|_| SnapshotError::Address)?;
        let options = options.options([("search_path", service)]).application_name(&format!("weir-{service}"));
        Ok(Snapshots { options: Arc::new(options), schema: Some(Arc::from(service)) })
    }

    /// The snapshot of that key; `None` where there is none that fits, and where Postgres does not say within half a second
    /// whether there is.
    pub fn load(&self, key: &SnapshotKey) -> Option<Snapshot> {
        match store::load(&self.options, key) {
            Ok(Ok(snapshot)) => Some(snapshot),
            Ok(Err(why)) => {
                tracing::info!(stage = key.stage, partition = key.partition, why, "no snapshot is used");
                None
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(stage = key.stage, partition = key.partition, error, "no snapshot could be read");
                None
            }
        }
    }

    /// [`Snapshot::next_offset`] of the one that is kept, without reading the rest of it; `None` where there is none that fits.
    ///
    /// # Errors
    /// Where Postgres does not say.
    pub fn reach(&self, key: &SnapshotKey) -> Result<Option<i64>, SnapshotError> {
        store::reach(&self.options, key)
    }

    /// Keeps a snapshot in place of the one before, unless that one is newer; then reads it back and compares.
    ///
    /// # Errors
    /// Where it is not kept, or not as it was given.
    pub fn save(&self, key: &SnapshotKey, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        store::save(&self.options, self.schema.as_deref(), key, snapshot)
    }
}

/// What tells a fact from any other at its place: SHA-256 of partition, offset, time, key and value.
pub fn fact_hash(record: &Record) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(record.partition.to_be_bytes());
    hash.update(record.offset.to_be_bytes());
    hash.update(record.time.0.to_be_bytes());
    hash.update((record.key.len() as u64).to_be_bytes());
    hash.update(record.key.as_bytes());
    hash.update(&record.value);
    hash.finalize().into()
}
