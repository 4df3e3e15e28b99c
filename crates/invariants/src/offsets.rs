//! Sets of offsets, one bit each, in pages: a topic that keeps ninety days does not begin at 0.

use std::collections::BTreeMap;

/// Words of a page: 4,096 offsets in 512 bytes.
const WORDS: usize = 64;
const PAGE: i64 = 64 * WORDS as i64;

/// A set of offsets of one partition.
#[derive(Debug, Default)]
pub(crate) struct OffsetSet {
    pages: BTreeMap<i64, Box<[u64; WORDS]>>,
}

impl OffsetSet {
    /// False where it was there already.
    pub(crate) fn insert(&mut self, offset: i64) -> bool {
        let (page, word, bit) = place(offset);
        let words = self.pages.entry(page).or_insert_with(|| Box::new([0; WORDS]));
        let fresh = words[word] & bit == 0;
        words[word] |= bit;
        fresh
    }

    pub(crate) fn contains(&self, offset: i64) -> bool {
        let (page, word, bit) = place(offset);
        self.pages.get(&page).is_some_and(|words| words[word] & bit != 0)
    }

    /// Those below `next`, in order.
    pub(crate) fn below(&self, next: i64) -> impl Iterator<Item = i64> {
        let of_word = |base: i64, word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| base + bit);
        let of_page = move |page: i64, words: &[u64; WORDS]| {
            let base = page * PAGE;
            let words: Vec<(i64, u64)> =
                words.iter().enumerate().map(|(n, word)| (base + 64 * n as i64, *word)).collect();
            words.into_iter().filter(|(_, word)| *word != 0).flat_map(move |(base, word)| of_word(base, word))
        };
        self.pages.iter().flat_map(move |(page, words)| of_page(*page, words)).take_while(move |offset| *offset < next)
    }
}

/// Page, word and bit of an offset.
fn place(offset: i64) -> (i64, usize, u64) {
    let within = offset.rem_euclid(PAGE);
    (offset.div_euclid(PAGE), usize::try_from(within / 64).unwrap_or(0), 1 << (within % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_new_once() {
        let mut set = OffsetSet::default();
        assert!(set.insert(130) && !set.insert(130) && set.insert(0));
        assert!(set.contains(0) && set.contains(130) && !set.contains(129) && !set.contains(100_000));
    }

    #[test]
    fn a_late_beginning_costs_a_page() {
        let mut set = OffsetSet::default();
        for offset in [9_000_000_000, 9_000_000_063, 9_000_000_064, 9_000_004_100] {
            assert!(set.insert(offset));
        }
        assert!(set.pages.len() <= 2);
        assert_eq!(set.below(9_000_004_100).collect::<Vec<_>>(), [9_000_000_000, 9_000_000_063, 9_000_000_064]);
    }
}
