//! Who waits behind a block, in order (STAGE.md §5). The list is part of the fold: `Blocked` begins it with its cause, inputs that
//! were `Ignored` as parked join it, `Resumed` takes the first away, `Unblocked` ends it.
//!
//! What a transaction ignored stands in its last fact, while memory has it at once. Both come to the same list: nothing that joins
//! or is replaced in a transaction can be taken away in it, because its copy is made from what was committed.

use super::partition::{Partition, Standing};
use crate::Topology;
use std::collections::VecDeque;
use std::sync::Arc;
use weir_proto::log::v1::{IgnoredInput, IgnoredReason, Position};

/// The inputs of one blocked aggregate that wait, the first to be decided first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Waiting(VecDeque<Position>);

/// For a snapshot: who waits, by key, as topic, partition and offset.
pub(super) type WaitingImage = Vec<(String, Vec<(String, i32, i64)>)>;

/// Whether a record of an aggregate is to be decided now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing stands in its way.
    Free,
    /// It is a copy of the first that waits.
    First,
    /// It waits: where its original has a place in the list, there.
    Waits,
    /// The aggregate's facts have a gap.
    Never,
}

impl Waiting {
    fn is_first(&self, position: &Position) -> bool {
        // An empty list under a block is none of ours; whatever is written back then lifts it.
        self.0.front().is_none_or(|first| first == position)
    }

    pub(super) fn contains(&self, position: &Position) -> bool {
        self.0.contains(position)
    }

    /// An ignored copy takes its original's place. What was parked without one joins at the end.
    fn note(&mut self, input: &IgnoredInput) {
        let Some(position) = &input.position else { return };
        let place = input.copy_of.as_ref().and_then(|of| self.0.iter_mut().find(|waiting| *waiting == of));
        match (place, input.reason()) {
            (Some(place), IgnoredReason::Parked | IgnoredReason::Quarantined) => place.clone_from(position),
            (None, IgnoredReason::Parked) => self.0.push_back(position.clone()),
            _ => {}
        }
    }
}

impl<T: Topology> Partition<T> {
    /// Whether a record is to be decided; `copy_of` is the input that it is a copy of, for us.
    pub(super) fn turn(&self, key: &str, copy_of: Option<&Position>) -> Turn {
        match (self.standing(key), copy_of) {
            (Standing::Open, _) => Turn::Free,
            (Standing::Torn, _) => Turn::Never,
            (Standing::Blocked, None) => Turn::Waits,
            (Standing::Blocked, Some(of)) => match self.waiting.get(key) {
                Some(waiting) if !waiting.is_first(of) => Turn::Waits,
                _ => Turn::First,
            },
        }
    }

    /// Whether this input waits.
    pub(super) fn waits(&self, key: &str, position: &Position) -> bool {
        self.waiting.get(key).is_some_and(|waiting| waiting.contains(position))
    }

    pub(super) fn nothing_waits(&self, key: &str) -> bool {
        self.waiting.get(key).is_none_or(|waiting| waiting.0.is_empty())
    }

    /// `Blocked`: its cause is the first.
    pub(super) fn block(&mut self, key: &str, cause: Option<&Position>) {
        if self.standing(key) == Standing::Torn {
            return;
        }
        self.stand(key, Standing::Blocked);
        let key = self.intern(key);
        let waiting = self.waiting.entry(key).or_default();
        // Older versions said it again for a copy that could not be read.
        if let Some(cause) = cause.filter(|cause| !waiting.contains(cause)) {
            waiting.0.push_back(cause.clone());
        }
    }

    /// `Resumed`.
    pub(super) fn resume(&mut self, key: &str, position: Option<&Position>) {
        if let Some(waiting) = self.waiting.get_mut(key) {
            waiting.0.retain(|waits| Some(waits) != position);
        }
    }

    /// `Unblocked`.
    pub(super) fn unblock(&mut self, key: &str) {
        self.stand(key, Standing::Open);
        self.waiting.remove(key);
    }

    /// An entry of `Ignored`.
    pub(super) fn note_ignored(&mut self, input: &IgnoredInput) {
        // What older versions parked behind a block that they had lifted waits for nobody.
        if self.standing(&input.key) == Standing::Blocked
            && let Some(waiting) = self.waiting.get_mut(input.key.as_str())
        {
            waiting.note(input);
        }
    }

    pub(super) fn waiting_image(&self) -> WaitingImage {
        let flat = |position: &Position| (position.topic.clone(), position.partition, position.offset);
        self.waiting.iter().map(|(key, waiting)| (key.to_string(), waiting.0.iter().map(flat).collect())).collect()
    }

    pub(super) fn set_waiting(&mut self, image: WaitingImage) {
        for (key, places) in image {
            let key: Arc<str> = self.intern(&key);
            let places = places.into_iter().map(|(topic, partition, offset)| Position { topic, partition, offset });
            self.waiting.insert(key, Waiting(places.collect()));
        }
    }
}

#[cfg(test)]
mod tests;
