//! The stage's judge and a blocked order: whose turn it is, whatever comes back when.

mod bench;
mod paper;

use bench::{Bench, INPUTS, KEY, Kept, word_of};
use proptest::prelude::*;
use std::collections::HashSet;
use weir_proto::topics::Topic;

/// An order whose first record can't be read, and three that wait behind it.
fn blocked() -> Bench {
    let mut bench = Bench::new();
    for word in ["bad", "one", "two"] {
        bench.write(Topic::Orders, word);
    }
    bench.write(Topic::RoutingCommands, "three");
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting(), ["orders/0", "orders/1", "orders/2", "routing-commands/0"]);
    bench
}

fn all(kept: &[Kept]) -> Vec<&Kept> {
    kept.iter().collect()
}

#[test]
fn what_waited_is_taken_in_in_order_and_unblocked_comes_last() {
    let mut bench = blocked();
    bench.mend();
    bench.redrive(&all(&bench.kept()));
    bench.read_all();
    bench.commit();
    let told = [
        "blocked",
        "bad",
        "resumed orders/0",
        "one",
        "resumed orders/1",
        "two",
        "resumed orders/2",
        "three",
        "resumed routing-commands/0",
        "unblocked",
    ];
    assert_eq!(bench.told(), told);
    assert!(bench.is_open() && bench.waiting().is_empty());
}

#[test]
fn a_copy_before_its_turn_goes_back_to_its_place() {
    let mut bench = blocked();
    bench.mend();
    let kept = bench.kept();
    bench.redrive(&[&kept[2], &kept[0]]);
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting(), ["orders/1", "orders/3", "routing-commands/0"]);
    let back = &bench.kept()[4].what;
    assert_eq!(back.copy_of, kept[2].what.position, "the command may see whose place it has");
    assert!(back.parked && back.headers.iter().any(|header| header.value == "toy:quarantine/0/2"));
    assert_eq!(bench.told(), ["blocked", "bad", "resumed orders/0"]);
}

#[test]
fn a_fact_that_still_cannot_be_read_keeps_everything_where_it_was() {
    let mut bench = blocked();
    bench.redrive(&all(&bench.kept()));
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting(), ["orders/3", "orders/4", "orders/5", "routing-commands/1"]);
    assert_eq!(bench.told(), ["blocked"], "and it is said once");
    bench.mend();
    let kept = bench.kept();
    bench.redrive(&kept[4..].iter().collect::<Vec<_>>());
    bench.read_all();
    bench.commit();
    let words: Vec<_> = bench.told().into_iter().filter(|told| !told.contains(' ')).collect();
    assert_eq!(words, ["blocked", "bad", "one", "two", "three", "unblocked"]);
}

#[test]
fn what_comes_while_it_is_written_back_waits_behind() {
    let mut bench = blocked();
    bench.mend();
    bench.write(Topic::Orders, "four");
    bench.redrive(&all(&bench.kept()));
    bench.write(Topic::Orders, "five");
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting(), ["orders/3", "orders/7"], "both before the last copy was read");
    assert!(!bench.told().contains(&"unblocked".to_owned()));
    let kept = bench.kept();
    bench.redrive(&kept[4..].iter().collect::<Vec<_>>());
    bench.write(Topic::Orders, "six");
    bench.read_all();
    bench.commit();
    assert!(bench.told().ends_with(&["unblocked".to_owned(), "six".to_owned()]), "{:?}", bench.told());
}

#[test]
fn a_command_that_still_cannot_be_read_stands_alone() {
    let mut bench = Bench::new();
    bench.write(Topic::Orders, "bad");
    bench.write(Topic::RoutingCommands, "bad command");
    bench.read_all();
    bench.write(Topic::Shipments, "one");
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting(), ["orders/0", "routing-commands/0", "shipments/0"]);
    // As if the fact were read by now, and the command were not.
    let kept = bench.kept();
    let words = ["good", "bad command", "one"];
    for (kept, word) in kept.iter().zip(words) {
        let of = kept.what.position.clone().expect("a position");
        let topic = Topic::parse(&of.topic).expect("a topic");
        bench.redrive(&[kept]);
        let mut sheet = bench.paper.sheet();
        let copy = sheet.topics.get_mut(&topic).and_then(|all| all.last_mut()).expect("a copy");
        copy.value = bench::word_value(word).into();
    }
    bench.read_all();
    bench.commit();
    // The other fact was read before the command, and is back in its place; the command has none any more.
    assert_eq!(bench.waiting(), ["shipments/1"]);
    assert_eq!(bench.told(), ["blocked", "good", "resumed orders/0", "resumed routing-commands/0"]);
    let last = bench.kept().pop().expect("kept").what;
    assert_eq!((last.reason.as_str(), last.parked, last.copy_of), ("bad", false, None));
}

#[test]
fn a_copy_for_another_stage_or_of_nothing_that_waits_lifts_no_block() {
    let mut bench = blocked();
    bench.mend();
    let kept = bench.kept();
    bench.redrive_for("another", &all(&kept));
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting(), ["orders/0", "orders/1", "orders/2", "routing-commands/0"]);
    // A copy by a version that said not whose it was.
    bench.redrive(&[&kept[0]]);
    bench.paper.sheet().topics.get_mut(&Topic::Orders).and_then(|all| all.last_mut()).expect("it").headers.copy_of =
        None;
    bench.read_all();
    bench.commit();
    assert_eq!(bench.waiting()[4..], ["orders/6"], "it waits behind the others");
    assert_eq!(bench.told(), ["blocked"]);
}

