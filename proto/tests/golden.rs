//! The bytes of every event, kept for ever. A topic is read years after it was written, so what is in `proto/golden` must
//! decode and come out again unchanged, in protobuf and in its JSON, and every arm of every topic must be there.
//!
//! `WEIR_ACCEPT=1 cargo test -p weir-proto --test golden` writes what is missing. It never rewrites a file: events only grow.
//! An arm that got a new field gets a further file (`orders.OrderPlaced.2.hex`) beside the old one, which must still be read.

#[path = "golden/files.rs"]
mod files;
#[path = "golden/sample.rs"]
mod sample;
#[path = "golden/wire.rs"]
mod wire;

use files::Files;
use sample::Schema;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use weir_proto::topics::CATALOGUE;
use wire::Wire;

/// What a stage says of its own work is read from any topic as an envelope.
const ENVELOPE: (&str, &str) = ("stage", "weir.log.v1.Envelope");
const STAGE_FACT: &str = "weir.log.v1.StageFact";

/// One arm of one topic's message, with all that its message can say today.
struct Case {
    name: String,
    topic: &'static str,
    sample: Vec<u8>,
}

#[test]
fn every_arm_has_the_golden_bytes_of_all_its_fields() {
    let (files, wires) = (Files::open(), wires());
    let mut missing = Vec::new();
    for case in cases(&wires) {
        let known = files.of(&case.name);
        if known.iter().any(|name| files.bytes(name) == case.sample) {
            continue;
        }
        if env::var_os("WEIR_ACCEPT").is_some() {
            files.add(&case.name, &case.sample, &wires[case.topic].json(&case.sample));
        } else if known.is_empty() {
            missing.push(format!("{}: no golden file", case.name));
        } else {
            missing.push(format!("{}: none of {known:?} holds all its fields as they are now", case.name));
        }
    }
    assert!(missing.is_empty(), "add what is missing with WEIR_ACCEPT=1 if it is meant:\n{}", missing.join("\n"));
}

#[test]
fn whatever_was_written_once_is_read_and_written_the_same() {
    let (files, wires) = (Files::open(), wires());
    let mut wrong = Vec::new();
    for name in files.names() {
        let topic = name.split('.').next().unwrap_or_default();
        let said = match wires.get(topic) {
            None => Err(format!("no topic is called {topic}")),
            Some(wire) => wire.check(&files.bytes(&name), &files.json(&name)),
        };
        if let Err(said) = said {
            wrong.push(format!("{name}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "what is in a topic already can't be read as it was meant:\n{}", wrong.join("\n"));
}

#[test]
fn no_golden_file_is_of_an_arm_that_is_gone() {
    let cases: BTreeSet<String> = cases(&wires()).into_iter().map(|case| case.name).collect();
    let gone: Vec<String> =
        Files::open().names().into_iter().filter(|name| !cases.contains(files::arm(name))).collect();
    assert!(gone.is_empty(), "these arms are in topics for ever, and were taken out of the protobuf files: {gone:?}");
}

/// How the message of each topic is read and written, under the topic's name.
fn wires() -> BTreeMap<&'static str, Wire> {
    let topics =
        CATALOGUE.iter().filter(|entry| entry.name != "reference-history").map(|entry| (entry.name, entry.message));
    topics.chain([ENVELOPE]).map(|(topic, message)| (topic, Wire::of(message))).collect()
}

fn cases(wires: &BTreeMap<&'static str, Wire>) -> Vec<Case> {
    let schema = Schema::of(weir_proto::DESCRIPTORS);
    let mut cases = Vec::new();
    for (topic, wire) in wires {
        let holder = if *topic == ENVELOPE.0 { STAGE_FACT } else { wire.message };
        for arm in schema.arms(holder) {
            let drawn = schema.sample(wire.message, (holder, &arm.field));
            let sample = wire.rewritten(&drawn).expect("a sample is read");
            assert_eq!(sample.len(), drawn.len(), "{topic}: the generated type of {} leaves fields out", arm.message);
            cases.push(Case { name: format!("{topic}.{}", arm.message), topic, sample });
        }
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two arms of one topic are of the same message");
    cases
}
