//! What the stage's thread hands over: everything due when it can be sent, nothing before, nothing after, each once.

use super::*;
use crate::domain::{Input, Kind, Parameters, Recipient};
use crate::effects::backoff::Backoff;
use crate::effects::job::{Attempts, Ended, Outcomes, Verdict};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use weir_decider::{Decider as _, Millis, Moment};

const ORDER: &str = "order-1";

/// Every attempt succeeds and is kept.
#[derive(Default)]
struct Sent(Mutex<Vec<Subject>>);

impl Attempts for Sent {
    fn attempt(&self, job: Arc<Job>, _: u32) -> BoxFuture<'static, Verdict> {
        self.0.lock().expect("nobody panics with it").push(job.subject);
        Box::pin(std::future::ready(Verdict::Sent { answer: String::new() }))
    }
}

struct Forgotten;

impl Outcomes for Forgotten {
    fn record(&self, _: Ended) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A stage's worker, as far as its effects can see.
struct Stage {
    desk: Desk,
    state: Notices,
    sent: Arc<Sent>,
    drain: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Stage {
    fn start(state: Notices) -> Stage {
        let limits = dispatcher::Limits {
            backoff: Backoff::USUAL,
            running_max: 4,
            per_target_max: 4,
            give_up_after: Duration::from_secs(60),
        };
        let (drain, drained) = watch::channel(false);
        let sent = Arc::new(Sent::default());
        let (handle, task) = dispatcher::start(limits, sent.clone(), Arc::new(Forgotten), drained);
        Stage { desk: Desk::new(0, handle), state, sent, drain, task }
    }

    /// Decides all of it in one transaction, commits, and tells the effects.
    fn commit(&mut self, inputs: &[Input]) {
        let mut said = Vec::new();
        for input in inputs {
            let decision = self.state.decide(Moment { key: ORDER, at: Millis(1), world: &() }, input);
            decision.facts.iter().for_each(|fact| self.state.evolve(Millis(1), fact));
            said.extend(decision.facts);
        }
        for fact in &said {
            self.desk.committed(0, ORDER, &self.state, fact, None);
        }
    }

    fn sent(&self) -> Vec<Subject> {
        let mut sent = self.sent.0.lock().expect("nobody panics with it").clone();
        sent.sort();
        sent
    }

    /// Waits until this many were sent, then ends; so that one too many would be seen.
    async fn ends_with(self, count: usize) -> Vec<Subject> {
        let patience = Duration::from_secs(10);
        weir_testkit::wait_for_async("the sends", patience, || async { (self.sent().len() >= count).then_some(()) })
            .await;
        self.drain.send(true).expect("the dispatcher listens");
        let sent = self.sent.clone();
        self.task.await.expect("it does not panic");
        let mut sent = sent.0.lock().expect("nobody panics with it").clone();
        sent.sort();
        sent
    }
}

fn placed() -> Input {
    Input::Placed(Recipient { ship_to: vec![7], ..Recipient::default() })
}

fn shipped() -> Input {
    Input::Happened { kind: Kind::Shipped, parameters: Parameters::new() }
}

fn both() -> [Subject; 4] {
    let mut all = [
        Subject::email(Kind::Placed),
        Subject::webhook(Kind::Placed),
        Subject::email(Kind::Shipped),
        Subject::webhook(Kind::Shipped),
    ];
    all.sort();
    all
}

#[tokio::test]
async fn what_came_before_its_order_is_sent_with_it_and_once() {
    let mut stage = Stage::start(Notices::default());
    stage.commit(&[shipped()]);
    stage.commit(&[placed()]);
    assert_eq!(stage.ends_with(4).await, both());
}

#[tokio::test]
async fn facts_of_one_transaction_are_sent_once() {
    let mut stage = Stage::start(Notices::default());
    stage.commit(&[placed(), shipped()]);
    assert_eq!(stage.ends_with(4).await, both());
}

#[tokio::test]
async fn a_take_over_sends_what_has_no_outcome_and_nothing_else() {
    let mut state = Notices::default();
    let settled = Subject::webhook(Kind::Placed);
    for input in [placed(), shipped()] {
        let decision = state.decide(Moment { key: ORDER, at: Millis(1), world: &() }, &input);
        decision.facts.iter().for_each(|fact| state.evolve(Millis(1), fact));
    }
    state.evolve(Millis(2), &Fact::Sent { subject: settled, attempts: 1, answer: String::new() });
    let mut stage = Stage::start(Notices::default());
    stage.desk.taken(0, &mut [(ORDER, &state)].into_iter());
    let expected: Vec<Subject> = both().into_iter().filter(|subject| *subject != settled).collect();
    assert_eq!(stage.ends_with(3).await, expected);
}
