//! One run from its preparation to its end: who is started when, and how it is known that all is over.

use super::catalogue::Catalogue;
use super::desk::{self, Desk};
use super::follow::ledger::Ledger;
use super::follow::{Follower, now_us};
use super::load::{self, Load, Tally};
use super::orders::schedule::{Phase, Schedule};
use super::orders::{Plan, Wish};
use super::progress::Progress;
use super::report::{Pace, Remains, Report, Shed};
use super::sinks::{self, Sink};
use super::warehouse::{Pace as PickPace, Warehouse, Work};
use super::{Args, stock};
use crate::installation::{ConfigFault, Installation};
use crate::reference::publish_to;
use anyhow::Context as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use weir_pipeline::kafka::KafkaLog;

/// How long the door may take to learn of new shops.
const DOOR_PATIENCE: Duration = Duration::from_secs(30);
/// Between everything being ready and the first order.
const RUN_UP: Duration = Duration::from_millis(1_500);
/// Nothing more is expected after so long without news, once all is settled.
const QUIET: Duration = Duration::from_millis(1_500);
const WEBHOOK_SINK: &str = "127.0.0.1";

/// What was prepared for a run.
struct Stage {
    catalogue: Arc<Catalogue>,
    plan: Arc<Plan>,
    log: KafkaLog,
    mails: Sink,
    webhooks: Sink,
    progress: Progress,
}

pub async fn run(args: &Args, installation: &Installation, run_id: &str) -> anyhow::Result<Report> {
    let stage = prepare(args, installation, run_id).await?;
    let started = Instant::now();
    let begin = started + RUN_UP;
    let start_us = now_us() + i64::try_from(RUN_UP.as_micros()).unwrap_or(0);
    let ledger = Ledger::new(&stage.catalogue, &stage.plan, start_us);
    let follower = Follower::start(installation, stage.log.clone(), ledger).await?;
    let crew = Crew::start(args, installation, &stage)?;
    let tally: Arc<Mutex<Tally>> = Arc::default();
    let load = Arc::new(Load {
        catalogue: stage.catalogue.clone(),
        plan: stage.plan.clone(),
        door_url: installation.service_url("ingest")?.to_owned(),
        begin,
        start_ms: start_us / 1000,
        tally: tally.clone(),
    });
    stage.progress.say(&format!("run {run_id}: {}", told(&stage.plan.schedule, args)));
    let sending = tokio::spawn(load.run());
    let waiting = watch(args, &stage, &follower, &tally, &crew, sending).await?;
    let rest = crew.dismiss().await;
    stage.progress.end();
    let ledger = follower.finish()?;
    let tally = std::mem::take(&mut *load::lock(&tally));
    Ok(report(args, run_id, &stage, &ledger, &tally, &rest, waiting, started))
}

/// What is about to come, in a line.
fn told(schedule: &Schedule, args: &Args) -> String {
    let mut line = match args.day {
        Some(_) => format!("{} orders at {:.0} to {:.0}/s", args.orders, schedule.rates().1, schedule.rates().0),
        None => format!("{} orders at {}/s", args.orders, args.rate),
    };
    if let Some(peak) = schedule.span(Phase::Peak) {
        line += &format!(", in their middle {} at {:.0}/s", peak.orders, schedule.rates().0);
    }
    if let Some(lead_in) = schedule.span(Phase::LeadIn) {
        line += &format!(", after {} in a lead-in of {:.0} s", lead_in.orders, args.lead_in as f64 / 1000.0);
    }
    line
}

async fn prepare(args: &Args, installation: &Installation, run_id: &str) -> anyhow::Result<Stage> {
    let mut catalogue = Catalogue::new(run_id, &installation.tenant, args.skus);
    if let Some(shops) = args.shops {
        catalogue = catalogue.with_shops(shops.into());
    }
    catalogue.hot = args.hot();
    let catalogue = Arc::new(catalogue);
    let wish = Wish {
        shape: args.shape(),
        duplicates_percent: args.duplicates,
        pay_later_percent: args.pay_later,
        cancels_percent: args.cancels,
        out_of_order_percent: args.out_of_order,
        broken_percent: args.broken,
        seed: args.seed,
    };
    let plan = Arc::new(Plan::new(&wish, &catalogue));
    let progress = Progress::new(u64::from(plan.schedule.orders()));
    let mail_address = installation.smtp_url()?.trim_start_matches("smtp://").trim_end_matches('/');
    let mails = sinks::mails(listen(mail_address, "the demo's mails").await?);
    let port = std::env::var("WEIR_WEBHOOK_SINK_PORT").unwrap_or_else(|_| "18026".to_owned());
    let webhook_address = format!("{WEBHOOK_SINK}:{port}");
    let webhooks = sinks::webhooks(listen(&webhook_address, "the demo's webhooks").await?).await;
    let log = installation.connect().await?;
    let (skus, shops) = (catalogue.items.len(), catalogue.shops.len());
    progress.say(&format!("publishing {skus} SKUs, 3 warehouses, {shops} shops"));
    let entries = catalogue.entries(installation.key()?, args.pay_within, &format!("http://{webhook_address}"));
    publish_to(log.clone(), entries).await?;
    load::await_door(installation.service_url("ingest")?, &catalogue, DOOR_PATIENCE).await?;
    progress.say("receiving stock");
    let (receipts, units) = stock::receive(installation, &catalogue, &plan.demand(&catalogue)).await?;
    progress.say(&format!("{units} units in {receipts} receipts"));
    Ok(Stage { catalogue, plan, log, mails, webhooks, progress })
}

