//! Which actor of a world runs on this thread now, and how it stops until later.

use crate::settings::Micros;
use std::cell::Cell;

/// An actor's turn: who has it, and what it wants when it stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) actor: u32,
    pub(crate) process: u32,
    /// The call of the log that it is in.
    pub(crate) doing: &'static str,
    pub(crate) until: Micros,
    /// News may end the wait sooner.
    pub(crate) news: bool,
}

thread_local! {
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
}

/// Gives an actor its turn, until [`leave`].
pub(crate) fn enter(actor: u32, process: u32) {
    TURN.set(Some(Turn { actor, process, doing: "", until: 0, news: false }));
}

/// Nobody has a turn any more.
pub(crate) fn leave() -> Option<Turn> {
    TURN.take()
}

/// Where the caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a thread of its own, or on a world's own stack.
    Outside,
    Actor(u32),
    /// In an actor that is being killed, or has panicked: what is dropped there neither waits nor speaks.
    Unwinding,
}

pub(crate) fn place() -> Place {
    match TURN.get() {
        None => Place::Outside,
        Some(_) if std::thread::panicking() => Place::Unwinding,
        Some(turn) => Place::Actor(turn.actor),
    }
}

pub(crate) fn actor() -> Option<u32> {
    TURN.get().map(|turn| turn.actor)
}

pub(crate) fn process() -> Option<u32> {
    TURN.get().map(|turn| turn.process)
}

/// Says what the actor is about to do.
pub(crate) fn begin(doing: &'static str) {
    if let Some(turn) = TURN.get() {
        TURN.set(Some(Turn { doing, ..turn }));
    }
}

/// Stops the actor until then, or until there is news for it. Unwinds instead of returning where it is killed meanwhile.
pub(crate) fn park(until: Micros, news: bool) {
    if let Some(turn) = TURN.get() {
        TURN.set(Some(Turn { until, news, ..turn }));
        generator::co_yield_with(());
        // What comes next belongs to the call that waited.
        begin(turn.doing);
    }
}
