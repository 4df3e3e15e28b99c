//! Postgres and Redis, and how far each projection has come.

use super::Line;
use crate::installation::Installation;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_pipeline::Config;
use weir_proto::topics::Topic;

const PATIENCE: Duration = Duration::from_secs(5);
const START: &str = "is it running? scripts/servers up starts it; orders flow without it";

/// A projection's place: topic, partition, next offset.
type Places = BTreeMap<String, Vec<(Topic, i32, i64)>>;

pub(super) async fn postgres(installation: &Installation, lag_max: i64) -> Vec<Line> {
    let url = match installation.database_url() {
        Ok(url) => url,
        Err(error) => return vec![Line::fault("postgres", error.to_string(), "")],
    };
    let part = format!("postgres {}", without_password(url));
    let places = match tokio::time::timeout(PATIENCE, places(url)).await {
        Ok(Ok(places)) => places,
        Ok(Err(error)) => return vec![Line::fault(part, error.to_string(), START)],
        Err(_) => return vec![Line::fault(part, "no answer within 5 s", START)],
    };
    let mut lines = vec![Line::ok(part, format!("answers; {} projections", places.len()))];
    let config = installation.log.clone();
    let lags = tokio::task::spawn_blocking(move || places.into_iter().map(|p| lag_line(&config, p, lag_max)).collect());
    lines.extend(lags.await.unwrap_or_else(|error| vec![Line::fault("projections", error.to_string(), "")]));
    lines
}

/// The offset rows of every schema that has them.
async fn places(url: &str) -> Result<Places, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    // Not those of a rebuild under way: they are behind by nature.
    let query = "select table_schema::text from information_schema.tables where table_name = 'projection_offsets'
        and right(table_schema, 8) <> '_rebuild'";
    let schemas = sqlx::query(query).fetch_all(&mut connection).await?;
    let mut places = Places::new();
    for schema in schemas {
        let schema: String = schema.try_get(0)?;
        let statement =
            format!("select projection, topic, partition, next_offset from \"{schema}\".projection_offsets");
        for row in sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut connection).await? {
            let topic: String = row.try_get(1)?;
            if let Some(topic) = Topic::parse(&topic) {
                places.entry(row.try_get(0)?).or_default().push((topic, row.try_get(2)?, row.try_get(3)?));
            }
        }
    }
    Ok(places)
}

fn lag_line(config: &Config, (name, places): (String, Vec<(Topic, i32, i64)>), lag_max: i64) -> Line {
    let part = format!("projection {name}");
    let consumer: Result<BaseConsumer, _> =
        ClientConfig::new().set("bootstrap.servers", &config.brokers).set("group.id", "weir-doctor").create();
    let lag = consumer.and_then(|consumer| {
        let mut lag = 0;
        for (topic, partition, next) in places {
            let (_, end) = consumer.fetch_watermarks(&topic.full_name(&config.prefix), partition, PATIENCE)?;
            lag += (end - next).max(0);
        }
        Ok(lag)
    });
    match lag {
        Ok(lag) if lag > lag_max => Line::fault(part, format!("{lag} records behind"), "is its service running?"),
        Ok(lag) => Line::ok(part, format!("{lag} records behind")),
        Err(error) => Line::fault(part, error.to_string(), "its lag can't be told without Kafka"),
    }
}

pub(super) async fn redis(installation: &Installation) -> Vec<Line> {
    let url = match installation.redis_url() {
        Ok(url) => url,
        Err(error) => return vec![Line::fault("redis", error.to_string(), "")],
    };
    let part = format!("redis {}", without_password(url));
    vec![match tokio::time::timeout(PATIENCE, ping(url)).await {
        Ok(Ok(keys)) => Line::ok(part, format!("answers; {keys} keys")),
        Ok(Err(error)) => Line::fault(part, error.to_string(), START),
        Err(_) => Line::fault(part, "no answer within 5 s", START),
    }]
}

async fn ping(url: &str) -> Result<i64, redis::RedisError> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd("DBSIZE").query_async(&mut connection).await
}

fn without_password(url: &str) -> String {
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
