//! The platforms' day: orders are placed, change and are told of, each at its moment (open loop).

use crate::plan::{Event, Plan, Planned};
use crate::platform::{Delivery, Platform, Telling};
use crate::push::{Push, Sender};
use crate::truth::{Line, Order, Step};
use crate::world::{World, lock, now_ms};
use axum::body::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A plan and what it is played on.
pub struct Run {
    pub plan: Plan,
    pub skus: Vec<Arc<str>>,
    pub world: Arc<World>,
    pub sender: Arc<Sender>,
}

impl Run {
    /// Returns when all has happened and every push has its last answer.
    pub async fn play(&self) {
        let start = Instant::now();
        let begun_ms = self.world.begin(now_ms());
        let mut under_way = JoinSet::new();
        for (number, event) in (0_u64..).zip(&self.plan.events) {
            tokio::time::sleep_until(start + Duration::from_micros(event.due_us)).await;
            if let Some(push) = self.happen(event, number, begun_ms) {
                let delay = Duration::from_micros(event.fate.delayed_us);
                if let Some(after) = event.fate.repeated_after_us {
                    let (sender, push) = (self.sender.clone(), push.clone());
                    let wait = delay + Duration::from_micros(after);
                    under_way.spawn(async move { sender.deliver(&push, wait, true).await });
                }
                let sender = self.sender.clone();
                under_way.spawn(async move { sender.deliver(&push, delay, false).await });
            }
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
        self.world.finish();
    }

    /// The order changes. What is to be told of it, if anybody is.
    fn happen(&self, event: &Event, number: u64, begun_ms: i64) -> Option<Push> {
        let planned = &self.plan.orders[event.order];
        let place = &self.world.shops[planned.shop];
        let platform = place.shop.platform;
        let now_ms = now_ms();
        let listed_from_ms = self.world.listed_from_ms(now_ms);
        let id = order_number(platform, begun_ms, event.order);
        let order = match event.step {
            Step::Placed => {
                let order = self.placed(planned, id, now_ms.div_euclid(1000));
                lock(&place.book).place(order, listed_from_ms)
            }
            step => lock(&place.book).change(id, step, now_ms, listed_from_ms)?,
        };
        let topic = platform.topic(event.step);
        let is_told = lock(&place.hooks).tells(topic);
        {
            let mut tally = lock(&self.world.tally);
            match event.step {
                Step::Placed => tally.orders += 1,
                _ => tally.steps += 1,
            }
            match (is_told, event.fate.is_lost) {
                (false, _) => tally.pushes.withheld += 1,
                (true, true) => tally.pushes.lost += 1,
                (true, false) => {}
            }
        }
        if !is_told || event.fate.is_lost {
            return None;
        }
        let (step, delivery) = (event.step, Delivery { number, at_ms: now_ms });
        let told = platform.push(&Telling { shop: &place.shop, step, order: &order, delivery });
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        for (name, value) in told.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Some(Push { shop: planned.shop, topic, headers, body: Bytes::from(told.body) })
    }

    fn placed(&self, planned: &Planned, id: u64, now_s: i64) -> Order {
        let line = |(n, (sku, quantity)): (u64, &(usize, i64))| Line {
            id: id * 10 + n,
            sku: self.skus[*sku].clone(),
            ordered: *quantity,
            current: *quantity,
            price_minor: 990 + 137 * i64::try_from(*sku % 100).unwrap_or(0),
        };
        Order {
            id,
            buyer: planned.buyer,
            region: planned.region as usize,
            lines: (0..).zip(&planned.lines).map(line).collect(),
            created_s: now_s,
            updated_s: now_s,
            paid_s: planned.is_paid.then_some(now_s),
            cancelled_s: None,
        }
    }
}

/// Runs that begin at different seconds have different ids, as long as they place at most a thousand orders a second.
fn order_number(platform: &dyn Platform, begun_ms: i64, order: usize) -> u64 {
    const FIRST_S: i64 = 1_767_225_600;
    let base = u64::try_from(begun_ms.div_euclid(1000) - FIRST_S).unwrap_or(0) * 1000 + order as u64;
    platform.first_number() + base
}

#[cfg(test)]
mod tests;
