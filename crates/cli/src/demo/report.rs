//! What a run came to: one table for people, the same as JSON, and what was found wrong.

use super::catalogue::{Catalogue, DemoShop};
use super::follow::ledger::{End, Ledger};
use super::load::Tally;
use super::orders::schedule::Phase;
use super::orders::{Broken, Plan, Story};
use super::sinks::Count;
use super::warehouse::Work;
use crate::bench::Bare;
use crate::histogram::{Latencies, Quantiles};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, Table};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// Everything that is reported.
#[derive(Debug, Serialize)]
pub struct Report {
    pub run: String,
    pub seed: u64,
    pub rate_per_second: u64,
    /// When the first order was due, unix milliseconds: to lay the seconds of `pace` beside what else happened on the machine.
    pub load_began_ms: i64,
    pub seconds: f64,
    pub deliveries: Deliveries,
    pub orders: Orders,
    /// "shopify/demo-1", for each shop of the run.
    pub placed_by_shop: BTreeMap<String, u64>,
    pub messages: Messages,
    /// Intended moment to the platform's answer.
    pub answer: Quantiles,
    pub shed: Shed,
    /// Intended moment to the pick list in the log, of orders that nobody and nothing held up.
    pub pick_list_written: Quantiles,
    /// … and to when a read_committed consumer had it.
    pub pick_list_seen: Quantiles,
    pub lead_in: Option<LeadIn>,
    pub peak: Option<Peak>,
    pub pace: Pace,
    /// Four bare transactions at the same rate, on this machine.
    pub bare: Option<Bare>,
    pub faults: Vec<String>,
    /// "clean", "broken", "not asked".
    pub verify: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Deliveries {
    pub sent: u64,
    pub duplicates: u64,
    pub acknowledged: u64,
    pub retries: u64,
    pub unanswered: u64,
    pub refused: BTreeMap<u16, u64>,
    pub in_the_log: u64,
    pub ignored: BTreeMap<&'static str, u64>,
    pub quarantined: u64,
}

#[derive(Debug, Serialize)]
pub struct Orders {
    pub placed: u64,
    pub held: u64,
    pub approved: u64,
    pub allocated: u64,
    pub backordered: u64,
    pub waiting_for_stock: u64,
    pub short_picked: u64,
    pub rerouted: u64,
    pub timed_out: u64,
    pub cancelled: u64,
    pub cancel_refused: u64,
    pub shipped: u64,
    pub held_at_the_end: u64,
    pub open_at_the_end: u64,
}

#[derive(Debug, Serialize)]
pub struct Messages {
    pub due: u64,
    pub sent: u64,
    pub failed: u64,
    pub mails: Count,
    pub webhooks: Count,
}

/// What the door turned away for the moment.
#[derive(Debug, Serialize)]
pub struct Shed {
    /// Requests answered with 429.
    pub requests: u64,
    /// Intended moment to the first answer of any kind, of everything that was sent.
    pub first_answer: Quantiles,
}

/// What came before the orders that are measured. The latencies, rates and the number waiting above leave it out; everything else
/// is of both.
#[derive(Debug, Serialize)]
pub struct LeadIn {
    pub seconds: u64,
    pub orders: u32,
    pub answer: Quantiles,
    pub shed: Shed,
    pub pick_list_written: Quantiles,
}

/// A peak, told apart like the lead-in.
#[derive(Debug, Serialize)]
pub struct Peak {
    /// With the second in which it comes and the one in which it goes.
    pub seconds: u64,
    pub orders: u32,
    pub rate_per_second: f64,
    pub answer: Quantiles,
    pub shed: Shed,
    pub pick_list_written: Quantiles,
    /// From its end to the last pick list of its orders that nobody and nothing held up, in seconds.
    pub served_after_s: f64,
}

#[derive(Debug, Serialize)]
pub struct Pace {
    pub acknowledged_per_second: Vec<u64>,
    /// Of what was due in each second.
    pub slowest_answer_ms: Vec<u64>,
    pub pick_lists_per_second: Vec<u64>,
    /// Acknowledged orders still on their way to a pick list, each second while orders came in.
    pub waiting: Vec<usize>,
}

/// What the run left behind, from which the report is made.
pub struct Remains<'a> {
    pub plan: &'a Plan,
    pub tally: &'a Tally,
    pub ledger: &'a Ledger,
    pub work: &'a Work,
    pub approved: u64,
    pub mails: Count,
    pub webhooks: Count,
    pub waiting: Vec<usize>,
}