async fn listen(address: &str, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{what} can't be received at {address}: is another demo running? WEIR_SMTP_PORT and WEIR_WEBHOOK_SINK_PORT choose others")
    })
}

/// The people of the demo.
struct Crew {
    desk: Arc<Desk>,
    work: Arc<Work>,
    hurry: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    tasks: tokio::task::JoinSet<()>,
}

impl Crew {
    fn start(args: &Args, installation: &Installation, stage: &Stage) -> anyhow::Result<Crew> {
        let warehouses = stage.catalogue.warehouses.len() as f64;
        let pick_rate = args.pick_rate.unwrap_or(args.rate as f64 / 5.0);
        if pick_rate <= 0.0 {
            return Err(ConfigFault("--pick-rate should be above 0".to_owned()).into());
        }
        let pace = PickPace { per_second: pick_rate / warehouses, hands: args.hands, short_percent: args.short };
        let mut crew = Crew {
            desk: Arc::default(),
            work: Arc::default(),
            hurry: Arc::default(),
            stop: Arc::default(),
            tasks: tokio::task::JoinSet::new(),
        };
        let ours = stage.plan.orders.iter().map(|order| order.order_id(&stage.catalogue)).collect();
        crew.tasks.spawn(desk::work(
            installation.channel("routing")?,
            installation.tenant.clone(),
            Arc::new(ours),
            crew.desk.clone(),
            crew.stop.clone(),
        ));
        for name in &stage.catalogue.warehouses {
            let warehouse = Warehouse {
                channel: installation.channel("fulfillment")?,
                tenant: installation.tenant.clone(),
                name: name.clone(),
                pace,
                work: crew.work.clone(),
                hurry: crew.hurry.clone(),
                stop: crew.stop.clone(),
            };
            crew.tasks.spawn(warehouse.run());
        }
        Ok(crew)
    }

    /// Sends everybody home; what they had begun was settled before.
    async fn dismiss(mut self) -> (Arc<Desk>, Arc<Work>) {
        self.stop.store(true, Ordering::Relaxed);
        let home = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(10), home).await.is_err() {
            self.tasks.abort_all();
        }
        (self.desk, self.work)
    }
}

/// Waits until all is settled, or nothing moves any more. Returns how many orders were under way in each second of the load.
async fn watch(
    args: &Args,
    stage: &Stage,
    follower: &Follower,
    tally: &Mutex<Tally>,
    crew: &Crew,
    mut sending: tokio::task::JoinHandle<anyhow::Result<()>>,
) -> anyhow::Result<Vec<usize>> {
    let patience = Duration::from_millis(u64::try_from(args.patience).unwrap_or(0));
    let mut waiting = Vec::new();
    let mut sample = Instant::now();
    let mut all_sent = None;
    loop {
        tokio::select! {
            sent = &mut sending, if all_sent.is_none() => {
                sent??;
                all_sent = Some(Instant::now());
                crew.hurry.store(true, Ordering::Relaxed);
            }
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
        anyhow::ensure!(follower.is_alive(), "the log can't be followed any more: is Kafka running?");
        let tally = load::lock(tally);
        let ledger = follower.ledger();
        stage.progress.show(&tally, &ledger);
        if all_sent.is_none() && sample.elapsed() >= Duration::from_secs(1) {
            sample = Instant::now();
            waiting.push(ledger.waiting(&tally.orders));
        }
        let Some(since) = all_sent else { continue };
        let quiet = ledger.last_news.elapsed().min(since.elapsed());
        if quiet > QUIET && ledger.is_settled(&tally.orders) {
            return Ok(waiting);
        }
        if quiet > patience {
            stage.progress.say(&format!(
                "no news for {} s; {} orders are open, and of {} something was not told",
                quiet.as_secs(),
                ledger.open(&tally.orders),
                ledger.untold()
            ));
            return Ok(waiting);
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "everything that a run leaves behind meets here once")]
fn report(
    args: &Args,
    run_id: &str,
    stage: &Stage,
    ledger: &Ledger,
    tally: &Tally,
    (desk, work): &(Arc<Desk>, Arc<Work>),
    waiting: Vec<usize>,
    started: Instant,
) -> Report {
    let remains = Remains {
        plan: &stage.plan,
        tally,
        ledger,
        work,
        approved: desk.approved.load(Ordering::Relaxed),
        mails: stage.mails.count(),
        webhooks: stage.webhooks.count(),
        waiting,
    };
    Report {
        run: run_id.to_owned(),
        seed: args.seed,
        rate_per_second: args.rate,
        load_began_ms: ledger.start_us / 1000,
        seconds: started.elapsed().as_secs_f64(),
        deliveries: remains.deliveries(),
        orders: remains.orders(),
        placed_by_shop: remains.placed_by_shop(&stage.catalogue),
        messages: remains.messages(),
        answer: tally.answers.measured.quantiles(),
        shed: Shed::new(tally.shed.measured, &tally.first_answers.measured),
        pick_list_written: ledger.to_written.measured.quantiles(),
        pick_list_seen: ledger.to_seen.measured.quantiles(),
        lead_in: remains.lead_in(),
        peak: remains.peak(),
        faults: remains.faults(),
        pace: Pace {
            acknowledged_per_second: tally.per_second.clone(),
            slowest_answer_ms: tally.slowest_ms.clone(),
            pick_lists_per_second: ledger.picks_per_second.clone(),
            waiting: remains.waiting,
        },
        bare: None,
        verify: "not asked",
    }
}
