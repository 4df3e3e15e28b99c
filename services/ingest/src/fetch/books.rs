//! The dispatcher's books: which orders are wanted, when each is asked for, what came of it. No I/O, and the time comes from outside.

use super::lane::Lane;
use super::question::{Asking, At, Failed, Order, Question, Told, Unaskable};
use crate::pull::pause_after;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;
use tokio::time::Instant;

/// Shops that are asked at once by one process.
const AT_ONCE: usize = 8;
/// From a notice to the first question. Versions are often times with the grain of a second: another change within the second of the
/// announced one would look like it. And notices of one burst become one request.
const GATHERED: Duration = Duration::from_secs(1);
/// From each answer that did not bring what was announced to the next question: replicas lag. About nine minutes in all; then the
/// platform has none.
const PAUSES_S: [u64; 8] = [1, 2, 5, 15, 30, 60, 120, 300];
/// Until a shop that can't be asked is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The shops are being read: at a start, the clerk is there before them.
const YET: Duration = Duration::from_secs(1);
/// The log is away, which is no fault of the platform's.
const SOON: Duration = Duration::from_secs(5);

/// All orders in hand.
#[derive(Default)]
pub(super) struct Books {
    orders: HashMap<String, Entry>,
    lanes: BTreeMap<At, Lane>,
    asked: usize,
    /// Whose turn it was: shops take turns.
    last: Option<At>,
}

struct Entry {
    order: Order,
    due: Instant,
    is_asked: bool,
    /// Asked for by itself, since a request with it failed.
    is_alone: bool,
    /// False once the partition was lost: what is under way is finished, and nothing more is begun.
    is_ours: bool,
    /// The clerk knows what was announced.
    is_settled: bool,
    /// Notices without a version so far, and as of the last question.
    blind: u64,
    blind_asked: u64,
    /// Answers that did not bring it.
    tries: usize,
    entered: Option<u32>,
    /// The shop's successes when that one failed.
    refused_at: u64,
    /// Requests with it alone that failed.
    refusals: u32,
}

impl Entry {
    /// Whether nothing is left to be done.
    fn is_done(&self) -> bool {
        !self.is_ours || (self.is_settled && self.blind_asked == self.blind)
    }

    /// Whether the order is at fault, and not its shop: others got through since a request with it failed.
    fn is_poison(&self, lane: &Lane) -> bool {
        self.is_alone && lane.successes > self.refused_at
    }
}

