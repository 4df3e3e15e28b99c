//! What the stage's thread hands over: every wanted order, and no other.

use super::*;
use crate::domain::{Announced, Delivery, NotFound};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use weir_decider::{Decider as _, Millis, Moment};
use weir_host::Drain;
use weir_testkit::wait_for_async;

/// Notes what it is asked, and has it.
#[derive(Default)]
struct Platform(Mutex<Vec<(String, i64)>>);

impl Asking for Platform {
    fn ids_max(&self, _: &At) -> Result<usize, Unaskable> {
        Ok(50)
    }

    fn ask(&self, _: At, questions: Vec<Question>) -> BoxFuture<'static, Result<Vec<Told>, Failed>> {
        let mut asked = self.0.lock().expect("nobody panics with it");
        asked.extend(questions.iter().map(|question| (question.id.clone(), question.version)));
        Box::pin(std::future::ready(Ok(vec![Told::Answered; questions.len()])))
    }
}

/// A stage's worker, as far as its effects can see.
struct Stage {
    desk: Desk,
    platform: Arc<Platform>,
    stop: Drain,
    task: tokio::task::JoinHandle<()>,
}

impl Stage {
    fn start() -> Stage {
        let (platform, stop) = (Arc::new(Platform::default()), Drain::new());
        let (handle, work) = start(platform.clone(), stop.clone());
        Stage { desk: Desk::new(0, handle), platform, stop, task: tokio::spawn(work) }
    }

    /// Decides all of it in one transaction, commits, and tells the effects.
    fn commit(&mut self, state: &mut State, key: &str, inputs: &[Delivery]) {
        let mut said = Vec::new();
        for input in inputs {
            let world = crate::domain::World::default();
            let decision = state.decide(Moment { key, at: Millis(1), world: &world }, input);
            decision.facts.iter().for_each(|fact| state.evolve(Millis(1), fact));
            said.extend(decision.facts);
        }
        for fact in &said {
            self.desk.committed(0, key, state, fact, None);
        }
    }

    /// What was asked, up to an order that is wanted now.
    async fn ends(mut self) -> Vec<(String, i64)> {
        self.commit(&mut State::default(), "o-last", &[notice("last", 1)]);
        let platform = self.platform.clone();
        let asked = || async {
            let asked = platform.0.lock().expect("nobody panics with it").clone();
            asked.iter().any(|(id, _)| id == "last").then_some(asked)
        };
        let mut asked = wait_for_async("the last question", Duration::from_secs(30), asked).await;
        self.stop.request();
        self.task.await.expect("it does not panic");
        asked.retain(|(id, _)| id != "last");
        asked
    }
}

fn notice(id: &str, version: i64) -> Delivery {
    let announced = Announced {
        channel: "tiktok".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: id.to_owned(),
        kind: "1".to_owned(),
    };
    Delivery { version, announced: Some(Box::new(announced)), ..Delivery::default() }
}

fn no(version: i64) -> Delivery {
    let not_found = NotFound { version, reason: "none".to_owned() };
    Delivery { not_found: Some(not_found), ..Delivery::default() }
}

fn whole(version: i64) -> Delivery {
    Delivery { version, content: Some(Box::default()), ..Delivery::default() }
}

#[tokio::test]
async fn notices_of_one_transaction_are_one_question() {
    let mut stage = Stage::start();
    stage.commit(&mut State::default(), "o-1", &[notice("1", 1), notice("1", 2), notice("1", 2)]);
    assert_eq!(stage.ends().await, [("1".to_owned(), 2)]);
}

#[tokio::test]
async fn what_is_known_already_is_not_asked_for() {
    let mut stage = Stage::start();
    stage.commit(&mut State::default(), "o-1", &[notice("1", 1), whole(1)]);
    let mut second = State::default();
    stage.commit(&mut second, "o-2", &[notice("2", 1)]);
    stage.commit(&mut second, "o-2", &[no(1)]);
    assert_eq!(stage.ends().await, []);
}

#[tokio::test]
async fn a_take_over_asks_for_what_is_wanted_and_nothing_else() {
    let mut stage = Stage::start();
    let state = |inputs: &[Delivery]| {
        let (mut state, world) = (State::default(), crate::domain::World::default());
        for input in inputs {
            let decision = state.decide(Moment { key: "o", at: Millis(1), world: &world }, input);
            decision.facts.iter().for_each(|fact| state.evolve(Millis(1), fact));
        }
        state
    };
    let wanted = state(&[notice("1", 3), whole(1)]);
    let known = state(&[notice("2", 3), whole(3)]);
    stage.desk.taken(0, &mut [("o-1", &wanted), ("o-2", &known)].into_iter());
    stage.desk.taken(1, &mut [("o-3", &state(&[notice("3", 1)]))].into_iter());
    stage.desk.lost(1);
    assert_eq!(stage.ends().await, [("1".to_owned(), 3)]);
}
