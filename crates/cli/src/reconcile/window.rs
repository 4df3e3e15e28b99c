//! A span of time that orders were placed in, and its days.

use crate::moment::rfc3339;
use std::fmt;

/// At most so much is looked at at once, and lies in memory.
const DAY_MS: i64 = 86_400_000;

/// From a moment on, and before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from_ms: i64,
    pub until_ms: i64,
}

impl Window {
    pub fn holds(self, at_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&at_ms)
    }

    /// How many [`days`](Window::days) it has.
    pub fn day_count(self) -> usize {
        self.days().count()
    }

    /// Its days, each from the hour of its beginning; the last may be shorter.
    pub fn days(self) -> impl Iterator<Item = Window> {
        let begins = std::iter::successors(Some(self.from_ms), |begin| begin.checked_add(DAY_MS));
        begins
            .take_while(move |begin| *begin < self.until_ms)
            .map(move |from_ms| Window { from_ms, until_ms: from_ms.saturating_add(DAY_MS).min(self.until_ms) })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", rfc3339(self.from_ms), rfc3339(self.until_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from_ms: i64, until_ms: i64) -> Window {
        Window { from_ms, until_ms }
    }

    #[test]
    fn the_days_of_a_window_follow_each_other_and_leave_nothing_out() {
        let days: Vec<Window> = window(5, 2 * DAY_MS + 6).days().collect();
        let wanted =
            [window(5, DAY_MS + 5), window(DAY_MS + 5, 2 * DAY_MS + 5), window(2 * DAY_MS + 5, 2 * DAY_MS + 6)];
        assert_eq!(days, wanted);
        assert_eq!(window(5, DAY_MS + 5).days().collect::<Vec<_>>(), [window(5, DAY_MS + 5)]);
        assert_eq!(window(5, 6).day_count(), 1);
        assert_eq!(window(5, 5).day_count(), 0);
    }

    #[test]
    fn a_window_has_its_first_moment_and_not_its_last() {
        let window = window(5, 7);
        assert_eq!([4, 5, 6, 7].map(|at| window.holds(at)), [false, true, true, false]);
    }
}