impl Books {
    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }

    /// Since when the order is wanted that waits longest.
    pub(super) fn oldest_ms(&self) -> Option<i64> {
        self.orders.values().map(|entry| entry.order.since_ms).min()
    }

    pub(super) fn next_wake(&self) -> Option<Instant> {
        if self.asked < AT_ONCE { self.lanes.values().filter_map(Lane::next).min() } else { None }
    }

    /// Takes an order in hand, or notes that there is news of it.
    pub(super) fn offer(&mut self, order: Order, now: Instant) {
        let due = if order.is_news { now + GATHERED } else { now };
        let Some(mut entry) = self.orders.remove(&order.order_id) else {
            let order_id = order.order_id.clone();
            let entry = Entry {
                due,
                is_asked: false,
                is_alone: false,
                is_ours: true,
                is_settled: false,
                blind: u64::from(order.is_blind),
                blind_asked: 0,
                tries: 0,
                entered: None,
                refusals: 0,
                refused_at: 0,
                order,
            };
            self.orders.insert(order_id.clone(), entry);
            return self.queue(&order_id, due, now);
        };
        self.unqueue(&entry);
        // What a notice tells of is given its own time.
        if order.is_blind || order.version > entry.order.version {
            entry.tries = 0;
        }
        let is_news = order.is_news || order.version > entry.order.version;
        entry.blind += u64::from(order.is_blind);
        (entry.is_ours, entry.is_settled) = (true, false);
        let due = if is_news { entry.due.min(due) } else { entry.due };
        let (order_id, is_asked) = (order.order_id.clone(), entry.is_asked);
        entry.order = order;
        self.orders.insert(order_id.clone(), entry);
        if !is_asked {
            self.queue(&order_id, due, now);
        }
    }

    /// The clerk knows what was announced, or that there is none.
    pub(super) fn settled(&mut self, order_id: &str) {
        if let Some(entry) = self.orders.get_mut(order_id) {
            entry.is_settled = true;
            self.tidy(order_id);
        }
    }

    /// Drops what has not begun, if this worker handed it over.
    pub(super) fn lost(&mut self, worker: usize, partition: i32) {
        let is_its = |entry: &Entry| (entry.order.worker, entry.order.partition) == (worker, partition);
        let its: Vec<String> =
            self.orders.iter().filter(|(_, entry)| is_its(entry)).map(|(order_id, _)| order_id.clone()).collect();
        for order_id in its {
            if let Some(entry) = self.orders.get_mut(&order_id) {
                entry.is_ours = false;
                self.tidy(&order_id);
            }
        }
    }

    /// The next request that may go out now. It counts as under way from here on.
    pub(super) fn begin(&mut self, asking: &dyn Asking, now: Instant) -> Option<(At, Vec<Question>)> {
        while self.asked < AT_ONCE {
            let may = |(_, lane): &(&At, &Lane)| lane.next().is_some_and(|at| at <= now);
            let after = self.last.as_ref().map_or(Unbounded, Excluded);
            let behind = self.lanes.range((after, Unbounded)).find(may);
            let at = behind.or_else(|| self.lanes.iter().find(may)).map(|(at, _)| at.clone())?;
            self.last = Some(at.clone());
            let lane = self.lanes.get_mut(&at)?;
            match asking.ids_max(&at) {
                Ok(ids_max) => {
                    (lane.is_asked, lane.is_told) = (true, false);
                    self.asked += 1;
                    let order_ids = lane.take(now, ids_max.max(1));
                    return Some((at, order_ids.iter().filter_map(|order_id| self.question(order_id)).collect()));
                }
                Err(Unaskable::Yet) => lane.not_before = now + YET,
                Err(Unaskable::Because(why)) => {
                    lane.not_before = now + LOOK_AGAIN;
                    if !std::mem::replace(&mut lane.is_told, true) {
                        let At { channel, shop } = &at;
                        tracing::warn!(
                            channel,
                            shop,
                            why,
                            "announced orders of a shop wait: it can't be asked for them"
                        );
                    }
                }
            }
        }
        None
    }

    fn question(&mut self, order_id: &str) -> Option<Question> {
        let entry = self.orders.get_mut(order_id)?;
        (entry.is_asked, entry.blind_asked) = (true, entry.blind);
        Some(Question {
            order_id: order_id.to_owned(),
            id: entry.order.id.clone(),
            version: entry.order.version,
            entered: entry.entered,
            is_last: entry.tries >= PAUSES_S.len(),
        })
    }

    /// A request is back.
    pub(super) fn back(&mut self, at: &At, questions: &[Question], came: Result<Vec<Told>, Failed>, now: Instant) {
        self.asked = self.asked.saturating_sub(1);
        for question in questions {
            if let Some(entry) = self.orders.get_mut(&question.order_id) {
                entry.is_asked = false;
            }
        }
        if let Some(lane) = self.lanes.get_mut(at) {
            lane.is_asked = false;
        }
        match came {
            Ok(told) => self.answered(at, questions, &told, now),
            Err(failed) => self.failed(at, questions, failed, now),
        }
        if self.lanes.get(at).is_some_and(Lane::is_idle) {
            self.lanes.remove(at);
        }
    }

    fn answered(&mut self, at: &At, questions: &[Question], told: &[Told], now: Instant) {
        if let Some(lane) = self.lanes.get_mut(at) {
            (lane.failures, lane.successes) = (0, lane.successes + 1);
        }
        for (question, told) in questions.iter().zip(told) {
            let Some(entry) = self.orders.get_mut(&question.order_id) else { continue };
            (entry.is_alone, entry.refusals) = (false, 0);
            let is_renewed = entry.blind > entry.blind_asked || entry.order.version > question.version;
            let wait = match told {
                Told::Answered if is_renewed => GATHERED,
                Told::Answered => {
                    self.orders.remove(&question.order_id);
                    continue;
                }
                Told::Foreign => LOOK_AGAIN,
                Told::Older(_) | Told::Unknown => {
                    if let Told::Older(entered) = told {
                        entry.entered = Some(*entered);
                    }
                    entry.tries += 1;
                    Duration::from_secs(PAUSES_S[(entry.tries - 1).min(PAUSES_S.len() - 1)])
                }
            };
            self.again(&question.order_id, now + wait, now);
        }
    }

    fn failed(&mut self, at: &At, questions: &[Question], failed: Failed, now: Instant) {
        // Nobody has answered, so a notice without a version is as open as before.
        for question in questions {
            if let Some(entry) = self.orders.get_mut(&question.order_id) {
                entry.blind_asked = 0;
            }
        }
        let Some(lane) = self.lanes.get_mut(at) else { return };
        let (why, wished) = match failed {
            Failed::House { why } => {
                let At { channel, shop } = at;
                tracing::warn!(channel, shop, why, "announced orders were not entered, and are asked for again soon");
                lane.not_before = now + SOON;
                return questions.iter().for_each(|question| self.again(&question.order_id, now, now));
            }
            Failed::Shop { why, wished } => (why, Some(wished)),
            Failed::Request { why } => (why, None),
        };
        let alone = match questions {
            [one] if wished.is_none() => self.orders.get_mut(&one.order_id),
            _ => None,
        };
        let mut is_shops = true;
        let mut due = now;
        if let Some(entry) = alone {
            is_shops = !entry.is_poison(lane);
            entry.refusals = entry.refusals.saturating_add(1);
            due = now + pause_after(entry.refusals);
        }
        if is_shops {
            lane.failures = lane.failures.saturating_add(1);
            // The first failure of several may be one order's.
            let is_first = lane.failures == 1 && questions.len() > 1 && wished.is_none();
            let pause = if is_first { GATHERED } else { pause_after(lane.failures).max(wished.unwrap_or_default()) };
            lane.not_before = now + pause;
        }
        let (At { channel, shop }, failures, orders, successes) = (at, lane.failures, questions.len(), lane.successes);
        tracing::warn!(channel, shop, failures, orders, why, "a platform did not tell announced orders");
        for question in questions {
            if let Some(entry) =
                self.orders.get_mut(&question.order_id).filter(|entry| wished.is_none() && !entry.is_alone)
            {
                (entry.is_alone, entry.refused_at) = (true, successes);
            }
            self.again(&question.order_id, due, now);
        }
    }

    /// To be asked for again, unless that is nobody's wish any more.
    fn again(&mut self, order_id: &str, due: Instant, now: Instant) {
        match self.orders.get(order_id).map(Entry::is_done) {
            Some(true) => drop(self.orders.remove(order_id)),
            Some(false) => self.queue(order_id, due, now),
            None => {}
        }
    }

    fn queue(&mut self, order_id: &str, due: Instant, now: Instant) {
        if let Some(entry) = self.orders.get_mut(order_id) {
            entry.due = due;
            let lane = self.lanes.entry(entry.order.at.clone()).or_insert_with(|| Lane::new(now));
            lane.put(due, order_id, entry.is_alone);
        }
    }

    fn unqueue(&mut self, entry: &Entry) {
        if let Some(lane) = self.lanes.get_mut(&entry.order.at) {
            lane.remove(entry.due, &entry.order.order_id);
            if lane.is_idle() {
                self.lanes.remove(&entry.order.at);
            }
        }
    }

    /// Drops an order that is done, unless a request with it is under way.
    fn tidy(&mut self, order_id: &str) {
        if self.orders.get(order_id).is_some_and(|entry| entry.is_done() && !entry.is_asked)
            && let Some(entry) = self.orders.remove(order_id)
        {
            self.unqueue(&entry);
        }
    }
}

#[cfg(test)]
mod tests;
