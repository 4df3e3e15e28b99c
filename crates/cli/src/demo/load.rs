//! The platforms: webhooks sent at their moments, whatever the answers take (open loop).
//!
//! Latency is counted from the *intended* moment, so a stall of the sender or of the door shows in full. What is not answered
//! with 2xx is sent again, as platforms do and not before Retry-After, and its latency runs on until it is.

use super::catalogue::Catalogue;
use super::orders::bodies::webhook;
use super::orders::schedule::ByPhase;
use super::orders::{Delivery, Plan, Step};
use crate::histogram::Latencies;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests under way at once; further ones wait, and the wait counts. What pauses before it tries again is not under way.
const IN_FLIGHT_MAX: usize = 1_024;
/// How long one request may take.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// How long a delivery is tried again.
const RETRY_PATIENCE: Duration = Duration::from_secs(180);

/// What came of the sending.
#[derive(Default)]
pub struct Tally {
    /// Deliveries whose moment has come.
    pub sent: u64,
    pub duplicates: u64,
    pub acknowledged: u64,
    /// Requests beyond the first of a delivery.
    pub retries: u64,
    /// Final refusals by status.
    pub refused: BTreeMap<u16, u64>,
    /// Refusals of what was meant to be good.
    pub refused_wrongly: Vec<String>,
    /// Deliveries without any final answer.
    pub unanswered: u64,
    /// By when they were due.
    pub answers: ByPhase<Latencies>,
    /// To the first answer of any kind.
    pub first_answers: ByPhase<Latencies>,
    /// Requests answered with 429.
    pub shed: ByPhase<u64>,
    /// For each order: how many deliveries were acknowledged, and whether one of them told the whole order.
    pub orders: Vec<Acknowledged>,
    /// Acknowledgements in each second of the run.
    pub per_second: Vec<u64>,
    /// Slowest answer of what was due in each second, in milliseconds.
    pub slowest_ms: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Acknowledged {
    pub deliveries: u32,
    pub whole: bool,
}

/// What the door said.
struct Answer {
    status: u16,
    /// Nothing where it did not say when to come back.
    retry_after: Duration,
}

/// Sends a plan.
pub struct Load {
    pub catalogue: Arc<Catalogue>,
    pub plan: Arc<Plan>,
    pub door_url: String,
    /// The moment 0 of the run, on both clocks.
    pub begin: Instant,
    pub start_ms: i64,
    pub tally: Arc<Mutex<Tally>>,
}

pub fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Load {
    /// Returns when every delivery has its final answer.
    pub async fn run(self: Arc<Self>) -> anyhow::Result<()> {
        let client = reqwest::Client::builder()
            .timeout(REQUEST_PATIENCE)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(IN_FLIGHT_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        lock(&self.tally).orders = vec![Acknowledged::default(); self.plan.orders.len()];
        let permits = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        let mut under_way = tokio::task::JoinSet::new();
        for (index, delivery) in self.plan.deliveries.iter().copied().enumerate() {
            let due = self.begin + Duration::from_micros(delivery.due_us);
            tokio::time::sleep_until(due.into()).await;
            let permit = permits.clone().acquire_owned().await?;
            let (load, client, permits) = (self.clone(), client.clone(), permits.clone());
            under_way.spawn(async move { load.deliver(&client, &permits, permit, (index, delivery), due).await });
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
        Ok(())
    }

    async fn deliver(
        &self,
        client: &reqwest::Client,
        permits: &Arc<Semaphore>,
        permit: OwnedSemaphorePermit,
        (index, delivery): (usize, Delivery),
        due: Instant,
    ) {
        {
            let mut tally = lock(&self.tally);
            tally.sent += 1;
            tally.duplicates += u64::from(delivery.duplicate);
        }
        let mut permit = Some(permit);
        let mut pause = Duration::from_millis(250);
        let mut is_first = true;
        loop {
            let now_ms = self.start_ms + i64::try_from(self.begin.elapsed().as_millis()).unwrap_or(0);
            // In a box, as many deliveries may pause, and a request's state is large.
            let answer = Box::pin(self.attempt(client, &delivery, now_ms)).await;
            drop(permit.take());
            if let Some(answer) = &answer {
                self.answered(&delivery, due, answer.status, is_first);
                is_first = false;
            }
            match answer.as_ref().map(|answer| answer.status) {
                Some(status) if (200..300).contains(&status) => {
                    return self.acknowledged(&delivery, due);
                }
                Some(status) if (400..500).contains(&status) && status != 429 => {
                    return self.refused(&delivery, status);
                }
                _ if due.elapsed() > RETRY_PATIENCE => {
                    lock(&self.tally).unanswered += 1;
                    return;
                }
                _ => lock(&self.tally).retries += 1,
            }
            let away = answer.map_or(Duration::ZERO, |answer| spread(answer.retry_after, index));
            tokio::time::sleep(pause.max(away)).await;
            pause = (pause * 2).min(Duration::from_secs(2));
            // Nobody closes it.
            permit = permits.clone().acquire_owned().await.ok();
        }
    }

    async fn attempt(&self, client: &reqwest::Client, delivery: &Delivery, now_ms: i64) -> Option<Answer> {
        let order = &self.plan.orders[delivery.order];
        let sent = webhook(&self.catalogue, order, delivery, self.start_ms, now_ms);
        let mut request = client.post(format!("{}{}", self.door_url, sent.path));
        for (name, value) in &sent.headers {
            request = request.header(*name, value);
        }
        let answer = request.body(sent.body).send().await.ok()?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(reqwest::header::RETRY_AFTER);
        let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
        // Read to its end, so that the connection can be used again.
        answer.bytes().await.ok()?;
        Some(Answer { status, retry_after: Duration::from_secs(seconds).min(RETRY_PATIENCE) })
    }

    fn answered(&self, delivery: &Delivery, due: Instant, status: u16, is_first: bool) {
        let took_us = micros(due.elapsed());
        let phase = self.plan.schedule.phase(delivery.due_us);
        let mut tally = lock(&self.tally);
        if is_first {
            tally.first_answers.of(phase).record_us(took_us);
        }
        *tally.shed.of(phase) += u64::from(status == 429);
    }

    fn acknowledged(&self, delivery: &Delivery, due: Instant) {
        let is_thin = self.catalogue.shops[self.plan.orders[delivery.order].shop].channel == "generic"
            && delivery.step != Step::Created;
        let second = usize::try_from(self.begin.elapsed().as_secs()).unwrap_or(0);
        let took_us = micros(due.elapsed());
        let mut tally = lock(&self.tally);
        tally.acknowledged += 1;
        tally.answers.of(self.plan.schedule.phase(delivery.due_us)).record_us(took_us);
        let due_second = usize::try_from(delivery.due_us / 1_000_000).unwrap_or(0);
        if tally.slowest_ms.len() <= due_second {
            tally.slowest_ms.resize(due_second + 1, 0);
        }
        tally.slowest_ms[due_second] = tally.slowest_ms[due_second].max(took_us / 1000);
        let order = &mut tally.orders[delivery.order];
        order.deliveries += 1;
        order.whole |= !is_thin;
        if tally.per_second.len() <= second {
            tally.per_second.resize(second + 1, 0);
        }
        tally.per_second[second] += 1;
    }

    fn refused(&self, delivery: &Delivery, status: u16) {
        let order = &self.plan.orders[delivery.order];
        let mut tally = lock(&self.tally);
        *tally.refused.entry(status).or_default() += 1;
        if !order.is_broken() {
            let shop = &self.catalogue.shops[order.shop];
            tally.refused_wrongly.push(format!("{}/{}/{} with {status}", shop.channel, shop.shop, order.number));
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Up to half as much again: what was turned away together must not come back together.
fn spread(away: Duration, index: usize) -> Duration {
    // The golden ratio puts neighbours far apart.
    away.mul_f64(1.0 + (index as f64 * 0.618_034).fract() / 2.0)
}

/// Waits until the door knows the last shop: an unsigned request is then refused for its signature and not as unknown.
pub async fn await_door(door_url: &str, catalogue: &Catalogue, patience: Duration) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build()?;
    let started = Instant::now();
    for shop in &catalogue.shops {
        let url = format!("{door_url}/webhooks/{}/{}", shop.channel, shop.shop);
        loop {
            let found = match client.post(&url).header("content-type", "application/json").body("{}").send().await {
                Ok(answer) => answer.status().as_u16().to_string(),
                Err(error) => error.to_string(),
            };
            if matches!(found.as_str(), "400" | "401" | "403") {
                break;
            }
            anyhow::ensure!(
                started.elapsed() < patience,
                "the door at {door_url} does not know shop {}/{} (last answer: {found}): is ingest running? `weir doctor` looks at it",
                shop.channel,
                shop.shop
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::orders::Wish;
    use super::super::orders::schedule::{Course, Shape};
    use super::*;
    use axum::http::{StatusCode, header};
    use axum::routing::post;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{SystemTime, UNIX_EPOCH};

    /// A door that answers each request by its number. Whom it turns away it asks to come back after a second.
    async fn door(answer: impl Fn(u32) -> (StatusCode, Duration) + Clone + Send + Sync + 'static) -> String {
        let count = Arc::new(AtomicU32::new(0));
        let handler = move || {
            let (status, wait) = answer(count.fetch_add(1, Ordering::SeqCst));
            async move {
                tokio::time::sleep(wait).await;
                let retry_after = (status == StatusCode::TOO_MANY_REQUESTS).then_some([(header::RETRY_AFTER, "1")]);
                (status, retry_after, ())
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let router = axum::Router::new().route("/webhooks/{channel}/{shop}", post(handler));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn send(door_url: String, orders: u32) -> Tally {
        drop(rustls::crypto::ring::default_provider().install_default());
        let catalogue = Arc::new(Catalogue::new("r1", "demo", 50));
        let wish = Wish {
            shape: Shape { orders, rate_per_second: 1000, lead_in_us: 0, course: Course::Steady },
            duplicates_percent: 0.0,
            pay_later_percent: 0.0,
            cancels_percent: 0.0,
            out_of_order_percent: 0.0,
            broken_percent: 0.0,
            seed: 1,
        };
        let plan = Arc::new(Plan::new(&wish, &catalogue));
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let load = Arc::new(Load {
            catalogue,
            plan,
            door_url,
            begin: Instant::now(),
            start_ms: i64::try_from(since.as_millis()).expect("fits"),
            tally: Arc::default(),
        });
        load.clone().run().await.expect("sent");
        std::mem::take(&mut *lock(&load.tally))
    }

    #[tokio::test]
    async fn latency_runs_from_the_intended_moment_through_every_retry() {
        let url = door(|n| match n {
            0 => (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO),
            _ => (StatusCode::OK, Duration::ZERO),
        })
        .await;
        let tally = send(url, 20).await;
        assert_eq!((tally.sent, tally.acknowledged, tally.retries), (20, 20, 1));
        assert!(tally.answers.measured.quantiles().max_ms >= 250.0, "the pause before the retry counts");
        assert_eq!(tally.per_second.iter().sum::<u64>(), 20);
        assert!(tally.orders.iter().all(|order| order.whole && order.deliveries == 1));
    }

    #[tokio::test]
    async fn who_is_shed_comes_back_when_the_door_said() {
        let url = door(|n| match n {
            0 => (StatusCode::TOO_MANY_REQUESTS, Duration::ZERO),
            _ => (StatusCode::OK, Duration::ZERO),
        })
        .await;
        let tally = send(url, 1).await;
        assert_eq!((tally.acknowledged, tally.retries, tally.shed.measured), (1, 1, 1));
        let (first, last) = (tally.first_answers.measured.quantiles(), tally.answers.measured.quantiles());
        assert_eq!((first.count, last.count), (1, 1));
        // Three digits are kept of each.
        assert!(last.max_ms >= 990.0 + first.max_ms * 0.99, "{last:?} after {first:?}");
    }

    #[test]
    fn who_is_shed_together_comes_back_apart() {
        let second = Duration::from_secs(1);
        let mut pauses: Vec<Duration> = (0..1000).map(|index| spread(second, index)).collect();
        assert!(pauses.iter().all(|pause| (second..second * 3 / 2).contains(pause)));
        pauses.sort_unstable();
        let gap = pauses.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(gap < Some(Duration::from_millis(2)), "{gap:?}");
    }

    #[tokio::test]
    async fn a_refusal_is_final_and_of_a_good_delivery_is_told() {
        let url = door(|n| match n {
            3 => (StatusCode::UNPROCESSABLE_ENTITY, Duration::ZERO),
            _ => (StatusCode::OK, Duration::from_millis(5)),
        })
        .await;
        let tally = send(url, 10).await;
        assert_eq!((tally.acknowledged, tally.refused.get(&422)), (9, Some(&1)));
        assert_eq!(tally.refused_wrongly.len(), 1);
    }
}
