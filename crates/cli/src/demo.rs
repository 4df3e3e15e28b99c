//! `weir demo`: the main job on real input, from shops that sell to messages that arrive, and a report of what became of it.

mod calls;
mod catalogue;
mod desk;
mod follow;
mod load;
mod orders;
mod progress;
mod report;
mod run;
mod sinks;
mod stock;
mod warehouse;

use crate::bench;
use crate::installation::Installation;
use crate::reference::duration_ms;
use anyhow::Context as _;
use catalogue::Hot;
use orders::schedule::{Course, Shape};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use uuid::Uuid;

#[derive(clap::Args, Clone, Debug)]
// The last word counts: a profile's options come first, a person's behind them.
#[command(args_override_self = true)]
pub struct Args {
    /// Orders to place
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    orders: u32,
    /// Orders a second, at a constant rate whatever the answers take
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Orders before those that are measured, at a rate that rises for half of this time and stays there for the other half. They
    /// count in everything, and their latencies are reported by themselves
    #[arg(long, default_value = "0s", value_parser = duration_ms)]
    lead_in: i64,
    /// In the middle of the run, so many times the rate: there within a second, and back within one. Its orders come on top, and
    /// their latencies are reported by themselves
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    peak: Option<u32>,
    /// How long the peak lasts
    #[arg(long, default_value = "20s", value_parser = duration_ms, requires = "peak")]
    peak_for: i64,
    /// The orders come as a shop's day goes, with its night and its evening, in this time; the rate does not count
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, conflicts_with = "peak")]
    day: Option<i64>,
    /// Webhooks sent twice, in percent
    #[arg(long, default_value_t = 12.7)]
    duplicates: f64,
    /// Orders that are paid after they are placed, in percent; a third of them never
    #[arg(long, default_value_t = 10.0)]
    pay_later: f64,
    /// Orders that are cancelled, in percent
    #[arg(long, default_value_t = 3.0)]
    cancels: f64,
    /// Orders whose payment is told before them, in percent
    #[arg(long, default_value_t = 3.0)]
    out_of_order: f64,
    /// Webhooks with a wrong signature or a broken body, in percent of the orders
    #[arg(long, default_value_t = 1.0)]
    broken: f64,
    /// Picks that come out short, in percent
    #[arg(long, default_value_t = 1.0)]
    short: f64,
    #[arg(long, default_value_t = 2_000)]
    skus: usize,
    /// Shops that sell from the one stock, on each channel in turn; one on each channel if not said
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..))]
    shops: Option<u8>,
    /// Every order wants one unit of one article, and there is one unit in all
    #[arg(long)]
    last_unit: bool,
    /// A flash sale: so many of the orders want one unit of one article, in percent
    #[arg(long, value_name = "PERCENT", conflicts_with = "last_unit", requires = "hot_units")]
    hot: Option<f64>,
    /// What there is of it
    #[arg(long, value_name = "UNITS", requires = "hot", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    hot_units: Option<i64>,
    /// How long an unpaid order keeps its reservation
    #[arg(long, default_value = "20s", value_parser = duration_ms)]
    pay_within: i64,
    /// Pick lists begun a second, in all warehouses, while orders come in; a fifth of the rate if not said
    #[arg(long)]
    pick_rate: Option<f64>,
    /// Pick lists under way at once, in each warehouse
    #[arg(long, default_value_t = 24)]
    hands: usize,
    /// Draws the same orders again
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Gives up after so long without any news of an order
    #[arg(long, default_value = "90s", value_parser = duration_ms)]
    patience: i64,
    /// Writes the report as JSON; "-" for standard output, in place of the table
    #[arg(long)]
    json: Option<PathBuf>,
    /// Leaves out `weir verify` at the end
    #[arg(long)]
    no_verify: bool,
    /// Leaves out the measurement of four bare transactions
    #[arg(long)]
    no_bare: bool,
}

impl Args {
    fn shape(&self) -> Shape {
        let us = |ms: i64| u64::try_from(ms).unwrap_or(0) * 1000;
        let course = match (self.peak, self.day) {
            (Some(times), _) => Course::Peak { times, lasts_us: us(self.peak_for) },
            (None, Some(day)) => Course::Day { lasts_us: us(day) },
            (None, None) => Course::Steady,
        };
        Shape { orders: self.orders, rate_per_second: self.rate, lead_in_us: us(self.lead_in), course }
    }

    fn hot(&self) -> Option<Hot> {
        let flash = || Some(Hot { percent: self.hot?, units: self.hot_units? });
        if self.last_unit { Some(Hot { percent: 100.0, units: 1 }) } else { flash() }
    }
}

pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let id = Uuid::now_v7().simple().to_string();
    // The end of the id is random, its start is the time.
    let run_id = format!("{}{}", &id[4..8], &id[28..]);
    let mut report = run::run(&args, installation, &run_id).await?;
    if !args.no_bare {
        let seconds = (u64::from(args.orders) / args.rate).clamp(2, 10);
        match bench::hops(&installation.log, args.rate, seconds, 900).await {
            Ok(bare) => report.bare = Some(bare),
            Err(error) => eprintln!("the bare transactions could not be measured: {error:#}"),
        }
    }
    if !args.no_verify {
        report.verify = verify().await?;
    }
    tell(&args, &report)?;
    let good = report.faults.is_empty() && report.verify != BROKEN;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

const BROKEN: &str = "broken";

/// A process of its own, so that its memory and its exit code are what they are when a person calls it.
async fn verify() -> anyhow::Result<&'static str> {
    let program = std::env::current_exe().context("this program's own path is not known")?;
    let mut command = tokio::process::Command::new(program);
    // What it prints is for people; standard output may be the report's.
    let output = command.arg("verify").output().await.context("weir verify could not be started")?;
    eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(if output.status.success() { "clean" } else { BROKEN })
}

fn tell(args: &Args, report: &Report) -> anyhow::Result<()> {
    let to_stdout = args.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if to_stdout {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        println!("{}", report.table());
        if let Some(path) = &args.json {
            std::fs::write(path, serde_json::to_vec_pretty(report)?)
                .with_context(|| format!("{} can't be written", path.display()))?;
        }
    }
    for fault in &report.faults {
        eprintln!("FAULT: {fault}");
    }
    if report.faults.is_empty() && !to_stdout {
        println!("every acknowledged delivery is accounted for");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_persons_options_come_behind_a_profiles_and_count() {
        let words =
            ["demo", "--rate", "500", "--orders", "30000", "--lead-in", "60s", "--rate", "200", "--lead-in", "0s"];
        let args = Line::try_parse_from(words).expect("the last word counts").args;
        assert_eq!((args.rate, args.orders, args.lead_in), (200, 30_000, 0));
        assert!(Line::try_parse_from(["demo", "--peak", "10", "--day", "5m"]).is_err(), "there is one course");
    }
}