impl Remains<'_> {
    pub fn deliveries(&self) -> Deliveries {
        let Remains { tally, ledger, .. } = self;
        Deliveries {
            sent: tally.sent,
            duplicates: tally.duplicates,
            acknowledged: tally.acknowledged,
            retries: tally.retries,
            unanswered: tally.unanswered,
            refused: tally.refused.clone(),
            in_the_log: ledger.tracks.iter().map(|track| u64::from(track.deliveries)).sum(),
            ignored: ledger.ignored.clone(),
            quarantined: ledger.quarantined.values().sum(),
        }
    }

    pub fn orders(&self) -> Orders {
        let ledger = self.ledger;
        Orders {
            placed: ledger.count(|t| t.placed > 0),
            held: ledger.count(|t| t.held),
            approved: self.approved,
            allocated: ledger.count(|t| t.allocated),
            backordered: ledger.count(|t| t.backordered),
            waiting_for_stock: ledger.count(|t| t.end() == End::WaitsForStock),
            short_picked: self.work.short.load(Ordering::Relaxed),
            rerouted: ledger.count(|t| t.rerouted),
            timed_out: ledger.count(|t| t.timed_out),
            cancelled: ledger.count(|t| t.end() == End::Cancelled),
            cancel_refused: ledger.count(|t| t.cancel_refused),
            shipped: ledger.count(|t| t.shipped),
            held_at_the_end: ledger.count(|t| t.end() == End::Held),
            open_at_the_end: ledger.open(&self.tally.orders) as u64,
        }
    }

    pub fn placed_by_shop(&self, catalogue: &Catalogue) -> BTreeMap<String, u64> {
        let name = |shop: &DemoShop| format!("{}/{}", shop.channel, shop.shop);
        let mut placed: BTreeMap<String, u64> = catalogue.shops.iter().map(|shop| (name(shop), 0)).collect();
        for (order, _) in self.plan.orders.iter().zip(&self.ledger.tracks).filter(|(_, track)| track.placed > 0) {
            *placed.entry(name(&catalogue.shops[order.shop])).or_default() += 1;
        }
        placed
    }

    pub fn messages(&self) -> Messages {
        Messages {
            due: self.ledger.notices(),
            sent: self.ledger.notices_ended(true),
            failed: self.ledger.notices_ended(false),
            mails: self.mails,
            webhooks: self.webhooks,
        }
    }

    pub fn lead_in(&self) -> Option<LeadIn> {
        let span = self.plan.schedule.span(Phase::LeadIn)?;
        Some(LeadIn {
            seconds: span.until_us / 1_000_000,
            orders: span.orders,
            answer: self.tally.answers.lead_in.quantiles(),
            shed: Shed::new(self.tally.shed.lead_in, &self.tally.first_answers.lead_in),
            pick_list_written: self.ledger.to_written.lead_in.quantiles(),
        })
    }

    pub fn peak(&self) -> Option<Peak> {
        let span = self.plan.schedule.span(Phase::Peak)?;
        let until_us = i64::try_from(span.until_us).unwrap_or(i64::MAX);
        Some(Peak {
            seconds: (span.until_us - span.from_us) / 1_000_000,
            orders: span.orders,
            rate_per_second: self.plan.schedule.rates().0,
            answer: self.tally.answers.peak.quantiles(),
            shed: Shed::new(self.tally.shed.peak, &self.tally.first_answers.peak),
            pick_list_written: self.ledger.to_written.peak.quantiles(),
            served_after_s: (self.ledger.peak_served_us - until_us).max(0) as f64 / 1e6,
        })
    }

    /// Everything that is not as it must be, one sentence each.
    pub fn faults(&self) -> Vec<String> {
        let Remains { tally, ledger, .. } = self;
        let mut faults = Vec::new();
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                faults.push(format!("{count} {what}"));
            }
        };
        let orders = || self.plan.orders.iter().zip(&ledger.tracks).zip(&tally.orders);
        let good = || orders().filter(|((order, _), _)| !order.is_broken());
        say(
            good().filter(|((_, t), told)| told.whole && t.placed == 0 && !t.quarantined).count(),
            "acknowledged orders were never placed",
        );
        say(good().filter(|((_, t), _)| t.placed > 1).count(), "orders were placed more than once");
        say(good().filter(|((_, t), _)| t.quarantined).count(), "good orders lie in quarantine");
        say(
            orders().filter(|((_, t), told)| told.deliveries > t.deliveries).count(),
            "orders have fewer deliveries in the log than were acknowledged",
        );
        say(ledger.unaccounted(), "deliveries caused no fact, and are neither ignored nor in quarantine");
        say(ledger.open(&tally.orders), "orders came neither to an end nor to a named wait");
        let forged =
            orders().filter(|((o, _), told)| o.story == Story::Broken(Broken::Signature) && told.deliveries > 0);
        say(forged.count(), "webhooks with a wrong signature were accepted");
        let broken = orders().filter(|((order, t), _)| order.is_broken() && t.placed > 0);
        say(broken.count(), "broken webhooks became orders");
        say(tally.refused_wrongly.len(), "good webhooks were refused");
        say(usize::try_from(tally.unanswered).unwrap_or(usize::MAX), "webhooks were never answered");
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        say(ledger.untold(), "orders were placed, held, shipped or cancelled, and no message was decided of it");
        say(whole(ledger.notices_twice), "messages were decided twice (I7)");
        say(whole(ledger.notices_ended(false)), "messages were given up");
        let (due, sent) = (ledger.notices(), ledger.notices_ended(true));
        say(whole(due - sent - ledger.notices_ended(false)), "messages are due and not sent");
        let arrived = self.mails.distinct + self.webhooks.distinct;
        say(whole(sent).saturating_sub(arrived), "messages are said to be sent and never arrived");
        if let Some(first) = tally.refused_wrongly.first() {
            faults.push(format!("the first good webhook that was refused: {first}"));
        }
        faults
    }
}

