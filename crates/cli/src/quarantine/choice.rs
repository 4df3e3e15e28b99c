//! Which quarantined records are written back, and which of them lift a block.

use super::Entry;
use std::collections::HashSet;

/// What was asked for.
#[derive(Default)]
pub(super) struct Wish {
    pub key: Option<String>,
    pub reason: Option<String>,
}

/// Records to write back, in order; true where the record is the last of its key, so that the block ends with it.
///
/// What only waits goes with what it waits for: where a record of the same key stays behind, so do those that are parked, and the
/// block stays.
pub(super) fn choose<'a>(entries: &'a [Entry], wish: &Wish) -> Vec<(&'a Entry, bool)> {
    let pending = |e: &&Entry| !e.redriven && wish.key.as_ref().is_none_or(|key| e.place.key == *key);
    let named = |e: &Entry| wish.reason.as_ref().is_none_or(|reason| e.what.reason == *reason);
    let stays = |e: &&Entry| pending(e) && !e.what.parked && !named(e);
    let held: HashSet<_> = entries.iter().filter(stays).map(whose).collect();
    let goes = |e: &&Entry| pending(e) && if e.what.parked { !held.contains(&whose(e)) } else { named(e) };
    let mut later = HashSet::new();
    let with_last = |e: &'a Entry| (e, later.insert(whose(e)) && !held.contains(&whose(e)));
    let mut chosen: Vec<_> = entries.iter().filter(goes).rev().map(with_last).collect();
    chosen.reverse();
    chosen
}

/// A block is one stage's, of one key.
fn whose(entry: &Entry) -> (&str, &str) {
    (&entry.what.stage, &entry.place.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_decider::Millis;
    use weir_pipeline::Record;
    use weir_proto::quarantine::v1::Quarantined;
    use weir_proto::topics::Topic;

    /// By key and reason, at its place in the list.
    fn entries(told: &[(&str, &str)]) -> Vec<Entry> {
        let entry = |(offset, (key, reason)): (usize, &(&str, &str))| Entry {
            place: Record {
                topic: Topic::Quarantine,
                partition: 0,
                offset: offset as i64,
                time: Millis(0),
                key: (*key).to_owned(),
                value: Default::default(),
                headers: Default::default(),
            },
            what: Quarantined {
                stage: "routing".to_owned(),
                reason: (*reason).to_owned(),
                parked: *reason == "parked",
                ..Quarantined::default()
            },
            redriven: false,
        };
        told.iter().enumerate().map(entry).collect()
    }

    fn chosen(entries: &[Entry], reason: Option<&str>) -> Vec<(i64, bool)> {
        let wish = Wish { key: None, reason: reason.map(str::to_owned) };
        choose(entries, &wish).into_iter().map(|(entry, last)| (entry.place.offset, last)).collect()
    }

    #[test]
    fn what_waits_goes_with_what_it_waits_for() {
        let all = entries(&[("a", "panic"), ("b", "field-missing"), ("a", "parked"), ("b", "parked"), ("b", "parked")]);
        assert_eq!(chosen(&all, Some("panic")), [(0, false), (2, true)]);
        assert_eq!(chosen(&all, Some("field-missing")), [(1, false), (3, false), (4, true)]);
        assert_eq!(chosen(&all, Some("body-not-json")), []);
        assert_eq!(chosen(&all, None).len(), 5);
    }

    #[test]
    fn a_block_stays_while_a_record_stays_behind() {
        let all = entries(&[("a", "panic"), ("a", "parked"), ("a", "field-missing")]);
        assert_eq!(chosen(&all, Some("panic")), [(0, false)]);
        assert_eq!(chosen(&all, None), [(0, false), (1, false), (2, true)]);
    }

    #[test]
    fn what_was_written_back_is_no_longer_waited_for() {
        let mut all = entries(&[("a", "panic"), ("a", "parked")]);
        all[0].redriven = true;
        assert_eq!(chosen(&all, Some("panic")), [(1, true)]);
    }
}
