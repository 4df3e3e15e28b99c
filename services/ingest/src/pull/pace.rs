//! How long a shop is left alone after a pull, or a question about announced orders, that failed (REQUIREMENTS IN-5).

use std::time::Duration;

/// After the first failure in a row, the second, …; after more than these the last.
const PAUSES_S: [u64; 5] = [30, 60, 120, 300, 600];

/// From so many failures in a row on somebody should look.
pub const FAILURES_TO_ALERT: u32 = 3;

/// The pause after this many failures in a row; questions about announced orders keep the same ones.
pub(crate) fn pause_after(failures: u32) -> Duration {
    let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    Duration::from_secs(PAUSES_S[index.min(PAUSES_S.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_minutes() {
        let pauses: Vec<u64> = [1, 2, 3, 4, 5, 6, u32::MAX].map(|failures| pause_after(failures).as_secs()).to_vec();
        assert_eq!(pauses, [30, 60, 120, 300, 600, 600, 600]);
    }
}
