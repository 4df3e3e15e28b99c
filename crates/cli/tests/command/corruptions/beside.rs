//! What is beside the rows: counters that no fact names, and a projection that has not registered.

use super::rows::{Database, run};
use crate::corner::{Corner, Ended};
use redis::{Commands as _, Connection};
use weir_inventory::projection::availability::NAME;
use weir_pipeline::projection::redis::known;
use weir_testkit::Servers;

/// Counters that nothing was counted in: of a SKU that no fact names, and of a warehouse where one that is known never was.
const SPOILT: [(&str, &str, i64); 2] = [("demo/main/GHOST", "east:on_hand", 3), ("demo/main/TEA", "west:allocated", 1)];
const HIDDEN: &str = "update fulfillment.projection_register set projection = 'elsewhere.pick-lists'";
const SHOWN: &str = "update fulfillment.projection_register set projection = 'fulfillment.pick-lists'";

/// The counters in force, for a person who writes into them.
pub struct Counters {
    connection: Connection,
    /// What the names of the hashes follow.
    before: String,
}

impl Counters {
    pub async fn of(corner: &Corner) -> Counters {
        let (url, prefix) = (&Servers::shared().redis_url, &corner.config.prefix);
        let known = known(url, prefix).await.expect("Redis").into_iter().find(|one| one.name == NAME);
        let before = format!("{{{prefix}:{NAME}}}:{}:h:", known.expect("inventory's counters").generation);
        let connection = redis::Client::open(url.as_str()).and_then(|client| client.get_connection());
        Counters { connection: connection.expect("Redis"), before }
    }

    pub fn set(&mut self, hash: &str, field: &str, value: i64) {
        self.connection.hset::<_, _, _, ()>(format!("{}{hash}", self.before), field, value).expect("set");
    }

    fn remove(&mut self, hash: &str, field: &str) {
        self.connection.hdel::<_, _, ()>(format!("{}{hash}", self.before), field).expect("removed");
    }
}

/// How the command ends with all of that, which is put right again. It waits until its patience with counters that may be ahead is
/// over.
pub async fn verified(database: &Database, counters: &mut Counters, verify: impl Fn() -> Ended) -> Ended {
    SPOILT.iter().for_each(|(hash, field, value)| counters.set(hash, field, *value));
    run(&database.url, HIDDEN.to_owned()).await;
    let ended = verify();
    run(&database.url, SHOWN.to_owned()).await;
    SPOILT.iter().for_each(|(hash, field, _)| counters.remove(hash, field));
    ended
}

/// What the command did not tell, or told besides.
pub fn missed(ended: &Ended) -> Vec<String> {
    let spoilt = |(hash, field, value): &(&str, &str, i64)| {
        format!("redis {NAME}: {hash} {field}: nothing by the fold, and {value} in Redis")
    };
    let mut wanted: Vec<String> = SPOILT.iter().map(spoilt).collect();
    wanted.push("fulfillment.pick-lists is not compared with the fold: it has never registered in Postgres".to_owned());
    wanted.push(format!("I10  BROKEN {} times", wanted.len()));
    wanted.retain(|line| !ended.said.contains(line.as_str()));
    wanted.into_iter().map(|line| format!("was not told: {line}\n{}", ended.said)).collect()
}
