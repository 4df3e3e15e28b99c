//! The `weir` command: what a person types at an installation.
//!
//! Exit codes: 0 good, 1 a verdict failed or a part does not answer, 2 wrong usage, 64 wrong configuration.

mod backfill;
mod bench;
mod demo;
mod doctor;
mod histogram;
mod installation;
mod moment;
mod order;
mod projection;
mod pulls;
mod quarantine;
mod reconcile;
mod reference;
mod refused;
mod replay;
mod rules;
mod shop;
mod sku;
mod table;
mod topics;
mod verify;
mod warehouse;

use clap::{Parser, Subcommand};
use installation::{ConfigFault, Installation};
use std::process::ExitCode;

weir_host::allocator!();

#[derive(Parser)]
#[command(name = "weir", version, about = "Orders, each exactly once: set up, watch and try out an installation")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Topics of the catalogue
    #[command(subcommand)]
    Topics(topics::Command),
    /// Shops whose webhooks are taken
    #[command(subcommand)]
    Shop(shop::Command),
    /// Warehouses and what a parcel from them costs
    #[command(subcommand)]
    Warehouse(warehouse::Command),
    /// Stock keeping units
    #[command(subcommand)]
    Sku(sku::Command),
    /// Routing's rules
    #[command(subcommand)]
    Rules(rules::Command),
    /// Orders, as the console knows them
    #[command(subcommand)]
    Order(order::Command),
    /// How the pulls of shops stand. Ends with 1 where one has failed three times in a row
    Pulls(pulls::Args),
    /// A shop's orders on its platform beside those of the house, and the way in for what is missing
    Reconcile(reconcile::Args),
    /// Enters a shop's orders from a CSV file. What is known already is not entered again
    Backfill(backfill::Args),
    /// Looks at every part, its settings and its lag
    Doctor(doctor::Args),
    /// The invariants of docs/invariants.md, on the real log
    Verify(verify::Args),
    /// Events as JSON lines
    Replay(replay::Args),
    /// What is folded into Postgres and Redis, and a fold made anew
    #[command(subcommand)]
    Projection(projection::Command),
    /// What could not be read, and the way back
    Quarantine(quarantine::Args),
    /// The main job: shops, stock, orders, holds, picking, messages, and a report
    Demo(demo::Args),
    /// Measures what the machine can do without Weir
    #[command(subcommand)]
    Bench(bench::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // reqwest and tonic are built without a provider of their own.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("weir: another TLS provider was installed before");
    }
    let outcome = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(run(cli.command));
        // A name that the resolver still looks for keeps nobody waiting.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("weir: {error:#}");
            if error.downcast_ref::<ConfigFault>().is_some() { ExitCode::from(64) } else { ExitCode::from(1) }
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let installation = Installation::from_environment()?;
    match command {
        Command::Topics(command) => topics::run(command, &installation).await,
        Command::Verify(args) => verify::run(args, &installation).await,
        Command::Replay(args) => replay::run(args, &installation).await,
        Command::Projection(command) => projection::run(command, &installation).await,
        Command::Quarantine(args) => quarantine::run(args, &installation).await,
        Command::Shop(command) => shop::run(command, &installation).await,
        Command::Warehouse(command) => warehouse::run(command, &installation).await,
        Command::Sku(command) => sku::run(command, &installation).await,
        Command::Rules(command) => rules::run(command, &installation).await,
        Command::Order(command) => order::run(command, &installation).await,
        Command::Pulls(args) => pulls::run(args, &installation).await,
        Command::Reconcile(args) => reconcile::run(args, &installation).await,
        Command::Backfill(args) => Box::pin(backfill::run(args, &installation)).await,
        Command::Doctor(args) => doctor::run(args, &installation).await,
        Command::Demo(args) => Box::pin(demo::run(args, &installation)).await,
        Command::Bench(command) => bench::run(command, &installation).await,
    }
}
