//! Every planted bug: its name in the code, what it does, and the rule that it breaks.

use crate::house::{Fault, Plan};
use std::time::Duration;

/// A bug that stands beside the right code.
#[derive(Debug, PartialEq, Eq)]
pub struct Plant {
    /// As the code that asks for it has it.
    pub name: &'static str,
    /// What goes wrong.
    pub what: &'static str,
    /// Where it is forbidden.
    pub rule: &'static str,
}

const fn plant(name: &'static str, what: &'static str, rule: &'static str) -> Plant {
    Plant { name, what, rule }
}

pub const ALL: &[Plant] = &[
    // Taking over.
    plant(
        "decide-before-replay",
        "A new owner decides before it has folded its facts.",
        "STAGE.md §2.4: only then decide",
    ),
    plant(
        "fold-to-stable-end",
        "The fold ends at the last stable offset and not at the own `Took`.",
        "STAGE.md §2.4: read to the LSO is not enough",
    ),
    plant(
        "took-without-offsets",
        "The fence is committed without input offsets: nothing asks the group.",
        "STAGE.md §2.4, §3: TxnOffsetCommit is the only fence",
    ),
    plant(
        "undecided-offset-is-none",
        "An offset that is not decided yet is taken for none, and the input read from its beginning.",
        "STAGE.md §2.2: an element's error hides behind `Offset::Invalid`",
    ),
    plant(
        "effects-forgotten",
        "After a take-over nobody is told what is due and not settled.",
        "STAGE.md §6: whatever has no outcome is sent again",
    ),
    // A transaction.
    plant(
        "tick-without-offsets",
        "A transaction without inputs commits no offsets, so a zombie's tick is not fenced.",
        "STAGE.md §3: every transaction commits an input offset",
    ),
    plant(
        "producer-kept-in-doubt",
        "The producer is kept after an EndTxn that may have been retried.",
        "STAGE.md §3: KAFKA-17754, the producer is replaced",
    ),
    plant(
        "offset-without-plus-one",
        "The offset committed is the last record's and not the next one's.",
        "STAGE.md §2.5: an offset at or below a cause is torn",
    ),
    plant(
        "state-kept-after-abort",
        "Memory stays after an abort: facts that nobody can read are decided on.",
        "STAGE.md §3: drop producer and memory",
    ),
    plant(
        "rewind-to-position",
        "After trouble the inputs go on from the consumer's position.",
        "STAGE.md §3: offsets come from the books, never from `position()`",
    ),
    plant(
        "ignored-not-recorded",
        "Inputs that changed nothing leave no fact.",
        "STAGE.md §1: one `Ignored` fact lists them",
    ),
    plant(
        "effect-before-commit",
        "An effect runs when its fact is written, not when it is committed.",
        "STAGE.md §6: after the commit",
    ),
    // Time.
    plant(
        "tick-before-backlog",
        "The wall clock moves a partition on though its inputs are not read to their end.",
        "STAGE.md §4: the first tick after an outage",
    ),
    plant(
        "skew-ignored",
        "Deadlines pass by a clock that is far from the broker's.",
        "STAGE.md §4: more than 2 s stops the ticks",
    ),
    plant(
        "deadline-left-armed",
        "A deadline stays armed after what took its place.",
        "STAGE.md §4: timers fire in order",
    ),
    plant(
        "deadline-blind-to-payment",
        "The payment deadline passes without a look at the payment.",
        "STAGE.md §4: one decider owns a deadline and what cancels it",
    ),
    // Memory.
    plant(
        "command-known-for-a-while",
        "Command ids are forgotten after a second: dedupe by TTL.",
        "STAGE.md §1: remembered for 7 days of partition time",
    ),
    plant(
        "command-memory-not-folded",
        "Answers are remembered while the process lives, and not folded.",
        "STAGE.md §1: the fact holds id, hash and answer",
    ),
    plant(
        "order-known-for-a-while",
        "The clerk takes an order for new that it has not heard of for two seconds: dedupe by TTL.",
        "DESIGN.md §6 I3: each order has one `OrderPlaced`",
    ),
    plant(
        "ignored-is-no-cause",
        "The fold does not note the positions of ignored inputs; once offsets are forgotten they are read again.",
        "STAGE.md §2.2: highest causing position + 1",
    ),
    plant(
        "fold-without-queue",
        "The fold forgets who waits in the backorder queue.",
        "DESIGN.md §6 I4, I9: live state = fold",
    ),
    plant(
        "altered-snapshot-believed",
        "A snapshot is used though its bytes do not have its checksum.",
        "STAGE.md §6: foreign, torn, stale: ignored",
    ),
    plant(
        "foreign-snapshot-believed",
        "A snapshot is used though the last fact of its fold is not the log's.",
        "STAGE.md §6: it carries the hash of the last fact folded",
    ),
    // Projections.
    plant(
        "projection-offset-apart",
        "Rows are written, and their offset in a transaction of its own that may not happen.",
        "STAGE.md §6: the offset row in the transaction of its rows",
    ),
    plant(
        "redis-begins-elsewhere",
        "Counters go on at the log's end, and not at their own position: what lies between is never counted.",
        "STAGE.md §6: position in the same MULTI as the values",
    ),
    // Rules.
    plant(
        "lines-checked-alone",
        "Two lines on one SKU are each checked against all that is free.",
        "DESIGN.md §6 I1: no oversell",
    ),
    plant(
        "old-plan-obeyed",
        "Work reported on a list of an older plan counts for the newer plan's list.",
        "DESIGN.md §6 I5: legal transitions",
    ),
    plant(
        "older-demand-obeyed",
        "Inventory obeys the demand of an older plan though it has seen a newer one.",
        "DESIGN.md §1: inventory obeys the highest plan version",
    ),
    plant(
        "shipped-twice",
        "Routing passes over what its platform says of shipping, and ships what others have shipped.",
        "docs/adr/0019: what was shipped elsewhere is not shipped from here",
    ),
    plant("notice-settled-again", "A second outcome settles a notice again.", "DESIGN.md §6 I7: one notice"),
];

impl Plant {
    /// A seed's plan to look for it: as the swarm has it, but for two. What only a zombie shows needs more of them than chance draws,
    /// so for these processes stand still about every 1.5 s, and each stage has two.
    pub fn plan(&self, seed: u64, orders: usize) -> Plan {
        let mut plan = Plan::draw(seed, orders, false);
        if matches!(self.name, "tick-without-offsets" | "took-without-offsets") {
            plan.faults.insert(Fault::Freeze, Some(Duration::from_millis(1_500)));
            plan.processes.values_mut().for_each(|count| *count = 2);
        }
        plan
    }

    pub fn named(name: &str) -> Option<&'static Plant> {
        ALL.iter().find(|plant| plant.name == name)
    }
}
