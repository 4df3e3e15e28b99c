//! A real log, held in memory and checked some times over.

#[path = "../../../cli/src/verify/committed.rs"]
mod committed;

use crate::measure::Clock;
use anyhow::{Context as _, bail};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};
use weir_invariants::{Audit, Committed, Ending, Held, Merge, Next, Report};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Pace, Reader as _};
use weir_pipeline::{Config, Record, TopicPartition};
use weir_proto::topics::{CATALOGUE, Topic};

/// A topic that delivers nothing for so long can't be read.
const PATIENCE: Duration = Duration::from_secs(30);

type Records = BTreeMap<TopicPartition, Vec<Record>>;

/// How often a log was checked, and how fast.
pub struct Rounds {
    records: u64,
    facts: u64,
    bytes: u64,
    orders: u64,
    /// Seconds of each round.
    seconds: Vec<f64>,
}

impl Rounds {
    fn rate(&self, seconds: f64) -> f64 {
        self.records as f64 / seconds
    }

    fn best_and_median(&self) -> (f64, f64) {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        (self.rate(seconds[0]), self.rate(seconds[seconds.len() / 2]))
    }

    pub fn json(&self) -> serde_json::Value {
        let (best, median) = self.best_and_median();
        json!({
            "records": self.records,
            "facts": self.facts,
            "bytes": self.bytes,
            "orders": self.orders,
            "cpu_seconds": self.seconds,
            "records_per_cpu_second": { "best": best, "median": median },
        })
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (best, median) = self.best_and_median();
        write!(
            f,
            "a real log: {} orders, {} records ({} of them facts) of {} bytes, checked {} times: \
             {median:.0} records/s of one core in the middle, {best:.0} at best",
            self.orders,
            self.records,
            self.facts,
            self.bytes / self.records,
            self.seconds.len()
        )
    }
}

/// Reads the log of the installation in the environment, and checks it.
pub fn rounds(count: u64) -> anyhow::Result<Rounds> {
    let config =
        Config::from_lookup("bench", |name| std::env::var(name).ok()).map_err(|f| anyhow::anyhow!(f.join("; ")))?;
    let log = KafkaLog::connect(&config).with_context(|| format!("Kafka at {}", config.brokers))?;
    let committed = committed::of_all(&log)?;
    let topics = CATALOGUE.iter().map(|entry| entry.topic);
    let checked = topics.filter(|topic| !matches!(topic, Topic::Reference | Topic::ReferenceHistory));
    let mut held = Records::new();
    for topic in checked {
        read(&log, topic, &mut held)?;
    }
    let all = || held.values().flatten();
    let bytes = all().map(|record| (record.key.len() + record.value.len()) as u64).sum();
    let mut rounds = Rounds { records: all().count() as u64, facts: 0, bytes, orders: 0, seconds: Vec::new() };
    for _ in 0..count.max(1) {
        let copy = held.clone();
        let clock = Clock::start();
        let report = check(config.partitions, copy, &committed);
        rounds.seconds.push(clock.seconds());
        if !report.clean() {
            bail!("the log is not clean:\n{report}");
        }
        (rounds.facts, rounds.orders) = (report.summary.records, report.summary.orders);
    }
    Ok(rounds)
}

fn read(log: &KafkaLog, topic: Topic, held: &mut Records) -> anyhow::Result<()> {
    let mut reader = log.reader(Pace::Prompt)?;
    reader.assign(&(0..log.partitions(topic)).map(|number| (TopicPartition::new(topic, number), 0)).collect())?;
    let mut heard = Instant::now();
    while !reader.done() {
        if let Some(record) = reader.poll(Duration::from_millis(200))? {
            held.entry(record.topic_partition()).or_default().push(record);
            heard = Instant::now();
        } else if heard.elapsed() > PATIENCE {
            bail!("{topic} delivers nothing although it has more");
        }
    }
    Ok(())
}

/// As `weir verify` does it, without Kafka. Orders may be under way.
fn check(partitions: i32, mut held: Records, committed: &Committed) -> Report {
    let mut report = Report::new();
    let mut audits: Vec<Audit> = (0..partitions).map(Audit::new).collect();
    for (audit, partition) in audits.iter_mut().zip(0..) {
        let mut lanes = BTreeMap::new();
        let theirs: Vec<TopicPartition> = held.keys().copied().filter(|at| at.partition == partition).collect();
        for at in theirs {
            let records = held.remove(&at).unwrap_or_default();
            if Merge::topics().contains(&at.topic) {
                lanes.insert(at.topic, records.into_iter());
            } else {
                records.into_iter().for_each(|record| audit.take(&record, &mut report));
            }
        }
        let mut merge = Merge::new(true);
        loop {
            match merge.step() {
                Next::Take(record) => audit.take(&record, &mut report),
                Next::Need(topic) => match lanes.get_mut(&topic).and_then(Iterator::next) {
                    Some(record) => merge.offer(record),
                    None => merge.finish(topic),
                },
                Next::End => break,
            }
        }
    }
    let holding = Held::of(&audits);
    let ending = Ending { committed, committed_after: committed, running: true, held: &holding };
    for audit in audits {
        audit.end(&ending, &mut report);
    }
    report
}
