//! Who wants to know when a partition has something new: consumers, and the actors that sleep until then.
//!
//! A consumer looks only at partitions that have stirred since it last came to their end, so that a poll in vain costs nothing.

use super::Broker;
use crate::settings::Micros;

/// A partition's place among all.
pub(crate) type Slot = usize;

/// One consumer's interest.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Partitions that may have something to be read.
    pub(crate) ready: Vec<Slot>,
    /// The actor that waits for them, and only for them.
    sleeper: Option<u32>,
    /// Shortest and longest time from the news to the records.
    fetch_us: (Micros, Micros),
}

/// Every interest there is.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    all: Vec<Option<Watch>>,
    free: Vec<usize>,
    /// Which watches a partition has.
    of: Vec<Vec<usize>>,
    /// Actors to be woken, and when.
    woken: Vec<(u32, Micros)>,
}

impl Watches {
    pub(crate) fn new(partitions: usize) -> Watches {
        Watches { of: vec![Vec::new(); partitions], ..Watches::default() }
    }

    pub(crate) fn open(&mut self, fetch_us: (Micros, Micros)) -> usize {
        let watch = Some(Watch { ready: Vec::new(), sleeper: None, fetch_us });
        match self.free.pop() {
            Some(id) => {
                self.all[id] = watch;
                id
            }
            None => {
                self.all.push(watch);
                self.all.len() - 1
            }
        }
    }

    /// Nothing of this is wanted any more.
    pub(crate) fn close(&mut self, id: usize, slots: impl Iterator<Item = Slot>) {
        for slot in slots {
            self.ignore(id, slot);
        }
        if self.all[id].take().is_some() {
            self.free.push(id);
        }
    }

    /// The partition is wanted from now on, and may have something already.
    pub(crate) fn want(&mut self, id: usize, slot: Slot) {
        if !self.of[slot].contains(&id) {
            self.of[slot].push(id);
        }
        if let Some(watch) = &mut self.all[id]
            && !watch.ready.contains(&slot)
        {
            watch.ready.push(slot);
        }
    }

    pub(crate) fn ignore(&mut self, id: usize, slot: Slot) {
        self.of[slot].retain(|watch| *watch != id);
        if let Some(watch) = &mut self.all[id] {
            watch.ready.retain(|ready| *ready != slot);
        }
    }

    pub(crate) fn ready(&self, id: usize) -> &[Slot] {
        self.all[id].as_ref().map_or(&[], |watch| &watch.ready)
    }

    /// Everything of this partition has been read. So many at the end keep their place there.
    pub(crate) fn exhausted(&mut self, id: usize, index: usize, gone: usize) {
        if let Some(watch) = &mut self.all[id] {
            let last = watch.ready.len() - 1 - gone;
            watch.ready.swap(index, last);
            watch.ready.swap_remove(last);
        }
    }

    /// Nothing can be had of this partition now: it goes behind the others, of which so many have gone there.
    pub(crate) fn put_last(&mut self, id: usize, index: usize, gone: usize) {
        if let Some(watch) = &mut self.all[id] {
            let last = watch.ready.len() - gone;
            watch.ready.swap(index, last);
        }
    }

    /// The actor is to be woken once there is news for this watch.
    pub(crate) fn sleep(&mut self, id: usize, actor: u32) {
        if let Some(watch) = &mut self.all[id] {
            watch.sleeper = Some(actor);
        }
    }

    /// Actors to be woken since this was last asked.
    pub(crate) fn take_woken(&mut self, into: &mut Vec<(u32, Micros)>) {
        into.append(&mut self.woken);
    }
}

impl Broker {
    /// The partition has something new, or is not what it was.
    pub(crate) fn stir(&mut self, slot: Slot) {
        let Watches { all, of, woken, .. } = &mut self.watches;
        for id in &of[slot] {
            let Some(watch) = &mut all[*id] else { continue };
            if !watch.ready.contains(&slot) {
                watch.ready.push(slot);
            }
            if let Some(actor) = watch.sleeper.take() {
                let delay = self.random.within(watch.fetch_us);
                woken.push((actor, self.now + delay * self.faults.slowness));
            }
        }
    }

    /// Reading is possible again: whoever waits looks anew.
    pub(crate) fn stir_waiting(&mut self) {
        let Watches { all, woken, .. } = &mut self.watches;
        for watch in all.iter_mut().flatten().filter(|watch| !watch.ready.is_empty()) {
            if let Some(actor) = watch.sleeper.take() {
                let delay = self.random.within(watch.fetch_us);
                woken.push((actor, self.now + delay * self.faults.slowness));
            }
        }
    }
}
