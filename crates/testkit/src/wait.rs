//! Waiting on a condition, never on a length of time.

use std::future::Future;
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at: often enough not to slow a test, seldom enough not to load it.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until the answer is there, and returns it.
///
/// # Panics
/// With `what` it waited for, when `patience` is over.
pub fn wait_for<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        give_up_when_over(what, patience, start);
        thread::sleep(PAUSE);
    }
}

/// As [`wait_for`], for a question that is itself asynchronous.
pub async fn wait_for_async<T, F>(what: &str, patience: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        give_up_when_over(what, patience, start);
        tokio::time::sleep(PAUSE).await;
    }
}

fn give_up_when_over(what: &str, patience: Duration, start: Instant) {
    let waited = start.elapsed();
    assert!(waited < patience, "waited {waited:.1?} in vain for {what}");
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn the_answer_is_returned_once_it_is_there() {
        let mut asked = 0;
        let answer = wait_for("the third try", Duration::from_secs(5), || {
            asked += 1;
            (asked == 3).then_some(asked)
        });
        assert_eq!(answer, 3);
    }

    #[test]
    fn a_vain_wait_says_what_it_waited_for() {
        let panicked = panic::catch_unwind(|| {
            wait_for("a pick list", Duration::ZERO, || None::<()>);
        });
        let payload = panicked.expect_err("the condition never holds");
        let message = payload.downcast_ref::<String>().expect("a message");
        assert!(message.contains("a pick list"), "{message}");
    }
}
