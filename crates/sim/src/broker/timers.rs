//! What happens by itself, in the order of its time; at the same time, in the order in which it was arranged.

use super::markers::Marker;
use crate::settings::Micros;
use std::collections::BTreeMap;

/// Something that falls due.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Marker(Marker),
    /// The coordinator looks for transactions that have lasted too long.
    Cleanup,
    /// A member that was last heard of then has been silent for a session.
    SessionEnd {
        group: String,
        member: String,
        since: Micros,
    },
    /// A member may not have been polled for too long.
    PollDue {
        group: String,
        member: String,
    },
    /// A rebalance has waited for its members long enough.
    RebalanceEnd {
        group: String,
        round: u64,
    },
    /// The broker comes back.
    Start,
}

#[derive(Default)]
pub(crate) struct Timers {
    due: BTreeMap<(Micros, u64), Event>,
    arranged: u64,
}

impl Timers {
    pub(crate) fn add(&mut self, at: Micros, event: Event) {
        self.arranged += 1;
        self.due.insert((at, self.arranged), event);
    }

    pub(crate) fn first(&self) -> Option<Micros> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn pop_until(&mut self, until: Micros) -> Option<(Micros, Event)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= until)?;
        let at = entry.key().0;
        Some((at, entry.remove()))
    }
}
