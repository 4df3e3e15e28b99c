//! Writes a copy of a log to topics of its own, each record at the offset that it has in the copy.
//!
//! Records name each other by their offsets, so the gaps have to be the same as well. One place without a record is where
//! a transaction ended; more are filled with a transaction that is aborted. What is plain here and was in a transaction
//! there reads alike.

use super::copy::Copy;
use crate::corner::{Corner, Ended, PARTITIONS, PATIENCE};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::thread;
use std::time::{Duration, SystemTime};
use weir_invariants::Committed;
use weir_pipeline::{Record, TopicPartition};
use weir_proto::headers as names;
use weir_proto::topics::{CATALOGUE, STAGES, Topic};
use weir_testkit::{unique_prefix, wait_for};

/// In turn, so that none has to wait until the broker has ended its transaction before.
const PENS: usize = 2;

/// What writes: plain and in transactions; and what tells where a partition ends.
pub struct Pens {
    plain: BaseProducer,
    transactional: Vec<BaseProducer>,
    turn: usize,
    ends: BaseConsumer,
}

/// Records of one partition that were appended together, and how many places behind them have none.
struct Piece<'a> {
    at: TopicPartition,
    from: i64,
    records: &'a [&'a Record],
    gap: i64,
}

impl Pens {
    pub fn new(corner: &Corner) -> Pens {
        let client = || {
            let mut client = ClientConfig::new();
            client.set("bootstrap.servers", &corner.config.brokers).set("linger.ms", "0");
            client
        };
        let name = unique_prefix();
        let pen = |number: usize| {
            let pen: BaseProducer =
                client().set("transactional.id", format!("{name}-{number}")).create().expect("a pen");
            pen.init_transactions(PATIENCE).expect("a pen of its own name");
            pen
        };
        let ends = ClientConfig::new()
            .set("bootstrap.servers", &corner.config.brokers)
            .set("isolation.level", "read_uncommitted")
            .create();
        Pens {
            plain: client().create().expect("a plain pen"),
            transactional: (0..PENS).map(pen).collect(),
            turn: 0,
            ends: ends.expect("a consumer"),
        }
    }

    /// Writes records and committed offsets where nothing is yet, and looks whether it reads as it should.
    fn write(&mut self, copy: &Copy, corner: &Corner) {
        let mut records: Vec<&Record> = copy.records.iter().filter(|record| is_checked(record.topic)).collect();
        records.sort_by_key(|record| (record.topic_partition(), record.offset));
        let mut pieces = pieces(&records);
        pieces.sort_by_key(|(time, piece)| (*time, piece.at, piece.from));
        for (_, piece) in &pieces {
            self.piece(piece, &corner.config.prefix);
        }
        commit(&copy.committed, corner);
        let topics = CATALOGUE.iter().map(|entry| entry.topic).filter(|topic| is_checked(*topic));
        let written: Vec<Record> = topics.flat_map(|topic| corner.read(topic)).collect();
        let mut written: Vec<&Record> = written.iter().collect();
        written.sort_by_key(|record| (record.topic_partition(), record.offset));
        let (written, meant) = (places(&written), places(&records));
        let differing = written.iter().zip(&meant).find(|(written, meant)| written != meant);
        assert!(
            written == meant,
            "{} records of {}; the first that differs: {differing:?}",
            written.len(),
            meant.len()
        );
    }

    fn piece(&mut self, piece: &Piece<'_>, prefix: &str) {
        let topic = piece.at.topic.full_name(prefix);
        let ended = || {
            // A topic that was just made may not have its leader yet.
            let (_, end) = self.ends.fetch_watermarks(&topic, piece.at.partition, PATIENCE).ok()?;
            assert!(end <= piece.from, "{topic}/{}: ends at {end}, not at {}", piece.at.partition, piece.from);
            (end == piece.from).then_some(())
        };
        wait_for("the mark of the transaction before", PATIENCE, ended);
        let records: Vec<Words<'_>> = piece.records.iter().map(|record| Words::of(record)).collect();
        match piece.gap {
            0 => send(&self.plain, &topic, piece.at.partition, &records),
            1 if !records.is_empty() => {
                let pen = self.pen();
                send(pen, &topic, piece.at.partition, &records);
                pen.commit_transaction(PATIENCE).expect("committed");
            }
            gap => {
                assert!(gap > 1, "{topic}: one place without a record is behind a record");
                send(&self.plain, &topic, piece.at.partition, &records);
                let pen = self.pen();
                let nothing: Vec<Words<'_>> = (1..gap).map(|_| Words::default()).collect();
                send(pen, &topic, piece.at.partition, &nothing);
                pen.abort_transaction(PATIENCE).expect("aborted");
            }
        }
        // The next piece is later by the broker's clock as well, which is this machine's.
        let written = now();
        while now() == written {
            thread::sleep(Duration::from_micros(200));
        }
    }

