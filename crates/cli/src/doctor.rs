//! `weir doctor`: every part, its address, its settings and its lag; one line each, with what to do about a fault.

mod counters;
mod lag;
mod log;
mod services;
mod stores;

use crate::installation::Installation;
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::Instant;

/// A person waits for all parts at once, and for none of them longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is found of a part that takes longer.
const NO_ANSWER: &str = "no answer within 5 s";

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

    fn note(part: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Line {
        Line { verdict: Verdict::Note, part: part.into(), found: found.into(), advice: advice.into() }
    }

    fn fault(part: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Line {
        Line { verdict: Verdict::Fault, part: part.into(), found: found.into(), advice: advice.into() }
    }
}

/// What a call that blocks answers until then. Later it goes on, on a thread that nobody waits for: it can't be ended.
async fn until<T: Send + 'static>(deadline: Instant, ask: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(sender.send(ask())));
    tokio::time::timeout_at(deadline, receiver).await.ok()?.ok()
}

pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let deadline = Instant::now() + PATIENCE;
    let (mut lines, postgres, redis, services) = tokio::join!(
        log::look(&installation.log, args.all, args.lag_max, deadline),
        stores::postgres(installation, args.lag_max, deadline),
        counters::redis(installation, args.all, args.lag_max, deadline),
        services::look(installation)
    );
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
