//! Planted bugs: wrong code beside the right one, off in every build that is not made to look for them.
//!
//! A check that never fails shows nothing. So the places where a mistake would cost the most have one planted, under a name; the
//! simulator turns one on at a time and must find it. Without the feature `plants`, [`planted`] is a constant `false`, and nothing of
//! it is left in the binary. It lives here because rules and the loop around them both see this crate.

/// Whether this bug is in force on this thread. A simulated world runs on one.
#[cfg(not(feature = "plants"))]
#[inline(always)]
pub const fn planted(_name: &str) -> bool {
    false
}

#[cfg(feature = "plants")]
pub use sown::planted;

/// The right code again, on this thread: for checks that fold with it.
#[cfg(not(feature = "plants"))]
#[inline(always)]
pub const fn lift() {}

#[cfg(feature = "plants")]
pub use sown::{lift, sow};

#[cfg(feature = "plants")]
mod sown {
    use std::cell::Cell;

    thread_local! {
        static IN_FORCE: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Puts this bug in force on this thread, in place of any other.
    pub fn sow(name: &'static str) {
        IN_FORCE.set(Some(name));
    }

    pub fn lift() {
        IN_FORCE.set(None);
    }

    pub fn planted(name: &str) -> bool {
        IN_FORCE.get() == Some(name)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn one_is_in_force_at_a_time_and_on_its_own_thread() {
            sow("a");
            sow("b");
            assert!(planted("b") && !planted("a"));
            let elsewhere = std::thread::spawn(|| planted("b")).join();
            assert!(!elsewhere.expect("joined"));
            lift();
            assert!(!planted("b"));
        }
    }
}
