//! How a process ends: asked to, or because a part of it can not go on.
//!
//! Tasks wait on [`Drain`], OS threads look at it; both may report through [`Fatal`]. [`Crew`] knows who is still at work,
//! so that the drain can wait for them and name those who did not finish.

use crate::error::{Kind, Problem};
use crate::process::BoxError;
use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The request to end, seen from a task or from an OS thread.
#[derive(Clone, Default)]
pub struct Drain {
    token: CancellationToken,
    flag: Arc<AtomicBool>,
}

/// Ends the process because a part of it can not go on.
#[derive(Clone)]
pub struct Fatal(mpsc::UnboundedSender<Fall>);

/// Which part fell, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Fall {
    pub part: String,
    /// With its causes.
    pub reason: String,
    /// Of the one error set, where it is of that.
    pub kind: Option<Kind>,
}

/// The parts at work. Each must work until the drain begins.
#[derive(Clone)]
pub struct Crew {
    drain: Drain,
    fatal: Fatal,
    at_work: Arc<watch::Sender<u64>>,
    names: Arc<Mutex<BTreeMap<u64, String>>>,
}

/// Signs a part off when it ends, however it ends.
struct Shift {
    crew: Crew,
    number: u64,
    part: String,
    result: Option<Result<(), BoxError>>,
}

// === impl Drain ===

impl Drain {
    pub fn new() -> Self {
        Self::default()
    }

    /// For an OS thread to look at in its loop.
    pub fn is_requested(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    /// For a task to wait on.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// A plain flag, for code that should know nothing of this crate.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.flag.clone()
    }

    /// A token, for code that should know nothing of this crate.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Begins the drain for everyone who holds this.
    pub fn request(&self) {
        self.flag.store(true, Ordering::Release);
        self.token.cancel();
    }
}

// === impl Fatal ===

impl Fatal {
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Fall>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Ends the process: with exit code 64 over a setting, else with 70. Does not block, so it may be called from anywhere.
    pub fn report(&self, part: impl Into<String>, error: impl Into<BoxError>) {
        let error = error.into();
        let kind = error.downcast_ref::<Problem>().map(Problem::kind);
        let fall = Fall { part: part.into(), reason: with_causes(error.as_ref()), kind };
        // Nobody listens once the process is going, and then there is nothing left to end.
        let _ = self.0.send(fall);
    }
}

// === impl Crew ===

impl Crew {
    pub fn new(drain: Drain, fatal: Fatal) -> Self {
        Self { drain, fatal, at_work: Arc::new(watch::Sender::new(0)), names: Arc::default() }
    }

    /// Starts a task that must work until the drain.
    pub fn task<E: Into<BoxError>>(
        &self,
        part: impl Into<String>,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let shift = self.sign_on(part.into());
        tokio::spawn(async move {
            let shift = shift;
            shift.sign_off(work.await);
        });
    }

    /// Starts an OS thread that must work until the drain; it gets the drain to look at.
    pub fn thread<E: Into<BoxError>>(
        &self,
        part: impl Into<String>,
        work: impl FnOnce(Drain) -> Result<(), E> + Send + 'static,
    ) -> std::io::Result<()> {
        let part = part.into();
        let drain = self.drain.clone();
        let shift = self.sign_on(part.clone());
        let builder = std::thread::Builder::new().name(part);
        builder.spawn(move || {
            let shift = shift;
            shift.sign_off(work(drain));
        })?;
        Ok(())
    }

    /// Waits for all parts to end; the names of those that did not, after `grace`.
    pub async fn dismissed(&self, grace: Duration) -> Result<(), Vec<String>> {
        let mut at_work = self.at_work.subscribe();
        let all_gone = at_work.wait_for(|count| *count == 0);
        let in_time = tokio::time::timeout(grace, all_gone).await.is_ok();
        if in_time { Ok(()) } else { Err(self.names().values().cloned().collect()) }
    }

