//! Redis: whether it may drop what it holds, and how far the counters in it have come.

use super::lag::{self, Standing, Standings};
use super::stores::{START, without_password};
use super::{Line, NO_ANSWER};
use crate::installation::Installation;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client, RedisError};
use std::collections::HashMap;
use tokio::time::{Instant, timeout_at};
use weir_pipeline::projection::redis::{Known, known};
use weir_proto::topics::Topic;

/// Each projection in Redis, and the topic that it is folded from.
const COUNTERS: [(&str, Topic); 1] = [("inventory.availability", Topic::Stock)];
/// The one policy under which nothing of what is counted goes missing.
const WANTED: &str = "noeviction";

pub(super) async fn redis(installation: &Installation, all: bool, lag_max: i64, deadline: Instant) -> Vec<Line> {
    let url = match installation.redis_url() {
        Ok(url) => url,
        Err(error) => return vec![Line::fault("redis", error.to_string(), "")],
    };
    let part = format!("redis {}", without_password(url));
    let found = match timeout_at(deadline, look(url, &installation.log.prefix)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return vec![Line::fault(part, error.to_string(), START)],
        Err(_) => return vec![Line::fault(part, NO_ANSWER, START)],
    };
    let mut lines = vec![Line::ok(&part, format!("answers; {} keys", found.keys))];
    lines.extend(eviction(&part, found.policy.as_deref(), found.memory_max.as_deref(), all));
    let (standings, begun_by_nobody) = standings(&found);
    lines.extend(begun_by_nobody);
    lines.extend(lag::lines(&installation.log, standings, lag_max, deadline).await);
    lines
}

/// What Redis told.
struct Found {
    keys: i64,
    /// None where it does not tell.
    policy: Option<String>,
    memory_max: Option<String>,
    /// Counters, and the next offset of each partition.
    counters: Vec<(Known, HashMap<i32, i64>)>,
}

async fn look(url: &str, prefix: &str) -> Result<Found, RedisError> {
    let mut connection = Client::open(url)?.get_multiplexed_async_connection().await?;
    let keys = redis::cmd("DBSIZE").query_async(&mut connection).await?;
    let policy = setting(&mut connection, "maxmemory-policy").await?;
    let memory_max = setting(&mut connection, "maxmemory").await?;
    let mut counters = Vec::new();
    for one in known(url, prefix).await? {
        let places = connection.hgetall(format!("{{{prefix}:{}}}:{}:pos", one.name, one.generation)).await?;
        counters.push((one, places));
    }
    Ok(Found { keys, policy, memory_max, counters })
}

/// `None` where Redis refuses to tell, as one that somebody else runs may.
async fn setting(connection: &mut MultiplexedConnection, name: &str) -> Result<Option<String>, RedisError> {
    let told: Result<HashMap<String, String>, RedisError> =
        redis::cmd("CONFIG").arg("GET").arg(name).query_async(connection).await;
    match told {
        Ok(mut told) => Ok(told.remove(name)),
        Err(error) if error.is_io_error() => Err(error),
        Err(_) => Ok(None),
    }
}

/// Counters of which some are dropped are wrong, and nobody is told; those that are all gone are counted anew.
fn eviction(part: &str, policy: Option<&str>, memory_max: Option<&str>, all: bool) -> Option<Line> {
    let (Some(policy), Some(memory_max)) = (policy, memory_max) else {
        let advice = format!("CONFIG GET is refused; see that it is {WANTED}");
        return Some(Line::note(part, "maxmemory-policy is not told", advice));
    };
    let found = format!("maxmemory-policy = {policy}, maxmemory = {memory_max}");
    match (policy == WANTED, memory_max == "0") {
        (true, _) if all => Some(Line::ok(part, found)),
        (true, _) => None,
        (false, true) => {
            let advice = format!("should be {WANTED} (it drops counters once a maxmemory is set)");
            Some(Line::note(part, found, advice))
        }
        (false, false) => {
            let advice = format!("should be {WANTED} (of counters that are dropped the rest is wrong)");
            Some(Line::fault(part, found, advice))
        }
    }
}

/// Where the counters stand; a line for each that nobody has begun.
fn standings(found: &Found) -> (Standings, Vec<Line>) {
    let (mut standings, mut lines) = (Standings::new(), Vec::new());
    for (name, topic) in COUNTERS {
        let Some((of, next)) = found.counters.iter().find(|(of, _)| of.name == name) else {
            let advice = "is its service running? its readers hear \"absent\"";
            lines.push(Line::note(format!("projection {name}"), "not begun", advice));
            continue;
        };
        // What was never written begins at the first record.
        let partitions = 0..i32::try_from(of.partitions).unwrap_or(0);
        let places = partitions.map(|at| (topic, at, next.get(&at).copied().unwrap_or(0))).collect();
        let absent = match of.whole < of.partitions {
            true => format!("{} of {} partitions are whole", of.whole, of.partitions),
            false => String::new(),
        };
        standings.insert(name.to_owned(), Standing { places, absent });
    }
    (standings, lines)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use weir_inventory::projection::availability::{Availability, NAME};
    use weir_pipeline::projection::Counters as _;

    #[test]
    fn the_counters_are_inventorys() {
        assert_eq!(COUNTERS, [(NAME, Availability.topic())]);
    }

    #[test]
    fn a_redis_that_drops_counters_is_a_fault_and_one_that_does_not_tell_is_noted() {
        let told = |policy, memory_max, all| {
            eviction("redis", policy, memory_max, all).map(|line| (line.verdict, line.found, line.advice))
        };
        let (verdict, found, advice) = told(Some("allkeys-lru"), Some("1048576"), false).expect("a line");
        assert_eq!((verdict, found.as_str()), (Verdict::Fault, "maxmemory-policy = allkeys-lru, maxmemory = 1048576"));
        assert!(advice.starts_with("should be noeviction"), "{advice}");
        let verdict = |policy, memory_max| told(policy, memory_max, false).map(|(verdict, ..)| verdict);
        assert_eq!(verdict(Some("volatile-ttl"), Some("0")), Some(Verdict::Note));
        assert_eq!(verdict(Some("noeviction"), Some("1048576")), None);
        assert_eq!(told(Some("noeviction"), Some("0"), true).map(|(verdict, ..)| verdict), Some(Verdict::Ok));
        let (verdict, found, _) = told(None, None, false).expect("a line");
        assert_eq!((verdict, found.as_str()), (Verdict::Note, "maxmemory-policy is not told"));
    }
}
