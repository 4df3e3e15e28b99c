//! `weir replay`: events as JSON lines, by topic, time, order and type. It reads; it can reach no effect.

use crate::installation::Installation;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::log::{Log as _, Offsets, Pace, Reader as _};
use weir_pipeline::{Record, TopicPartition};
use weir_proto::partition::partition_of;
use weir_proto::topics::{CATALOGUE, Topic};

/// Prints events as JSON lines.
#[derive(clap::Args, Debug, Clone)]
pub struct Args {
    /// A topic of the catalogue: "orders", "routes", "stock" …
    topic: String,
    /// RFC 3339, or so long ago: "2h", "30m", "90s". By the broker's time.
    #[arg(long, value_parser = moment)]
    from: Option<i64>,
    /// As --from.
    #[arg(long, value_parser = moment)]
    to: Option<i64>,
    /// Only this key: an order id, or "tenant/pool".
    #[arg(long)]
    order: Option<String>,
    /// Only this event: "Planned", or in full "weir.routing.v1.Planned".
    #[arg(long = "type")]
    event_type: Option<String>,
}

/// Prints what matches.
///
/// # Errors
/// Where the topic is unknown or can't be read.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let config = installation.log.clone();
    let names = || CATALOGUE.iter().map(|e| e.name).collect::<Vec<_>>().join(", ");
    let topic =
        Topic::parse(&args.topic).with_context(|| format!("no topic {:?}; there are {}", args.topic, names()))?;
    tokio::task::spawn_blocking(move || print(&KafkaLog::connect(&config)?, topic, &args)).await??;
    Ok(ExitCode::SUCCESS)
}

fn print(log: &KafkaLog, topic: Topic, args: &Args) -> anyhow::Result<()> {
    let count = log.partitions(topic);
    let wanted = match &args.order {
        Some(key) => vec![partition_of(key.as_bytes(), count)],
        None => (0..count).collect(),
    };
    let from: Offsets = wanted.into_iter().map(|p| (TopicPartition::new(topic, p), 0)).collect();
    let mut reader = log.reader(Pace::Eager)?;
    reader.assign(&from)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    while !reader.done() {
        let Some(record) = reader.poll(Duration::from_millis(100))? else {
            continue;
        };
        if matches(&record, args) {
            serde_json::to_writer(&mut out, &line(&record))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(())
}

fn matches(record: &Record, args: &Args) -> bool {
    let event_type = record.headers.event_type.as_deref().unwrap_or_default();
    let is_type = |wanted: &String| event_type == wanted || event_type.rsplit('.').next() == Some(wanted);
    args.from.is_none_or(|ms| record.time.0 >= ms)
        && args.to.is_none_or(|ms| record.time.0 < ms)
        && args.order.as_ref().is_none_or(|key| record.key == *key)
        && args.event_type.as_ref().is_none_or(is_type)
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

/// Unix ms from RFC 3339, or from a span before now.
fn moment(text: &str) -> Result<i64, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|e| e.to_string());
    }
    let wrong = || format!("{text:?} is neither RFC 3339 nor a span such as 2h, 30m or 90s");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?;
    Ok(i64::try_from(now.as_millis()).map_err(|e| e.to_string())? - number * unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_a_span() {
        assert_eq!(moment("2026-11-21T00:00:00Z"), Ok(1_795_219_200_000));
        let hour_ago = moment("1h").expect("a span");
        let minute_ago = moment("1m").expect("a span");
        assert!((minute_ago - hour_ago - 59 * 60_000).abs() < 1_000);
        for wrong in ["", "h", "2 hours", "1x"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
