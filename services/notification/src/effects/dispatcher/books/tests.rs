//! Each notice is started once at a time; what was lost or settled is not started; limits hold.

use super::*;
use crate::domain::{Kind, Parameters, Recipient, Subject};
use crate::effects::backoff::Backoff;
use weir_decider::Millis;

const SECOND: Duration = Duration::from_secs(1);

fn books() -> Books {
    Books::new(Limits {
        backoff: Backoff { first: SECOND, attempts_max: 3 },
        running_max: 4,
        per_target_max: 2,
        give_up_after: 3600 * SECOND,
    })
}

fn job(id: &str, shop: &str) -> Job {
    Job {
        notice_id: id.to_owned(),
        order_id: "order-1".to_owned(),
        worker: 0,
        partition: 0,
        subject: Subject::webhook(Kind::Placed),
        since: Millis(0),
        recipient: Recipient { shop: shop.to_owned(), ..Recipient::default() },
        parameters: Parameters::new(),
        traceparent: None,
    }
}

fn started(books: &mut Books, now: Instant) -> Vec<(String, u32)> {
    std::iter::from_fn(|| books.start_next(now)).map(|(job, number)| (job.notice_id.clone(), number)).collect()
}

fn ids(started: &[(String, u32)]) -> Vec<&str> {
    started.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn an_offer_is_taken_once() {
    let (mut books, now) = (books(), Instant::now());
    books.offer(job("a", "acme"));
    books.offer(job("a", "acme"));
    assert_eq!(started(&mut books, now), [("a".to_owned(), 1)]);
    books.offer(job("a", "acme"));
    assert_eq!(started(&mut books, now), []);
    let ended = books.attempted("a", Verdict::Sent { answer: "HTTP 200".to_owned() }, now).expect("it is over");
    assert_eq!((ended.sent, ended.attempts), (true, 1));
    books.offer(job("a", "acme"));
    assert_eq!(started(&mut books, now), [], "its outcome is on its way");
}

#[test]
fn targets_share_the_places() {
    let (mut books, now) = (books(), Instant::now());
    for id in ["a1", "a2", "a3", "a4"] {
        books.offer(job(id, "acme"));
    }
    for id in ["b1", "b2", "b3"] {
        books.offer(job(id, "bolt"));
    }
    assert_eq!(ids(&started(&mut books, now)), ["a1", "b1", "a2", "b2"]);
    books.attempted("b1", Verdict::Sent { answer: String::new() }, now);
    assert_eq!(ids(&started(&mut books, now)), ["b3"]);
}

#[test]
fn it_waits_between_attempts_and_gives_up_after_the_last() {
    let (mut books, mut now) = (books(), Instant::now());
    books.offer(job("a", "acme"));
    for number in 1..=2 {
        assert_eq!(started(&mut books, now), [("a".to_owned(), number)]);
        assert_eq!(books.attempted("a", Verdict::retry("HTTP 500"), now), None);
        assert_eq!(started(&mut books, now), []);
        now = books.next_wake().expect("there is a next attempt");
        books.wake(now);
    }
    assert_eq!(started(&mut books, now), [("a".to_owned(), 3)]);
    let ended = books.attempted("a", Verdict::retry("HTTP 500"), now).expect("it is over");
    assert_eq!((ended.sent, ended.attempts, ended.detail.as_str()), (false, 3, "attempts-used-up: HTTP 500"));
}

#[test]
fn what_was_lost_is_not_begun_and_comes_back_when_it_is_offered_again() {
    let (mut books, now) = (books(), Instant::now());
    books.offer(job("a", "acme"));
    books.lost(1, 0);
    books.lost(0, 0);
    assert_eq!(started(&mut books, now), []);
    books.offer(Job { worker: 1, ..job("a", "acme") });
    books.lost(0, 0);
    assert_eq!(started(&mut books, now), [("a".to_owned(), 1)], "the other worker's word does not count");
}

#[test]
fn what_runs_while_the_partition_is_lost_is_finished_and_not_tried_again() {
    let (mut books, now) = (books(), Instant::now());
    for id in ["a", "b"] {
        books.offer(job(id, "acme"));
    }
    assert_eq!(started(&mut books, now).len(), 2);
    books.lost(0, 0);
    assert_eq!(books.attempted("a", Verdict::retry("HTTP 500"), now), None);
    assert_eq!(books.next_wake(), None);
    let ended = books.attempted("b", Verdict::Sent { answer: String::new() }, now);
    assert!(ended.is_some_and(|ended| ended.sent), "what was sent is told");
    books.written("b");
    assert!(books.notices.is_empty());
    assert_eq!(books.running(), 0);
}

#[test]
fn an_outcome_from_before_a_loss_leaves_alone_what_runs() {
    let (mut books, now) = (books(), Instant::now());
    let sent = || Verdict::Sent { answer: String::new() };
    books.offer(job("a", "acme"));
    assert_eq!(started(&mut books, now).len(), 1);
    books.attempted("a", sent(), now);
    books.lost(0, 0);
    books.offer(job("a", "acme"));
    assert_eq!(started(&mut books, now).len(), 1);
    books.lost(0, 0);
    books.written("a");
    assert!(books.attempted("a", sent(), now).is_some());
    assert_eq!(books.running(), 0);
}

#[test]
fn what_is_settled_is_let_go() {
    let (mut books, now) = (books(), Instant::now());
    books.offer(job("a", "acme"));
    books.forget("a");
    assert_eq!(started(&mut books, now), []);
    assert!(books.notices.is_empty());
    assert!(books.lanes.is_empty());
}

#[test]
fn a_target_that_is_down_costs_no_attempts_while_it_is_left_alone() {
    let (mut books, mut now) = (books(), Instant::now());
    for id in 0..40 {
        books.offer(job(&format!("a{id:02}"), "acme"));
    }
    let mut attempts = 0;
    for _ in 0..30 {
        for (id, _) in started(&mut books, now) {
            attempts += 1;
            books.attempted(&id, Verdict::retry("refused"), now);
        }
    }
    assert_eq!(attempts, 6, "the breaker opens on the fifth failure; the sixth was on its way");
    assert_eq!(books.timers.len(), 6 + 1, "six back off, and one alarm is set for the lane");
    now += 2 * SECOND;
    books.wake(now);
    let probe = started(&mut books, now);
    assert_eq!(probe.len(), 1);
    books.attempted(&probe[0].0, Verdict::Sent { answer: String::new() }, now);
    assert_eq!(started(&mut books, now).len(), 2);
}
