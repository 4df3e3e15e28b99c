//! Postgres, and how far each of its projections has come.

use super::lag::{self, Standing, Standings};
use super::{Line, NO_ANSWER};
use crate::installation::Installation;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tokio::time::{Instant, timeout_at};
use weir_proto::topics::Topic;

pub(super) const START: &str = "is it running? scripts/servers up starts it; orders flow without it";

pub(super) async fn postgres(installation: &Installation, lag_max: i64, deadline: Instant) -> Vec<Line> {
    let url = match installation.database_url() {
        Ok(url) => url,
        Err(error) => return vec![Line::fault("postgres", error.to_string(), "")],
    };
    let part = format!("postgres {}", without_password(url));
    let standings = match timeout_at(deadline, standings(url)).await {
        Ok(Ok(standings)) => standings,
        Ok(Err(error)) => return vec![Line::fault(part, error.to_string(), START)],
        Err(_) => return vec![Line::fault(part, NO_ANSWER, START)],
    };
    let mut lines = vec![Line::ok(part, format!("answers; {} projections", standings.len()))];
    lines.extend(lag::lines(&installation.log, standings, lag_max, deadline).await);
    lines
}

/// The offset rows of every schema that has them.
async fn standings(url: &str) -> Result<Standings, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    // Not those of a rebuild under way: they are behind by nature.
    let query = "select table_schema::text from information_schema.tables where table_name = 'projection_offsets'
        and right(table_schema, 8) <> '_rebuild'";
    let schemas = sqlx::query(query).fetch_all(&mut connection).await?;
    let mut standings = Standings::new();
    for schema in schemas {
        let schema: String = schema.try_get(0)?;
        let statement =
            format!("select projection, topic, partition, next_offset from \"{schema}\".projection_offsets");
        for row in sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut connection).await? {
            let topic: String = row.try_get(1)?;
            if let Some(topic) = Topic::parse(&topic) {
                let standing: &mut Standing = standings.entry(row.try_get(0)?).or_default();
                standing.places.push((topic, row.try_get(2)?, row.try_get(3)?));
            }
        }
    }
    Ok(standings)
}

/// An address as it may be shown.
pub(super) fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("postgres://weir:hush@db:5432/weir"), "postgres://db:5432/weir");
        assert_eq!(without_password("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
    }
}
