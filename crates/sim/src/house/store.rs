//! A store of snapshots in memory that loses, mixes up and alters what it is given, as far as it is told to.

use super::coverage::Coverage;
use super::plan::Stage;
use crate::random::Random;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_pipeline::snapshot::{Head, SnapshotError, SnapshotKey, SnapshotStore};

/// Snapshots kept of one partition: the newest, and some before it, for a disk that brings an old one back.
const HISTORY: usize = 4;

/// How often of a hundred times what goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Damage {
    /// A load brings something else than what was kept.
    pub load: u64,
    /// A save is refused, or done by halves.
    pub save: u64,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    shelves: Arc<Mutex<Shelves>>,
}

/// A snapshot as it was given.
type Kept = (Head, Vec<u8>);
/// What a load brings.
type Loaded = Result<Option<(Head, Option<Vec<u8>>)>, SnapshotError>;

struct Shelves {
    random: Random,
    damage: Damage,
    kept: BTreeMap<(String, i32), Vec<Kept>>,
    seen: Coverage,
}

impl Store {
    pub fn new(seed: u64) -> Store {
        let random = Random::new(seed ^ 0x7368_656c);
        let shelves = Shelves { random, damage: Damage::default(), kept: BTreeMap::new(), seen: Coverage::default() };
        Store { shelves: Arc::new(Mutex::new(shelves)) }
    }

    pub fn damage(&self, damage: Damage) {
        self.lock().damage = damage;
    }

    pub fn seen(&self) -> Coverage {
        self.lock().seen.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SnapshotStore for Store {
    fn head(&self, key: &SnapshotKey) -> Result<Option<Head>, SnapshotError> {
        Ok(self.lock().newest(key).map(|(head, _)| head.clone()))
    }

    fn load(&self, key: &SnapshotKey) -> Loaded {
        let mut shelves = self.lock();
        let Some((head, bytes)) = shelves.newest(key).cloned() else { return Ok(None) };
        let hurt = shelves.chance(|damage| damage.load);
        shelves.note(key, if hurt { "a bad snapshot was read" } else { "a snapshot was read" });
        if hurt { shelves.damaged(key, head, bytes) } else { Ok(Some((head, Some(bytes)))) }
    }

    fn replace(&self, head: &Head, bytes: &[u8]) -> Result<(), SnapshotError> {
        let mut shelves = self.lock();
        if shelves.newest(&head.key).is_some_and(|(kept, _)| kept.next_offset > head.next_offset) {
            return Ok(());
        }
        let mut bytes = bytes.to_vec();
        if shelves.chance(|damage| damage.save) {
            if shelves.random.below(2) == 0 {
                return Err(SnapshotError::Late);
            }
            let half = bytes.len() / 2;
            bytes.truncate(half);
        }
        let history = shelves.kept.entry((head.key.stage.clone(), head.key.partition)).or_default();
        history.push((head.clone(), bytes));
        if history.len() > HISTORY {
            history.remove(0);
        }
        Ok(())
    }
}

impl Shelves {
    fn newest(&self, key: &SnapshotKey) -> Option<&Kept> {
        self.kept.get(&(key.stage.clone(), key.partition))?.last()
    }

    fn chance(&mut self, percent: impl Fn(&Damage) -> u64) -> bool {
        self.random.within((1, 100)) <= percent(&self.damage)
    }

    fn note(&mut self, key: &SnapshotKey, what: &str) {
        if let Some(stage) = Stage::ALL.into_iter().find(|stage| stage.name() == key.stage) {
            self.seen.hit_at(stage, what);
        }
    }

    fn damaged(&mut self, key: &SnapshotKey, mut head: Head, mut bytes: Vec<u8>) -> Loaded {
        match self.random.below(12) {
            0 => return Ok(None),
            1 => return Err(SnapshotError::Late),
            2 => {
                let history = self.kept.get(&(key.stage.clone(), key.partition));
                let oldest = history.and_then(|history| history.first()).cloned();
                return Ok(oldest.map(|(head, bytes)| (head, Some(bytes))));
            }
            3 => bytes.truncate(bytes.len() / 2),
            4 | 10 | 11 => {
                for _ in 0..=self.random.below(3) {
                    let at = self.random.below(bytes.len().max(1));
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.random.below(8);
                    }
                }
            }
            5 => head.key.shape += 1,
            6 => head.next_offset += 1,
            // Another partition's, under this one's name.
            7 => {
                let others =
                    self.kept.iter().filter(|((stage, number), _)| *stage == key.stage && *number != key.partition);
                let other = others.filter_map(|(_, history)| history.last()).next().cloned();
                return Ok(other.map(|(head, bytes)| (Head { key: key.clone(), ..head }, Some(bytes))));
            }
            8 => head.last_fact.iter_mut().for_each(|byte| *byte ^= 0xff),
            _ => head.key.cluster_id.push('x'),
        }
        Ok(Some((head, Some(bytes))))
    }
}
