//! `weir verify`: the invariants of DESIGN.md §6 on the real log, streaming, one partition at a time.
//!
//! It trusts no service: every check is made from the records alone, by code of its own. Memory is bounded by the orders of
//! one partition (some 200 bytes each) and one bit for each input record.

mod commands;
mod offsets;
mod orders;
mod pools;
mod projections;
mod report;
mod scan;
mod stages;

pub use report::Report;

use crate::installation::Installation;
use std::process::ExitCode;
use weir_pipeline::kafka::KafkaLog;

/// Checks the invariants on the log.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Args {
    /// One JSON document on standard output.
    #[arg(long)]
    pub json: bool,
    /// Postgres and Redis are not compared with the fold.
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
    let config = installation.log.clone();
    let running = args.running;
    let (mut report, levels) = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        // A wrong partition count would check a part of the log only.
        let log = KafkaLog::connect(&config)?;
        let mut report = Report::new();
        stages::check(&log, &mut report)?;
        orders::check(&log, running, &mut report)?;
        let levels = pools::check(&log, &mut report)?;
        Ok((report, levels))
    })
    .await??;
    if !args.log_only {
        projections::check(installation, &levels, &mut report).await?;
    }
    Ok(report)
}
