//! Stacks for actors. They are used again, because a run begins hundreds of actors, and a fresh stack costs page faults.

use generator::{Generator, Gn};
use std::any::Any;
use std::cell::RefCell;
use std::ptr::NonNull;

/// Size of a stack in words: 1 MiB, of which only what is touched is ever there. A small production stage needs 40 KiB in a debug
/// build (`tests/world/cost.rs`).
const WORDS: usize = 128 * 1024;
/// Stacks kept for later, on each thread.
const KEPT_MAX: usize = 256;

thread_local! {
    static KEPT: RefCell<Vec<Generator<'static, (), ()>>> = const { RefCell::new(Vec::new()) };
}

/// A body on its own stack.
pub(super) struct Coroutine(Generator<'static, (), ()>);

impl Coroutine {
    pub(super) fn new(body: impl FnOnce() + Send + 'static) -> Coroutine {
        if let Some(mut kept) = KEPT.with_borrow_mut(Vec::pop) {
            kept.init_code(body);
            return Coroutine(kept);
        }
        let mut fresh = Gn::<()>::new_opt(WORDS, body);
        // With something there, a panic stays inside until it is asked for; what it is does not matter.
        fresh.set_local_data(NonNull::dangling().as_ptr());
        Coroutine(fresh)
    }

    /// Runs until it stops; false where it has come to its end.
    pub(super) fn resume(&mut self) -> bool {
        self.0.resume();
        !self.0.is_done()
    }

    /// Unwinds it from where it stopped.
    pub(super) fn cancel(&mut self) {
        self.0.cancel();
    }

    /// Gives the stack back; says what it panicked with, if it did.
    pub(super) fn end(mut self) -> Option<Box<dyn Any + Send>> {
        let panicked = self.0.get_panic_data();
        // After a panic nobody knows how far the stack was used.
        if panicked.is_none() {
            KEPT.with_borrow_mut(|kept| {
                if kept.len() < KEPT_MAX {
                    kept.push(self.0);
                }
            });
        }
        panicked
    }
}
