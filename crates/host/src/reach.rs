//! What a process needs from outside before it can work: tried until it is there, while the process serves and is not ready.

use crate::error::{Kind, Problem, kind};
use crate::health::Condition;
use crate::lifecycle::Drain;
use crate::process::BoxError;
use std::time::Duration;

/// Usual pause between two tries.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// Why something could not be had.
#[derive(Debug)]
pub enum Miss {
    /// It does not answer now; the next try may find it.
    Away(String),
    /// No try will find it otherwise, so the process ends.
    Never(BoxError),
}

impl Miss {
    /// It refuses, and will not come right by itself. A sentence on a setting of a broker or topic ends the process as a fault
    /// of the configuration does, with 64; anything else with 70.
    pub fn refused(why: String) -> Miss {
        Miss::Never(match setting(&why) {
            Some(kind) => Problem::new(kind, why).into(),
            None => why.into(),
        })
    }
}

/// The sentences of a settings check begin with the part that they are about; brokers come first.
fn setting(why: &str) -> Option<Kind> {
    match why.split_once(' ')?.0 {
        "broker" => Some(kind::BROKER_SETTING),
        "topic" => Some(kind::TOPIC_SETTING),
        _ => None,
    }
}

/// Tries again and again, each time where blocking hurts nobody. Nothing, where the drain comes first.
pub(crate) async fn reach<T: Send + 'static>(
    drain: &Drain,
    condition: &Condition,
    pause: Duration,
    attempt: impl Fn() -> Result<T, Miss> + Clone + Send + 'static,
) -> Result<Option<T>, BoxError> {
    loop {
        let tried = tokio::select! {
            tried = tokio::task::spawn_blocking(attempt.clone()) => tried?,
            () = drain.requested() => return Ok(None),
        };
        match tried {
            Ok(there) => return Ok(Some(there)),
            Err(Miss::Never(error)) => return Err(error),
            Err(Miss::Away(why)) => {
                tracing::warn!(why, "log not reached, trying again");
                condition.set(false, why);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = drain.requested() => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    //! What is away is tried again and named in readiness; what refuses ends it; the drain ends the waiting.
    use super::*;
    use crate::health::Readiness;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn it_is_tried_until_it_is_there_and_readiness_says_what_is_missing() {
        let (drain, readiness, tries) = (Drain::new(), Readiness::new(), Arc::new(AtomicU32::new(0)));
        let condition = readiness.condition("log");
        let seen = tries.clone();
        let attempt = move || match seen.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Miss::Away("nobody answers".to_owned())),
            _ => Ok("there"),
        };
        let reached = reach(&drain, &condition, Duration::ZERO, attempt).await.expect("it does not refuse");
        assert_eq!((reached, tries.load(Ordering::SeqCst)), (Some("there"), 2));
        assert_eq!(readiness.to_json()["conditions"][0]["reason"], "nobody answers");
    }

    #[tokio::test]
    async fn the_drain_ends_the_waiting() {
        let (drain, readiness) = (Drain::new(), Readiness::new());
        let condition = readiness.condition("log");
        drain.request();
        let attempt = || Err::<(), _>(Miss::Away("nobody answers".to_owned()));
        let reached = reach(&drain, &condition, PAUSE, attempt).await;
        assert!(matches!(reached, Ok(None)), "{reached:?}");
    }

    #[test]
    fn a_refusal_over_a_setting_is_told_from_any_other() {
        let kind_of = |why: &str| match Miss::refused(why.to_owned()) {
            Miss::Never(error) => error.downcast_ref::<Problem>().map(Problem::kind),
            Miss::Away(_) => panic!("it would be tried again"),
        };
        let topic = "topic weir.orders: cleanup.policy is compact; it should be delete (state is folded)";
        let broker = "broker 1: auto.create.topics.enable is true; it should be false (shape)";
        assert_eq!(kind_of(topic), Some(kind::TOPIC_SETTING));
        assert_eq!(kind_of(&format!("{broker}; {topic}")), Some(kind::BROKER_SETTING));
        assert_eq!(kind_of("no thread can be started"), None);
    }
}
