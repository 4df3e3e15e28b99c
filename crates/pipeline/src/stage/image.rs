//! What is written down of a partition in a snapshot, and read again.

use super::commands::CommandMemory;
use super::fold::intern_in;
use super::partition::{Aggregate, ClosedAggregate, Partition, Standing};
use super::waiting::WaitingImage;
use crate::Topology;
use crate::snapshot::Snapshot;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use weir_decider::Millis;
use weir_proto::topics::Topic;

/// What is written down of a partition.
#[derive(Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de>"))]
struct Image<S> {
    aggregates: Aggregates<S>,
    closed: Vec<(u64, ClosedAggregate)>,
    commands: CommandMemory,
    clock: i64,
    owner: i64,
    causes: Vec<(String, i64)>,
    waiting: WaitingImage,
    last_offset: i64,
}

/// Room that is made on the word of a snapshot alone, in aggregates.
const ROOM_MAX: usize = 1 << 20;

/// The aggregates of an image, each put in its place as it is read: a start waits for them.
struct Aggregates<S> {
    by_key: HashMap<Arc<str>, Box<Aggregate<S>>>,
    tenants: BTreeSet<Arc<str>>,
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Aggregates<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<S>(PhantomData<S>);

        impl<'de, S: Deserialize<'de>> Visitor<'de> for InOrder<S> {
            type Value = Aggregates<S>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("aggregates")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Aggregates<S>, A::Error> {
                let count = sequence.size_hint().unwrap_or_default();
                let mut by_key = HashMap::with_capacity(count.min(ROOM_MAX));
                let mut tenants = BTreeSet::new();
                while let Some((key, state, version, tenant, standing)) =
                    sequence.next_element::<(&'de str, S, u64, &'de str, Standing)>()?
                {
                    let tenant = intern_in(&mut tenants, tenant);
                    by_key
                        .insert(Arc::from(key), Box::new(Aggregate { state, version, tenant, timer: None, standing }));
                }
                Ok(Aggregates { by_key, tenants })
            }
        }

        deserializer.deserialize_seq(InOrder(PhantomData))
    }
}

/// Which image this is, beside the shape of the service's state: older ones are ignored.
pub(super) const IMAGE: u32 = 3;

pub(super) fn encode<T: Topology>(partition: &Partition<T>, last_offset: i64) -> Result<Vec<u8>, postcard::Error>
where
    T::State: Serialize,
{
    #[derive(Serialize)]
    struct Borrowed<'a, S> {
        aggregates: Vec<(&'a str, &'a S, u64, &'a str, Standing)>,
        closed: Vec<(u64, ClosedAggregate)>,
        commands: &'a CommandMemory,
        clock: i64,
        owner: i64,
        causes: Vec<(&'a str, i64)>,
        waiting: WaitingImage,
        last_offset: i64,
    }
    let aggregates = partition.aggregates.iter().map(|(key, a)| (&**key, &a.state, a.version, &*a.tenant, a.standing));
    let mut aggregates: Vec<_> = aggregates.collect();
    aggregates.sort_unstable_by_key(|a| a.0);
    let mut closed: Vec<_> = partition.closed.iter().map(|(print, digest)| (*print, *digest)).collect();
    closed.sort_unstable_by_key(|c| c.0);
    postcard::to_stdvec(&Borrowed {
        aggregates,
        closed,
        commands: &partition.commands,
        clock: partition.clock.0,
        owner: partition.owner,
        causes: partition.causes.iter().map(|(topic, offset)| (topic.name(), *offset)).collect(),
        waiting: partition.waiting_image(),
        last_offset,
    })
}

pub(super) fn decode<T: Topology>(number: i32, snapshot: &Snapshot) -> Option<(Partition<T>, i64)> {
    let image: Image<T::State> = postcard::from_bytes(&snapshot.bytes).ok()?;
    // The row's own offset has no CRC, and one too high would leave facts out.
    if image.last_offset.checked_add(1)? != snapshot.next_offset {
        return None;
    }
    let mut partition = Partition::new(number);
    let keys: Vec<Arc<str>> = image.aggregates.by_key.keys().cloned().collect();
    partition.aggregates = image.aggregates.by_key;
    partition.tenants = image.aggregates.tenants;
    keys.iter().for_each(|key| partition.set_timer(key));
    partition.closed = image.closed.into_iter().collect();
    partition.commands = image.commands;
    partition.clock = Millis(image.clock);
    partition.owner = image.owner;
    partition.causes =
        image.causes.into_iter().filter_map(|(t, o)| Some((Topic::parse(&t)?, o))).collect::<BTreeMap<_, _>>();
    partition.set_waiting(image.waiting);
    partition.next_fact = snapshot.next_offset;
    Some((partition, image.last_offset))
}
