//! Who is asked when: one task that holds every wanted order in hand, sends requests within the limits, and sees to their end.
//!
//! It owns all of its books, so there are no locks.

use super::board::Board;
use super::books::Books;
use super::question::{Asking, At, Failed, Order, Question, Told};
use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use weir_host::Drain;

/// Events that are taken before the books are looked at again: a take-over brings very many at once.
const EVENTS: usize = 1_024;
/// How often the metrics are told.
const SHOWN: Duration = Duration::from_secs(5);

/// The stage's end. Never blocks; cheap to clone.
#[derive(Clone)]
pub struct Handle(mpsc::UnboundedSender<Event>);

enum Event {
    Offered(Order),
    Settled(String),
    Lost { worker: usize, partition: i32 },
}

/// A request that is back.
struct Back {
    at: At,
    questions: Vec<Question>,
    came: Result<Vec<Told>, Failed>,
}

/// The dispatcher's work, to be run by whoever starts it. It ends when the drain begins: what is not done then is found by the next
/// owner. A request that was under way may have entered some of its orders, which is harmless.
pub fn start(asking: Arc<dyn Asking>, stop: Drain) -> (Handle, impl Future<Output = ()> + Send + 'static) {
    let (handle, events) = mpsc::unbounded_channel();
    (Handle(handle), work(asking, events, stop))
}

impl Handle {
    /// Hands over an order that is wanted. One that is in hand already stays, and what is new of it counts.
    pub fn offer(&self, order: Order) {
        self.tell(Event::Offered(order));
    }

    /// Nothing is wanted of the order any more.
    pub fn settled(&self, order_id: &str) {
        self.tell(Event::Settled(order_id.to_owned()));
    }

    /// The partition belongs to another.
    pub fn lost(&self, worker: usize, partition: i32) {
        self.tell(Event::Lost { worker, partition });
    }

    fn tell(&self, event: Event) {
        // Nobody listens once the process drains; the next owner finds in its state what is wanted.
        let _ = self.0.send(event);
    }
}

async fn work(asking: Arc<dyn Asking>, mut events: mpsc::UnboundedReceiver<Event>, stop: Drain) {
    let (mut books, board, mut new) = (Books::default(), Board::new(), Vec::with_capacity(EVENTS));
    // Ends with this task, and all requests with it.
    let mut under_way = JoinSet::new();
    let mut shown = interval(SHOWN);
    shown.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let wake = books.next_wake();
        tokio::select! {
            () = stop.requested() => return,
            _ = events.recv_many(&mut new, EVENTS), if !events.is_closed() || !events.is_empty() => {
                new.drain(..).for_each(|event| take(&mut books, event));
            }
            Some(Ok(Back { at, questions, came })) = under_way.join_next() => {
                books.back(&at, &questions, came, Instant::now());
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            _ = shown.tick() => board.show(&books),
        }
        while let Some((at, questions)) = books.begin(&*asking, Instant::now()) {
            under_way.spawn(ask(asking.clone(), at, questions));
        }
    }
}

fn take(books: &mut Books, event: Event) {
    match event {
        Event::Offered(order) => books.offer(order, Instant::now()),
        Event::Settled(order_id) => books.settled(&order_id),
        Event::Lost { worker, partition } => books.lost(worker, partition),
    }
}

/// A panic is a failure like another: the order that brought it about is found by asking for each alone.
async fn ask(asking: Arc<dyn Asking>, at: At, questions: Vec<Question>) -> Back {
    let asked = async { asking.ask(at.clone(), questions.clone()).await };
    let came = AssertUnwindSafe(asked).catch_unwind().await;
    let came = came.unwrap_or_else(|_| Err(Failed::Request { why: "a panic: see the log".to_owned() }));
    Back { at, questions, came }
}

#[cfg(test)]
mod tests;
