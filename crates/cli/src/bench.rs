//! `weir bench hops`: what four bare transactions in a row cost on this machine, with nothing decided in between. `weir bench limit`:
//! how many orders a second their records could make, so written.
//!
//! The client settings and the records are those of the stages on an order's way from webhook to pick list, so that the difference to the
//! demo's figures is what Weir itself costs. `hops` is for latency, and closes its transactions sooner than a stage; `limit` as a stage does.

mod door;
mod hop;
mod limit;

use crate::histogram::{Latencies, Quantiles};
use crate::installation::Installation;
use anyhow::Context as _;
use hop::{Bytes, HEAD, Place, Written};
use serde::Serialize;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::Pace;
use weir_pipeline::settings::create_topics;
use weir_pipeline::writer::Writer;
use weir_pipeline::{Config, Log, LogError, Outgoing, Reader, TopicPartition};
use weir_proto::topics::Topic;

/// As an order passes them: clerk, routing, inventory, fulfillment.
const CHAIN: [Place; 4] = [
    copying("hop-0", Topic::Deliveries, &[Written { topic: Topic::Orders, bytes: Bytes::Same }]),
    copying("hop-1", Topic::Orders, &[Written { topic: Topic::StockCommands, bytes: Bytes::Same }]),
    copying("hop-2", Topic::StockCommands, &[Written { topic: Topic::Allocations, bytes: Bytes::Same }]),
    copying("hop-3", Topic::Allocations, &[Written { topic: Topic::Shipments, bytes: Bytes::Same }]),
];
/// Where each chain begins.
const FIRST: Topic = Topic::Deliveries;
/// Where each chain ends.
const LAST: Topic = Topic::Shipments;

const fn copying(name: &'static str, from: Topic, writes: &'static [Written]) -> Place {
    Place { name, from, writes, pace: Pace::Prompt, open_max: Duration::from_millis(20), apart: Duration::ZERO }
}

#[derive(clap::Subcommand)]
pub enum Command {
    /// Four transactional copies in a row, at a constant rate
    Hops {
        #[arg(long, default_value_t = 500)]
        rate: u64,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// Size of a record
        #[arg(long, default_value_t = 900)]
        bytes: usize,
        #[arg(long)]
        json: bool,
    },
    /// The records of orders on their way to a pick list, through bare transactional copies as fast as they go. They stay in scratch
    /// topics below "<prefix>-limit", some 11 kB an order
    Limit {
        /// Orders in each round
        #[arg(long, default_value_t = 60_000)]
        orders: u64,
        /// Rounds that count; shorter ones come before them
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        #[arg(long)]
        json: bool,
    },
    /// Signed deliveries, as many a second as the door accepts
    Door(door::Args),
}

/// What the bare chain took.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bare {
    pub rate_per_second: u64,
    pub records: u64,
    /// Intended time to when a read_committed consumer saw it behind the fourth transaction.
    pub seen: Quantiles,
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    match command {
        Command::Hops { rate, seconds, bytes, json } => {
            let bare = hops(&installation.log, rate, seconds, bytes).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&bare)?);
            } else {
                bare.print(bytes);
            }
        }
        Command::Limit { orders, rounds, json } => {
            let limit = limit::measure(&installation.log, orders, rounds).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&limit)?);
            } else {
                limit.print();
            }
        }
        Command::Door(args) => door::run(args, installation).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Bare {
    fn print(&self, bytes: usize) {
        let (seen, rate) = (self.seen, self.rate_per_second);
        println!("four bare transactions, {} records of {bytes} bytes at {rate}/s:", self.records);
        println!(
            "p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms, max {:.1} ms",
            seen.p50_ms, seen.p99_ms, seen.p999_ms, seen.max_ms
        );
    }
}

/// Measures the chain in scratch topics below "<prefix>-bare".
pub async fn hops(config: &Config, rate: u64, seconds: u64, bytes: usize) -> anyhow::Result<Bare> {
    let run = Uuid::now_v7();
    along(config, "bare", &CHAIN, async |log| measure(log, run, rate, seconds, bytes).await).await
}

/// Runs hops beside a measurement, in scratch topics of their own. Records of an earlier run that were not passed on are another
/// run's, by its id.
async fn along<R>(
    config: &Config,
    name: &str,
    hops: &[Place],
    measure: impl AsyncFnOnce(&KafkaLog) -> anyhow::Result<R>,
) -> anyhow::Result<R> {
    let prefix = format!("{}-{name}", config.prefix);
    let config = Config { prefix, instance: name.to_owned(), ..config.clone() };
    let made = config.clone();
    tokio::task::spawn_blocking(move || create_topics(&made)).await?.context("scratch topics can't be made")?;
    let log = KafkaLog::unchecked(&config);
    let stop = Arc::new(AtomicBool::new(false));
    let threads = hops.iter().map(|place| hop::spawn(log.clone(), *place, stop.clone()));
    let threads = threads.collect::<Result<Vec<_>, _>>()?;
    let measured = measure(&log).await;
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| anyhow::anyhow!("a hop panicked"))??;
    }
    measured
}