impl Report {
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(UTF8_BORDERS_ONLY);
        let mut row = |name: &str, value: String, note: String| {
            let value = Cell::new(value).set_alignment(CellAlignment::Right);
            table.add_row(vec![Cell::new(name), value, Cell::new(note)]);
        };
        let Report { deliveries: d, orders: o, messages: m, .. } = self;
        row(
            "sent",
            d.sent.to_string(),
            format!("webhooks at {} orders/s, {} tries again", self.rate_per_second, d.retries),
        );
        row("acknowledged", d.acknowledged.to_string(), format!("{} in the log", d.in_the_log));
        row("duplicates", d.duplicates.to_string(), format!("ignored: {}", map(&d.ignored)));
        row("refused", d.refused.values().sum::<u64>().to_string(), format!("by status: {}", map(&d.refused)));
        row("quarantined", d.quarantined.to_string(), "authentic, and not to be read".to_owned());
        row("orders", o.placed.to_string(), "placed once each".to_owned());
        row("held", o.held.to_string(), format!("{} approved by the desk", o.approved));
        row(
            "allocated",
            o.allocated.to_string(),
            format!("{} picks short, {} orders rerouted", o.short_picked, o.rerouted),
        );
        row("backordered", o.backordered.to_string(), format!("{} wait for stock at the end", o.waiting_for_stock));
        row(
            "shipped",
            o.shipped.to_string(),
            format!("{} open, {} held at the end", o.open_at_the_end, o.held_at_the_end),
        );
        let cancels = format!("{} never paid; {} cancels came too late", o.timed_out, o.cancel_refused);
        row("cancelled", o.cancelled.to_string(), cancels);
        let again = m.mails.repeated + m.webhooks.repeated;
        let kinds =
            format!("{} mails, {} webhooks arrived, {again} of them again", m.mails.distinct, m.webhooks.distinct);
        row("messages", m.sent.to_string(), kinds);
        row("answer", latency(&self.answer), "intended moment to 2xx".to_owned());
        if let Some((first, note)) = self.shed.row() {
            row("first answer", first, note);
        }
        row("webhook → pick list", latency(&self.pick_list_written), "in the log".to_owned());
        row("", latency(&self.pick_list_seen), "seen by a reader".to_owned());
        if let Some(bare) = &self.bare {
            row(
                "four bare transactions",
                latency(&bare.seen),
                format!("{} records at {}/s", bare.records, bare.rate_per_second),
            );
        }
        if let Some(lead_in) = &self.lead_in {
            let what = format!("answer, the {} orders of the first {} s", lead_in.orders, lead_in.seconds);
            row("lead-in", latency(&lead_in.answer), what);
            if let Some((first, note)) = lead_in.shed.row() {
                row("", first, format!("first answer, {note}"));
            }
            row("", latency(&lead_in.pick_list_written), "webhook → pick list, in the log".to_owned());
        }
        if let Some(peak) = &self.peak {
            let what = format!("answer, the {} orders of the peak: {:.0}/s", peak.orders, peak.rate_per_second);
            row("peak", latency(&peak.answer), what);
            if let Some((first, note)) = peak.shed.row() {
                row("", first, format!("first answer, {note}"));
            }
            let what = format!("webhook → pick list; the last {:.1} s after the peak", peak.served_after_s);
            row("", latency(&peak.pick_list_written), what);
        }
        let pace = &self.pace;
        let from = self.lead_in.as_ref().map_or(0, |lead_in| lead_in.seconds);
        row("acknowledged per second", rates(&pace.acknowledged_per_second, from), "mean and peak".to_owned());
        row("pick lists per second", rates(&pace.pick_lists_per_second, from), "mean and peak".to_owned());
        let behind = pace.waiting.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default();
        let peak = behind.iter().max().copied().unwrap_or(0);
        let last = pace.waiting.last().copied().unwrap_or(0);
        row("waiting for a pick list", format!("{peak} at most"), format!("{last} at the end of the load"));
        row("verify", self.verify.to_owned(), format!("run {}, seed {}, {:.0} s", self.run, self.seed, self.seconds));
        table
    }
}

