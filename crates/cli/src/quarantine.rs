//! `weir quarantine`: what could not be read, with its reason; and the way back once the cause is mended.

mod choice;
mod kept;
mod passed;
mod readdress;
mod redrive;

use crate::installation::Installation;
use choice::Wish;
use kept::{Entry, Kept};
use redrive::Told;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;
use weir_pipeline::kafka::KafkaLog;

/// Lists or redrives quarantined records.
#[derive(clap::Args, Debug, Clone)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug, Clone)]
enum Action {
    /// What lies in quarantine.
    List {
        /// JSON lines, with the bytes.
        #[arg(long)]
        json: bool,
        /// Also what was redriven already.
        #[arg(long)]
        all: bool,
    },
    /// Writes records back through their input topic, in order, and tells what came of it. Ends with 0 where all was taken in.
    Redrive {
        /// Only this key: an order id, or the subject it came under.
        #[arg(long)]
        key: Option<String>,
        /// Only this reason: "field-missing". What is parked behind such a record goes with it.
        #[arg(long)]
        reason: Option<String>,
        /// Also what was redriven already: where a copy was lost, or was read by a version that did not know whose turn it was.
        #[arg(long, requires = "key")]
        again: bool,
        /// Seconds to wait, in each round, for the stages to read what was written back.
        #[arg(long, default_value_t = 20)]
        patience: u64,
        /// What came of it, as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Lists or redrives.
///
/// # Errors
/// Where the log can't be read or written.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let config = installation.log.clone();
    tokio::task::spawn_blocking(move || {
        // A wrong partition count would write a record back to where nobody looks for it.
        let log = KafkaLog::connect(&config)?;
        match args.action {
            Action::List { json, all } => {
                let mut entries = Kept::read(&log)?.entries;
                entries.sort_by_key(|e| (e.place.partition, e.place.offset));
                list(entries.iter().filter(|e| all || !e.redriven), json);
                Ok(ExitCode::SUCCESS)
            }
            Action::Redrive { key, reason, again, patience, json } => {
                let wish = Wish { key, reason, again };
                let told = redrive::redrive(&log, &wish, Duration::from_secs(patience))?;
                if json {
                    tell_json(&told)
                } else {
                    tell(&told)
                }
                Ok(if told.all_done() { ExitCode::SUCCESS } else { ExitCode::from(1) })
            }
        }
    })
    .await?
}

fn list<'a>(entries: impl Iterator<Item = &'a Entry>, as_json: bool) {
    let mut count = 0;
    for entry in entries {
        count += 1;
        if as_json {
            println!("{}", as_line(entry, true));
        } else {
            println!("{}", sentence(entry));
        }
    }
    if !as_json {
        println!("{count} records in quarantine");
    }
}

fn as_line(entry: &Entry, with_bytes: bool) -> serde_json::Value {
    let what = &entry.what;
    let from = what.position.clone().unwrap_or_default();
    let mut line = json!({
        "place": entry.at(),
        "from": format!("{}/{}@{}", from.topic, from.partition, from.offset),
        "time": entry.place.time.0, "stage": what.stage, "key": entry.place.key, "reason": what.reason,
        "field": what.field, "detail": what.detail, "parked": what.parked, "redriven": entry.redriven,
        "copy_of": what.copy_of.as_ref().map(|of| format!("{}/{}@{}", of.topic, of.partition, of.offset)),
    });
    if with_bytes {
        line["bytes"] = json!(what.value.to_vec());
    }
    line
}

fn sentence(entry: &Entry) -> String {
    let (at, what) = (&entry.place, &entry.what);
    let from = what.position.clone().unwrap_or_default();
    let field = if what.field.is_empty() { String::new() } else { format!(" at {}", what.field) };
    format!(
        "{}@{}  {}  {}{field}: {}  (key {}, from {}/{}@{}, {} bytes)",
        at.partition,
        at.offset,
        what.stage,
        what.reason,
        what.detail,
        at.key,
        from.topic,
        from.partition,
        from.offset,
        what.value.len()
    )
}

fn tell(told: &Told) {
    println!("{} records taken in", told.taken_in);
    if !told.refused.is_empty() {
        println!("{} came back:", told.refused.len());
        for n in &told.refused {
            println!("  {}", sentence(&told.entries[*n]));
        }
        println!("  deploy what reads them, then redrive again; torn ones no redrive helps: weir verify says why");
    }
    if told.waiting > 0 {
        println!("{} wait for their turn, parked as before", told.waiting);
    }
    for (stage, count) in &told.unread {
        println!(
            "{count} written back; {stage} has not read them yet: see that it runs, then redrive again for the rest"
        );
    }
}

fn tell_json(told: &Told) {
    let came_back: Vec<_> = told.refused.iter().map(|n| as_line(&told.entries[*n], false)).collect();
    let line = json!({
        "taken_in": told.taken_in, "came_back": came_back, "waiting": told.waiting, "not_read_yet": told.unread,
    });
    println!("{line}");
}
