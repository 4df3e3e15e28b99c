//! `weir backfill`: a shop's orders from a CSV file, through ingest's PlaceOrder. What the house knows is not entered again, so the
//! same file may be sent as often as one likes: that is how a broken run goes on.

mod columns;
mod ledger;
mod map;
mod progress;
mod refused;
mod send;
mod sheet;
mod told;

use crate::installation::{ConfigFault, Installation};
use crate::moment;
use crate::reconcile::ShopName;
use anyhow::Context as _;
use futures::StreamExt as _;
use ledger::Done;
use map::{Fault, Frame, map};
use progress::Progress;
use refused::RefusedFile;
use send::{Answer, Sender, Sent};
use sheet::Sheet;
use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use told::{Refused, Report, Unanswered};
use uuid::Uuid;
use weir_pipeline::kafka::KafkaLog;
use weir_proto::ingest::v1::ingest_service_client::IngestServiceClient;

const COLUMNS: &str =
    "The file is CSV (RFC 4180) in UTF-8 with a header, a row for each line of an order, in any order:
  always there    order_id placed_at currency payable sku quantity price
  may be there    line_id title number freight discount tax payment_state payment_terms cancelled
                  buyer_id buyer_remark seller_remark country province city district address name phone email
placed_at is RFC 3339 with its offset; amounts are decimal, 19.90. What is of the order stands alike on all its rows.
Without line_id, lines are counted from 1. The refused_because of a --refused file is passed over.";

#[derive(clap::Args)]
#[command(after_help = COLUMNS)]
pub struct Args {
    /// Whose orders
    #[arg(value_name = "CHANNEL/SHOP", value_parser = shop_name)]
    shop: ShopName,
    /// The orders
    #[arg(long, value_name = "CSV")]
    file: PathBuf,
    /// Orders a second, at most
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Reads and reports, and sends nothing
    #[arg(long)]
    dry_run: bool,
    /// Where the rows of refused orders go, as they were, each with its reason
    #[arg(long, value_name = "CSV")]
    refused: Option<PathBuf>,
    /// The shop is not registered: a counter, or a desk of one's own
    #[arg(long)]
    unregistered: bool,
    /// Everything that was refused, as JSON
    #[arg(long)]
    json: bool,
}

/// # Errors
/// Where the file is no such file, or a part does not answer at all.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let ShopName { channel, shop } = &args.shop;
    let path = args.file.clone();
    let sheet = tokio::task::spawn_blocking(move || Sheet::open(&path)).await??;
    let frame = Frame { channel: channel.clone(), shop: shop.clone(), now_ms: moment::now() };
    let mut refused_file = match &args.refused {
        Some(path) => Some(RefusedFile::create(path, &args.file, &sheet)?),
        None => None,
    };
    let mut refused: Vec<Option<Vec<Fault>>> =
        sheet.orders.iter().map(|group| map(&frame, &sheet.columns, &sheet.rows(group)).err()).collect();
    let mut report =
        Report { dry_run: args.dry_run, rows: sheet.row_count(), orders: sheet.orders.len(), ..Report::default() };
    if !args.dry_run && refused.iter().any(Option::is_none) {
        enter(&args, installation, &frame, &sheet, &mut refused, &mut report).await?;
    }
    for (group, faults) in sheet.orders.iter().zip(refused) {
        let Some(faults) = faults else { continue };
        if let Some(file) = &mut refused_file {
            file.add(&sheet, group, &faults)?;
        }
        report.refused.push(Refused { order_id: group.order_id.clone(), faults });
    }
    if let Some(file) = refused_file {
        file.end()?;
    }
    match args.json {
        true => println!("{}", report.json(channel, shop)?),
        false => println!("{}", report.text()),
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Sends what can be sent, and sees in the log what came of it.
async fn enter(
    args: &Args,
    installation: &Installation,
    frame: &Frame,
    sheet: &Sheet,
    refused: &mut [Option<Vec<Fault>>],
    report: &mut Report,
) -> anyhow::Result<()> {
    let client = IngestServiceClient::new(installation.channel("ingest")?);
    let log = installation.connect().await?;
    let begin = prepare(args, installation, log.clone()).await?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let sender = Sender::new(client, installation.tenant.clone(), format!("backfill of {name}"), args.rate);
    let good: Vec<usize> = (0..refused.len()).filter(|index| refused[*index].is_none()).collect();
    let progress = Progress::new(good.len());
    // Made once more rather than kept: a large file has a million of them.
    let orders = good.into_iter().filter_map(|index| {
        let made = map(frame, &sheet.columns, &sheet.rows(&sheet.orders[index]));
        made.ok().map(|placeable| (index, placeable))
    });
    let mut commands: HashMap<Uuid, Option<Unanswered>> = HashMap::new();
    let mut sent = pin!(sender.all(orders));
    while let Some(Sent { index, command, answer }) = sent.next().await {
        let order_id = || sheet.orders[index].order_id.clone();
        progress.one(&answer);
        match answer {
            Answer::Taken => drop(commands.insert(command, None)),
            Answer::None(said) => drop(commands.insert(command, Some(Unanswered { order_id: order_id(), said }))),
            Answer::Refused(reason) => {
                let lines = sheet.rows(&sheet.orders[index]).iter().map(|row| row.line).collect();
                refused[index] = Some(vec![Fault { lines, column: String::new(), reason }]);
            }
        }
    }
    drop(progress);
    let (commands, done) = tokio::task::spawn_blocking(move || {
        let done = ledger::since(&log, &begin, |command| commands.contains_key(command))?;
        anyhow::Ok((commands, done))
    })
    .await?
    .context("the orders were sent, and what became of them can't be read; run it again, which changes nothing")?;
    for (command, unanswered) in commands {
        match (done.get(&command), unanswered) {
            (Some(Done::Placed), _) => report.entered += 1,
            (_, Some(unanswered)) => report.unanswered.push(unanswered),
            (changed, None) => {
                report.known += 1;
                report.changed += usize::from(changed.is_some());
            }
        }
    }
    report.unanswered.sort_by(|one, other| one.order_id.cmp(&other.order_id));
    Ok(())
}

/// Where the log ends before anything is sent.
async fn prepare(
    args: &Args,
    installation: &Installation,
    log: KafkaLog,
) -> anyhow::Result<weir_pipeline::log::Offsets> {
    let (ShopName { channel, shop }, tenant) = (args.shop.clone(), installation.tenant.clone());
    let may_be_new = args.unregistered;
    tokio::task::spawn_blocking(move || {
        if !may_be_new && !ledger::knows_shop(&log, &tenant, &channel, &shop)? {
            let next = format!("`weir shop add {channel} {shop}` registers it, --unregistered goes without");
            return Err(ConfigFault(format!("{channel}/{shop} is no registered shop: {next}")).into());
        }
        ledger::ends(&log)
    })
    .await?
}

fn shop_name(text: &str) -> Result<ShopName, String> {
    match text.split_once('/') {
        Some((channel, shop)) if !channel.is_empty() && !shop.is_empty() && !shop.contains('/') => {
            Ok(ShopName { channel: channel.to_owned(), shop: shop.to_owned() })
        }
        _ => Err(format!("{text:?} is no shop; it should be like shopify/acme")),
    }
}
