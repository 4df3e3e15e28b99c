//! I10 on every row of every table: each service that projects is asked to fold the log anew beside its tables, and to compare.

use super::projections::{SHOWN_MAX, note};
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

/// What services fold into Postgres. Whoever is missing is told: without a register nobody could be asked.
const KNOWN: [&str; 4] = ["console.orders", "fulfillment.pick-lists", "inventory.levels", "routing.routes"];
const START: &str = "start its service, or leave Postgres and Redis out with --log-only";

/// A projection that is to be compared.
struct Wanted {
    of: Registered,
    /// When it was asked of its service; `None` while that is busy with somebody else's wish.
    asked: Option<Instant>,
}

/// The projections of all services. One that is known and does not register, in the time in which a service would take up a wish, is
/// reported like one that differs: it has never run.
///
/// # Errors
/// Where Postgres does not answer.
pub async fn registered(connection: &mut PgConnection, report: &mut Report) -> anyhow::Result<Vec<Registered>> {
    let started = Instant::now();
    loop {
        let found: Vec<Registered> = list(connection).await?.into_iter().filter(is_a_services).collect();
        let missing = KNOWN.iter().filter(|name| found.iter().all(|of| of.projection != **name));
        if missing.clone().next().is_some() && started.elapsed() <= TAKEN_UP {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        for name in missing {
            report.check(Id::I10, false, || {
                format!("{name} is not compared with the fold: it has never registered in Postgres; {START}")
            });
        }
        return Ok(found);
    }
}

/// Compares the tables of all services, side by side. What could not be compared is reported like what differs.
///
/// # Errors
/// Where Postgres does not answer.
pub async fn compare(
    connection: &mut PgConnection,
    registered: Vec<Registered>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut open: Vec<Wanted> = registered.into_iter().map(|of| Wanted { of, asked: None }).collect();
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
        ("done", "compared") => {
            compared(&name, known, report)?;
            Ok(true)
        }
        ("done", phase) => failed(format!("it ended {phase}; is one of its processes older than this command?")),
        ("failed", _) => failed(known.said.clone()),
        ("asked", _) if asked.elapsed() > TAKEN_UP && withdraw(connection, &wanted.of).await? => {
            failed(format!("nobody takes it up; {START}"))
        }
        _ => Ok(false),
    }
}

/// What retention took from the log is in no fold: rows that differ may be of it, so they are neither right nor wrong.
fn compared(name: &str, known: &Rebuild, report: &mut Report) -> anyhow::Result<()> {
    if known.said.is_empty() || known.differing.is_empty() {
        note(report, &format!("postgres {name}"), usize::try_from(known.compared)?, &known.differing);
    } else {
        let some: Vec<&str> = known.differing.iter().take(SHOWN_MAX).map(String::as_str).collect();
        let (said, some) = (&known.said, some.join("; "));
        report.summary.left_out.push(format!("{name}: differs, maybe by what is {said}. {some}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_pipeline::projection::Projection as _;

    #[test]
    fn the_known_are_the_services() {
        let (console, fulfillment) = (weir_console::projection::Orders, weir_fulfillment::projection::PickLists);
        let (inventory, routing) =
            (weir_inventory::projection::levels::Levels, weir_routing::projection::RoutesProjection);
        assert_eq!(KNOWN, [console.name(), fulfillment.name(), inventory.name(), routing.name()]);
    }

    #[test]
    fn rows_that_differ_are_a_break_unless_the_log_has_lost_some_and_then_the_report_says_so() {
        let mut known = Rebuild {
            purpose: Purpose::Compare,
            state: "done".to_owned(),
            phase: "compared".to_owned(),
            done: 9,
            wanted: 9,
            said: "no longer in the log: quarantine/0 before 17".to_owned(),
            seconds: 1.0,
            silent: 0.0,
            compared: 3,
            differing: Vec::new(),
        };
        let reported = |known: &Rebuild| {
            let mut report = Report::new();
            compared("console.orders", known, &mut report).expect("a number of rows");
            report
        };
        let equal = reported(&known);
        assert!(equal.clean() && equal.of(Id::I10).checks == 3 && equal.summary.left_out.is_empty(), "{equal}");
        known.differing = vec!["timeline: 3 rows, and 2 in the fold".to_owned()];
        let lost = reported(&known);
        assert!(lost.clean() && lost.of(Id::I10).checks == 0, "{lost}");
        let told = "console.orders: differs, maybe by what is no longer in the log: quarantine/0 before 17. timeline: 3 rows, and \
                    2 in the fold";
        assert!(lost.to_string().contains(&format!("\nleft out of I10: {told}\n")), "{lost}");
        let json = serde_json::to_value(&lost).expect("JSON");
        assert_eq!(json["summary"]["left_out"], serde_json::json!([told]));
        known.said.clear();
        assert_eq!(reported(&known).breaks(Id::I10), 1);
    }
}
