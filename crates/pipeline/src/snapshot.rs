//! Snapshots: they only shorten the fold, and are never trusted blindly (STAGE.md §6).
//!
//! Whatever does not fit is ignored, with the reason in the log: a stage without a snapshot folds from the beginning, and starts
//! as well while Postgres is away.

mod postgres;
mod store;

pub use store::{Head, Loaded, SnapshotStore};

use crate::Record;
use postgres::Postgres;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use std::sync::Arc;
use weir_decider::plant::planted;

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
    #[error("the store did not answer in time")]
    Late,
    #[error("what was read back differs from what was written")]
    Differs,
    #[error("no runtime for it")]
    Runtime(#[source] std::io::Error),
    /// Without its cause, which could show a password.
    #[error("that is no address of a database")]
    Address,
}

/// Snapshots of stages in a store, checked on their way in and out. Cheap to clone.
#[derive(Clone)]
pub struct Snapshots {
    store: Arc<dyn SnapshotStore>,
}

impl Snapshots {
    /// In any store.
    pub fn on(store: impl SnapshotStore) -> Snapshots {
        Snapshots { store: Arc::new(store) }
    }

    /// In table `stage_snapshots` of the service's schema in Postgres. Uses the pool's options, so that the search path is the
    /// pool's; never its connections. The calls block and bring a runtime of their own: for OS threads only.
    pub fn connect(pool: &PgPool) -> Snapshots {
        Snapshots::on(Postgres::of(pool))
    }

    /// For a service that keeps nothing else in Postgres: `service` is its name and its schema's, which comes to be with the
    /// first snapshot. Nothing connects before a stage's threads do, so that no start waits for Postgres.
    ///
    /// # Errors
    /// Where `url` is no address of a database.
    pub fn of_service(url: &str, service: &str) -> Result<Snapshots, SnapshotError> {
        Postgres::of_service(url, service).map(Snapshots::on)
    }

    /// The snapshot of that key; `None` where there is none that fits, and where the store does not say soon whether there is.
    pub fn load(&self, key: &SnapshotKey) -> Option<Snapshot> {
        match self.look(key) {
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
    /// Where the store does not say.
    pub fn reach(&self, key: &SnapshotKey) -> Result<Option<i64>, SnapshotError> {
        let head = self.store.head(key)?;
        Ok(head.and_then(|head| head.fits(key).is_ok().then_some(head.next_offset)))
    }

    /// Keeps a snapshot in place of the one before, unless that one is newer; then reads it back and compares.
    ///
    /// # Errors
    /// Where it is not kept, or not as it was given.
    pub fn save(&self, key: &SnapshotKey, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let head = Head {
            key: key.clone(),
            next_offset: snapshot.next_offset,
            last_fact: snapshot.last_fact.to_vec(),
            crc: crc32c::crc32c(&snapshot.bytes),
        };
        self.store.replace(&head, &snapshot.bytes)?;
        match self.look(key)? {
            Ok(back) if back == *snapshot || back.next_offset > snapshot.next_offset => Ok(()),
            _ => Err(SnapshotError::Differs),
        }
    }

    /// The inner error says why there is none that can be used.
    fn look(&self, key: &SnapshotKey) -> Result<Result<Snapshot, &'static str>, SnapshotError> {
        Ok(match self.store.load(key)? {
            Some((head, bytes)) => whole(head, key, bytes),
            None => Err("there is none"),
        })
    }
}

fn whole(head: Head, key: &SnapshotKey, bytes: Option<Vec<u8>>) -> Result<Snapshot, &'static str> {
    head.fits(key)?;
    let bytes = bytes.ok_or("another took its place meanwhile")?;
    let last_fact = <[u8; 32]>::try_from(head.last_fact).map_err(|_| "its last fact's hash is torn")?;
    if crc32c::crc32c(&bytes) != head.crc && !planted("altered-snapshot-believed") {
        return Err("it is torn");
    }
    Ok(Snapshot { next_offset: head.next_offset, last_fact, bytes })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, PoisonError};

    /// Keeps one snapshot, and gives it back as its lie has it.
    struct Liar {
        kept: Mutex<Option<(Head, Vec<u8>)>>,
        lie: fn(&mut Head, &mut Vec<u8>),
    }

    impl SnapshotStore for Liar {
        fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
            Ok(self.load(key)?.map(|(head, _)| head))
        }

        fn load(&self, _: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError> {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(kept.map(|(mut head, mut bytes)| {
                (self.lie)(&mut head, &mut bytes);
                (head, Some(bytes))
            }))
        }

        fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((head.clone(), bytes.to_vec()));
            Ok(())
        }
    }

    fn key() -> SnapshotKey {
        let (stage, cluster_id, topic) = ("routing".to_owned(), "c".to_owned(), "weir.routes".to_owned());
        SnapshotKey { stage, partition: 1, cluster_id, topic, partitions: 4, shape: 2 }
    }

    fn told(lie: fn(&mut Head, &mut Vec<u8>)) -> (bool, Option<Snapshot>) {
        let snapshots = Snapshots::on(Liar { kept: Mutex::default(), lie });
        let saved = snapshots.save(&key(), &Snapshot { next_offset: 10, last_fact: [7; 32], bytes: vec![1, 2, 3] });
        (saved.is_ok(), snapshots.load(&key()))
    }

    #[test]
    fn what_a_store_gives_back_is_compared_and_what_is_altered_is_not_used() {
        let (saved, loaded) = told(|_, _| {});
        assert!(saved && loaded.is_some_and(|snapshot| snapshot.bytes == [1, 2, 3]));
        let lies: [fn(&mut Head, &mut Vec<u8>); 5] = [
            |_, bytes| bytes[1] ^= 4,
            |_, bytes| bytes.truncate(2),
            |head, _| head.crc ^= 1,
            |head, _| head.last_fact.truncate(31),
            |head, _| head.key.partition = 2,
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            assert_eq!(told(lie), (false, None), "lie {number}");
        }
        let (saved, _) = told(|head, _| head.last_fact[0] ^= 1);
        assert!(!saved, "the reader of facts would find it out later");
        let (saved, _) = told(|head, _| head.next_offset -= 1);
        assert!(!saved, "an older one than was written");
    }
}
