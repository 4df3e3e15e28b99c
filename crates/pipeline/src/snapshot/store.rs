//! What a store of snapshots does, and what it is not believed.

use super::{SnapshotError, SnapshotKey};

/// A kept snapshot without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it was made of.
    pub key: SnapshotKey,
    pub next_offset: i64,
    pub last_fact: Vec<u8>,
    /// CRC-32C of the bytes.
    pub crc: u32,
}

impl Head {
    /// Whether it was made of what is asked for; else says in what they differ.
    ///
    /// # Errors
    /// The first difference.
    pub fn fits(&self, key: &SnapshotKey) -> Result<(), &'static str> {
        match &self.key {
            found if (&found.stage, found.partition) != (&key.stage, key.partition) => {
                Err("it is of another partition")
            }
            found if found.cluster_id != key.cluster_id => Err("it is of another cluster"),
            found if found.topic != key.topic => Err("it is of another topic"),
            found if found.partitions != key.partitions => Err("it is of another partition count"),
            found if found.shape != key.shape => Err("it has another shape"),
            _ => Ok(()),
        }
    }
}

/// A head, and its bytes where they were there.
pub type Loaded = (Head, Option<Vec<u8>>);

/// Where snapshots are kept, one for each partition of each stage. [`super::Snapshots`] believes it nothing: it may lose, mix up
/// and alter what it is given.
pub trait SnapshotStore: Send + Sync + 'static {
    /// What is kept for the stage and partition of this key, whatever it was made of.
    ///
    /// # Errors
    /// Where the store does not say.
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError>;

    /// The same with its bytes. They may stay behind where the head does not fit the key, and are `None` where another snapshot
    /// took the place of the head's meanwhile. A start waits for this: it should say soon that there is none.
    ///
    /// # Errors
    /// Where the store does not say.
    fn load(&self, key: &SnapshotKey) -> Result<Option<Loaded>, SnapshotError>;

    /// Keeps this one in place of the one before, unless that one is newer and of the same fold.
    ///
    /// # Errors
    /// Where it is not kept.
    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError>;
}
