//! Every input below the committed offset is a cause, or ignored (I14, and I3 of a delivery); no cause lies at or above it (I11).

use crate::audit::{Committed, Ending};
use crate::catalogue::Id;
use crate::offsets::OffsetSet;
use crate::report::Report;
use crate::stage::Walk;
use weir_pipeline::TopicPartition;
use weir_proto::topics::Topic;

/// Whether the offsets are committed that the facts of one stage were caused by.
pub(crate) fn are_committed(walk: &Walk, partition: i32, committed: &Committed) -> bool {
    walk.entry.inputs.iter().zip(&walk.inputs).all(|(topic, input)| {
        let at = (walk.entry.name, TopicPartition::new(*topic, partition));
        input.next() <= committed.get(&at).copied().unwrap_or(0)
    })
}

/// Checks the inputs of one stage on one partition. `present`: what is there, by the topics' places in the catalogue.
pub(crate) fn check(
    walk: &Walk,
    partition: i32,
    present: &[Option<OffsetSet>],
    ending: &Ending<'_>,
    report: &mut Report,
) {
    for (topic, input) in walk.entry.inputs.iter().zip(&walk.inputs) {
        let at = (walk.entry.name, TopicPartition::new(*topic, partition));
        let after = ending.committed_after.get(&at).copied().unwrap_or(0);
        report.check(Id::I11, input.next() <= after, || {
            let highest = input.next() - 1;
            format!("{topic}/{partition}: facts were caused by {highest}, but offsets are committed up to {after} only")
        });
        let next = ending.committed.get(&at).copied().unwrap_or(0);
        for offset in present.iter().skip(*topic as usize).take(1).flatten().flat_map(|set| set.below(next)) {
            let there = input.accounted.contains(offset);
            let place = || format!("{topic}/{partition}@{offset}");
            if *topic == Topic::Deliveries {
                report.check(Id::I3, there, || format!("{} was taken in and nobody accounts for it", place()));
                report.check(Id::I14, there, || format!("{} is missing in the sum", place()));
            } else {
                report.check(Id::I14, there, || format!("{} was taken in and nobody accounts for it", place()));
            }
        }
    }
}
