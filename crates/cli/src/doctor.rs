//! `weir doctor`: every part, its address, its settings and its lag; one line each, with what to do about a fault.

mod log;
mod services;
mod stores;

use crate::installation::Installation;
use serde::Serialize;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    json: bool,
    /// More records than this that a stage or projection has yet to read are a fault
    #[arg(long, default_value_t = 10_000)]
    lag_max: i64,
    /// Shows each setting that was looked at, not the faults alone
    #[arg(long)]
    all: bool,
}

/// What is thought of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// Nothing breaks, and production would have it otherwise.
    Note,
    Fault,
}

/// One line.
#[derive(Debug, Serialize)]
struct Line {
    verdict: Verdict,
    part: String,
    found: String,
    /// What to do; empty where nothing is to be done.
    advice: String,
}

impl Line {
    fn ok(part: impl Into<String>, found: impl Into<String>) -> Line {
        Line { verdict: Verdict::Ok, part: part.into(), found: found.into(), advice: String::new() }
    }

    fn fault(part: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Line {
        Line { verdict: Verdict::Fault, part: part.into(), found: found.into(), advice: advice.into() }
    }
}

pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let config = installation.log.clone();
    let (all, lag_max) = (args.all, args.lag_max);
    let log = tokio::task::spawn_blocking(move || log::look(&config, all, lag_max));
    let (log, postgres, redis, services) = tokio::join!(
        log,
        stores::postgres(installation, lag_max),
        stores::redis(installation),
        services::look(installation)
    );
    let mut lines = log?;
    lines.extend(postgres);
    lines.extend(redis);
    lines.extend(services);
    let faults = lines.iter().filter(|line| line.verdict == Verdict::Fault).count();
    if args.json {
        println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "faults": faults, "parts": lines }))?);
    } else {
        print(&lines, faults);
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(lines: &[Line], faults: usize) {
    let width = lines.iter().map(|line| line.part.len()).max().unwrap_or(0);
    for line in lines {
        let mark = match line.verdict {
            Verdict::Ok => "ok   ",
            Verdict::Note => "note ",
            Verdict::Fault => "FAULT",
        };
        let advice = if line.advice.is_empty() { String::new() } else { format!(" — {}", line.advice) };
        println!("{mark}  {:<width$}  {}{advice}", line.part, line.found);
    }
    match faults {
        0 => println!("no faults"),
        1 => println!("1 fault"),
        many => println!("{many} faults"),
    }
}
