//! `weir order show`: an order's whole story, as a person reads it.

use crate::installation::{ConfigFault, Installation, not_answering};
use crate::moment::clock;
use anyhow::{Context as _, bail};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use tonic::Code;
use weir_proto::console::v1::console_service_client::ConsoleServiceClient;
use weir_proto::console::v1::{GetOrderRequest, GetOrderResponse, OrderSummary, TimelineEntry};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Shows an order's timeline
    Show {
        /// Its id, or channel/shop/number
        order: String,
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let Command::Show { order, json } = command;
    let mut client = ConsoleServiceClient::new(installation.channel("console")?);
    let mut request =
        tonic::Request::new(GetOrderRequest { tenant: installation.tenant.clone(), order: order.clone() });
    request.set_timeout(Duration::from_secs(10));
    let found = match client.get_order(request).await {
        Ok(response) => response.into_inner(),
        Err(status) if status.code() == Code::NotFound => {
            bail!("the console knows no order {order:?}; it may not have read that far: `weir doctor` shows its lag")
        }
        Err(status) if status.code() == Code::InvalidArgument => {
            return Err(ConfigFault(format!("{order:?} is neither an order id nor channel/shop/number")).into());
        }
        Err(status) => return Err(status).with_context(|| not_answering("console", installation)),
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print!("{}", told(&found));
    }
    Ok(ExitCode::SUCCESS)
}

fn told(found: &GetOrderResponse) -> String {
    let mut text = String::new();
    if let Some(summary) = &found.summary {
        put(&mut text, &head(summary));
    }
    let start = found.timeline.first().map_or(0, |entry| entry.at_ms);
    let service_width = found.timeline.iter().map(|entry| service(entry).len()).max().unwrap_or(0);
    for entry in &found.timeline {
        put(&mut text, &line(entry, start, service_width));
    }
    text
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes any text");
}

fn head(summary: &OrderSummary) -> String {
    let number = if summary.shown_number.is_empty() { &summary.platform_order_id } else { &summary.shown_number };
    let exponent = weir_channels::money::exponent(&summary.currency);
    let amount = amount(summary.payable_minor, exponent);
    let mut text = format!("order {}  {}/{}/{number}\n", summary.order_id, summary.channel, summary.shop);
    let payment = summary.payment_state.to_lowercase();
    put(&mut text, &format!("  {}, {payment}, {amount} {}", summary.state, summary.currency));
    if !summary.warehouse.is_empty() || !summary.tracking_number.is_empty() {
        put(&mut text, &format!("  warehouse {}, tracking {}", summary.warehouse, summary.tracking_number));
    }
    if !summary.waits_for.is_empty() {
        put(&mut text, &format!("  waits for {}", summary.waits_for));
    }
    text
}

fn amount(minor: i64, exponent: u32) -> String {
    let scale = 10_u64.pow(exponent);
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, fraction) = (minor.unsigned_abs() / scale, minor.unsigned_abs() % scale);
    match exponent {
        0 => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{fraction:0width$}", width = digits as usize),
    }
}

/// Time of day, since the start, service, sentence, place in the log.
fn line(entry: &TimelineEntry, start: i64, service_width: usize) -> String {
    let place =
        entry.position.as_ref().map_or_else(String::new, |p| format!("{}/{}/{}", p.topic, p.partition, p.offset));
    let since = entry.at_ms - start;
    let since = format!("+{}.{:03} s", since / 1000, since.rem_euclid(1000));
    let service = service(entry);
    let sentence = if entry.text.is_empty() { &entry.r#type } else { &entry.text };
    format!("{}  {since:>12}  {service:<service_width$}  {sentence}  [{place}]", clock(entry.at_ms))
}

/// Who said an event: whoever owns the topic that it lies in.
fn service(entry: &TimelineEntry) -> &'static str {
    match entry.position.as_ref().map_or("", |place| &place.topic) {
        "deliveries" | "orders" => "ingest",
        "routes" => "routing",
        "stock" | "allocations" => "inventory",
        "shipments" => "fulfillment",
        "notices" => "notification",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_proto::log::v1::Position;

    #[test]
    fn a_timeline_reads_as_one() {
        let entry = |topic: &str, at_ms, event: &str, text: &str| TimelineEntry {
            position: Some(Position { topic: topic.to_owned(), partition: 3, offset: 17 }),
            at_ms,
            r#type: event.to_owned(),
            text: text.to_owned(),
            ..TimelineEntry::default()
        };
        let found = GetOrderResponse {
            summary: None,
            timeline: vec![
                entry("orders", 1_000_000, "weir.order.v1.OrderPlaced", "placed at acme"),
                entry("shipments", 1_001_250, "weir.log.v1.Answered", "command accepted"),
            ],
        };
        let text = told(&found);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "1970-01-01 00:16:40.000      +0.000 s  ingest       placed at acme  [orders/3/17]");
        assert_eq!(lines[1], "1970-01-01 00:16:41.250      +1.250 s  fulfillment  command accepted  [shipments/3/17]");
    }

    #[test]
    fn amounts_have_their_currencys_digits() {
        assert_eq!((amount(1990, 2), amount(-5, 2), amount(1200, 0)), ("19.90".into(), "-0.05".into(), "1200".into()));
    }
}
