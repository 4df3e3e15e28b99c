//! What is due when. At one instant actions come first, in the order in which they were arranged, then actors, as chance has it.

use crate::settings::Micros;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Act(u64),
    /// The end of an actor's sleep; another sleep of the same actor is not meant.
    Wake {
        actor: u32,
        sleep: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Micros,
    actor: bool,
    chance: u64,
    due: Due,
}

#[derive(Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    actions: u64,
}

impl Agenda {
    /// Arranges an action, and says under which key.
    pub(super) fn act(&mut self, at: Micros) -> u64 {
        self.actions += 1;
        self.entries.push(Reverse(Entry { at, actor: false, chance: 0, due: Due::Act(self.actions) }));
        self.actions
    }

    pub(super) fn wake(&mut self, at: Micros, chance: u64, actor: u32, sleep: u32) {
        self.entries.push(Reverse(Entry { at, actor: true, chance, due: Due::Wake { actor, sleep } }));
    }

    pub(super) fn first(&self) -> Option<Micros> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn pop(&mut self) -> Option<Due> {
        self.entries.pop().map(|Reverse(entry)| entry.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_then_actions_then_chance() {
        let mut agenda = Agenda::default();
        agenda.wake(5, 9, 1, 0);
        agenda.wake(5, 2, 2, 0);
        let (first, second) = (agenda.act(5), agenda.act(5));
        agenda.wake(3, 7, 3, 0);
        let order: Vec<Due> = std::iter::from_fn(|| agenda.pop()).collect();
        let wake = |actor| Due::Wake { actor, sleep: 0 };
        assert_eq!(order, [wake(3), Due::Act(first), Due::Act(second), wake(2), wake(1)]);
    }
}