    fn pen(&mut self) -> &BaseProducer {
        self.turn = (self.turn + 1) % PENS;
        let pen = &self.transactional[self.turn];
        pen.begin_transaction().expect("begun");
        pen
    }
}

/// A record as it is sent.
#[derive(Default)]
struct Words<'a> {
    key: &'a str,
    value: &'a [u8],
    headers: OwnedHeaders,
}

impl<'a> Words<'a> {
    fn of(record: &'a Record) -> Words<'a> {
        let told = &record.headers;
        let of = told.copy_of.as_ref().map(|at| format!("{}/{}/{}", at.topic, at.partition, at.offset));
        let pairs = [
            (names::CE_TYPE, told.event_type.as_deref()),
            (names::REDRIVEN, told.redriven.as_deref()),
            (names::COPY_OF, of.as_deref()),
        ];
        let said = pairs.into_iter().filter(|(_, value)| value.is_some());
        let headers = said.fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value }));
        Words { key: &record.key, value: &record.value, headers }
    }
}

/// Whether a topic is looked at by the verifier.
fn is_checked(topic: Topic) -> bool {
    !matches!(topic, Topic::Reference | Topic::ReferenceHistory)
}

fn now() -> Duration {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Duration::from_millis(u64::try_from(since.as_millis()).expect("not so far ahead"))
}

/// What is compared of a record; its time is the broker's.
type Place<'a> = (TopicPartition, i64, &'a str, &'a [u8], Option<&'a str>, Option<&'a str>);

fn places<'a>(records: &[&'a Record]) -> Vec<Place<'a>> {
    let place = |record: &&'a Record| {
        let told = &record.headers;
        let (event_type, redriven) = (told.event_type.as_deref(), told.redriven.as_deref());
        (record.topic_partition(), record.offset, record.key.as_str(), &record.value[..], event_type, redriven)
    };
    records.iter().map(place).collect()
}

/// The log in pieces, each with its time there; `records` in the order of their places.
fn pieces<'a>(records: &'a [&'a Record]) -> Vec<(i64, Piece<'a>)> {
    let mut pieces = Vec::new();
    for partition in records.chunk_by(|a, b| a.topic_partition() == b.topic_partition()) {
        let first = partition[0];
        if first.offset > 0 {
            let nothing = Piece { at: first.topic_partition(), from: 0, records: &[], gap: first.offset };
            pieces.push((first.time.0, nothing));
        }
        let together = partition.chunk_by(|a, b| b.offset == a.offset + 1 && b.time == a.time);
        let mut together = together.peekable();
        while let Some(records) = together.next() {
            let (first, last) = (records[0], records[records.len() - 1]);
            let gap = together.peek().map_or(0, |next| next[0].offset - last.offset - 1);
            pieces.push((first.time.0, Piece { at: first.topic_partition(), from: first.offset, records, gap }));
        }
    }
    pieces
}

fn send(pen: &BaseProducer, topic: &str, partition: i32, records: &[Words<'_>]) {
    for record in records {
        let whole = BaseRecord::to(topic).partition(partition).key(record.key).payload(record.value);
        pen.send(whole.headers(record.headers.clone())).map_err(|(error, _)| error).expect("there is room");
    }
    pen.flush(PATIENCE).expect("written");
}

/// What the stages have committed of their inputs.
fn commit(committed: &Committed, corner: &Corner) {
    for stage in STAGES {
        let mut list = TopicPartitionList::new();
        for ((_, at), offset) in committed.iter().filter(|((name, _), _)| *name == stage.name) {
            let topic = at.topic.full_name(&corner.config.prefix);
            list.add_partition_offset(&topic, at.partition, Offset::Offset(*offset)).expect("an offset");
        }
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &corner.config.brokers)
            .set("group.id", format!("{}.{}", corner.config.prefix, stage.name))
            .create()
            .expect("a consumer");
        consumer.commit(&list, CommitMode::Sync).expect("committed");
    }
}

/// The broker is everybody's: what was looked at goes. What can't be deleted is no reason to fail.
fn remove(corner: &Corner) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", &corner.config.brokers).create().expect("an admin client");
    let topics: Vec<String> = CATALOGUE.iter().map(|entry| entry.topic.full_name(&corner.config.prefix)).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    drop(futures::executor::block_on(admin.delete_topics(&topics, &AdminOptions::new())));
}

/// The command's arguments for a copy.
fn arguments(copy: &Copy) -> &'static [&'static str] {
    if copy.running { &["verify", "--log-only", "--running"] } else { &["verify", "--log-only"] }
}

/// How the command ends on a copy, in a corner of its own.
pub fn verified(copy: &Copy, pens: &mut Pens) -> Ended {
    let corner = Corner::new();
    pens.write(copy, &corner);
    let ended = corner.weir_with(PARTITIONS, arguments(copy));
    remove(&corner);
    ended
}
