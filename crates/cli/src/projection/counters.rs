//! Counters in Redis: a rebuild begins a new generation. Readers hear "absent" until it is whole, as after a FLUSHALL, and never a
//! wrong number (docs/adr/0010).

use crate::installation::Installation;
use serde_json::json;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use weir_pipeline::projection::redis::{Known, forget, known};

/// How long a service may take to begin a new generation.
const TAKEN_UP: Duration = Duration::from_secs(15);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// The counters that Redis knows; none where there is no Redis.
async fn all(installation: &Installation) -> anyhow::Result<Vec<Known>> {
    match installation.redis_url() {
        Ok(url) => Ok(known(url, &installation.log.prefix).await?),
        Err(_) => Ok(Vec::new()),
    }
}

pub async fn knows(installation: &Installation, name: &str) -> anyhow::Result<bool> {
    // With Redis away a projection of Postgres can still be rebuilt.
    Ok(all(installation).await.is_ok_and(|all| all.iter().any(|one| one.name == name)))
}

pub async fn show(installation: &Installation, as_json: bool) -> anyhow::Result<()> {
    for one in all(installation).await? {
        if as_json {
            println!("{}", line(&one, "list"));
        } else {
            println!("{}  redis, generation {}: {}", one.name, one.generation, told(&one));
        }
    }
    Ok(())
}

pub async fn rebuild(installation: &Installation, name: &str, as_json: bool) -> anyhow::Result<ExitCode> {
    let (url, prefix) = (installation.redis_url()?, installation.log.prefix.as_str());
    let before = all(installation).await?.into_iter().find(|one| one.name == name);
    let Some(before) = before else { anyhow::bail!("no counters {name} in Redis") };
    if before.whole < before.partitions {
        anyhow::bail!("{name} is being rebuilt already: {}", told(&before));
    }
    forget(url, prefix, name).await?;
    let begun = Instant::now();
    loop {
        tokio::time::sleep(PAUSE).await;
        let now = all(installation).await?.into_iter().find(|one| one.name == name);
        match now {
            Some(now) if now.whole >= now.partitions && now.generation != before.generation => {
                let seconds = begun.elapsed().as_secs_f64();
                if as_json {
                    println!("{}", line(&now, "done"));
                } else {
                    println!("{name}: done in {seconds:.1} s, {}", told(&now));
                }
                return Ok(ExitCode::SUCCESS);
            }
            Some(now) if as_json => println!("{}", line(&now, "running")),
            Some(now) => eprintln!("{}", told(&now)),
            None if begun.elapsed() > TAKEN_UP => {
                anyhow::bail!("nobody builds {name} anew, and its readers hear \"absent\": is its service running?");
            }
            None => {}
        }
    }
}

fn told(one: &Known) -> String {
    format!("{} of {} partitions are whole", one.whole, one.partitions)
}

fn line(one: &Known, state: &str) -> String {
    json!({ "projection": one.name, "store": "redis", "generation": one.generation, "whole": one.whole,
        "partitions": one.partitions, "state": state })
    .to_string()
}
