//! `weir verify`: the invariants of DESIGN.md §6 on the real log, streaming.
//!
//! The checks are `weir-invariants`', which the simulator uses as well; here is what reads Kafka for them, and what compares Postgres
//! and Redis. `docs/invariants.md` says what is checked, and how much memory it takes.

mod committed;
mod cost;
mod counters;
mod projections;
mod scan;
mod tables;
mod walk;

use crate::installation::Installation;
use std::process::ExitCode;
use std::time::Instant;
use weir_invariants::Report;
use weir_pipeline::kafka::KafkaLog;

/// Checks the invariants on the log.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Args {
    /// One JSON document on standard output.
    #[arg(long)]
    pub json: bool,
    /// Postgres and Redis are not compared with the fold, for which the services have to be running.
    #[arg(long)]
    pub log_only: bool,
    /// Orders may be under way: what has not come to an end is counted, not reported.
    #[arg(long)]
    pub running: bool,
}

/// Runs the checks and prints the report. Exit code 1 where an invariant broke.
///
/// # Errors
/// Where the log, Postgres or Redis can't be read.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let report = check(&args, installation).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The checks themselves.
///
/// # Errors
/// Where the log, Postgres or Redis can't be read.
pub async fn check(args: &Args, installation: &Installation) -> anyhow::Result<Report> {
    let (started, cost) = (Instant::now(), cost::Cost::begin());
    let config = installation.log.clone();
    let running = args.running;
    let (mut report, levels) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        // A wrong partition count would check a part of the log only.
        let log = KafkaLog::connect(&config)?;
        let mut report = Report::new();
        let levels = walk::check(&log, running, &mut report)?;
        cost.note(&mut report.summary);
        Ok((report, levels))
    })
    .await??;
    if !args.log_only {
        projections::check(installation, &levels, &mut report).await?;
    }
    report.summary.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}
