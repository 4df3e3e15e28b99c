//! `weir-sim`: the house under simulation, from a terminal.
//!
//! Exit codes: 0 nothing broke, 1 something did, or a run has not seen what it must, 2 wrong usage.

#[cfg(feature = "plants")]
mod hunt;
mod report;

use clap::{Parser, Subcommand};
use std::io::IsTerminal as _;
use std::process::ExitCode;
use weir_sim::house::{Done, Fault, Plan, Swarm, Total, Watch, run};

#[derive(Parser)]
#[command(name = "weir-sim", version, about = "Runs the services in a simulated world, with faults, from seeds")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Many seeds; ends with 1 where an invariant broke
    Swarm(SwarmArgs),
    /// One seed again, with what is done to whom
    Replay(ReplayArgs),
    /// Each seed twice: the log must be the same to the byte
    Determinism(DeterminismArgs),
    /// Planted bugs, each of which must be found
    #[cfg(feature = "plants")]
    Plants(hunt::Args),
}

#[derive(clap::Args)]
struct SwarmArgs {
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// Orders of each seed
    #[arg(long, default_value_t = 200)]
    orders: usize,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Threads; each runs one seed at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// No faults
    #[arg(long)]
    calm: bool,
    /// What was never seen is told, and is no failure: for a few seeds
    #[arg(long)]
    partial: bool,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct ReplayArgs {
    #[arg(long)]
    seed: u64,
    #[arg(long, default_value_t = 200)]
    orders: usize,
    /// No faults
    #[arg(long)]
    calm: bool,
    /// This fault alone, by its number: F5
    #[arg(long)]
    only: Option<String>,
    /// Every committed record of this order
    #[arg(long)]
    order: Option<String>,
    /// Not what is done to whom, only the verdict
    #[arg(long)]
    quiet: bool,
    /// With this planted bug in force
    #[cfg(feature = "plants")]
    #[arg(long)]
    plant: Option<String>,
}

#[derive(clap::Args)]
struct DeterminismArgs {
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    #[arg(long, default_value_t = 200)]
    orders: usize,
    #[arg(long, default_value_t = 1)]
    from: u64,
}

weir_host::allocator!();

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Swarm(args) => swarm(&args),
        Command::Replay(args) => replay(&args),
        Command::Determinism(args) => determinism(&args),
        #[cfg(feature = "plants")]
        Command::Plants(args) => hunt::run(&args),
    }
}

fn swarm(args: &SwarmArgs) -> ExitCode {
    let SwarmArgs { from, seeds, orders, jobs, calm, .. } = *args;
    let terminal = std::io::stderr().is_terminal();
    let progress = |done: &Done, total: &Total| {
        report::broke(done, args.orders);
        if terminal {
            eprint!(
                "\r{}/{seeds} seeds, {} orders, {:.0} s ",
                total.seeds,
                total.counts.orders,
                total.lasted.as_secs_f64()
            );
        }
    };
    let swarm = Swarm { from, seeds, orders, jobs, calm };
    let may_miss = calm || args.partial;
    let total = if may_miss { swarm.run(progress) } else { swarm.run_until_seen(progress) };
    if terminal {
        eprintln!();
    }
    let complete = may_miss || total.coverage.missing().is_empty();
    if args.json {
        report::json(&total)
    } else {
        report::table(&total, args.calm)
    }
    if total.sound() && complete { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn replay(args: &ReplayArgs) -> ExitCode {
    let mut plan = Plan::draw(args.seed, args.orders, args.calm);
    if let Some(wanted) = &args.only {
        let found = Fault::ALL.into_iter().find(|fault| fault.name().split(' ').next() == Some(wanted));
        let Some(fault) = found else {
            eprintln!("weir-sim: there is no fault {wanted:?}; they are F1 to F17, as in docs/simulation.md");
            return ExitCode::from(2);
        };
        plan = plan.only(fault);
    }
    #[cfg(feature = "plants")]
    match args.plant.as_deref().map(weir_sim::plants::Plant::named) {
        Some(Some(plant)) => {
            plan = plant.plan(args.seed, args.orders);
            weir_decider::plant::sow(plant.name);
        }
        Some(None) => {
            eprintln!("weir-sim: no such bug is planted; weir-sim plants lists them");
            return ExitCode::from(2);
        }
        None => {}
    }
    println!("seed {}: {}", plan.seed, plan.line());
    let verdict = run(plan, &Watch { trace: !args.quiet, order: args.order.clone(), no_hash: false });
    report::verdict(&verdict);
    if verdict.breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn determinism(args: &DeterminismArgs) -> ExitCode {
    let mut differing = Vec::new();
    for seed in args.from..args.from + args.seeds {
        let once = || run(Plan::draw(seed, args.orders, false), &Watch::default()).log_hash;
        let (first, second) = (once(), once());
        if first != second {
            println!("seed {seed}: {first} and {second}");
            differing.push(seed);
        }
    }
    println!("{} seeds twice, {} orders each: {} differ", args.seeds, args.orders, differing.len());
    if differing.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
