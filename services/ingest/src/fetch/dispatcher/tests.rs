//! The task around the books: it asks, bears what goes wrong, and ends at once.

use super::*;
use crate::fetch::Unaskable;
use futures::future::BoxFuture;
use std::sync::{Mutex, PoisonError};
use weir_testkit::wait_for_async;

const PATIENCE: Duration = Duration::from_secs(30);

/// Has every order but "panic", and never comes back for "never".
#[derive(Default)]
struct Platform(Mutex<Vec<String>>);

impl Asking for Platform {
    fn ids_max(&self, _: &At) -> Result<usize, Unaskable> {
        Ok(50)
    }

    fn ask(&self, _: At, questions: Vec<Question>) -> BoxFuture<'static, Result<Vec<Told>, Failed>> {
        let ids: Vec<String> = questions.into_iter().map(|question| question.id).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.clone());
        async move {
            assert!(!ids.contains(&"panic".to_owned()), "as it was told");
            if ids.contains(&"never".to_owned()) {
                std::future::pending::<()>().await;
            }
            Ok(vec![Told::Answered; ids.len()])
        }
        .boxed()
    }
}

fn order(shop: &str, id: &str) -> Order {
    Order {
        order_id: format!("o-{id}"),
        worker: 0,
        partition: 0,
        at: At { channel: "tiktok".to_owned(), shop: shop.to_owned() },
        id: id.to_owned(),
        version: 1,
        since_ms: 0,
        is_news: false,
        is_blind: false,
    }
}

#[tokio::test]
async fn a_panic_and_a_platform_that_never_answers_hold_up_nobody() {
    let (platform, stop) = (Arc::new(Platform::default()), Drain::new());
    let (handle, work) = start(platform.clone(), stop.clone());
    let task = tokio::spawn(work);
    let count = |id: &str| {
        let asked = platform.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|known| *known == id).count()
    };
    for (shop, id) in [("acme", "1"), ("acme", "panic"), ("acme", "2"), ("slow", "never"), ("other", "3")] {
        handle.offer(order(shop, id));
    }
    let all = || async { (count("1") == 2 && count("2") == 2 && count("3") == 1 && count("never") == 1).then_some(()) };
    wait_for_async("each alone, after all together", PATIENCE, all).await;
    // A question is still open.
    stop.request();
    task.await.expect("it does not panic");
    handle.offer(order("acme", "4"));
}
