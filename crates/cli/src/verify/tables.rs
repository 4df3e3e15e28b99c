//! I10 on every row of every table: each service that projects is asked to fold the log anew beside its tables, and to compare.

use super::projections::note;
use crate::projection::TAKEN_UP;
use sqlx::PgConnection;
use std::time::{Duration, Instant};
use weir_invariants::{Id, Report};
use weir_pipeline::projection::postgres::{Purpose, Rebuild, Registered, ask, list, withdraw};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// Nothing heard for so long, in seconds: whoever was at it is gone.
const SILENT_MAX: f64 = 120.0;
/// … where tables are compared, which says nothing meanwhile.
const COMPARING_MAX: f64 = 2_000.0;

/// A projection that is to be compared.
struct Wanted {
    of: Registered,
    /// When it was asked of its service; `None` while that is busy with somebody else's wish.
    asked: Option<Instant>,
}

/// Compares the tables of all services, side by side. What could not be compared is reported like what differs.
///
/// # Errors
/// Where Postgres does not answer.
pub async fn compare(connection: &mut PgConnection, report: &mut Report) -> anyhow::Result<()> {
    let all = list(connection).await?.into_iter().filter(is_a_services);
    let mut open: Vec<Wanted> = all.map(|of| Wanted { of, asked: None }).collect();
    while !open.is_empty() {
        let now = list(connection).await?;
        let mut rest = Vec::new();
        for mut wanted in open {
            let same = |one: &&Registered| one.projection == wanted.of.projection && one.schema == wanted.of.schema;
            let known = now.iter().find(same).and_then(|one| one.rebuild.as_ref());
            if !step(connection, &mut wanted, known, report).await? {
                rest.push(wanted);
            }
        }
        open = rest;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Not one of a schema that somebody made beside, for a try.
fn is_a_services(of: &Registered) -> bool {
    !of.tables.is_empty() && of.projection.split('.').next() == Some(of.schema.trim_matches('"'))
}

/// True: it is done, and noted.
async fn step(
    connection: &mut PgConnection,
    wanted: &mut Wanted,
    known: Option<&Rebuild>,
    report: &mut Report,
) -> anyhow::Result<bool> {
    let name = wanted.of.projection.clone();
    let mut failed = |why: String| {
        report.check(Id::I10, false, || format!("{name} is not compared with the fold: {why}"));
        Ok(true)
    };
    let silent_max = if known.is_some_and(|known| known.phase == "comparing") { COMPARING_MAX } else { SILENT_MAX };
    let silent = known.filter(|known| known.state == "running").map_or(0.0, |known| known.silent);
    if silent > silent_max {
        return failed(format!("nothing was heard of its service for {silent:.0} s"));
    }
    let Some(asked) = wanted.asked else {
        // A wish that nobody takes up is taken back, whoever's it was.
        let stale = known.is_some_and(|known| known.state == "asked" && known.silent > TAKEN_UP.as_secs_f64());
        let free = known.is_none_or(|known| matches!(known.state.as_str(), "done" | "failed"));
        if stale {
            withdraw(connection, &wanted.of).await?;
        } else if free {
            match ask(connection, &wanted.of, Purpose::Compare).await {
                Ok(asked) => wanted.asked = asked.then(Instant::now),
                Err(error) => return failed(format!("{error}; is its service older than this command?")),
            }
        }
        return Ok(false);
    };
    let Some(known) = known.filter(|known| known.purpose == Purpose::Compare) else {
        wanted.asked = None;
        return Ok(false);
    };
    match (known.state.as_str(), known.phase.as_str()) {
        ("done", "compared") if known.said.is_empty() || known.differing.is_empty() => {
            note(report, &format!("postgres {name}"), usize::try_from(known.compared)?, &known.differing);
            Ok(true)
        }
        ("done", "compared") => {
            eprintln!("{name}: left out of I10, since what differs may be what the log no longer has. {}", known.said);
            Ok(true)
        }
        ("done", phase) => failed(format!("it ended {phase}; is one of its processes older than this command?")),
        ("failed", _) => failed(known.said.clone()),
        ("asked", _) if asked.elapsed() > TAKEN_UP && withdraw(connection, &wanted.of).await? => failed(
            "its service does not take it up; start it, or leave Postgres and Redis out with --log-only".to_owned(),
        ),
        _ => Ok(false),
    }
}
