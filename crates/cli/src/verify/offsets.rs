//! Input offsets that a stage accounts for, one bit each.

use std::collections::BTreeMap;
use weir_proto::log::v1::Position;

/// A set of offsets of one partition.
#[derive(Debug, Default)]
pub struct OffsetSet {
    words: Vec<u64>,
    highest: Option<i64>,
}

impl OffsetSet {
    /// False where it was there already.
    pub fn insert(&mut self, offset: i64) -> bool {
        let Ok(index) = usize::try_from(offset) else {
            return false;
        };
        let (word, bit) = (index / 64, 1u64 << (index % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let fresh = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.highest = self.highest.max(Some(offset));
        fresh
    }

    pub fn contains(&self, offset: i64) -> bool {
        usize::try_from(offset).is_ok_and(|i| self.words.get(i / 64).is_some_and(|w| w & (1 << (i % 64)) != 0))
    }

    pub fn highest(&self) -> Option<i64> {
        self.highest
    }
}

/// Offsets by input topic, for one partition.
#[derive(Debug, Default)]
pub struct Accounted {
    pub by_topic: BTreeMap<String, OffsetSet>,
}

impl Accounted {
    pub fn insert(&mut self, position: &Position) -> bool {
        self.by_topic.entry(position.topic.clone()).or_default().insert(position.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_new_once() {
        let mut set = OffsetSet::default();
        assert!(set.insert(130) && !set.insert(130) && set.insert(0));
        assert!(set.contains(0) && set.contains(130) && !set.contains(129) && !set.contains(100_000));
        assert_eq!(set.highest(), Some(130));
    }
}
