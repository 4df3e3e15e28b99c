//! Short ways to write commands and facts, and a pool that is checked after every fact.

use weir_decider::{Decider, Millis, Moment, Outcome, Scenario, given};
use weir_inventory::domain::command::{Change, Effect, Receipt, Void};
use weir_inventory::domain::{Candidate, Command, Demand, Fact, Line, Message, Nothing, Placed, Pool, Split, Status};

pub fn line(line: &str, sku: &str, quantity: i64) -> Line {
    Line { line: line.into(), sku: sku.into(), quantity }
}

pub fn placed(line: &str, sku: &str, warehouse: &str, quantity: i64) -> Placed {
    Placed { line: line.into(), sku: sku.into(), warehouse: warehouse.into(), quantity }
}

pub fn candidate(warehouse: &str, parcel_cost: i64, unit_cost: i64, keep_back: i64) -> Candidate {
    Candidate { warehouse: warehouse.into(), parcel_cost, unit_cost, keep_back }
}

/// Ship complete, from W1 (cheaper) and W2.
pub fn demand(order: &str, plan: u32, lines: &[Line]) -> Demand {
    Demand {
        order: order.into(),
        plan,
        lines: lines.to_vec(),
        candidates: vec![candidate("W1", 500, 10, 0), candidate("W2", 700, 10, 0)],
        currency: "CNY".into(),
        split: Split::ShipComplete,
        parcels_max: 0,
        priority: 0,
    }
}

pub fn receive(sku: &str, warehouse: &str, quantity: i64) -> Command {
    let document = "asn-1".to_owned();
    Command::Receive(Receipt { sku: sku.into(), warehouse: warehouse.into(), quantity, document })
}

pub fn adjust(sku: &str, warehouse: &str, delta: i64) -> Command {
    let (sku, warehouse) = (sku.into(), warehouse.into());
    Command::Adjust(Change { sku, warehouse, delta, reason: "count".into(), document: "c-1".into() })
}

pub fn reserve(order: &str, plan: u32, lines: &[Line]) -> Command {
    Command::Reserve { order: order.into(), plan, lines: lines.to_vec() }
}

pub fn issue(order: &str, plan: u32, lines: &[Placed]) -> Command {
    Command::Issue { order: order.into(), plan, lines: lines.to_vec() }
}

pub fn void(order: &str, plan: u32, lines: &[Placed], effect: Effect) -> Command {
    let lines = lines.to_vec();
    Command::Void(Void { order: order.into(), plan, reason: "cancelled".into(), lines, effect })
}

/// A pool, its log, and an eye on the invariants after every fact.
#[derive(Default)]
pub struct Watched {
    pub pool: Pool,
    pub log: Vec<Fact>,
    pub messages: Vec<Message>,
    pub at: i64,
}

impl Watched {
    /// Decides a command and takes its facts in.
    #[track_caller]
    pub fn take(&mut self, command: &Command) -> Outcome {
        self.at += 1;
        let at = Millis(self.at);
        let decision = self.pool.decide(Moment { key: "demo/main", at, world: &Nothing }, command);
        self.absorb(at, decision.facts, decision.messages);
        decision.outcome
    }

    /// Lets the deadlines pass until there is none; answers how many there were.
    #[track_caller]
    pub fn tick(&mut self) -> usize {
        let mut ticks = 0;
        while let Some(due) = self.pool.deadline() {
            let at = Millis(self.at.max(due.0));
            let decision = self.pool.expire(Moment { key: "demo/main", at, world: &Nothing });
            assert!(!decision.facts.is_empty(), "a deadline that says nothing is asked for ever");
            self.absorb(at, decision.facts, decision.messages);
            ticks += 1;
        }
        ticks
    }

    #[track_caller]
    fn absorb(&mut self, at: Millis, facts: Vec<Fact>, messages: Vec<Message>) {
        for fact in facts {
            self.pool.evolve(at, &fact);
            if let Err(violation) = self.pool.check() {
                panic!("{violation} after {fact:?}\nlog: {:#?}", self.log);
            }
            self.log.push(fact);
        }
        self.messages.extend(messages);
    }

    pub fn all(&mut self, commands: &[Command]) {
        for command in commands {
            assert_eq!(self.take(command), Outcome::Accepted, "{command:?}");
        }
    }

    /// (on hand, allocated) at a place.
    pub fn place(&self, sku: &str, warehouse: &str) -> (i64, i64) {
        let place = self.pool.sku(sku).map(|entry| entry.place(warehouse)).unwrap_or_default();
        (place.on_hand, place.allocated)
    }
}

/// A pool in which nothing has happened.
pub fn empty() -> Scenario<Pool> {
    given::<Pool>([])
}

/// A receipt of A at W1.
pub fn received(quantity: i64) -> Fact {
    Fact::Received { sku: "A".into(), warehouse: "W1".into(), quantity, document: "asn-1".into() }
}

/// A count of A at W1 that differs.
pub fn adjusted(delta: i64) -> Fact {
    let (reason, document) = ("count".into(), "c-1".into());
    Fact::Adjusted { sku: "A".into(), warehouse: "W1".into(), delta, reason, document }
}

/// So many of A are missing at W1.
pub fn shortage(quantity: i64) -> Fact {
    Fact::Shortage { sku: "A".into(), warehouse: "W1".into(), quantity }
}

/// An order gives back.
pub fn restock(order: &str, lines: &[Placed], status: Status) -> Command {
    Command::Restock { order: order.into(), lines: lines.to_vec(), status }
}
