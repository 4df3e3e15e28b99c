//! Markers on their way: each partition of a transaction, and the group's offsets, learn of its end at a time of their own.

use super::Broker;
use super::timers::Event;
use super::transactions::{Coordination, Identity};
use crate::settings::MILLI;
use weir_pipeline::TopicPartition;

/// Where a marker goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Partition(TopicPartition),
    /// The partition of `__consumer_offsets` that keeps this group.
    Offsets(String),
}

/// The end of a transaction, for one target.
#[derive(Clone, Debug)]
pub struct Marker {
    pub name: String,
    pub target: Target,
    pub by: Identity,
    pub commit: bool,
}

impl Broker {
    pub(crate) fn send_markers(&mut self, name: &str, by: Identity, commit: bool) {
        let targets: Vec<Target> =
            self.transaction(name).map(|t| t.waiting.iter().cloned().collect()).unwrap_or_default();
        for target in targets {
            let delay = self.random.within(self.settings.marker_us);
            self.after(delay, Event::Marker(Marker { name: name.to_owned(), target, by, commit }));
        }
        self.complete(name, commit);
    }

    pub(crate) fn deliver_marker(&mut self, marker: Marker) {
        if self.faults.down {
            self.after(100 * MILLI, Event::Marker(marker));
            return;
        }
        if self.faults.held.contains(&marker.target) {
            self.faults.parked.push(marker);
            return;
        }
        let time = self.clock();
        match &marker.target {
            Target::Partition(at) => {
                // The coordinator's epoch is the newest there is.
                let outcome = self.change(*at, |partition| partition.mark(marker.by, time, marker.commit));
                debug_assert!(!matches!(outcome, Ok(Err(_))), "a marker of an old epoch");
            }
            Target::Offsets(group) => {
                self.offsets.entry(group.clone()).or_default().mark(marker.by, marker.commit);
            }
        }
        if let Ok(transaction) = self.transaction(&marker.name) {
            transaction.waiting.remove(&marker.target);
        }
        self.complete(&marker.name, marker.commit);
    }

    /// Lets the held markers of a target go.
    pub fn release_markers(&mut self, target: &Target) {
        self.faults.held.remove(target);
        let (go, stay) = std::mem::take(&mut self.faults.parked).into_iter().partition(|m| m.target == *target);
        self.faults.parked = stay;
        let go: Vec<Marker> = go;
        for marker in go {
            self.deliver_marker(marker);
        }
    }

    fn complete(&mut self, name: &str, commit: bool) {
        if let Ok(transaction) = self.transaction(name)
            && transaction.waiting.is_empty()
        {
            transaction.targets.clear();
            transaction.state = Coordination::Complete { commit };
        }
    }
}
