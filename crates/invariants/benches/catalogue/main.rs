//! What the catalogue of invariants costs: records of every topic in a second of one core, and bytes for each order.
//!
//! Speed is best read from a real log: with `--log`, that of the installation in `WEIR_BROKERS` is held in memory and checked some
//! times over. Memory is read from lives of orders that are made on the way and never kept, so that it is the checkers' alone.

mod life;
mod measure;
mod real;

use anyhow::ensure;
use measure::{Clock, highest, resident};
use serde_json::{Value, json};
use std::process::Command;
use weir_invariants::{Audit, Ending, Held, Report};

/// As every binary of Weir has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Of one size, in a process of its own.
const ONE: &str = "--one";
/// Orders that are made between two looks at the clock: few, so that they take no room that counts.
const PORTION: u64 = 100;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let number = |name: &str, default: u64| -> anyhow::Result<u64> {
        let value = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
        Ok(value.map(|text| text.parse()).transpose()?.unwrap_or(default))
    };
    if has(ONE) {
        println!("{}", run(number(ONE, 1)?, !has("--under-way")));
        return Ok(());
    }
    let mut found = serde_json::Map::new();
    if has("--log") {
        let rounds = real::rounds(number("--rounds", 5)?)?;
        if !has("--json") {
            println!("{rounds}");
        }
        found.insert("log".to_owned(), rounds.json());
    } else {
        let most = number("--orders", 400_000)?.max(4);
        // Orders that are under way are fewer in life, too.
        for (name, most, option) in [("ended", most, "--ended"), ("under way", most.div_ceil(10), "--under-way")] {
            let sizes = [most.div_ceil(4), most.div_ceil(2), most].map(|orders| in_a_process(orders, option));
            let sizes = sizes.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
            if !has("--json") {
                sizes.iter().for_each(|size| print(name, size));
            }
            found.insert(name.replace(' ', "_"), sizes.into());
        }
    }
    if has("--json") {
        println!("{}", serde_json::to_string_pretty(&found)?);
    }
    Ok(())
}

/// What an allocator has given back it may keep, so each size has a process of its own.
fn in_a_process(orders: u64, option: &str) -> anyhow::Result<Value> {
    let output = Command::new(std::env::current_exe()?).args([ONE, &orders.to_string(), option]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn print(name: &str, size: &Value) {
    let of = |field: &str| size[field].as_f64().unwrap_or_default();
    println!(
        "{} orders, {name}, on one partition: {} records of {:.0} bytes, {:.0} a second of one core; {:.1} MB, at most \
         {:.1} MB, {:.0} bytes for each order",
        of("orders"),
        of("records"),
        of("record_bytes"),
        of("records_per_cpu_second"),
        of("memory_bytes") / 1e6,
        of("peak_memory_bytes") / 1e6,
        of("memory_bytes") / of("orders"),
    );
}

/// Checks orders that all came to their end, or all wait for a picker.
fn run(orders: u64, whole: bool) -> Value {
    let (mut log, mut audit, mut report) = (life::Log::new(), Audit::new(0), Report::new());
    let (mut seconds, mut memory, mut before) = (0.0, 0, None);
    for from in (0..orders).step_by(PORTION as usize) {
        let portion = log.lives(from..orders.min(from + PORTION), whole);
        // Making them has taken what it takes, and nothing is checked yet.
        let before = *before.get_or_insert_with(resident);
        let clock = Clock::start();
        portion.iter().for_each(|record| audit.take(record, &mut report));
        seconds += clock.seconds();
        memory = resident().saturating_sub(before);
    }
    let peak = highest().saturating_sub(before.unwrap_or_default());
    let (live, ended) = audit.kept();
    assert_eq!((live as u64, ended as u64), if whole { (0, orders) } else { (orders, 0) }, "{report}");
    let committed = log.committed();
    let held = Held::of([&audit]);
    let ending = Ending { committed: &committed, committed_after: &committed, running: false, held: &held };
    let clock = Clock::start();
    audit.end(&ending, &mut report);
    seconds += clock.seconds();
    assert!(report.clean() && report.summary.orders == orders, "{report}");
    let records = report.summary.read;
    json!({
        "orders": orders,
        "records": records,
        "record_bytes": report.summary.bytes / records,
        "cpu_seconds": seconds,
        "records_per_cpu_second": records as f64 / seconds,
        "memory_bytes": memory,
        "peak_memory_bytes": peak,
    })
}
