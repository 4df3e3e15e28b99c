//! The Redis side: scripts that change counters and position together or not at all.

use super::tally::{Standing, Step, Tallies};
use super::{ProjectorError, keys};
use crate::projection::StoreFault;
use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, Script};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;

/// How long one script may take: less than the group's `max.poll.interval.ms`.
const PATIENCE: Duration = Duration::from_secs(5);

/// KEYS: meta. ARGV: a new generation, partition count. Answers the generation in force; begins the new one where there is none.
const BEGIN: &str = r"
local gen = redis.call('HGET', KEYS[1], 'gen')
if gen and redis.call('HGET', KEYS[1], 'partitions') == ARGV[2] then return gen end
redis.call('HSET', KEYS[1], 'gen', ARGV[1], 'partitions', ARGV[2])
return ARGV[1]";

/// KEYS: meta, pos, whole, hashes… ARGV: generation, partition, expected position ('' where none), next position, '1' where the
/// partition is whole now, then for each change: number of the hash, field, by. Answers 1, or 0 where nothing was done.
const APPLY: &str = r"
if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then return 0 end
if (redis.call('HGET', KEYS[2], ARGV[2]) or '') ~= ARGV[3] then return 0 end
for i = 6, #ARGV, 3 do
  redis.call('HINCRBY', KEYS[3 + tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2])
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
if ARGV[5] == '1' then redis.call('SADD', KEYS[3], ARGV[2]) end
return 1";

/// A connection on a private runtime.
pub(super) struct Store {
    client: Client,
    slot: String,
    partitions: i32,
    runtime: Runtime,
    connection: Option<MultiplexedConnection>,
    generation: String,
    begin: Script,
    apply: Script,
}

impl Store {
    pub(super) fn new(url: &str, slot: String, partitions: i32) -> Result<Store, ProjectorError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProjectorError::Thread)?;
        Ok(Store {
            client: Client::open(url).map_err(ProjectorError::Redis)?,
            slot,
            partitions,
            runtime,
            connection: None,
            generation: String::new(),
            begin: Script::new(BEGIN),
            apply: Script::new(APPLY),
        })
    }

    /// Removes what earlier generations left. A writer that still holds one changes nothing any more: it is not in force.
    fn clear_others(&mut self, generation: &str) -> Result<(), StoreFault> {
        let pattern = format!("{}:*", keys::quoted(&self.slot));
        let (meta, own) = (format!("{}:meta", self.slot), format!("{}:{generation}:", self.slot));
        self.within(async |connection| {
            let mut cursor = 0u64;
            loop {
                let (next, keys) = keys::portion(connection, &pattern, cursor).await?;
                let stale: Vec<String> = keys.into_iter().filter(|k| *k != meta && !k.starts_with(&own)).collect();
                if !stale.is_empty() {
                    redis::cmd("UNLINK").arg(&stale).exec_async(connection).await?;
                }
                cursor = next;
                if cursor == 0 {
                    return Ok(());
                }
            }
        })
    }

    /// A connection that failed is not used again; what it did is found out from the position.
    fn within<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Result<T, StoreFault> {
        let Store { client, runtime, connection: held, .. } = self;
        let outcome = runtime.block_on(in_time(async {
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => client.get_multiplexed_async_connection().await?,
            };
            let done = work(&mut connection).await?;
            *held = Some(connection);
            Ok(done)
        }));
        // Redis has nothing to refuse that waiting could not mend: it is waited for as long as it takes.
        outcome.map_err(|error| StoreFault::Transient(error.into()))
    }
}

fn ask_standings(pipe: &mut redis::Pipeline, slot: &str, generation: &str) {
    pipe.hgetall(format!("{slot}:{generation}:pos")).smembers(format!("{slot}:{generation}:whole"));
}

fn standings_of(next: HashMap<i32, i64>, whole: &[i32]) -> BTreeMap<i32, Standing> {
    let standing = |(number, next): (i32, i64)| (number, Standing { next: Some(next), whole: whole.contains(&number) });
    next.into_iter().map(standing).collect()
}

impl Tallies for Store {
    fn open(&mut self) -> Result<BTreeMap<i32, Standing>, StoreFault> {
        let fresh = format!("{:x}{:04x}", wall_ms(), rand::random::<u16>());
        let meta = format!("{}:meta", self.slot);
        let (slot, partitions) = (self.slot.clone(), self.partitions);
        let begin = self.begin.clone();
        let (generation, standings) = self.within(async |connection| {
            let generation: String =
                begin.key(meta).arg(&fresh).arg(partitions.to_string()).invoke_async(connection).await?;
            let mut pipe = redis::pipe();
            pipe.atomic();
            ask_standings(&mut pipe, &slot, &generation);
            let (next, whole): (HashMap<i32, i64>, Vec<i32>) = pipe.query_async(connection).await?;
            Ok((generation, standings_of(next, &whole)))
        })?;
        if generation == fresh {
            tracing::warn!(generation, "the counters are built anew");
            self.clear_others(&generation)?;
        }
        self.generation = generation;
        Ok(standings)
    }

    fn apply(&mut self, step: &Step<'_>) -> Result<bool, StoreFault> {
        let mut hashes: BTreeMap<&str, usize> = BTreeMap::new();
        for change in step.changes {
            let number = hashes.len() + 1;
            hashes.entry(&change.hash).or_insert(number);
        }
        let mut keys: Vec<(usize, String)> =
            hashes.iter().map(|(hash, n)| (*n, format!("{}:{}:h:{hash}", self.slot, self.generation))).collect();
        keys.sort_unstable();
        let apply = self.apply.clone();
        let mut call = apply.prepare_invoke();
        call.key(format!("{}:meta", self.slot))
            .key(format!("{}:{}:pos", self.slot, self.generation))
            .key(format!("{}:{}:whole", self.slot, self.generation));
        for (_, key) in keys {
            call.key(key);
        }
        call.arg(&self.generation)
            .arg(step.partition)
            .arg(step.expected.map(|next| next.to_string()).unwrap_or_default())
            .arg(step.next)
            .arg(i32::from(step.whole));
        for change in step.changes {
            call.arg(hashes[change.hash.as_str()]).arg(&change.field).arg(change.by);
        }
        self.within(async |connection| call.invoke_async::<i32>(connection).await).map(|done| done == 1)
    }

    fn standings(&mut self) -> Result<Option<BTreeMap<i32, Standing>>, StoreFault> {
        let (slot, generation) = (self.slot.clone(), self.generation.clone());
        self.within(async |connection| {
            let mut pipe = redis::pipe();
            pipe.atomic().hget(format!("{slot}:meta"), "gen");
            ask_standings(&mut pipe, &slot, &generation);
            let (found, next, whole): (Option<String>, HashMap<i32, i64>, Vec<i32>) =
                pipe.query_async(connection).await?;
            Ok((found.as_ref() == Some(&generation)).then(|| standings_of(next, &whole)))
        })
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    let late = || RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, "redis did not answer in time"));
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
}

fn wall_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
