//! What `weir-sim` prints: progress that matters, tables, one JSON document.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_sim::house::{Breach, Done, Stage, Total, Verdict};

/// How many breaks of one seed are shown.
const SHOWN: usize = 5;

/// Says at once what broke, and the command that shows it again.
pub fn broke(done: &Done, orders: usize) {
    let again = || format!("  weir-sim replay --seed {} --orders {orders}", done.seed);
    match &done.verdict {
        Ok(verdict) if verdict.breaches.is_empty() => {}
        Ok(verdict) => {
            eprintln!("\nseed {}: {} breaks ({})", done.seed, verdict.breaches.len(), verdict.plan.line());
            breaches(&verdict.breaches).iter().for_each(|line| eprintln!("  {line}"));
            eprintln!("{}", again());
        }
        Err(why) => eprintln!("\nseed {}: the run itself ended: {why}\n{}", done.seed, again()),
    }
}

fn breaches(breaches: &[Breach]) -> Vec<String> {
    let mut lines: Vec<String> = breaches.iter().take(SHOWN).map(ToString::to_string).collect();
    if breaches.len() > SHOWN {
        lines.push(format!("and {} more", breaches.len() - SHOWN));
    }
    lines
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

fn numbers(rows: impl IntoIterator<Item = (String, u64)>) -> Table {
    let mut table = plain();
    for (what, count) in rows {
        table.add_row([what, count.to_string()]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The run's table.
pub fn table(total: &Total, calm: bool) {
    println!("{}", numbers(total.counts.named().map(|(what, count)| (what.to_owned(), count))));
    let (seeds, rate) = (total.seeds, total.orders_per_second_and_core());
    println!("{seeds} seeds in {:.1} s, {rate:.0} orders/s and core", total.lasted.as_secs_f64());
    if total.further > 0 {
        println!("{} of them beyond what was asked for, to see: {}", total.further, total.sought.join(", "));
    }
    if !calm {
        coverage(total);
    }
    let failed = total.broken.len() + total.fallen.len();
    if failed == 0 {
        println!("no invariant broke");
    } else {
        println!("{failed} seeds broke:");
        for verdict in &total.broken {
            println!("  seed {}", verdict.plan.seed);
            breaches(&verdict.breaches).iter().for_each(|line| println!("    {line}"));
        }
        total.fallen.iter().for_each(|(seed, why)| println!("  seed {seed}: {why}"));
    }
}

/// One row for each moment, with a column for each stage where the moment is a stage's.
fn coverage(total: &Total) {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut once = Vec::new();
    for (what, count) in total.coverage.wanted() {
        match what.split_once(": ").filter(|(_, whose)| Stage::ALL.iter().any(|stage| stage.name() == *whose)) {
            Some((moment, _)) => rows.entry(moment.to_owned()).or_default().push(count.to_string()),
            None => once.push((what, count)),
        }
    }
    let mut table = plain();
    table.set_header(["moment", "clerk", "routing", "inventory", "fulfillment", "notification"]);
    for (moment, counts) in rows {
        table.add_row([vec![moment], counts].concat());
    }
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
    println!("{}", numbers(once));
    let missing = total.coverage.missing();
    if missing.is_empty() {
        println!("every moment was seen");
    } else {
        println!("never seen: {}", missing.join(", "));
    }
}

/// The run as one document.
pub fn json(total: &Total) {
    let broken: Vec<Value> = total.broken.iter().map(broken_seed).collect();
    let fallen: Vec<Value> = total.fallen.iter().map(|(seed, why)| json!({ "seed": seed, "why": why })).collect();
    let counts: BTreeMap<&str, u64> = total.counts.named().into_iter().collect();
    let coverage: BTreeMap<&str, u64> = total.coverage.seen().collect();
    let document = json!({
        "seeds": total.seeds,
        "further_seeds": total.further,
        "seconds": total.lasted.as_secs_f64(),
        "orders_per_second_and_core": total.orders_per_second_and_core(),
        "counts": counts,
        "coverage": coverage,
        "never_seen": total.coverage.missing(),
        "broken": broken,
        "fallen": fallen,
    });
    println!("{document:#}");
}

fn broken_seed(verdict: &Verdict) -> Value {
    let breaches: Vec<String> = verdict.breaches.iter().map(ToString::to_string).collect();
    json!({ "seed": verdict.plan.seed, "plan": verdict.plan.line(), "breaches": breaches })
}

/// One seed's end.
pub fn verdict(verdict: &Verdict) {
    verdict.story.iter().for_each(|line| println!("{line}"));
    println!("{}", numbers(verdict.counts.named().map(|(what, count)| (what.to_owned(), count))));
    println!("log {}", verdict.log_hash);
    for (what, count) in verdict.coverage.seen() {
        println!("  {count:>6} {what}");
    }
    match verdict.breaches.as_slice() {
        [] => println!("no invariant broke"),
        breaches => breaches.iter().for_each(|breach| println!("{breach}")),
    }
}
