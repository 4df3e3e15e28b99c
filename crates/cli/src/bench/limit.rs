//! What a chain of bare transactional copies passes: for each order the number and sizes of records that Weir writes on its
//! way to a pick list, through the same topics, with no decoding and no rules. What Weir reaches is a share of that.

use super::hop::{Bytes, Place, Written};
use super::{along, now_us, record, warm_up, watch};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use uuid::Uuid;
use weir_pipeline::Config;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::Pace;
use weir_pipeline::writer::Writer;
use weir_proto::topics::Topic;

/// Rounds that are not counted, a quarter as long: the broker compiles what it runs (ADR 11).
const WARM_UP: u32 = 4;
/// Deliveries under way at once. With four times as many a broker that has just been started acknowledged transactions too late.
const UNDER_WAY_MAX: usize = 512;
/// Value of a delivery: the webhook and its headers.
const DELIVERY_BYTES: usize = 1_300;

/// What the stages write for an order without incident, and the mean sizes of these values in the log of 119,250 orders of `weir demo`
/// (2026-11-23). Duplicates, holds, late payments and what follows the pick list are left out, and so is every reader but the next
/// stage: it is a limit.
const STAGES: [Place; 5] = [
    stage("clerk", Topic::Deliveries, &[passed(Topic::Orders, 701)]),
    stage(
        "routing",
        Topic::Orders,
        &[beside(Topic::Routes, 660), beside(Topic::Routes, 111), passed(Topic::StockCommands, 260)],
    ),
    stage("inventory", Topic::StockCommands, &[beside(Topic::Stock, 310), passed(Topic::Allocations, 222)]),
    stage(
        "fulfillment",
        Topic::Allocations,
        &[
            beside(Topic::Shipments, 347),
            beside(Topic::Shipments, 221),
            beside(Topic::Shipments, 105),
            passed(Topic::Shipments, 268),
        ],
    ),
    Place {
        pace: Pace::Batched,
        open_max: Duration::from_millis(200),
        apart: Duration::from_millis(200),
        ..stage(
            "notification",
            Topic::Orders,
            &[
                beside(Topic::Notices, 271),
                beside(Topic::Notices, 192),
                beside(Topic::Notices, 192),
                beside(Topic::Notices, 152),
                passed(Topic::Notices, 152),
            ],
        )
    },
];

const fn stage(name: &'static str, from: Topic, writes: &'static [Written]) -> Place {
    let interval = Duration::from_millis(50);
    Place { name, from, writes, pace: Pace::Prompt, open_max: interval, apart: interval }
}

const fn passed(topic: Topic, bytes: usize) -> Written {
    Written { topic, bytes: Bytes::Passed(bytes) }
}

const fn beside(topic: Topic, bytes: usize) -> Written {
    Written { topic, bytes: Bytes::Beside(bytes) }
}

/// What the bare chain passed.
#[derive(Debug, Serialize)]
pub struct Limit {
    pub orders_per_round: u64,
    pub records_per_order: usize,
    /// First delivery to the last order whose pick list and last notice a `read_committed` consumer has seen, by round.
    pub orders_per_second: Vec<f64>,
    pub median_orders_per_second: f64,
}

pub(super) async fn measure(config: &Config, orders: u64, rounds: u32) -> anyhow::Result<Limit> {
    let mut rates = along(config, "limit", &STAGES, async |log| {
        let writer = Writer::connect(log.config(), "limit", Duration::from_secs(10))?;
        let mut rates = Vec::new();
        for number in 0..WARM_UP + rounds.max(1) {
            if number < WARM_UP {
                round(log, &writer, orders.div_ceil(4)).await?;
            } else {
                rates.push(round(log, &writer, orders).await?);
            }
        }
        Ok(rates)
    })
    .await?;
    let orders_per_second = rates.clone();
    rates.sort_by(f64::total_cmp);
    Ok(Limit {
        orders_per_round: orders,
        records_per_order: 1 + STAGES.iter().map(|stage| stage.writes.len()).sum::<usize>(),
        orders_per_second,
        median_orders_per_second: rates[rates.len() / 2],
    })
}

async fn round(log: &KafkaLog, writer: &Writer, orders: u64) -> anyhow::Result<f64> {
    let run = Uuid::now_v7();
    warm_up(log, writer, run).await?;
    let ends = [watch(log, Topic::Shipments, run, orders)?, watch(log, Topic::Notices, run, orders)?];
    let under_way = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let begun = Instant::now();
    for number in 0..orders {
        let permit = under_way.clone().acquire_owned().await?;
        let (record, writer) = (record(run, number, now_us(), DELIVERY_BYTES), writer.clone());
        tokio::spawn(async move {
            // One that is lost is missed at the end.
            let written = writer.write(record, &number.to_string(), None).await;
            drop((written, permit));
        });
    }
    for end in ends {
        let seen = tokio::task::spawn_blocking(move || end.join()).await?;
        seen.map_err(|_| anyhow::anyhow!("a reader panicked"))??;
    }
    Ok(orders as f64 / begun.elapsed().as_secs_f64())
}

impl Limit {
    pub(super) fn print(&self) {
        let Limit { orders_per_round, records_per_order, orders_per_second, median_orders_per_second } = self;
        let rounds: Vec<String> = orders_per_second.iter().map(|rate| format!("{rate:.0}")).collect();
        println!(
            "bare transactional copies, {orders_per_round} orders in each round, {records_per_order} records an order:"
        );
        println!("{median_orders_per_second:.0} orders/s (rounds: {})", rounds.join(", "));
    }
}
