//! What the platform itself knows of its orders. Pure.
//!
//! An order keeps each state that it was in, and from when on a listing shows that state: the index behind a listing is a little
//! late, and not equally late for every change, so changes become visible in another order than they happened in.

use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: u64,
    pub sku: Arc<str>,
    /// Shopify shows both: what was ordered, and what an edit left of it.
    pub ordered: i64,
    pub current: i64,
    pub price_minor: i64,
}

/// An order in one of its states. Times are whole seconds, as both platforms write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: u64,
    pub buyer: u64,
    pub region: usize,
    pub lines: Vec<Line>,
    pub created_s: i64,
    /// The version: at least a second later with each change.
    pub updated_s: i64,
    pub paid_s: Option<i64>,
    pub cancelled_s: Option<i64>,
}

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Placed,
    /// A line has another quantity from now on.
    Edited {
        line: usize,
        quantity: i64,
    },
    Paid,
    Cancelled,
}

pub const FREIGHT_MINOR: i64 = 490;

impl Order {
    pub fn total_minor(&self) -> i64 {
        self.lines.iter().map(|line| line.current * line.price_minor).sum::<i64>() + FREIGHT_MINOR
    }

    fn after(&self, step: Step, now_s: i64) -> Order {
        let mut order = self.clone();
        order.updated_s = now_s.max(self.updated_s + 1);
        match step {
            Step::Placed => {}
            Step::Edited { line, quantity } => {
                if let Some(line) = order.lines.get_mut(line) {
                    line.current = quantity;
                    line.ordered = line.ordered.max(quantity);
                }
            }
            Step::Paid => order.paid_s = Some(order.updated_s),
            Step::Cancelled => order.cancelled_s = Some(order.updated_s),
        }
        order
    }
}

struct State {
    order: Arc<Order>,
    listed_from_ms: i64,
}

/// The orders of one shop.
#[derive(Default)]
pub struct Book(BTreeMap<u64, Vec<State>>);

impl Book {
    pub fn place(&mut self, order: Order, listed_from_ms: i64) -> Arc<Order> {
        let order = Arc::new(order);
        self.0.insert(order.id, vec![State { order: order.clone(), listed_from_ms }]);
        order
    }

    /// Nothing where the order is not known.
    pub fn change(&mut self, id: u64, step: Step, now_ms: i64, listed_from_ms: i64) -> Option<Arc<Order>> {
        let states = self.0.get_mut(&id)?;
        let order = Arc::new(states.last()?.order.after(step, now_ms.div_euclid(1000)));
        states.push(State { order: order.clone(), listed_from_ms });
        Some(order)
    }

    /// As a listing shows them at this moment.
    pub fn listed(&self, now_ms: i64) -> impl Iterator<Item = &Arc<Order>> {
        let shown = move |states: &'_ Vec<State>| states.iter().rposition(|state| state.listed_from_ms <= now_ms);
        self.0.values().filter_map(move |states| shown(states).map(|at| &states[at].order))
    }

    /// As they are.
    pub fn current(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.0.values().filter_map(|states| states.last()).map(|state| &state.order)
    }

    pub fn get(&self, id: u64) -> Option<&Arc<Order>> {
        Some(&self.0.get(&id)?.last()?.order)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn order(id: u64, updated_s: i64) -> Order {
        let line = |n: u64, quantity| Line {
            id: id * 10 + n,
            sku: format!("DEMO-{n}").into(),
            ordered: quantity,
            current: quantity,
            price_minor: 1_234,
        };
        let lines = vec![line(1, 2), line(2, 1)];
        let (created_s, paid_s, cancelled_s) = (updated_s, None, None);
        Order { id, buyer: 7, region: 0, lines, created_s, updated_s, paid_s, cancelled_s }
    }

    #[test]
    fn each_change_is_a_later_version() {
        let mut book = Book::default();
        book.place(order(1, 100), 0);
        let edited = book.change(1, Step::Edited { line: 0, quantity: 5 }, 100_200, 0).expect("known");
        assert_eq!((edited.updated_s, edited.lines[0].ordered, edited.lines[0].current), (101, 5, 5));
        assert_eq!(edited.total_minor(), 6 * 1_234 + FREIGHT_MINOR);
        let lowered = book.change(1, Step::Edited { line: 0, quantity: 1 }, 100_300, 0).expect("known");
        assert_eq!((lowered.updated_s, lowered.lines[0].ordered, lowered.lines[0].current), (102, 5, 1));
        let paid = book.change(1, Step::Paid, 200_900, 0).expect("known");
        assert_eq!((paid.updated_s, paid.paid_s, paid.created_s), (200, Some(200), 100));
        let cancelled = book.change(1, Step::Cancelled, 200_950, 0).expect("known");
        assert_eq!((cancelled.updated_s, cancelled.cancelled_s, cancelled.paid_s), (201, Some(201), Some(200)));
        assert!(book.change(2, Step::Paid, 0, 0).is_none());
    }

    #[test]
    fn a_listing_is_behind() {
        let mut book = Book::default();
        book.place(order(1, 100), 100_500);
        book.place(order(2, 100), 100_100);
        book.change(1, Step::Paid, 101_000, 101_500);
        let shown = |now_ms| book.listed(now_ms).map(|order| (order.id, order.updated_s)).collect::<Vec<_>>();
        assert_eq!(shown(100_050), []);
        assert_eq!(shown(100_200), [(2, 100)], "the later one is seen first");
        assert_eq!(shown(101_400), [(1, 100), (2, 100)]);
        assert_eq!(shown(101_500), [(1, 101), (2, 100)]);
        assert_eq!(book.get(1).map(|order| order.updated_s), Some(101));
        assert_eq!(book.current().count(), book.len());
    }
}