    fn sign_on(&self, part: String) -> Shift {
        let mut names = self.names();
        let number = names.keys().next_back().map_or(0, |last| last + 1);
        names.insert(number, part.clone());
        self.at_work.send_modify(|count| *count += 1);
        Shift { crew: self.clone(), number, part, result: None }
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        // The map is changed by single inserts and removals, so a panic elsewhere leaves it whole.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shift {
    fn sign_off<E: Into<BoxError>>(mut self, result: Result<(), E>) {
        self.result = Some(result.map_err(Into::into));
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        let draining = self.crew.drain.is_requested();
        let part = self.part.as_str();
        match self.result.take() {
            Some(Ok(())) if draining => tracing::debug!(part, "part ended"),
            Some(Ok(())) => self.crew.fatal.report(part, "ended without being asked to"),
            Some(Err(error)) if draining => {
                let reason = with_causes(error.as_ref());
                tracing::warn!(part, reason, "part failed while draining");
            }
            Some(Err(error)) => self.crew.fatal.report(part, error),
            None => self.crew.fatal.report(part, "panicked, see the log line before this"),
        }
        self.crew.names().remove(&self.number);
        self.crew.at_work.send_modify(|count| *count -= 1);
    }
}

/// An error in one line: Display of ours names no cause.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    //! A part that ends early is fatal, whatever the way; one that ends on request is not.
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn crew() -> (Crew, Drain, mpsc::UnboundedReceiver<Fall>) {
        let drain = Drain::new();
        let (fatal, falls) = Fatal::channel();
        (Crew::new(drain.clone(), fatal), drain, falls)
    }

    async fn fall(falls: &mut mpsc::UnboundedReceiver<Fall>) -> (String, String) {
        let fall = falls.recv().await.expect("the crew holds a sender");
        (fall.part, fall.reason)
    }

    #[tokio::test]
    async fn an_early_end_is_fatal_whatever_the_way() {
        let (crew, _drain, mut falls) = crew();
        crew.task("relay", async { Err("connection refused") });
        assert_eq!(fall(&mut falls).await, ("relay".to_owned(), "connection refused".to_owned()));
        crew.thread("stage", |_| Ok::<(), String>(())).expect("a thread can be had");
        let (part, reason) = fall(&mut falls).await;
        assert_eq!((part.as_str(), reason.as_str()), ("stage", "ended without being asked to"));
        crew.thread("fold", |_| -> Result<(), String> { panic!("a bug") }).expect("a thread can be had");
        let (part, reason) = fall(&mut falls).await;
        assert_eq!(part, "fold");
        assert!(reason.starts_with("panicked"), "{reason}");
    }

    #[tokio::test]
    async fn a_fall_says_of_which_kind_it_is_and_names_every_cause() {
        let (crew, _drain, mut falls) = crew();
        let refused = Problem::new(crate::kind::TOPIC_SETTING, "topic weir.orders: wrong");
        crew.task("log", async move { Err(BoxError::from(refused)) });
        let told = falls.recv().await.expect("the crew holds a sender");
        assert_eq!(told.kind, Some(crate::kind::TOPIC_SETTING));
        assert!(told.reason.contains("topic weir.orders: wrong"), "{}", told.reason);
        let unread = Problem::new(crate::kind::INTERNAL, "the rows are away");
        crew.task("rows", async move { Err(std::io::Error::other(Outer(unread))) });
        let told = falls.recv().await.expect("the crew holds a sender");
        assert_eq!((told.kind, told.reason.as_str()), (None, "outer: internal: the rows are away"));
    }

    #[derive(Debug)]
    struct Outer(Problem);

    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outer")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[tokio::test]
    async fn parts_that_end_on_request_are_waited_for() {
        let (crew, drain, mut falls) = crew();
        let for_task = drain.clone();
        crew.task("relay", async move {
            for_task.requested().await;
            Ok::<(), String>(())
        });
        crew.thread("stage", |drain| {
            while !drain.is_requested() {
                std::thread::yield_now();
            }
            Ok::<(), String>(())
        })
        .expect("a thread can be had");
        let still_there = crew.dismissed(Duration::ZERO).await;
        assert_eq!(still_there, Err(vec!["relay".to_owned(), "stage".to_owned()]));
        drain.request();
        assert_eq!(crew.dismissed(PATIENCE).await, Ok(()));
        assert!(falls.try_recv().is_err());
    }
}
