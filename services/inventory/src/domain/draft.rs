//! A decision in the making: a page of the books with what the decision touches, so that each fact is judged on what the
//! facts before it left, while the books themselves stay as they are.

use super::fact::Fact;
use super::ledger::Sku;
use super::message::Message;
use super::order::{Open, Order, Rank};
use super::pool::Pool;
use super::{Outcome, evolve};
use weir_decider::{Decision, Millis};

/// Facts said so far, and the books as they are after them.
pub struct Draft<'a> {
    books: &'a Pool,
    page: Pool,
    at: Millis,
    facts: Vec<Fact>,
    messages: Vec<Message>,
}

impl<'a> Draft<'a> {
    pub fn new(books: &'a Pool, at: Millis) -> Draft<'a> {
        let page = Pool { next: books.next, ..Pool::default() };
        Draft { books, page, at, facts: Vec::new(), messages: Vec::new() }
    }

    /// Says a fact, and what it tells its order.
    pub fn say(&mut self, fact: Fact) {
        for sku in fact.skus() {
            self.copy_sku(sku);
        }
        let sequence = fact.order().map(|id| {
            self.copy_order(id);
            self.page.orders.get(id).map_or(0, |order| order.sequence)
        });
        evolve::apply(&mut self.page, self.at, &fact);
        if let (Some(id), Some(before)) = (fact.order(), sequence) {
            self.tell(id, before);
        }
        self.facts.push(fact);
    }

    fn tell(&mut self, id: &str, before: u64) {
        let Some(order) = self.page.orders.get(id) else {
            return;
        };
        if let Some(said) = order.told.clone().filter(|_| order.sequence > before) {
            let (plan, sequence) = (order.plan, order.sequence);
            self.messages.push(Message { order: id.to_owned(), plan, sequence, said });
        }
    }

    fn copy_sku(&mut self, sku: &str) {
        if let (false, Some(entry)) = (self.page.skus.contains_key(sku), self.books.skus.get(sku)) {
            self.page.skus.insert(sku.to_owned(), entry.clone());
            if entry.serving.is_some() {
                self.page.serving.insert(sku.to_owned());
            }
        }
    }

    /// An order is copied with the SKUs that it holds or waits for.
    fn copy_order(&mut self, id: &str) {
        if self.page.orders.contains_key(id) {
            return;
        }
        let Some(order) = self.books.orders.get(id) else {
            return;
        };
        if let Some(open) = &order.open {
            let held = open.placed.iter().map(|p| &p.sku).chain(open.soft.iter().map(|l| &l.sku));
            let waited = open.waiting.iter().flatten().map(|(sku, _)| sku);
            for sku in held.chain(waited) {
                self.copy_sku(sku);
            }
            self.page.index.insert(id, open);
        }
        self.page.orders.insert(id.to_owned(), order.clone());
    }

    pub fn order(&self, id: &str) -> Option<&Order> {
        self.page.orders.get(id).or_else(|| self.books.orders.get(id))
    }

    pub fn open(&self, id: &str) -> Option<&Open> {
        self.order(id)?.open.as_deref()
    }

    pub fn sku(&self, sku: &str) -> Option<&Sku> {
        self.page.skus.get(sku).or_else(|| self.books.skus.get(sku))
    }

    /// SKUs whose queue is to be served, of those that this decision touched.
    pub fn serving(&self) -> Vec<String> {
        self.page.serving.iter().cloned().collect()
    }

    /// Brings in a SKU that no fact has named yet.
    pub fn touch(&mut self, sku: &str) {
        self.copy_sku(sku);
    }

    /// Orders that wait for the SKU, from the first behind `after`, at most `limit`.
    pub fn waiting(&self, sku: &str, after: Option<Rank>, limit: usize) -> Vec<String> {
        let mut ranks: Vec<Rank> = Vec::new();
        for index in [&self.books.index, &self.page.index] {
            let set = index.waiting.get(sku);
            let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
            let ranked = set.into_iter().flat_map(|set| set.range((from, std::ops::Bound::Unbounded)));
            // What this decision has served already is still in the books' index: look past it.
            ranks.extend(ranked.take(limit.saturating_add(self.page.orders.len())));
        }
        ranks.sort_unstable();
        ranks.dedup();
        let waits = |rank: Rank| {
            let id = self.named(rank)?;
            let open = self.open(id).filter(|open| open.rank == rank)?;
            open.waiting.iter().flatten().any(|(waited, _)| waited == sku).then(|| id.clone())
        };
        ranks.into_iter().filter_map(waits).take(limit).collect()
    }

    /// Orders that hold units allocated at a place, the last to be robbed first.
    pub fn holders(&self, sku: &str, warehouse: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let books = self.books;
        let set = books.index.holders.get(&(sku.to_owned(), warehouse.to_owned()));
        set.into_iter().flatten().rev().filter_map(|rank| books.index.names.get(&rank.number)).map(String::as_str)
    }

    /// Orders with a soft reservation of the SKU, the latest first.
    pub fn soft_holders(&self, sku: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let books = self.books;
        let set = books.index.soft.get(sku);
        set.into_iter().flatten().rev().filter_map(|rank| books.index.names.get(&rank.number)).map(String::as_str)
    }

    fn named(&self, rank: Rank) -> Option<&String> {
        self.page.index.names.get(&rank.number).or_else(|| self.books.index.names.get(&rank.number))
    }

    /// The decision, accepted.
    pub fn done(self) -> Outcome {
        Decision::say(self.facts).tell(self.messages)
    }
}

/// A repeat hears again what was told last.
pub fn retell(books: &Pool, id: &str) -> Outcome {
    let order = books.orders.get(id);
    let told = order.and_then(|order| order.told.clone().map(|said| (order, said)));
    let message = told.map(|(order, said)| Message {
        order: id.to_owned(),
        plan: order.told_plan,
        sequence: order.sequence,
        said,
    });
    Decision::ignore(weir_decider::Ignored::Duplicate).tell(message.into_iter().collect())
}
