//! What is written is what is read: order, offsets, keys, headers, times.

use crate::cluster::{Case, Cluster, cases};
use crate::scene::*;
use weir_decider::Millis;
use weir_pipeline::TopicPartition;
use weir_pipeline::log::{Drained, Log as _, Offsets, Stamp, Transactional as _};
use weir_proto::partition::partition_of;
use weir_proto::topics::Topic;

cases! {
    "records of a partition are read in the order of their sending", "`send`" => order;
    "each partition keeps its own order when records are sent in turn", "`send`" => turns;
    "a commit marker takes an offset", "gaps; RELIABILITY §2" => commit_gap;
    "an abort marker takes an offset", "gaps; RELIABILITY §2" => abort_gap;
    "key and value come back byte for byte", "`Record`" => bytes;
    "type and trace come back from the headers", "`Stamp`, `Headers`" => headers;
    "an empty value is read as empty", "`Record`" => empty_value;
    "the key chooses the partition as every writer computes it", "`Stamp::partition`" => keys;
    "a given partition goes before the key", "`Stamp::partition`" => given_partition;
    "times are the broker's, whatever the stamp says", "LogAppendTime; §4, §7" => times;
    "drain tells the highest offset of each partition written", "`drain`" => highest;
    "drain tells when the broker took the newest record", "`drain`; §4" => appended;
    "drain without records tells nothing", "`drain`" => drain_nothing;
    "a record for a partition that is not there is refused at the drain", "`drain`; §7 partition count" => absent;
    "a record that is too large is refused at the drain", "`drain`; §5 oversize" => oversize;
}

fn order<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    let values: Vec<String> = (0..200).map(|n| format!("v{n:03}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    commit_with(&mut p, FACTS, &values[..100]);
    commit_with(&mut p, FACTS, &values[100..]);
    expect(c, FACTS, &values);
}

fn turns<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    for n in 0..10 {
        send(&mut p, FACTS, &[&format!("a{n}")]);
        send(&mut p, BESIDE, &[&format!("b{n}")]);
    }
    p.drain().expect("drained");
    p.commit().expect("committed");
    expect(c, FACTS, &["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]);
    expect(c, BESIDE, &["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9"]);
}

fn commit_gap<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b"]);
    commit_with(&mut p, FACTS, &["c"]);
    let offsets: Vec<i64> = expect(c, FACTS, &["a", "b", "c"]).iter().map(|record| record.offset).collect();
    assert_eq!(offsets, [0, 1, 3]);
}

fn abort_gap<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    abort_with(&mut p, FACTS, &["a"]);
    commit_with(&mut p, FACTS, &["b"]);
    assert_eq!(expect(c, FACTS, &["b"])[0].offset, 2);
}

fn bytes<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    let value: Vec<u8> = (0..=255).collect();
    let stamp = Stamp { partition: Some(0), id: "id", time: Millis(0), traceparent: None };
    p.send(outgoing(FACTS.topic, "demo/订单-7 ü", &value), &stamp).expect("queued");
    p.drain().expect("drained");
    p.commit().expect("committed");
    let record = eventually(c, "the record", || records(c, FACTS).pop());
    assert_eq!((record.key.as_str(), record.value.as_ref()), ("demo/订单-7 ü", value.as_slice()));
    assert_eq!(record.topic_partition(), FACTS);
}

fn headers<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let stamp = Stamp { partition: Some(0), id: "id", time: Millis(0), traceparent: Some(trace) };
    p.send(outgoing(FACTS.topic, "k", b"traced"), &stamp).expect("queued");
    send(&mut p, FACTS, &["plain"]);
    p.drain().expect("drained");
    p.commit().expect("committed");
    let found = expect(c, FACTS, &["traced", "plain"]);
    assert_eq!(found[0].headers.traceparent.as_deref(), Some(trace));
    assert_eq!(found[0].headers.event_type.as_deref(), Some("weir.test.v1.Event"));
    assert_eq!((found[1].headers.traceparent.as_ref(), found[1].headers.redriven.as_ref()), (None, None));
    assert!(found[1].headers.copy_of.is_none());
}