async fn measure(log: &KafkaLog, run: Uuid, rate: u64, seconds: u64, bytes: usize) -> anyhow::Result<Bare> {
    let rate = rate.max(1);
    let writer = Writer::connect(log.config(), "bare", Duration::from_secs(10))?;
    warm_up(log, &writer, run).await?;
    let count = rate * seconds;
    let reader = watch(log, LAST, run, count)?;
    let begin = Instant::now() + Duration::from_millis(50);
    for number in 0..count {
        let due = begin + Duration::from_micros(number * 1_000_000 / rate);
        tokio::time::sleep_until(due.into()).await;
        // The wall time that was intended, not that of a late sender.
        let intended_us = now_us() - u64::try_from(due.elapsed().as_micros()).unwrap_or(0);
        let record = record(run, number, intended_us, bytes);
        let writer = writer.clone();
        tokio::spawn(async move { writer.write(record, &number.to_string(), None).await });
    }
    let seen = tokio::task::spawn_blocking(move || reader.join()).await?;
    let seen = seen.map_err(|_| anyhow::anyhow!("the reader panicked"))??;
    Ok(Bare { rate_per_second: rate, records: seen.count, seen })
}

/// Until the first record has come through, groups are forming.
async fn warm_up(log: &KafkaLog, writer: &Writer, run: Uuid) -> anyhow::Result<()> {
    let reader = watch(log, LAST, run, 16)?;
    for number in 0..16 {
        writer.write(record(run, number, now_us(), 64), "warm-up", None).await?;
    }
    tokio::task::spawn_blocking(move || reader.join()).await?.map_err(|_| anyhow::anyhow!("the reader panicked"))??;
    Ok(())
}

fn record(run: Uuid, number: u64, intended_us: u64, bytes: usize) -> Outgoing {
    let mut value = Vec::with_capacity(bytes.max(HEAD));
    value.extend_from_slice(run.as_bytes());
    value.extend_from_slice(&intended_us.to_be_bytes());
    value.resize(bytes.max(HEAD), b'.');
    let key = Uuid::new_v5(&run, &number.to_be_bytes()).to_string();
    Outgoing { topic: FIRST, key, event_type: "weir.bench.Bare", value }
}

/// Reads a chain's end from now on, until `count` records of this run have come.
fn watch(
    log: &KafkaLog,
    end: Topic,
    run: Uuid,
    count: u64,
) -> anyhow::Result<std::thread::JoinHandle<Result<Quantiles, LogError>>> {
    let mut reader = log.reader(Pace::Eager)?;
    let mut from = BTreeMap::new();
    for partition in 0..log.partitions(end) {
        let at = TopicPartition::new(end, partition);
        from.insert(at, reader.bounds(at)?.1);
    }
    reader.assign(&from)?;
    Ok(std::thread::spawn(move || {
        let mut latencies = Latencies::default();
        let mut quiet = Instant::now();
        let mut seen = 0;
        while seen < count {
            let Some(record) = reader.poll(Duration::from_millis(100))? else {
                if quiet.elapsed() > Duration::from_secs(30) {
                    return Err(LogError::Transient(format!("only {seen} of {count} records came through the chain")));
                }
                continue;
            };
            quiet = Instant::now();
            if let Some(intended_us) = intended(&record.value, run) {
                latencies.record_us(now_us().saturating_sub(intended_us));
                seen += 1;
            }
        }
        Ok(latencies.quantiles())
    }))
}

fn intended(value: &[u8], run: Uuid) -> Option<u64> {
    let (id, rest) = value.split_at_checked(16)?;
    let bytes = rest.get(..8)?.try_into().ok()?;
    (id == run.as_bytes()).then(|| u64::from_be_bytes(bytes))
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_carries_its_run_and_its_time() {
        let run = Uuid::now_v7();
        let made = record(run, 7, 42, 900);
        assert_eq!(made.value.len(), 900);
        assert_eq!(intended(&made.value, run), Some(42));
        assert_eq!(intended(&made.value, Uuid::now_v7()), None);
        assert_eq!(intended(b"short", run), None);
    }
}
