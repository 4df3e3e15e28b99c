//! `weir projection`: what is folded into Postgres and Redis, and a fold made anew while it is read (docs/runbooks/rebuild.md).
//!
//! A rebuild is done by the service that projects, which has the code for it; this asks for it and follows. Nothing is sent to
//! anybody by a rebuild: a projection has no way to an effect.

mod counters;

use crate::installation::Installation;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use weir_pipeline::projection::postgres::{Purpose, Rebuild, Registered, ask, list, withdraw};

/// How long a service may take to take up what it is asked.
pub const TAKEN_UP: Duration = Duration::from_secs(15);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// The projections, and what is known of their last rebuild
    List {
        /// JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Makes a projection's tables anew beside those that are read, then swaps them
    Rebuild {
        /// As `weir projection list` names it: "console.orders".
        name: String,
        /// Which one, where several schemas have one of this name.
        #[arg(long)]
        schema: Option<String>,
        /// JSON lines: each step, and the end.
        #[arg(long)]
        json: bool,
    },
    /// Makes a projection's tables anew as a rebuild does, compares those that are read with them row by row, and throws them away.
    /// Exit code 1 where they differ
    Compare {
        /// As `weir projection list` names it: "console.orders". Counters in Redis are compared by `weir verify`.
        name: String,
        /// Which one, where several schemas have one of this name.
        #[arg(long)]
        schema: Option<String>,
        /// JSON lines: each step, and the end.
        #[arg(long)]
        json: bool,
    },
}

/// # Errors
/// Where Postgres or Redis does not answer, or the projection is not known.
pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    match command {
        Command::List { json } => show(installation, json).await,
        Command::Rebuild { name, schema, json } => {
            if counters::knows(installation, &name).await? {
                return counters::rebuild(installation, &name, json).await;
            }
            let mut connection = PgConnection::connect(installation.database_url()?).await?;
            let of = find(&mut connection, &name, schema.as_deref()).await?;
            rebuild(&mut connection, &of, Purpose::Replace, json).await
        }
        Command::Compare { name, schema, json } => {
            let mut connection = PgConnection::connect(installation.database_url()?).await?;
            let of = find(&mut connection, &name, schema.as_deref()).await?;
            rebuild(&mut connection, &of, Purpose::Compare, json).await
        }
    }
}

async fn show(installation: &Installation, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut connection = PgConnection::connect(installation.database_url()?).await?;
    for of in list(&mut connection).await? {
        if as_json {
            println!("{}", line(&of, of.rebuild.as_ref()));
            continue;
        }
        println!("{}  postgres, schema {}: {}", of.projection, of.schema, of.tables.join(", "));
        println!("    from {}", of.topics.join(", "));
        if let Some(rebuild) = &of.rebuild {
            println!("    last rebuild: {}", told(rebuild));
        }
    }
    counters::show(installation, as_json).await?;
    Ok(ExitCode::SUCCESS)
}

async fn find(connection: &mut PgConnection, name: &str, schema: Option<&str>) -> anyhow::Result<Registered> {
    let all = list(connection).await?;
    let known: Vec<String> = all.iter().map(|of| of.projection.clone()).collect();
    let mut found: Vec<Registered> = all
        .into_iter()
        .filter(|of| of.projection == name && schema.is_none_or(|schema| of.schema.trim_matches('"') == schema))
        .collect();
    match (found.pop(), found.len()) {
        (Some(of), 0) => Ok(of),
        (Some(_), _) => anyhow::bail!("{name} is in several schemas: say which with --schema"),
        (None, _) => anyhow::bail!("no projection {name} is registered; known: {}", known.join(", ")),
    }
}

async fn rebuild(
    connection: &mut PgConnection,
    of: &Registered,
    purpose: Purpose,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    if !ask(connection, of, purpose).await? {
        let now = find(connection, &of.projection, Some(of.schema.trim_matches('"'))).await?;
        let how = now.rebuild.as_ref().map(told).unwrap_or_default();
        anyhow::bail!("{} is being rebuilt already: {how}", of.projection);
    }
    let begun = Instant::now();
    let mut last = String::new();
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = find(connection, &of.projection, Some(of.schema.trim_matches('"'))).await?;
        let Some(rebuild) = &now.rebuild else {
            anyhow::bail!("the wish for a rebuild of {} was taken back by another", of.projection);
        };
        let text = if as_json { line(&now, Some(rebuild)) } else { told(rebuild) };
        match rebuild.state.as_str() {
            "done" | "failed" => {
                if as_json {
                    println!("{text}")
                } else {
                    println!("{}: {text}", of.projection)
                }
                for row in rebuild.differing.iter().filter(|_| !as_json) {
                    println!("    {row}");
                }
                return Ok(ExitCode::from(u8::from(rebuild.state == "failed" || !rebuild.differing.is_empty())));
            }
            "asked" if begun.elapsed() > TAKEN_UP && withdraw(connection, of).await? => {
                anyhow::bail!("nobody takes it up: is the service of schema {} running?", of.schema);
            }
            _ => {}
        }
        let step = format!("{}{}", rebuild.phase, rebuild.done);
        if step != last && rebuild.state == "running" {
            if as_json { println!("{text}") } else { eprintln!("{text}") }
        }
        last = step;
    }
}

/// In words.
fn told(rebuild: &Rebuild) -> String {
    let Rebuild { purpose, state, phase, done, wanted, said, seconds, silent, compared, differing } = rebuild;
    let said = if said.is_empty() { String::new() } else { format!("; {said}") };
    match state.as_str() {
        "running" if *silent > 60.0 && phase != "comparing" => {
            format!(
                "{phase}, {done} of {wanted} offsets; nothing heard for {silent:.0} s: its process has ended, and the next \
                 begins anew{said}"
            )
        }
        "running" => format!("{phase}, {done} of {wanted} offsets, {seconds:.0} s{said}"),
        "asked" => format!("asked for {silent:.0} s ago"),
        "done" if *purpose == Purpose::Compare => {
            let found = if differing.is_empty() { "equal the fold" } else { "differ from the fold" };
            format!("{compared} rows {found}; compared in {seconds:.1} s{said}")
        }
        "done" => format!("done in {seconds:.1} s, {done} offsets{said}"),
        _ => format!("{state} after {seconds:.1} s{said}"),
    }
}

fn line(of: &Registered, rebuild: Option<&Rebuild>) -> String {
    let rebuild = rebuild.map(|r| {
        json!({ "state": r.state, "phase": r.phase, "done": r.done, "wanted": r.wanted, "said": r.said,
            "seconds": r.seconds, "purpose": r.purpose.name(), "compared": r.compared, "differing": r.differing })
    });
    json!({ "projection": of.projection, "store": "postgres", "schema": of.schema, "topics": of.topics,
        "tables": of.tables, "rebuild": rebuild })
    .to_string()
}