impl Shed {
    pub fn new(requests: u64, first_answers: &Latencies) -> Shed {
        Shed { requests, first_answer: first_answers.quantiles() }
    }

    /// Nothing where nothing was shed: the first answer is then the answer.
    fn row(&self) -> Option<(String, String)> {
        (self.requests > 0).then(|| (latency(&self.first_answer), format!("{} shed with 429", self.requests)))
    }
}

fn latency(q: &Quantiles) -> String {
    format!("p50 {} p99 {} p99.9 {} ms", digits(q.p50_ms), digits(q.p99_ms), digits(q.p999_ms))
}

fn digits(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

fn map<K: std::fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    match counts.is_empty() {
        true => "none".to_owned(),
        false => counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", "),
    }
}

/// Over the whole seconds behind the lead-in: the last one is not full.
fn rates(per_second: &[u64], from: u64) -> String {
    let whole = &per_second[..per_second.len().saturating_sub(1)];
    let whole = whole.get(usize::try_from(from).unwrap_or(0)..).unwrap_or_default();
    let busy: Vec<u64> = whole.iter().copied().filter(|count| *count > 0).collect();
    let mean = busy.iter().sum::<u64>() / (busy.len() as u64).max(1);
    format!("{mean} / {}", busy.iter().max().copied().unwrap_or(0))
}
