//! given / when / then, over any decider.

use crate::{Decider, Decision, Ignored, Millis, Moment, Outcome};
use std::fmt::Debug;

/// Starts a scenario with what has been said so far.
pub fn given<D: Decider>(facts: impl IntoIterator<Item = D::Fact>) -> Scenario<D>
where
    D::World: Default,
{
    let mut state = D::default();
    for fact in facts {
        state.evolve(Millis(0), &fact);
    }
    Scenario { state, world: D::World::default(), at: Millis(0), key: "order-1".to_owned() }
}

/// An aggregate with a history, in a world, at a time.
pub struct Scenario<D: Decider> {
    state: D,
    world: D::World,
    at: Millis,
    key: String,
}

impl<D: Decider> Scenario<D> {
    /// Sets the time of what follows.
    #[must_use]
    pub fn at(mut self, ms: i64) -> Self {
        self.at = Millis(ms);
        self
    }

    /// Sets the reference data.
    #[must_use]
    pub fn world(mut self, world: D::World) -> Self {
        self.world = world;
        self
    }

    /// Sets the aggregate's key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    /// The input under test.
    pub fn when(self, input: &D::Input) -> Verdict<D> {
        let moment = Moment { key: &self.key, at: self.at, world: &self.world };
        let decision = self.state.decide(moment, input);
        Verdict { decision, at: self.at, state: self.state, world: self.world, key: self.key }
    }

    /// The deadline passes.
    pub fn when_due(self) -> Verdict<D> {
        let moment = Moment { key: &self.key, at: self.at, world: &self.world };
        let decision = self.state.expire(moment);
        Verdict { decision, at: self.at, state: self.state, world: self.world, key: self.key }
    }

    /// The state, for what facts alone can't show.
    pub fn state(&self) -> &D {
        &self.state
    }
}

/// What came of it.
pub struct Verdict<D: Decider> {
    decision: Decision<D::Fact, D::Message>,
    at: Millis,
    state: D,
    world: D::World,
    key: String,
}

impl<D: Decider> Verdict<D>
where
    D::Fact: Debug + PartialEq,
    D::Message: Debug + PartialEq,
{
    /// These facts, and accepted.
    #[track_caller]
    pub fn then(self, facts: &[D::Fact]) -> Self {
        assert_eq!(self.decision.facts, facts, "the facts differ");
        assert_eq!(self.decision.outcome, Outcome::Accepted);
        self
    }

    /// These messages to others.
    #[track_caller]
    pub fn tells(self, messages: &[D::Message]) -> Self {
        assert_eq!(self.decision.messages, messages, "the messages differ");
        self
    }

    /// Refused with this code.
    #[track_caller]
    pub fn refuses(self, code: &str) -> Self {
        match &self.decision.outcome {
            Outcome::Refused(refusal) => assert_eq!(refusal.code, code, "refused for another reason: {refusal:?}"),
            other => panic!("expected the refusal {code}, got {other:?}"),
        }
        self
    }

    /// Ignored for this reason, with no fact.
    #[track_caller]
    pub fn ignores(self, reason: Ignored) -> Self {
        assert_eq!(self.decision.outcome, Outcome::Ignored(reason));
        assert_eq!(self.decision.facts, [], "an ignored input says nothing");
        self
    }

    /// Sent to quarantine for this reason, naming this field.
    #[track_caller]
    pub fn cannot_read(self, reason: &str, field: &str) -> Self {
        match &self.decision.outcome {
            Outcome::Unreadable(fault) => {
                assert_eq!((fault.reason, fault.field.as_str()), (reason, field), "another fault: {fault:?}");
            }
            other => panic!("expected the fault {reason} at {field}, got {other:?}"),
        }
        self
    }

    /// Takes the facts in and goes on.
    pub fn and(self) -> Scenario<D> {
        let mut state = self.state;
        for fact in &self.decision.facts {
            state.evolve(self.at, fact);
        }
        Scenario { state, world: self.world, at: self.at, key: self.key }
    }

    /// The decision itself.
    pub fn decision(&self) -> &Decision<D::Fact, D::Message> {
        &self.decision
    }
}
