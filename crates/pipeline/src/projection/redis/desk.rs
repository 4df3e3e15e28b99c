//! What somebody at a desk asks of the counters: which there are, and a new generation.

use super::keys;
use redis::{AsyncCommands as _, Client, RedisError};

/// Counters, as Redis has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub name: String,
    pub generation: String,
    /// Partitions that are counted up to where the log ended when the generation began.
    pub whole: i64,
    /// Readers hear nothing before all are whole.
    pub partitions: i64,
}

/// The counters of an installation.
///
/// # Errors
/// Where Redis does not answer.
pub async fn known(redis_url: &str, prefix: &str) -> Result<Vec<Known>, RedisError> {
    let mut connection = Client::open(redis_url)?.get_multiplexed_async_connection().await?;
    let pattern = format!("{{{}:*}}:meta", keys::quoted(prefix));
    let mut found = Vec::new();
    for meta in keys::all(&mut connection, &pattern).await? {
        let (generation, partitions): (Option<String>, Option<i64>) =
            connection.hmget(&meta, &["gen", "partitions"]).await?;
        let slot = meta.trim_end_matches(":meta");
        let name = slot.trim_start_matches(&format!("{{{prefix}:")).trim_end_matches('}').to_owned();
        if let (Some(generation), Some(partitions)) = (generation, partitions) {
            let whole = connection.scard(format!("{slot}:{generation}:whole")).await?;
            found.push(Known { name, generation, whole, partitions });
        }
    }
    Ok(found)
}

/// Takes the generation out of force: whoever counts begins a new one within a second or so, and removes what the old one held.
/// Until the new one is whole, readers hear that the counters are absent.
///
/// # Errors
/// Where Redis does not answer.
pub async fn forget(redis_url: &str, prefix: &str, name: &str) -> Result<(), RedisError> {
    let mut connection = Client::open(redis_url)?.get_multiplexed_async_connection().await?;
    connection.del(format!("{}:meta", super::slot(prefix, name))).await
}
