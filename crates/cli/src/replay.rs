//! `weir replay`: events as JSON lines, by topic, time, order and type. It reads; it can reach no effect.

mod naming;
mod span;

use crate::installation::{ConfigFault, Installation};
use crate::moment::moment;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Offsets, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::topics::{CATALOGUE, Topic};

/// Prints events as JSON lines.
#[derive(clap::Args, Debug, Clone)]
pub struct Args {
    /// A topic of the catalogue: "orders", "routes", "stock" …
    #[arg(value_parser = topic)]
    topic: Topic,
    /// RFC 3339, or so long ago: "2h", "30m", "90s". By the broker's time.
    #[arg(long, value_parser = moment)]
    from: Option<i64>,
    /// As --from.
    #[arg(long, value_parser = moment)]
    to: Option<i64>,
    /// Only this key, an order id or "tenant/pool"; where a topic's key is no order, also what names this order.
    #[arg(long)]
    order: Option<String>,
    /// Only this event: "Planned", or in full "weir.routing.v1.Planned".
    #[arg(long = "type")]
    event_type: Option<String>,
}

/// Prints what matches.
///
/// # Errors
/// Where the log can't be read.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from >= to) {
        return Err(ConfigFault("--from is not before --to".to_owned()).into());
    }
    let (config, topic) = (installation.log.clone(), args.topic);
    let printed = tokio::task::spawn_blocking(move || print(&KafkaLog::connect(&config)?, &args)).await??;
    if printed == 0 {
        eprintln!("weir: nothing in {topic} matches");
    }
    Ok(ExitCode::SUCCESS)
}

/// How many records matched.
fn print(log: &KafkaLog, args: &Args) -> anyhow::Result<u64> {
    let partitions = naming::partitions(args.topic, args.order.as_deref(), log.partitions(args.topic));
    let wanted: Vec<TopicPartition> = partitions.into_iter().map(|p| TopicPartition::new(args.topic, p)).collect();
    let from = match args.from {
        Some(from) => span::begin(log.config(), &wanted, from)?,
        None => wanted.iter().map(|at| (*at, 0)).collect(),
    };
    let ends = args.to.map(|to| span::end(log.config(), &wanted, to)).transpose()?.unwrap_or_default();
    let mut reader = log.reader(Pace::Eager)?;
    reader.assign(&from)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut printed = 0;
    while !reader.done() && !past(&from, &ends, |at| reader.position(at)) {
        let Some(record) = reader.poll(Duration::from_millis(100))? else {
            continue;
        };
        if matches(&record, args) {
            serde_json::to_writer(&mut out, &line(&record))?;
            out.write_all(b"\n")?;
            printed += 1;
        }
    }
    out.flush()?;
    Ok(printed)
}

/// Whether every partition that is read has an end, and was read up to it.
fn past(from: &Offsets, ends: &Offsets, position: impl Fn(TopicPartition) -> i64) -> bool {
    from.keys().all(|at| ends.get(at).is_some_and(|end| position(*at) >= *end))
}

fn matches(record: &Record, args: &Args) -> bool {
    let event_type = record.headers.event_type.as_deref().unwrap_or_default();
    let is_type = |wanted: &String| event_type == wanted || event_type.rsplit('.').next() == Some(wanted);
    args.from.is_none_or(|ms| record.time.0 >= ms)
        && args.to.is_none_or(|ms| record.time.0 < ms)
        && args.event_type.as_ref().is_none_or(is_type)
        && args.order.as_ref().is_none_or(|order| record.key == *order || naming::names(record, order))
}

fn line(record: &Record) -> Value {
    json!({
        "topic": record.topic.name(),
        "partition": record.partition,
        "offset": record.offset,
        "time": record.time.0,
        "key": record.key,
        "type": record.headers.event_type,
        "event": event(record),
    })
}

/// The value in protobuf's JSON; what can't be read says so, with its bytes.
pub fn event(record: &Record) -> Value {
    use weir_proto as p;
    fn read<M: prost::Message + Default + serde::Serialize>(record: &Record) -> Value {
        match record.decode::<M>().map(|m| serde_json::to_value(&m)) {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => json!({ "unreadable": error.to_string() }),
            Err(fault) => json!({ "unreadable": fault.detail, "bytes": record.value.to_vec() }),
        }
    }
    if record.value.is_empty() {
        return Value::Null;
    }
    match record.topic {
        Topic::Deliveries => read::<p::delivery::v1::DeliveryEvent>(record),
        Topic::Orders => read::<p::order::v1::OrderEvent>(record),
        Topic::Routes => read::<p::routing::v1::RouteEvent>(record),
        Topic::StockCommands => read::<p::stock::v1::StockCommand>(record),
        Topic::Stock => read::<p::stock::v1::StockEvent>(record),
        Topic::Allocations => read::<p::allocation::v1::AllocationEvent>(record),
        Topic::Shipments => read::<p::shipment::v1::ShipmentEvent>(record),
        Topic::Notices => read::<p::notice::v1::NoticeEvent>(record),
        Topic::RoutingCommands => read::<p::routing::v1::RoutingCommand>(record),
        Topic::ShipmentCommands => read::<p::shipment::v1::ShipmentCommand>(record),
        Topic::NoticeCommands => read::<p::notice::v1::NoticeCommand>(record),
        Topic::Reference | Topic::ReferenceHistory => read::<p::reference::v1::ReferenceEvent>(record),
        Topic::Quarantine => read::<p::quarantine::v1::QuarantineEvent>(record),
    }
}

/// A topic by its name in the catalogue.
fn topic(name: &str) -> Result<Topic, String> {
    let names = || CATALOGUE.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    Topic::parse(name).ok_or_else(|| format!("no topic {name:?}; there are {}", names()))
}
