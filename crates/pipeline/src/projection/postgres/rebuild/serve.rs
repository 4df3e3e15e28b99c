//! Rebuilds that were asked for (`weir projection rebuild`, `weir verify`) are done by the process that projects: it has the code
//! for it.

use super::{Progress, RebuildFault, compare, rebuild};
use crate::projection::Projection;
use crate::projection::postgres::desk::{self, Purpose};
use crate::{Log, Signals};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tokio::runtime::Runtime;

/// So often it is looked whether somebody asks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a stop is looked for meanwhile.
const NAP: Duration = Duration::from_millis(100);
/// How long an answer of Postgres may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks, and rebuilds, until `signals` say stop. An outage in the middle ends the rebuild and begins it anew when it is over.
pub(in crate::projection::postgres) fn serve<P: Projection + Clone, L: Log>(
    projection: &P,
    log: &L,
    options: &PgConnectOptions,
    signals: &Signals,
) -> Result<(), std::io::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut connection = None;
    while !signals.stopping() {
        let asked = look(&runtime, &mut connection, options, projection);
        match asked {
            Ok(None) => {}
            Ok(Some(purpose)) => {
                begin(&Wish { projection, purpose, log, options, signals }, &runtime, &mut connection);
            }
            Err(error) => tracing::debug!(%error, "whether a rebuild is asked for can't be told"),
        }
        let begun = log.uptime();
        while !signals.stopping() && log.elapsed(begun) < LOOK_EVERY {
            log.sleep(NAP);
        }
    }
    Ok(())
}

/// What is asked for, and what it is done with.
struct Wish<'a, P, L> {
    projection: &'a P,
    purpose: Purpose,
    log: &'a L,
    options: &'a PgConnectOptions,
    signals: &'a Signals,
}

impl<P: Projection + Clone, L: Log> Wish<'_, P, L> {
    fn fulfil(&self) -> Result<(), RebuildFault> {
        let Wish { projection, purpose, log, options, signals } = *self;
        let (name, purpose_name) = (projection.name(), purpose.name());
        let mut on = |progress: &Progress| {
            let phase = progress.phase.name();
            tracing::info!(projection = name, purpose_name, phase, progress.done, progress.wanted, "rebuild");
        };
        match purpose {
            Purpose::Replace => {
                let rebuilt = rebuild(projection.clone(), log, options, signals, &mut on)?;
                tracing::info!(projection = name, rebuilt.records, rebuilt.waited, "rebuilt and swapped in");
            }
            Purpose::Compare => {
                let compared = compare(projection.clone(), log, options, signals, &mut on)?;
                if compared.differing.is_empty() {
                    tracing::info!(projection = name, compared.rows, "the tables equal the fold");
                } else {
                    tracing::error!(projection = name, ?compared.differing, "the tables differ from the fold");
                }
            }
        }
        Ok(())
    }
}

fn begin<P: Projection + Clone, L: Log>(
    wish: &Wish<'_, P, L>,
    runtime: &Runtime,
    connection: &mut Option<PgConnection>,
) {
    let name = wish.projection.name();
    tracing::info!(projection = name, purpose = wish.purpose.name(), "a rebuild begins");
    match wish.fulfil() {
        // Another process is at it.
        Ok(()) | Err(RebuildFault::Busy(_)) => {}
        Err(fault) => {
            let error = chain(&fault);
            tracing::warn!(projection = name, error, "the rebuild came to nothing");
            if !fault.may_pass() {
                let told = within(runtime, connection, wish.options, async |connection| {
                    desk::failed(connection, name, wish.purpose, &error).await
                });
                if let Err(error) = told {
                    tracing::warn!(%error, "the failure of a rebuild is not written down");
                }
            }
        }
    }
}

fn look<P: Projection>(
    runtime: &Runtime,
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    projection: &P,
) -> Result<Option<Purpose>, sqlx::Error> {
    let is_new = connection.is_none();
    within(runtime, connection, options, async |connection| {
        if is_new {
            desk::prepare(connection).await?;
            desk::register(connection, projection).await?;
        }
        desk::asked(connection, projection.name()).await
    })
}

fn within<T>(
    runtime: &Runtime,
    held: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    let work = async {
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(options).await?,
        };
        let done = work(&mut connection).await?;
        *held = Some(connection);
        Ok(done)
    };
    let outcome = runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await });
    outcome.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = format!("{said}: {inner}");
        cause = inner.source();
    }
    said
}
