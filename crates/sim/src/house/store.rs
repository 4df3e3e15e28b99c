//! A store of snapshots in memory that loses, mixes up and alters what it is given, as far as it is told to.

use super::coverage::Coverage;
use super::plan::Stage;
use crate::current;
use crate::random::Random;
use crate::world::ActorId;
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
    /// What became of saves.
    seen: Coverage,
    /// Who was given a snapshot, of which stage, whether a bad one, and how often.
    loads: BTreeMap<(ActorId, Stage, bool), u64>,
}

impl Store {
    pub fn new(seed: u64) -> Store {
        let random = Random::new(seed ^ 0x7368_656c);
        let (damage, kept, loads) = (Damage::default(), BTreeMap::new(), BTreeMap::new());
        let shelves = Shelves { random, damage, kept, seen: Coverage::default(), loads };
        Store { shelves: Arc::new(Mutex::new(shelves)) }
    }

    pub fn damage(&self, damage: Damage) {
        self.lock().damage = damage;
    }

    /// What became of saves, and what those were given who take over, and not those who make snapshots.
    pub fn seen(&self, takes_over: impl Fn(ActorId) -> bool) -> Coverage {
        let shelves = self.lock();
        let mut seen = shelves.seen.clone();
        for ((_, stage, bad), times) in shelves.loads.iter().filter(|((who, ..), _)| takes_over(*who)) {
            let what = if *bad { "a bad snapshot was read" } else { "a snapshot was read" };
            seen.add_at(*stage, what, *times);
        }
        seen
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
        shelves.note_load(key, hurt);
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
                shelves.note(&head.key, "a snapshot was not saved");
                return Err(SnapshotError::Late);
            }
            shelves.note(&head.key, "a snapshot was saved by halves");
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
        if let Some(stage) = Stage::named(&key.stage) {
            self.seen.hit_at(stage, what);
        }
    }

    /// The checks at a seed's end are no actor's, and no moment.
    fn note_load(&mut self, key: &SnapshotKey, bad: bool) {
        if let Some((who, stage)) = current::actor().zip(Stage::named(&key.stage)) {
            *self.loads.entry((ActorId(who), stage, bad)).or_insert(0) += 1;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_that_fails_is_noted_and_a_load_by_nobody_is_not() {
        let store = Store::new(1);
        let key = |partition| SnapshotKey {
            stage: "routing".to_owned(),
            partition,
            cluster_id: "c".to_owned(),
            topic: "t".to_owned(),
            partitions: 2,
            shape: 1,
        };
        let head = |next_offset| Head { key: key(0), next_offset, last_fact: vec![0; 32], crc: 0 };
        let seen = || store.seen(|_| true);
        store.replace(&head(1), &[1, 2]).expect("kept");
        assert_eq!(seen(), Coverage::default());
        store.damage(Damage { load: 0, save: 100 });
        let kept = (2..22).filter(|next| store.replace(&head(*next), &[1, 2]).is_ok()).count() as u64;
        assert_eq!(seen().count("a snapshot was saved by halves: routing"), kept);
        assert_eq!(seen().count("a snapshot was not saved: routing"), 20 - kept);
        assert!(kept > 0 && kept < 20);
        let (_, bytes) = store.load(&key(0)).expect("loaded").expect("one is kept");
        assert_eq!(bytes, Some(vec![1]), "half of it");
        assert_eq!(seen().count("a snapshot was read: routing"), 0, "the checks at a seed's end are no take-over");
    }
}