fn empty_value<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    let stamp = Stamp { partition: Some(0), id: "id", time: Millis(0), traceparent: None };
    p.send(outgoing(FACTS.topic, "k", b""), &stamp).expect("queued");
    p.drain().expect("drained");
    p.commit().expect("committed");
    let record = eventually(c, "the record", || records(c, FACTS).pop());
    assert_eq!((record.key.as_str(), record.value.len()), ("k", 0));
}

fn keys<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    let count = c.log().partitions(FACTS.topic);
    let all: Vec<String> = (0..20).map(|n| format!("order-{n}")).collect();
    for key in &all {
        let stamp = Stamp { partition: None, id: key, time: Millis(0), traceparent: None };
        p.send(outgoing(FACTS.topic, key, key.as_bytes()), &stamp).expect("queued");
    }
    p.drain().expect("drained");
    p.commit().expect("committed");
    for number in 0..count {
        let at = TopicPartition::new(FACTS.topic, number);
        let wanted = all.iter().filter(|key| partition_of(key.as_bytes(), count) == number);
        let wanted: Vec<&str> = wanted.map(String::as_str).collect();
        assert!(!wanted.is_empty(), "keys that fall into one partition show nothing");
        expect(c, at, &wanted);
    }
}

fn given_partition<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    let other = 1 - partition_of(b"order-1", 2);
    let stamp = Stamp { partition: Some(other), id: "id", time: Millis(0), traceparent: None };
    p.send(outgoing(FACTS.topic, "order-1", b"v"), &stamp).expect("queued");
    p.drain().expect("drained");
    p.commit().expect("committed");
    expect(c, TopicPartition::new(FACTS.topic, other), &["v"]);
}

fn times<C: Cluster>(c: &C) {
    let before = c.log().now().0;
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a", "b"]);
    commit_with(&mut p, FACTS, &["c"]);
    let times: Vec<i64> = expect(c, FACTS, &["a", "b", "c"]).iter().map(|record| record.time.0).collect();
    let after = c.log().now().0;
    assert!(before <= times[0] && times[0] <= times[1] && times[1] <= times[2] && times[2] <= after, "{times:?}");
    assert_eq!(times[0], times[1], "records of one request have one time");
}

fn highest<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    commit_with(&mut p, FACTS, &["a"]);
    p.begin().expect("begun");
    send(&mut p, FACTS, &["b", "c"]);
    send(&mut p, BESIDE, &["d"]);
    send(&mut p, TopicPartition::new(Topic::StockCommands, 1), &["e", "f", "g"]);
    let told = p.drain().expect("drained");
    let stock = TopicPartition::new(Topic::StockCommands, 1);
    assert_eq!(told.highest, Offsets::from([(FACTS, 3), (BESIDE, 0), (stock, 2)]));
    p.commit().expect("committed");
}

fn drain_nothing<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    assert_eq!(p.drain().expect("drained"), Drained::default());
    open_again(&mut p);
}

fn appended<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    send(&mut p, FACTS, &["a", "b"]);
    send(&mut p, BESIDE, &["c"]);
    let told = p.drain().expect("drained").appended.expect("a time");
    p.commit().expect("committed");
    let times = [expect(c, FACTS, &["a", "b"]), expect(c, BESIDE, &["c"])].concat();
    assert_eq!(times.iter().map(|record| record.time).max(), Some(told));
}

fn open_again<P>(p: &mut impl weir_pipeline::Transactional<P>) {
    p.abort().expect("aborted");
    p.begin().expect("begun again");
}

fn absent<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    send(&mut p, FACTS, &["a"]);
    send(&mut p, TopicPartition::new(FACTS.topic, 7), &["nowhere"]);
    assert_eq!(kind(p.drain()), "abort");
    p.abort().expect("aborted");
    assert!(settled(c, FACTS, 2).is_empty());
}

fn oversize<C: Cluster>(c: &C) {
    let mut p = producer(c, "p");
    p.begin().expect("begun");
    let stamp = Stamp { partition: Some(0), id: "id", time: Millis(0), traceparent: None };
    p.send(outgoing(FACTS.topic, "k", &vec![7; 2_100_000]), &stamp).expect("queued");
    assert_eq!(kind(p.drain()), "abort");
    p.abort().expect("aborted");
    commit_with(&mut p, FACTS, &["small"]);
    expect(c, FACTS, &["small"]);
}
