//! What is read in place is what the generated code reads, and never more than it takes.

use super::*;
use prost::Message as _;
use weir_proto::log::v1::{Actor, Envelope};

fn meta() -> Meta {
    let cause = Position { topic: "stock-commands".to_owned(), partition: 3, offset: 1 << 40 };
    let actor = Actor { kind: 3, id: "wang".to_owned(), role: "picker".to_owned(), reason: "二号".to_owned() };
    Meta {
        tenant: "demo".to_owned(),
        key: "demo/main".to_owned(),
        version: 900,
        cause: Some(cause),
        owner: -1,
        at_ms: 1_795_300_487_250,
        command_id: vec![7; 16],
        actor: Some(actor),
        reference: 12,
        step: 1,
        body_hash: vec![200; 16],
        seen_version: u64::MAX,
    }
}

fn value(meta: Meta) -> Vec<u8> {
    let mut value = Envelope { meta: Some(meta), stage: None }.encode_to_vec();
    value.extend([0x52, 0x02, 0x08, 0x01]);
    value
}

#[test]
fn it_reads_what_was_written() {
    for meta in [meta(), Meta { cause: None, actor: None, ..meta() }, Meta { version: 0, owner: 0, ..meta() }] {
        let value = value(meta.clone());
        assert_eq!(Head::split(&value), Some((Head::of(&meta), [0x52, 0x02, 0x08, 0x01].as_slice())));
    }
    let nothing = Meta::default();
    assert_eq!(Head::split(&value(nothing.clone())).map(|(head, _)| head), Some(Head::of(&nothing)));
}

#[test]
fn what_is_unusual_is_left_to_the_generated_code() {
    assert_eq!(Head::split(&[]), None);
    assert_eq!(Head::split(&[0x52, 0x02, 0x08, 0x01]), None, "no meta");
    let mut unknown = meta().encode_to_vec();
    unknown.extend([0xf8, 0x07, 1]);
    assert_eq!(Head::read(&unknown), None, "a field that nobody knows");
    let mut twice = meta().encode_to_vec();
    twice.extend([0x22, 0x02, 0x18, 0x05]);
    assert_eq!(Head::read(&twice), None, "a cause in two parts");
}

/// Each byte in turn is made each of some others, and each end is cut off: what is still read in place is what the generated code
/// reads, and it takes it.
#[test]
fn it_takes_nothing_that_the_generated_code_refuses() {
    let sound = meta().encode_to_vec();
    let (mut both, mut ours_alone) = (0, Vec::new());
    let mut compare = |bytes: &[u8]| {
        let Some(head) = Head::read(bytes) else { return };
        match Meta::decode(bytes) {
            Ok(meta) if Head::of(&meta) == head => both += 1,
            other => ours_alone.push(format!("{bytes:?}: {head:?}, {other:?}")),
        }
    };
    for end in 0..sound.len() {
        compare(&sound[..end]);
    }
    for at in 0..sound.len() {
        for change in 0..=255 {
            let mut changed = sound.clone();
            changed[at] = change;
            compare(&changed);
        }
    }
    assert!(ours_alone.is_empty(), "{ours_alone:?}");
    assert!(both > 10_000, "{both}");
}
