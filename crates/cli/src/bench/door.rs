//! `weir bench door`: how many signed deliveries a second the door accepts, each sender waiting for its answer.
//!
//! A closed loop, to find the most that goes in, where `weir demo` asks what an answer takes at a given rate. The sender shares the
//! machine with the door, so it costs little: requests are written and signed before the clock starts, and one thread sends them over
//! plain connections.

mod connection;
mod request;
mod shops;

use crate::histogram::{Latencies, Quantiles};
use crate::installation::{ConfigFault, Installation};
use anyhow::Context as _;
use connection::Connection;
use request::Requests;
use serde::Serialize;
use shops::{BenchShop, Wanted};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::task::JoinSet;
use uuid::Uuid;

#[derive(clap::Args)]
pub struct Args {
    /// Deliveries that count; a tenth as many come before them. Each is a new order
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(10..=2_000_000))]
    deliveries: u32,
    /// Connections, each with one request under way
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    connections: u32,
    /// Where they go: shopify, woocommerce or generic, and a name, behind which comes the run's id. One shop on each channel if not said
    #[arg(long = "shop", value_name = "CHANNEL/NAME", value_parser = Wanted::parse)]
    shops: Vec<Wanted>,
    /// Says "ready" and "done" on standard output around what is measured, and waits for a line each time: for who looks at processes
    #[arg(long)]
    hold: bool,
    #[arg(long)]
    json: bool,
}

/// What the door took.
#[derive(Debug, Serialize)]
pub struct Taken {
    pub shops: Vec<String>,
    pub connections: u32,
    pub deliveries: u32,
    /// Mean size of a request, headers and all.
    pub request_bytes: usize,
    pub seconds: f64,
    /// Answered with 2xx.
    pub accepted: u64,
    pub accepted_per_second: f64,
    /// Of these, what went into the door's journal and not yet into the log, as its own counter says.
    pub journaled: u64,
    pub refused: BTreeMap<u16, u64>,
    /// Requests whose connection broke.
    pub broken: u64,
    /// From the first byte that is sent to the last of the answer.
    pub answer: Quantiles,
}

#[derive(Default)]
struct Tally {
    latencies: Latencies,
    by_status: BTreeMap<u16, u64>,
    broken: u64,
}

pub(super) async fn run(args: Args, installation: &Installation) -> anyhow::Result<()> {
    let url = installation.service_url("ingest")?;
    let door = address(url).await?;
    let id = Uuid::now_v7().simple().to_string();
    // The end of the id is random, its start is the time.
    let run = format!("{}{}", &id[4..8], &id[28..]);
    let shops = shops::register(installation, &args.shops, &run).await?;
    shops::await_door(door, url, &shops).await?;
    let before = journaled(url).await?;
    let (deliveries, connections, hold) = (args.deliveries, args.connections, args.hold);
    let names = shops.iter().map(|shop| format!("{}/{}", shop.channel, shop.name)).collect();
    let measuring = move || measure(door, &shops, &run, deliveries, connections, hold);
    let (tally, seconds, request_bytes) = tokio::task::spawn_blocking(measuring).await??;
    let good = tally.by_status.iter().filter(|(status, _)| (200..300).contains(*status));
    let accepted = good.map(|(_, count)| count).sum();
    let taken = Taken {
        shops: names,
        connections,
        deliveries,
        request_bytes,
        seconds,
        accepted,
        accepted_per_second: accepted as f64 / seconds,
        journaled: journaled(url).await?.saturating_sub(before),
        refused: tally.by_status.iter().filter(|(s, _)| !(200..300).contains(*s)).map(|(s, n)| (*s, *n)).collect(),
        broken: tally.broken,
        answer: tally.latencies.quantiles(),
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&taken)?);
    } else {
        taken.print();
    }
    Ok(())
}

/// One thread does all of the sending: it has less to do than the door, and more threads would only take each other's turns.
fn measure(
    door: SocketAddr,
    shops: &[BenchShop],
    run: &str,
    deliveries: u32,
    connections: u32,
    hold: bool,
) -> anyhow::Result<(Tally, f64, usize)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let warm_up = deliveries / 10;
    let requests = Arc::new(Requests::signed(shops, run, warm_up + deliveries));
    let bytes = requests.mean_bytes();
    let opened = runtime.block_on(async {
        let mut opened = Vec::new();
        for _ in 0..connections {
            opened.push(Connection::open(door).await?);
        }
        std::io::Result::Ok(opened)
    });
    let opened = opened.with_context(|| format!("{connections} connections to {door} can't be opened"))?;
    let (opened, _) = runtime.block_on(send(opened, &requests, 0..warm_up))?;
    handshake(hold, "ready")?;
    let begun = Instant::now();
    let (_, tally) = runtime.block_on(send(opened, &requests, warm_up..warm_up + deliveries))?;
    let seconds = begun.elapsed().as_secs_f64();
    handshake(hold, "done")?;
    Ok((tally, seconds, bytes))
}

