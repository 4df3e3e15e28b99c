//! The shape of a rule book, and the harness that tests one. Depends on nothing, so that a rule can reach nothing.
//!
//! A [`Decider`] is two pure functions over one aggregate: `decide` judges an input against what has been said so far and can
//! change nothing; `evolve` takes in a fact and is the only way to change. The fold of the facts is the state, so replay is
//! always safe. (Chassaing, "Functional Event Sourcing Decider", 2021.)

pub mod plant;
mod scenario;

pub use scenario::{Scenario, Verdict, given};

/// Milliseconds since the Unix epoch, as the log tells them. A rule never asks a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// This moment moved on by `ms`, saturating.
    pub fn plus(self, ms: i64) -> Millis {
        Millis(self.0.saturating_add(ms))
    }
}

/// All that a rule may know beside its own state and its input.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a, W> {
    /// The aggregate's key: an order id, or "tenant/pool".
    pub key: &'a str,
    /// Time of the input, or of the partition's clock where a deadline passes.
    pub at: Millis,
    /// Reference data in force.
    pub world: &'a W,
}

/// A rule book for one aggregate. `Default` is the aggregate of which nothing is known.
pub trait Decider: Default {
    /// What arrives: commands, and facts of others.
    type Input;
    /// What it may say of itself. Whatever must be remembered must be said.
    type Fact;
    /// What it may tell others.
    type Message;
    /// Reference data that it looks things up in.
    type World;

    /// Judges an input. Total: every input gets an outcome.
    fn decide(&self, moment: Moment<'_, Self::World>, input: &Self::Input) -> Decision<Self::Fact, Self::Message>;

    /// Takes in a fact. Total: what was said can't be refused.
    fn evolve(&mut self, at: Millis, fact: &Self::Fact);

    /// When [`Decider::expire`] wants to be asked next.
    fn deadline(&self) -> Option<Millis> {
        None
    }

    /// Judges that the deadline has passed. Must say something, or move the deadline by a fact; else it is asked for ever.
    fn expire(&self, _moment: Moment<'_, Self::World>) -> Decision<Self::Fact, Self::Message> {
        Decision::ignore(Ignored::Unchanged)
    }

    /// Why nothing may be decided on this aggregate any more: what was said of it does not fit together. Its partition stops. A fact
    /// that leads here is not committed.
    fn broken(&self) -> Option<Breach<'_>> {
        None
    }

    /// Set once nothing more is expected: the stage reduces the aggregate to a digest after `from`.
    fn rest(&self) -> Option<Rest> {
        None
    }
}

/// What was said of an aggregate breaks an invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach<'a> {
    /// Its id: "I1". `docs/invariants.md` has them all.
    pub invariant: &'static str,
    pub why: &'a str,
}

/// An aggregate that has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// From when on it may be closed.
    pub from: Millis,
    /// The service's own number for how it ended.
    pub end_state: u32,
}

/// What comes of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<F, M> {
    /// Said of itself, in order.
    pub facts: Vec<F>,
    /// Told to others, in order. A repeated input may tell again what it told before: receivers drop what they know.
    pub messages: Vec<M>,
    pub outcome: Outcome,
}

/// How an input was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// It changed nothing.
    Ignored(Ignored),
    /// A command that may not be. Facts may still be said (a refusal of business interest is one).
    Refused(Refusal),
    /// It could be decoded, and makes no sense: quarantine.
    Unreadable(Fault),
}

/// Why an input changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Seen before, under the same identity.
    Duplicate,
    /// Older than what is known.
    Stale,
    /// New, and says nothing that was not known.
    Unchanged,
    /// Not for this aggregate.
    Irrelevant,
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable slug; `docs/errors/` has its page.
    pub code: &'static str,
    /// For the person or service that asked.
    pub detail: String,
}

/// Why an input could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable slug: "field-missing".
    pub reason: &'static str,
    /// Path of the field in the input, or empty.
    pub field: String,
    pub detail: String,
}

impl Fault {
    /// A fault that names its field.
    pub fn field(reason: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Fault {
        Fault { reason, field: field.into(), detail: detail.into() }
    }

    /// A fault of the whole.
    pub fn whole(reason: &'static str, detail: impl Into<String>) -> Fault {
        Fault { reason, field: String::new(), detail: detail.into() }
    }
}

impl<F, M> Decision<F, M> {
    /// Facts to say.
    pub fn say(facts: Vec<F>) -> Self {
        Decision { facts, messages: Vec::new(), outcome: Outcome::Accepted }
    }

    /// Nothing changes.
    pub fn ignore(reason: Ignored) -> Self {
        Decision { facts: Vec::new(), messages: Vec::new(), outcome: Outcome::Ignored(reason) }
    }

    /// The command may not be.
    pub fn refuse(code: &'static str, detail: impl Into<String>) -> Self {
        let refusal = Refusal { code, detail: detail.into() };
        Decision { facts: Vec::new(), messages: Vec::new(), outcome: Outcome::Refused(refusal) }
    }

    /// The input goes to quarantine.
    pub fn unreadable(fault: Fault) -> Self {
        Decision { facts: Vec::new(), messages: Vec::new(), outcome: Outcome::Unreadable(fault) }
    }

    /// Adds messages.
    #[must_use]
    pub fn tell(mut self, messages: Vec<M>) -> Self {
        self.messages.extend(messages);
        self
    }

    /// Adds facts.
    #[must_use]
    pub fn and_say(mut self, facts: Vec<F>) -> Self {
        self.facts.extend(facts);
        self
    }
}

#[cfg(test)]
mod tests;
