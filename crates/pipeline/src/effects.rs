//! Calls to the outside world: they run from committed facts only, and their outcomes come back as commands.

use crate::Topology;
use weir_decider::Decider;

/// Hands what is due to whoever calls the world. Runs on the stage's thread: it must hand over and return at once.
pub trait Effects<T: Topology>: Send {
    /// A partition was taken over: `states` are all its aggregates. Whatever is due and not settled is to be done again,
    /// under the same id.
    fn taken(&mut self, partition: i32, states: &mut dyn Iterator<Item = (&str, &T::State)>);

    /// A fact was committed. `state` holds it, and perhaps later facts of the same transaction.
    fn committed(
        &mut self,
        partition: i32,
        key: &str,
        state: &T::State,
        fact: &<T::State as Decider>::Fact,
        traceparent: Option<&str>,
    );

    /// The partition belongs to another: what was handed over and not begun is to be dropped.
    fn lost(&mut self, partition: i32);
}

/// A stage that calls nobody.
pub struct NoEffects;

impl<T: Topology> Effects<T> for NoEffects {
    fn taken(&mut self, _: i32, _: &mut dyn Iterator<Item = (&str, &T::State)>) {}

    fn committed(&mut self, _: i32, _: &str, _: &T::State, _: &<T::State as Decider>::Fact, _: Option<&str>) {}

    fn lost(&mut self, _: i32) {}
}
