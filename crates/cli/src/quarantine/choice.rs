//! Which quarantined records are written back in a round.
//!
//! Of each stage and key the longest run of those that wait, in their order, that lies in one topic: across topics Kafka keeps no
//! order, and the stage would send back whatever comes before its turn. The rest has its turn in the next round.

use super::kept::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use weir_proto::topics::Retention;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    pub key: Option<String>,
    pub reason: Option<String>,
    /// Also what is marked as redriven.
    pub again: bool,
}

/// What a run has done so far, by place in the list of entries.
#[derive(Default)]
pub(super) struct Done {
    pub written: HashSet<usize>,
    /// Came back, and would come back again.
    pub refused: HashSet<usize>,
}

/// A block is one stage's, of one key.
pub(super) type Whose<'a> = (&'a str, &'a str);

pub(super) fn whose(entry: &Entry) -> Whose<'_> {
    (&entry.what.stage, &entry.place.key)
}

/// Those to write back now, in order within each stage and key.
pub(super) fn choose(entries: &[Entry], wish: &Wish, done: &Done) -> Vec<usize> {
    let mut chosen = Vec::new();
    for slots in in_order(entries).values() {
        let mut topic = None;
        for &slot in slots {
            let entry = &entries[slot];
            if !pending(entry, slot, wish, done) {
                continue;
            }
            if done.refused.contains(&slot) || !named(entry, wish) {
                if holds_up(entry) {
                    break;
                }
                continue;
            }
            if *topic.get_or_insert_with(|| entry.from()) != entry.from() {
                break;
            }
            chosen.push(slot);
        }
    }
    chosen
}

/// The entries of each stage and key as the stage has them in its list. A copy that came back has its original's place.
pub(super) fn in_order(entries: &[Entry]) -> BTreeMap<Whose<'_>, Vec<usize>> {
    let mut order: BTreeMap<Whose<'_>, Vec<usize>> = BTreeMap::new();
    let mut places: HashMap<(Whose<'_>, &str, i32, i64), usize> = HashMap::new();
    for (n, entry) in entries.iter().enumerate() {
        let whose = whose(entry);
        let slots = order.entry(whose).or_default();
        let original = entry.what.copy_of.as_ref();
        let taken = original.and_then(|of| places.get(&(whose, of.topic.as_str(), of.partition, of.offset)).copied());
        let slot = taken.unwrap_or(slots.len());
        if slot == slots.len() {
            slots.push(n);
        } else {
            slots[slot] = n;
        }
        if let Some(at) = &entry.what.position {
            places.insert((whose, at.topic.as_str(), at.partition, at.offset), slot);
        }
    }
    order
}

fn pending(entry: &Entry, slot: usize, wish: &Wish, done: &Done) -> bool {
    let open = if wish.again { !done.written.contains(&slot) } else { !entry.redriven };
    open && wish.key.as_ref().is_none_or(|key| entry.place.key == *key)
}

/// What only waits goes with what it waits for.
fn named(entry: &Entry, wish: &Wish) -> bool {
    entry.only_waits() || wish.reason.as_ref().is_none_or(|reason| entry.what.reason == *reason)
}

/// A fact of another stage; a delivery or a command stands alone.
fn holds_up(entry: &Entry) -> bool {
    entry.from().is_none_or(|topic| topic.entry().retention == Retention::Endless)
}

#[cfg(test)]
mod tests;
