//! Pushes at their moments, whatever the answers take, each until the platform has its answer or gives it up.

use crate::hooks::{Next, PATIENCE};
use crate::world::{Place, World, lock};
use axum::body::Bytes;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Requests under way at once; further ones wait. What pauses before it tries again is not under way.
const IN_FLIGHT_MAX: usize = 1_024;

/// What is sent, each time the same bytes.
#[derive(Clone, Debug)]
pub struct Push {
    /// Its place in [`World::shops`].
    pub shop: usize,
    pub topic: &'static str,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub struct Sender {
    client: reqwest::Client,
    door_url: String,
    permits: Semaphore,
    world: Arc<World>,
}

impl Sender {
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(door_url: &str, world: Arc<World>) -> anyhow::Result<Sender> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(IN_FLIGHT_MAX)
            .redirect(Policy::none())
            .build()?;
        let door_url = door_url.trim_end_matches('/').to_owned();
        Ok(Sender { client, door_url, permits: Semaphore::new(IN_FLIGHT_MAX), world })
    }

    /// Returns when the push is acknowledged or given up.
    pub async fn deliver(&self, push: &Push, wait: Duration, is_duplicate: bool) {
        tokio::time::sleep(wait).await;
        {
            let pushes = &mut lock(&self.world.tally).pushes;
            pushes.sent += 1;
            pushes.duplicates += u64::from(is_duplicate);
        }
        let place = &self.world.shops[push.shop];
        for tries in 1.. {
            let answer = self.attempt(place, push).await;
            let next = place.policy.next(tries, answer.as_ref().map(|(status, body)| (*status, body.as_ref())));
            lock(&place.hooks).answered(push.topic, next);
            match next {
                Next::Again(pause) => tokio::time::sleep(pause).await,
                Next::Acknowledged => return lock(&self.world.tally).pushes.acknowledged += 1,
                Next::GivenUp => return lock(&self.world.tally).pushes.given_up += 1,
            }
            lock(&self.world.tally).pushes.retries += 1;
        }
    }

    async fn attempt(&self, place: &Place, push: &Push) -> Option<(u16, Bytes)> {
        // Nobody closes it.
        let _permit = self.permits.acquire().await.ok();
        let request = self.client.post(self.address(place)).headers(push.headers.clone()).body(push.body.clone());
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.bytes().await.ok()?))
    }

    fn address(&self, place: &Place) -> String {
        format!("{}/webhooks/{}/{}", self.door_url, place.shop.platform.name(), place.shop.name)
    }

    /// Waits until the door knows every shop: an unsigned push is then refused for its signature and not as unknown.
    ///
    /// # Errors
    /// Where that takes longer than `patience`.
    pub async fn await_door(&self, patience: Duration) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + patience;
        for place in &self.world.shops {
            let url = self.address(place);
            loop {
                let request = self.client.post(&url).header("content-type", "application/json").body("{}");
                let found = match request.send().await {
                    Ok(answer) => answer.status().as_u16().to_string(),
                    Err(error) => error.to_string(),
                };
                if matches!(found.as_str(), "400" | "401" | "403") {
                    break;
                }
                anyhow::ensure!(
                    tokio::time::Instant::now() < until,
                    "the door at {} does not know the shop {:?} (its last answer: {found}): is it running, and was the shop \
                     added with `weir shop add`?",
                    self.door_url,
                    place.shop
                );
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }
}