/// Each connection takes the next request when it has its answer, so that all end at the same time.
async fn send(
    connections: Vec<Connection>,
    requests: &Arc<Requests>,
    range: std::ops::Range<u32>,
) -> anyhow::Result<(Vec<Connection>, Tally)> {
    let (next, tally) = (Arc::new(AtomicU32::new(range.start)), Arc::new(Mutex::new(Tally::default())));
    let mut sending = JoinSet::new();
    for mut connection in connections {
        let (requests, next, tally) = (requests.clone(), next.clone(), tally.clone());
        sending.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= range.end {
                    return std::io::Result::Ok(connection);
                }
                let begun = Instant::now();
                let answered = connection.ask(requests.get(number)).await;
                let us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                if answered.is_err() {
                    connection.reopen().await?;
                }
                tally.lock().unwrap_or_else(PoisonError::into_inner).note(answered.ok(), us);
            }
        });
    }
    let mut back = Vec::new();
    while let Some(ended) = sending.join_next().await {
        back.push(ended?.context("the door takes no connection any more")?);
    }
    let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((back, tally))
}

fn handshake(hold: bool, word: &str) -> anyhow::Result<()> {
    if hold {
        println!("{word}");
        std::io::stdout().flush()?;
        std::io::stdin().read_line(&mut String::new())?;
    }
    Ok(())
}

async fn address(url: &str) -> anyhow::Result<SocketAddr> {
    let host = url.strip_prefix("http://").ok_or_else(|| ConfigFault(format!("{url} is no address with http://")))?;
    let mut found = tokio::net::lookup_host(host).await.with_context(|| format!("{url} names no host and port"))?;
    found.next().with_context(|| format!("{url} has no address"))
}

/// What the door has put into its journal so far.
async fn journaled(url: &str) -> anyhow::Result<u64> {
    let metrics = reqwest::get(format!("{url}/metrics")).await.and_then(reqwest::Response::error_for_status);
    let metrics = metrics.context("the door does not tell its metrics")?.text().await?;
    Ok(counted(&metrics))
}

fn counted(metrics: &str) -> u64 {
    let lines = metrics.lines().filter(|line| line.starts_with("weir_door_deliveries_total{"));
    let journaled = lines.filter(|line| line.contains("weir_outcome=\"journaled\""));
    journaled.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

impl Tally {
    fn note(&mut self, status: Option<u16>, us: u64) {
        match status {
            Some(status) => {
                *self.by_status.entry(status).or_default() += 1;
                self.latencies.record_us(us);
            }
            None => self.broken += 1,
        }
    }
}

impl Taken {
    fn print(&self) {
        let Taken { connections, deliveries, request_bytes, accepted_per_second, answer, .. } = self;
        println!("{deliveries} signed deliveries of {request_bytes} bytes over {connections} connections:");
        println!(
            "{accepted_per_second:.0} accepted/s, answer p50 {:.1} ms, p99 {:.1} ms",
            answer.p50_ms, answer.p99_ms
        );
        if self.journaled > 0 {
            println!("{} of them are in the journal: the log was too slow for them", self.journaled);
        }
        for (status, count) in &self.refused {
            println!("{count} refused with {status}");
        }
        if self.broken > 0 {
            println!("{} without an answer: their connections broke", self.broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_went_into_the_journal_is_counted_as_such() {
        let metrics = "# TYPE weir_door_deliveries_total counter\n\
            weir_door_deliveries_total{weir_channel=\"shopify\",weir_outcome=\"accepted\"} 3039\n\
            weir_door_deliveries_total{weir_channel=\"shopify\",weir_outcome=\"journaled\"} 20\n\
            weir_door_deliveries_total{weir_channel=\"generic\",weir_outcome=\"journaled\"} 3\n\
            weir_door_journal_records 7\n";
        assert_eq!(counted(metrics), 23);
    }
}