#[test]
fn a_snapshot_keeps_who_waits() {
    let bench = blocked();
    let partition = &bench.active.partitions[&0];
    let mut restored = crate::stage::partition::Partition::<bench::Toy>::new(0);
    restored.set_waiting(partition.waiting_image());
    assert_eq!(restored.waiting, partition.waiting);
    assert!(restored.waits(KEY, &bench.kept()[3].what.position.clone().expect("a position")));
}

#[derive(Clone, Debug)]
enum Step {
    /// A record comes to one of the topics.
    Write {
        topic: usize,
        bad: bool,
    },
    /// The stage reads so many records of a topic.
    Read {
        topic: usize,
        count: usize,
    },
    Commit,
    Crash,
    /// Some of what lies in quarantine is written back, in any order.
    Redrive(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..INPUTS.len(), prop::bool::weighted(0.2)).prop_map(|(topic, bad)| Step::Write { topic, bad }),
        6 => (0..INPUTS.len(), 1..4usize).prop_map(|(topic, count)| Step::Read { topic, count }),
        3 => Just(Step::Commit),
        1 => Just(Step::Crash),
        2 => prop::collection::vec(any::<u8>(), 8).prop_map(Step::Redrive),
    ]
}

/// What a run has seen so far.
#[derive(Default)]
struct Seen {
    words: usize,
    /// Originals in the order in which the stage first read them; what is not committed may be read in another one.
    order: Vec<String>,
    uncommitted: Vec<String>,
    redriven: HashSet<i64>,
}

impl Seen {
    fn read(&mut self, bench: &mut Bench, topic: Topic) -> bool {
        let Some(record) = bench.read(topic) else { return false };
        if record.headers.redriven.is_none() {
            self.uncommitted.push(word_of(&record));
        }
        true
    }

    fn commit(&mut self, bench: &mut Bench) {
        bench.commit();
        self.order.append(&mut self.uncommitted);
    }

    fn take(&mut self, bench: &mut Bench, step: Step) {
        match step {
            Step::Write { topic, bad } => {
                self.words += 1;
                let kind = if bad { "bad" } else { "good" };
                bench.write(INPUTS[topic], &format!("{kind} {topic} {}", self.words));
            }
            Step::Read { topic, count } => drop((0..count).find(|_| !self.read(bench, INPUTS[topic]))),
            Step::Commit => self.commit(bench),
            Step::Crash => {
                bench.crash();
                self.uncommitted.clear();
            }
            Step::Redrive(ranks) => {
                let pending: Vec<_> = bench.kept().into_iter().filter(|k| !self.redriven.contains(&k.offset)).collect();
                let mut chosen: Vec<_> = pending.iter().zip(ranks).filter(|(_, rank)| *rank > 80).collect();
                chosen.sort_by_key(|(_, rank)| *rank);
                let chosen: Vec<&Kept> = chosen.into_iter().map(|(kept, _)| kept).collect();
                self.redriven.extend(chosen.iter().map(|kept| kept.offset));
                bench.redrive(&chosen);
            }
        }
    }

    fn settle(&mut self, bench: &mut Bench) {
        bench.mend();
        for _ in 0..200 {
            for topic in INPUTS {
                while self.read(bench, topic) {}
            }
            self.commit(bench);
            let pending: Vec<_> = bench.kept().into_iter().filter(|k| !self.redriven.contains(&k.offset)).collect();
            if pending.is_empty() {
                return;
            }
            self.redriven.extend(pending.iter().map(|kept| kept.offset));
            bench.redrive(&all(&pending));
        }
        panic!("it never ends: {:?}", bench.told());
    }
}

proptest! {
    /// However inputs, copies, failures and take-overs fall together: each record is decided once, in the order in which it
    /// first came, and memory is the fold at each commit. (A command that can't be read stands alone, and has no order.)
    #[test]
    fn a_blocked_order_ends_as_if_it_had_never_been(steps in prop::collection::vec(step(), 1..60)) {
        let (mut bench, mut seen) = (Bench::new(), Seen::default());
        for step in steps {
            seen.take(&mut bench, step);
        }
        seen.settle(&mut bench);
        prop_assert!(bench.is_open() && bench.waiting().is_empty());
        let told = bench.told();
        let count = |what: &str| told.iter().filter(|told| *told == what).count();
        prop_assert_eq!(count("blocked"), count("unblocked"));
        let decided: Vec<&String> = told.iter().filter(|t| t.starts_with("good") || t.starts_with("bad")).collect();
        prop_assert_eq!(decided.len(), seen.words);
        let ordered = |words: &mut dyn Iterator<Item = &String>| -> Vec<String> {
            words.filter(|word| !word.starts_with("bad 2")).cloned().collect()
        };
        prop_assert_eq!(ordered(&mut decided.into_iter()), ordered(&mut seen.order.iter()));
    }
}
