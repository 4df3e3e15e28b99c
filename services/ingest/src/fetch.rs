//! Orders that were announced and not told: their platforms are asked for them, until the clerk knows them.
//!
//! The clerk's state says what is wanted (`Order::wanted`), and so what is asked for is never lost: the owner of a partition asks, and
//! after a take-over the next owner asks for what is wanted still. What comes goes into `deliveries` like any pulled order, and so does
//! the platform's no; entering either twice is harmless. An order leaves the books once what came is in the log, or the clerk says
//! that it is known. The stage's thread hands over and returns at once. ADR 20.

mod asker;
mod board;
mod books;
mod dispatcher;
mod lane;
mod question;

pub use asker::Asker;
pub use dispatcher::{Handle, start};
pub use question::{Asking, At, Failed, Order, Question, Told, Unaskable};

use crate::domain::{Fact, Order as State, Wanted};
use crate::wire::Clerk;
use weir_pipeline::Effects;

/// One worker's way to the dispatcher.
pub struct Desk {
    worker: usize,
    dispatcher: Handle,
}

impl Desk {
    pub fn new(worker: usize, dispatcher: Handle) -> Desk {
        Desk { worker, dispatcher }
    }

    /// `notice` is the version that a notice has just told.
    fn offer(&self, partition: i32, key: &str, wanted: &Wanted, notice: Option<i64>) {
        let told = &wanted.announced;
        self.dispatcher.offer(Order {
            order_id: key.to_owned(),
            worker: self.worker,
            partition,
            at: At { channel: told.channel.clone(), shop: told.shop.clone() },
            id: told.platform_order_id.clone(),
            version: wanted.version,
            since_ms: wanted.since_ms,
            is_news: notice.is_some(),
            is_blind: notice == Some(0),
        });
    }
}

impl Effects<Clerk> for Desk {
    fn taken(&mut self, partition: i32, states: &mut dyn Iterator<Item = (&str, &State)>) {
        for (key, state) in states {
            if let Some(wanted) = state.wanted() {
                self.offer(partition, key, wanted, None);
            }
        }
    }

    fn committed(&mut self, partition: i32, key: &str, state: &State, fact: &Fact, _: Option<&str>) {
        match state.wanted() {
            None => self.dispatcher.settled(key),
            Some(wanted) => {
                if let Fact::Announced { version, .. } = fact {
                    self.offer(partition, key, wanted, Some(*version));
                }
            }
        }
    }

    fn lost(&mut self, partition: i32) {
        self.dispatcher.lost(self.worker, partition);
    }
}

#[cfg(test)]
mod tests;
