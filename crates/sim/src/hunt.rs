//! `weir-sim plants`: each planted bug hunted, and a table of what found it.

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use weir_sim::plants::{ALL, Hunt, Outcome, Plant};

#[derive(clap::Args)]
pub struct Args {
    /// How long one bug is looked for at most
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// This bug alone; may be given several times
    #[arg(long)]
    only: Vec<String>,
    /// The first seed of each hunt
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Orders of each seed
    #[arg(long, default_value_t = 150)]
    orders: usize,
    /// Threads; each hunts one bug at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

/// 0: all found, 1: one was not, 2: there is no such bug.
pub fn run(args: &Args) -> ExitCode {
    let mut wanted: Vec<&'static Plant> = ALL.iter().collect();
    if let Some(unknown) = args.only.iter().find(|name| Plant::named(name).is_none()) {
        let names: Vec<&str> = ALL.iter().map(|plant| plant.name).collect();
        eprintln!("weir-sim: no bug {unknown:?} is planted; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    if !args.only.is_empty() {
        wanted.retain(|plant| args.only.iter().any(|name| name == plant.name));
    }
    // Planted bugs panic; what they say is in the verdict.
    std::panic::set_hook(Box::new(|_| {}));
    let outcomes = hunt(args, &wanted);
    if args.json {
        print_json(args, &outcomes)
    } else {
        print_table(args, &outcomes)
    }
    let all = outcomes.iter().all(|outcome| outcome.find.is_some() && outcome.unsound.is_empty());
    if all { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn hunt(args: &Args, wanted: &[&'static Plant]) -> Vec<Outcome> {
    let hunt = Hunt { from: args.from, orders: args.orders, patience: Duration::from_secs(args.seconds) };
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.max(1) {
            scope.spawn(|| {
                while let Some(plant) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = hunt.one(plant);
                    eprintln!("{}", line(&outcome));
                    outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    outcomes.sort_by_key(|outcome| wanted.iter().position(|plant| *plant == outcome.plant));
    outcomes
}

fn line(outcome: &Outcome) -> String {
    let (name, seconds) = (outcome.plant.name, outcome.lasted.as_secs_f64());
    match &outcome.find {
        Some(find) => format!("{name}: seed {}, {seconds:.1} s: {}", find.seed, find.first),
        None => format!("{name}: NOT FOUND on {} seeds in {seconds:.1} s", outcome.seeds),
    }
}

fn again(args: &Args, outcome: &Outcome) -> String {
    let (name, orders) = (outcome.plant.name, args.orders);
    let seed = outcome
        .find
        .as_ref()
        .map(|find| format!("weir-sim replay --seed {} --orders {orders} --plant {name}", find.seed));
    seed.unwrap_or_default()
}

fn print_table(args: &Args, outcomes: &[Outcome]) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["plant", "rule", "found by", "seed", "seeds", "seconds"]);
    for outcome in outcomes {
        let (by, seed) = match &outcome.find {
            Some(find) => (find.by.join(", "), find.seed.to_string()),
            None => ("NOT FOUND".to_owned(), String::new()),
        };
        let seconds = format!("{:.1}", outcome.lasted.as_secs_f64());
        let plant = outcome.plant;
        table.add_row([plant.name, plant.rule, &by, &seed, &outcome.seeds.to_string(), &seconds]);
    }
    println!("{table}\n");
    for outcome in outcomes {
        if outcome.find.is_some() {
            println!("{}", again(args, outcome));
        }
        for seed in &outcome.unsound {
            println!("seed {seed} breaks without {} too", outcome.plant.name);
        }
    }
    let found = outcomes.iter().filter(|outcome| outcome.find.is_some()).count();
    println!("\n{found} of {} planted bugs found, each on a seed that is clean without it", outcomes.len());
}

fn print_json(args: &Args, outcomes: &[Outcome]) {
    let one = |outcome: &Outcome| -> Value {
        json!({
            "plant": outcome.plant.name,
            "what": outcome.plant.what,
            "rule": outcome.plant.rule,
            "found": outcome.find.is_some(),
            "by": outcome.find.as_ref().map(|find| find.by.clone()),
            "first": outcome.find.as_ref().map(|find| find.first.clone()),
            "seed": outcome.find.as_ref().map(|find| find.seed),
            "seeds": outcome.seeds,
            "unsound": outcome.unsound,
            "seconds": outcome.lasted.as_secs_f64(),
            "replay": again(args, outcome),
        })
    };
    let plants: Vec<Value> = outcomes.iter().map(one).collect();
    println!("{:#}", json!({ "orders": args.orders, "from": args.from, "plants": plants }));
}
