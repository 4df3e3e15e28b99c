//! What can be read of a fact, and what is said where it can't.

use super::*;
use prost::Message as _;
use weir_decider::Millis;
use weir_pipeline::Headers;
use weir_proto::log::v1::Took;
use weir_proto::order::v1::OrderObserved;

fn record(offset: i64, value: Vec<u8>) -> Record {
    let (topic, key, headers) = (Topic::Orders, "o-1".to_owned(), Headers::default());
    Record { topic, partition: 0, offset, time: Millis(1), key, value: value.into(), headers }
}

fn meta(version: u64) -> Option<Meta> {
    Some(Meta { tenant: "demo".to_owned(), key: "o-1".to_owned(), version, ..Meta::default() })
}

fn observed(version: u64) -> Vec<u8> {
    let event = Some(order_event::Event::OrderObserved(OrderObserved { platform_version: 9 }));
    OrderEvent { meta: meta(version), event }.encode_to_vec()
}

/// The field of the meta, and what is behind it.
fn parted() -> (Vec<u8>, Vec<u8>) {
    let whole = observed(1);
    let (meta, rest) = whole.split_at(2 + usize::from(whole[1]));
    (meta.to_vec(), rest.to_vec())
}

/// What breaks where this is the first fact behind the owner's.
fn broken(value: Vec<u8>) -> Vec<Id> {
    let (mut audit, mut report) = (Audit::new(0), Report::new());
    let took = weir_proto::log::v1::StageFact { fact: Some(Fact::Took(Took::default())) };
    let took = OrderEvent { meta: meta(0), event: Some(order_event::Event::Stage(took)) };
    audit.take(&record(0, took.encode_to_vec()), &mut report);
    audit.take(&record(1, value), &mut report);
    assert_eq!(report.of(Id::I9).checks, 2, "each fact is tried once");
    report.broken().map(|(id, _)| id).collect()
}

#[test]
fn a_fact_is_read_however_it_is_written() {
    assert_eq!(broken(observed(1)), []);
    assert_eq!(broken(observed(2)), [Id::I5]);
    let (meta, rest) = parted();
    assert_eq!(broken([rest.clone(), meta.clone()].concat()), [], "the meta at the end");
    let newer = Meta { version: 2, ..Meta::default() };
    let twice = [observed(1), OrderEvent { meta: Some(newer), event: None }.encode_to_vec()].concat();
    assert_eq!(broken(twice), [Id::I5], "the version of the later part");
    let unknown = [0xf8, 0x07, 1];
    assert_eq!(broken([observed(1), unknown.to_vec()].concat()), [], "a field behind");
    let mut longer = meta;
    longer[1] += 3;
    assert_eq!(broken([longer, unknown.to_vec(), rest].concat()), [], "a field within the meta");
}

#[test]
fn what_can_not_be_read_is_told() {
    let whole = observed(1);
    assert_eq!(broken(parted().1), [Id::I9], "no meta");
    assert_eq!(broken(whole[..10].to_vec()), [Id::I9], "cut off in the meta");
    assert_eq!(broken(whole[..whole.len() - 1].to_vec()), [Id::I9], "cut off behind it");
    let mut torn = whole;
    let tenant = torn.windows(4).position(|four| four == b"demo").expect("the tenant");
    torn[tenant] = 0xff;
    assert_eq!(broken(torn), [Id::I9], "a text that is none");
}
