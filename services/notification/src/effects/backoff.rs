//! How long to wait before the next attempt: doubling, with jitter, and not for ever.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// No wait is longer than this, whatever the target asks for.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// The plan of attempts.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// Before the second attempt; each later wait is twice the one before.
    pub first: Duration,
    /// Attempts in all.
    pub attempts_max: u32,
}

impl Backoff {
    /// 8 attempts over about ten minutes.
    pub const USUAL: Backoff = Backoff { first: Duration::from_secs(5), attempts_max: 8 };

    /// How long to wait after `made` attempts; nothing if that was the last.
    ///
    /// Jitter is ± 20 %, drawn from the notice's own id: notices that failed together come back apart.
    pub fn after(&self, made: u32, notice_id: &str, asked: Option<Duration>) -> Option<Duration> {
        if made >= self.attempts_max {
            return None;
        }
        let doubled = self.first.saturating_mul(2u32.saturating_pow(made.saturating_sub(1)));
        let waited = doubled.max(asked.unwrap_or_default()).min(LONGEST);
        Some(waited / 1000 * (800 + jitter(notice_id, made)))
    }
}

fn jitter(notice_id: &str, made: u32) -> u32 {
    let mut hasher = DefaultHasher::new();
    (notice_id, made).hash(&mut hasher);
    u32::try_from(hasher.finish() % 401).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_attempts_take_about_ten_minutes() {
        let waits: Vec<Duration> = (1..8).filter_map(|made| Backoff::USUAL.after(made, "a", None)).collect();
        let sum: Duration = waits.iter().sum();
        assert_eq!(waits.len(), 7);
        assert!((500..770).contains(&sum.as_secs()), "{waits:?}");
        assert_eq!(Backoff::USUAL.after(8, "a", None), None);
    }

    #[test]
    fn notices_that_failed_together_come_back_apart() {
        let waits: std::collections::BTreeSet<Duration> =
            (0..50).filter_map(|n| Backoff::USUAL.after(1, &format!("notice {n}"), None)).collect();
        assert!(waits.len() > 25, "{waits:?}");
        assert!(waits.iter().all(|wait| (4000..=6000).contains(&wait.as_millis())));
    }

    #[test]
    fn a_target_that_asks_for_more_time_gets_it_up_to_an_hour() {
        let wait = |seconds| Backoff::USUAL.after(1, "a", Some(Duration::from_secs(seconds)));
        assert!(wait(100).is_some_and(|wait| wait >= Duration::from_secs(80)));
        assert!(wait(1_000_000).is_some_and(|wait| wait <= LONGEST * 12 / 10));
    }
}
