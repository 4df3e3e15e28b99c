//! `weir quarantine`: what could not be read, with its reason; and the way back once the cause is mended.

mod choice;
mod readdress;

use crate::installation::Installation;
use choice::{Wish, choose};
use prost::Message as _;
use serde_json::json;
use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Offsets, Pace, Reader as _};
use weir_pipeline::writer::{Redrive, Writer};
use weir_pipeline::{Outgoing, Record, TopicPartition};
use weir_proto::log::v1::Meta;
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, Redriven, quarantine_event};
use weir_proto::topics::Topic;

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
    /// Writes records back through their input topic, in order.
    Redrive {
        /// Only this key: an order id, or the subject it came under.
        #[arg(long)]
        key: Option<String>,
        /// Only this reason: "field-missing". What is parked behind such a record goes with it.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// One quarantined record and where it lies.
struct Entry {
    place: Record,
    what: Quarantined,
    redriven: bool,
}

/// Lists or redrives.
///
/// # Errors
/// Where the log can't be read or written.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let config = installation.log.clone();
    let checked = config.clone();
    // A wrong partition count would write a record back to where nobody looks for it.
    let entries = tokio::task::spawn_blocking(move || read(&KafkaLog::connect(&checked)?)).await??;
    match args.action {
        Action::List { json, all } => list(entries.iter().filter(|e| all || !e.redriven), json),
        Action::Redrive { key, reason } => {
            let writer = Writer::connect(&config, "weir/redrive", Duration::from_secs(10))?;
            let chosen = choose(&entries, &Wish { key, reason });
            redrive(&writer, &chosen).await?;
            println!("{} records redriven", chosen.len());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(log: &KafkaLog) -> anyhow::Result<Vec<Entry>> {
    let mut reader = log.reader(Pace::Eager)?;
    let all: Offsets =
        (0..log.partitions(Topic::Quarantine)).map(|p| (TopicPartition::new(Topic::Quarantine, p), 0)).collect();
    reader.assign(&all)?;
    let (mut entries, mut done) = (Vec::new(), HashSet::new());
    while !reader.done() {
        let Some(record) = reader.poll(Duration::from_millis(100))? else {
            continue;
        };
        match record.decode::<QuarantineEvent>().map(|e| e.event) {
            Ok(Some(quarantine_event::Event::Quarantined(what))) => {
                entries.push(Entry { place: record, what, redriven: false });
            }
            Ok(Some(quarantine_event::Event::Redriven(redriven))) => {
                if let Some(at) = redriven.position {
                    done.insert((at.partition, at.offset));
                }
            }
            Ok(None) | Err(_) => eprintln!("quarantine/{}@{} can't be read itself", record.partition, record.offset),
        }
    }
    for entry in &mut entries {
        entry.redriven = done.contains(&(entry.place.partition, entry.place.offset));
    }
    entries.sort_by_key(|e| (e.place.partition, e.place.offset));
    Ok(entries)
}

fn list<'a>(entries: impl Iterator<Item = &'a Entry>, as_json: bool) {
    let mut count = 0;
    for entry in entries {
        count += 1;
        let (at, what) = (&entry.place, &entry.what);
        let from = what.position.clone().unwrap_or_default();
        if as_json {
            let line = json!({
                "place": format!("quarantine/{}@{}", at.partition, at.offset),
                "from": format!("{}/{}@{}", from.topic, from.partition, from.offset),
                "time": at.time.0, "stage": what.stage, "key": at.key, "reason": what.reason, "field": what.field,
                "detail": what.detail, "parked": what.parked, "redriven": entry.redriven, "bytes": what.value.to_vec(),
            });
            println!("{line}");
        } else {
            let field = if what.field.is_empty() { String::new() } else { format!(" at {}", what.field) };
            println!(
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
            );
        }
    }
    if !as_json {
        println!("{count} records in quarantine");
    }
}

/// In order within each key; the last of a key lifts its block.
async fn redrive(writer: &Writer, entries: &[(&Entry, bool)]) -> anyhow::Result<()> {
    for &(entry, last) in entries {
        let from = entry.what.position.clone().unwrap_or_default();
        let Some(topic) = Topic::parse(&from.topic) else {
            anyhow::bail!("{} came from {:?}, which is no topic of the catalogue", entry.place.offset, from.topic);
        };
        let (key, value) = readdress::readdress(topic, &entry.place.key, &entry.what.value);
        let record = Outgoing { topic, key, event_type: event_type_of(topic), value };
        let place = format!("quarantine/{}/{}", entry.place.partition, entry.place.offset);
        let traceparent = entry.what.headers.iter().find(|h| h.name == "traceparent").map(|h| h.value.as_str());
        writer
            .redrive(
                record,
                &place,
                traceparent,
                &Redrive { place: format!("{}:{place}", entry.what.stage), unblock: last },
            )
            .await?;
        let done = Redriven { position: Some(entry.place.position()), topic: from.topic.clone() };
        let event = QuarantineEvent {
            meta: Some(Meta { key: entry.place.key.clone(), cause: Some(entry.place.position()), ..Meta::default() }),
            event: Some(quarantine_event::Event::Redriven(done)),
        };
        let mark = Outgoing {
            topic: Topic::Quarantine,
            key: entry.place.key.clone(),
            event_type: "weir.quarantine.v1.Redriven",
            value: event.encode_to_vec(),
        };
        writer.write(mark, &format!("{place}/redriven"), None).await?;
    }
    Ok(())
}

/// The original type is in the quarantined headers for the reader; a redriven record is told apart by its own header.
fn event_type_of(topic: Topic) -> &'static str {
    topic.entry().message
}
