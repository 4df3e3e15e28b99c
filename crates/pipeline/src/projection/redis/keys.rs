//! Keys by a pattern: with SCAN, which holds everybody else up for a portion only, where KEYS would for all of them.

use redis::aio::ConnectionLike;
use redis::{RedisError, cmd};
use std::collections::BTreeSet;

/// Keys that Redis looks at in one call.
const PORTION: usize = 1000;

/// The keys of one portion that match, and where the next begins: 0 behind the last one.
pub(super) async fn portion(
    connection: &mut impl ConnectionLike,
    pattern: &str,
    cursor: u64,
) -> Result<(u64, Vec<String>), RedisError> {
    let mut scan = cmd("SCAN");
    scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(PORTION);
    scan.query_async(connection).await
}

/// All keys that match. One that comes or goes meanwhile may be there or not; a scan may say a key twice, this does not.
pub(super) async fn all(connection: &mut impl ConnectionLike, pattern: &str) -> Result<BTreeSet<String>, RedisError> {
    let (mut found, mut cursor) = (BTreeSet::new(), 0);
    loop {
        let (next, keys) = portion(connection, pattern, cursor).await?;
        found.extend(keys);
        if next == 0 {
            return Ok(found);
        }
        cursor = next;
    }
}

/// Patterns give a meaning to some characters.
pub(super) fn quoted(text: &str) -> String {
    text.chars().flat_map(|c| if "*?[]\\^".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}
