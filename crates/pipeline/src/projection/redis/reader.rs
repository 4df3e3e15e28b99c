//! Reads counters.

use super::{keys, slot};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, Client, RedisError, Script};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// A read that takes longer is worth less than asking the log.
const PATIENCE: Duration = Duration::from_millis(500);

/// KEYS: meta. ARGV: slot, hashes… Answers nothing unless every partition of the generation in force is whole. The names of the
/// hashes follow from the generation; all lie in the slot of KEYS[1].
const READ: &str = r"
local gen = redis.call('HGET', KEYS[1], 'gen')
if not gen then return false end
local base = ARGV[1] .. ':' .. gen
if redis.call('SCARD', base .. ':whole') < tonumber(redis.call('HGET', KEYS[1], 'partitions')) then return false end
local found = {}
for i = 2, #ARGV do found[i - 1] = redis.call('HGETALL', base .. ':h:' .. ARGV[i]) end
return found";

/// Reads counters. Absent (never wrong) where the projection is not whole.
#[derive(Clone)]
pub struct CounterReader {
    connection: ConnectionManager,
    slot: String,
    meta: String,
    script: Script,
}

impl CounterReader {
    /// # Errors
    /// Where the URL is none, or Redis can't be reached.
    pub async fn connect(redis_url: &str, prefix: &str, name: &str) -> Result<CounterReader, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(1)))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_with_config(Client::open(redis_url)?, config).await?;
        let slot = slot(prefix, name);
        let meta = format!("{slot}:meta");
        Ok(CounterReader { connection, slot, meta, script: Script::new(READ) })
    }

    /// Each hash's fields, in the order asked; `None` where the projection is not whole. A hash that nothing was counted in is
    /// empty.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn read(&self, hashes: &[String]) -> Result<Option<Vec<HashMap<String, i64>>>, RedisError> {
        let mut connection = self.connection.clone();
        let mut call = self.script.key(&self.meta);
        call.arg(&self.slot);
        for hash in hashes {
            call.arg(hash);
        }
        call.invoke_async(&mut connection).await
    }

    /// The names of the hashes of the generation in force; `None` where there is none. One that is counted in for the first time
    /// meanwhile may be missing, and whether all partitions are whole is told by [`CounterReader::read`] alone.
    ///
    /// # Errors
    /// Where Redis does not answer.
    pub async fn hashes(&self) -> Result<Option<BTreeSet<String>>, RedisError> {
        let mut connection = self.connection.clone();
        let Some(generation) = connection.hget::<_, _, Option<String>>(&self.meta, "gen").await? else {
            return Ok(None);
        };
        let before = format!("{}:{generation}:h:", self.slot);
        let found = keys::all(&mut connection, &format!("{}*", keys::quoted(&before))).await?;
        Ok(Some(found.iter().filter_map(|key| key.strip_prefix(&before)).map(str::to_owned).collect()))
    }
}
