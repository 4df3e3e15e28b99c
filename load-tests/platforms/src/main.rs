//! `weir-platforms`: a server that behaves like the platforms that shops are on, misbehaviour included.
//!
//! Exit codes: 0 stopped by whoever started it, 1 it could not go on, 2 wrong usage.

mod api;
mod args;
mod control;
mod hooks;
mod plan;
mod platform;
mod platforms;
mod push;
mod run;
mod shop;
mod texts;
mod truth;
mod world;

use anyhow::Context as _;
use args::Args;
use clap::{CommandFactory as _, Parser as _};
use plan::Plan;
use push::Sender;
use run::Run;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use world::{World, lock};

/// How long connections have to end when all is over.
const END_PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let args = Args::parse();
    if let Err(why) = args.check() {
        Args::command().error(clap::error::ErrorKind::ArgumentConflict, why).exit();
    }
    if let Some(name) = &args.examples {
        print!("{}", shop::examples(name));
        return ExitCode::SUCCESS;
    }
    // reqwest is built without a provider of its own.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("weir-platforms: another TLS provider was installed before");
    }
    let outcome = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(serve(args));
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weir-platforms: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let world = Arc::new(World::new(args.shops.clone(), args.habits()));
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("{} can't be listened on", args.listen))?;
    println!("listening http://{}", listener.local_addr()?);
    for place in &world.shops {
        eprintln!("{:?}: its API is at http://{}{}", place.shop, listener.local_addr()?, place.root());
    }
    let router = api::router(world.clone()).merge(control::router(world.clone()));
    let until = world.clone();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move { until.stopped().await });
    let mut serving = tokio::spawn(server.into_future());
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let play = Box::pin(play(&args, world.clone()));
    tokio::select! {
        () = world.stopped() => {}
        _ = terminate.recv() => world.stop(),
        _ = interrupt.recv() => world.stop(),
        failed = play => match failed {
            Err(error) => return Err(error),
            Ok(never) => match never {},
        },
        served = &mut serving => return Ok(served??),
    }
    // Whoever still waits for an answer has had it by then.
    let _ = tokio::time::timeout(END_PATIENCE, serving).await;
    Ok(())
}

/// Plays the plan, says so, and goes on doing nothing.
async fn play(args: &Args, world: Arc<World>) -> anyhow::Result<std::convert::Infallible> {
    let sender = Arc::new(Sender::new(&args.door, world.clone())?);
    eprintln!("waiting until the door at {} knows the shops", args.door);
    sender.await_door(args.door_wait).await?;
    let run = Run { plan: Plan::new(&args.wish()), skus: args.skus(), world: world.clone(), sender };
    tokio::select! {
        () = run.play() => {}
        () = report(&world) => {}
    }
    if let Some(file) = &args.json {
        let text = format!("{:#}\n", control::state(&world));
        std::fs::write(file, text).with_context(|| format!("{} can't be written", file.display()))?;
    }
    print!("{}", control::summary(&world));
    std::future::pending().await
}

/// A line every few seconds, for ever.
async fn report(world: &World) {
    let start = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let tally = lock(&world.tally).clone();
        eprintln!(
            "{:4} s: {} orders, {} later steps, {} pushes sent, {} acknowledged, {} retries, {} given up, {} asked of the APIs",
            start.elapsed().as_secs(),
            tally.orders,
            tally.steps,
            tally.pushes.sent,
            tally.pushes.acknowledged,
            tally.pushes.retries,
            tally.pushes.given_up,
            tally.api.requests
        );
    }
}
