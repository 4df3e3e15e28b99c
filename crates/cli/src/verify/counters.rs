//! I10 of the counters in Redis: each is as the fold has it, or all are absent; and nothing is counted besides.
//!
//! Counters may be behind, as rows may be: what differs is looked at again until it agrees or patience ends. What has been counted
//! since the log was read is as the rows have it by now, which are compared with the fold for themselves.

use super::projections::{PATIENCE, PAUSE, note, postgres_levels, postgres_soft};
use crate::installation::Installation;
use redis::RedisError;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;
use weir_invariants::{Id, Levels, Report};
use weir_pipeline::projection::redis::CounterReader;

const NAME: &str = "inventory.availability";
/// Hashes that are read in one call, in which Redis does nothing else.
const PORTION: usize = 500;
/// One in each hash, for all warehouses of a SKU; the others are "<warehouse>:on_hand" and "<warehouse>:allocated".
const SOFT: &str = "soft";

/// Hash ("tenant/pool/SKU") → field → value.
type Tallies = BTreeMap<String, BTreeMap<String, i64>>;

/// What one look found.
struct Look {
    hashes: usize,
    differing: Vec<String>,
}

/// Compares the counters with what is where by the fold of the log.
pub async fn compare(
    installation: &Installation,
    connection: &mut PgConnection,
    levels: &Levels,
    report: &mut Report,
) -> anyhow::Result<()> {
    let reader = CounterReader::connect(installation.redis_url()?, &installation.log.prefix, NAME).await?;
    let fold = tallies(levels);
    let started = Instant::now();
    loop {
        let look = look(&reader, connection, &fold).await;
        let late = started.elapsed() > PATIENCE;
        match look {
            Ok(Some(look)) if late || look.differing.is_empty() => {
                note(report, &format!("redis {NAME}"), look.hashes, &look.differing);
                return Ok(());
            }
            Ok(None) if late => {
                // Absent is allowed; it is only ever not wrong.
                report.check(Id::I10, true, String::new);
                return Ok(());
            }
            Err(error) if late || !is_timeout(&error) => return Err(error),
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Without rows nobody says how many promises there are.
pub fn missing(report: &mut Report) {
    report.check(Id::I10, false, || format!("redis {NAME} is not compared with the fold: inventory.levels is missing"));
}

/// A reader of counters gives Redis half a second, which a busy machine may take.
fn is_timeout(error: &anyhow::Error) -> bool {
    error.downcast_ref::<RedisError>().is_some_and(RedisError::is_timeout)
}

fn tallies(levels: &Levels) -> Tallies {
    let mut tallies = Tallies::new();
    for ((pool, sku, warehouse), level) in levels {
        let fields = tallies.entry(format!("{pool}/{sku}")).or_default();
        fields.insert(format!("{warehouse}:on_hand"), level.on_hand);
        fields.insert(format!("{warehouse}:allocated"), level.allocated);
    }
    tallies
}

/// `None` where the counters are absent.
async fn look(reader: &CounterReader, connection: &mut PgConnection, fold: &Tallies) -> anyhow::Result<Option<Look>> {
    let soft = postgres_soft(connection).await?;
    let rows = tallies(&postgres_levels(connection).await?);
    let Some(mut hashes) = reader.hashes().await? else { return Ok(None) };
    hashes.extend(fold.keys().chain(soft.keys()).cloned());
    let hashes: Vec<String> = hashes.into_iter().collect();
    let (none, mut differing) = (BTreeMap::new(), Vec::new());
    for portion in hashes.chunks(PORTION) {
        let Some(found) = reader.read(portion).await? else { return Ok(None) };
        for (hash, found) in portion.iter().zip(&found) {
            let one = Wanted {
                fold: fold.get(hash).unwrap_or(&none),
                rows: rows.get(hash).unwrap_or(&none),
                soft: soft.get(hash).copied().unwrap_or(0),
            };
            differing.extend(one.differences(found).map(|difference| format!("{hash} {difference}")));
        }
    }
    Ok(Some(Look { hashes: hashes.len(), differing }))
}

/// What a hash is to hold.
struct Wanted<'a> {
    /// Of places that something was at when the log was read.
    fold: &'a BTreeMap<String, i64>,
    /// Of places that something is at by now.
    rows: &'a BTreeMap<String, i64>,
    soft: i64,
}

impl Wanted<'_> {
    /// A counter that is not there counts nothing, and so does one that says 0.
    fn differences<'f>(&'f self, found: &'f HashMap<String, i64>) -> impl Iterator<Item = String> + 'f {
        let fields: BTreeSet<&str> = self.fold.keys().chain(found.keys()).map(String::as_str).chain([SOFT]).collect();
        fields.into_iter().filter_map(|field| {
            let value = found.get(field).copied().unwrap_or(0);
            let wanted = if field == SOFT { Some(self.soft) } else { self.fold.get(field).copied() };
            match wanted {
                Some(wanted) => (value != wanted).then(|| format!("{field}: {wanted}, and {value} in Redis")),
                None if value == 0 || self.rows.get(field) == Some(&value) => None,
                None => Some(format!("{field}: nothing by the fold, and {value} in Redis")),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<T: FromIterator<(String, i64)>>(fields: &[(&str, i64)]) -> T {
        fields.iter().map(|(field, value)| ((*field).to_owned(), *value)).collect()
    }

    #[test]
    fn the_counters_are_inventorys() {
        assert_eq!(NAME, weir_inventory::projection::availability::NAME);
    }

    #[test]
    fn what_the_fold_does_not_have_counts_nothing_or_is_as_the_rows_have_it_by_now() {
        let fold = fields(&[("east:on_hand", 5), ("east:allocated", 0)]);
        let rows = fields(&[("east:on_hand", 9), ("new:on_hand", 7)]);
        let wanted = Wanted { fold: &fold, rows: &rows, soft: 2 };
        let differences = |found: &[(&str, i64)]| wanted.differences(&fields(found)).collect::<Vec<_>>();
        let right = [("east:on_hand", 5), ("soft", 2), ("west:on_hand", 0)];
        assert_eq!(differences(&right), Vec::<String>::new());
        assert_eq!(differences(&[&right[..], &[("new:on_hand", 7)]].concat()), Vec::<String>::new());
        let besides = [&right[..], &[("new:on_hand", 8), ("west:allocated", -1)]].concat();
        assert_eq!(
            differences(&besides),
            [
                "new:on_hand: nothing by the fold, and 8 in Redis",
                "west:allocated: nothing by the fold, and -1 in Redis"
            ]
        );
        assert_eq!(differences(&[("east:on_hand", 9)]), ["east:on_hand: 5, and 9 in Redis", "soft: 2, and 0 in Redis"]);
    }
}
