//! The stage's own judge, on paper: a test writes inputs, lets it read, commits, redrives, crashes it.

use super::paper::{Nobody, Paper};
use crate::stage::metrics::Metrics;
use crate::stage::partition::{Partition, Standing};
use crate::stage::watchdog::Watchdog;
use crate::stage::worker::{Active, Parts};
use crate::{Config, Headers, Incoming, NoEffects, Outgoing, Record, Signals, Topology};
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_decider::{Decider, Decision, Fault, Ignored, Millis, Moment};
use weir_proto::log::v1::{Meta, stage_fact::Fact};
use weir_proto::order::v1::{NoteChanged, OrderEvent, order_event};
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
use weir_proto::routing::v1::{RouteEvent, ShippingNoted, route_event};
use weir_proto::topics::Topic;

pub(super) const KEY: &str = "order-0";
/// Facts of two other stages, and commands.
pub(super) const INPUTS: [Topic; 3] = [Topic::Orders, Topic::Shipments, Topic::RoutingCommands];

/// What an order has said.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Said(Vec<String>);

impl Decider for Said {
    type Input = String;
    type Fact = String;
    type Message = ();
    type World = ();

    fn decide(&self, _: Moment<'_, ()>, word: &String) -> Decision<String, ()> {
        if self.0.contains(word) { Decision::ignore(Ignored::Duplicate) } else { Decision::say(vec![word.clone()]) }
    }

    fn evolve(&mut self, _: Millis, word: &String) {
        self.0.push(word.clone());
    }

    fn deadline(&self) -> Option<Millis> {
        None
    }

    fn expire(&self, _: Moment<'_, ()>) -> Decision<String, ()> {
        Decision::say(Vec::new())
    }
}

/// Can't read words that begin with "bad", until it is mended.
#[derive(Default)]
pub(super) struct Toy {
    mended: AtomicBool,
}

impl Topology for Toy {
    type State = Said;
    type World = ();

    fn name(&self) -> &'static str {
        "toy"
    }

    fn inputs(&self) -> &'static [Topic] {
        &INPUTS
    }

    fn facts(&self) -> Topic {
        Topic::Routes
    }

    fn outputs(&self) -> &'static [Topic] {
        &[]
    }

    fn shape(&self) -> u32 {
        1
    }

    fn read(&self, record: &Record) -> Result<Incoming<String>, Fault> {
        let event: OrderEvent = record.decode()?;
        match event.event {
            Some(order_event::Event::NoteChanged(note))
                if self.mended.load(Ordering::Relaxed) || !note.buyer_remark.starts_with("bad") =>
            {
                Ok(Incoming { meta: event.meta.unwrap_or_default(), input: note.buyer_remark })
            }
            _ => Err(Fault::whole("bad", "")),
        }
    }

    fn write_fact(&self, meta: Meta, fact: &String) -> Outgoing {
        let key = meta.key.clone();
        let event = route_event::Event::ShippingNoted(ShippingNoted { outcome: fact.clone() });
        let value = RouteEvent { meta: Some(meta), event: Some(event) }.encode_to_vec();
        Outgoing { topic: Topic::Routes, key, event_type: "", value }
    }

    fn read_fact(&self, record: &Record) -> Result<String, Fault> {
        match record.decode::<RouteEvent>()?.event {
            Some(route_event::Event::ShippingNoted(noted)) => Ok(noted.outcome),
            _ => Err(Fault::whole("no-fact", "")),
        }
    }

    fn write_message(&self, meta: Meta, (): &()) -> Outgoing {
        Outgoing { topic: Topic::Routes, key: meta.key, event_type: "", value: Vec::new() }
    }
}

/// A quarantined record and its place.
pub(super) struct Kept {
    pub(super) offset: i64,
    pub(super) what: Quarantined,
}

pub(super) struct Bench {
    pub(super) paper: Paper,
    topology: Arc<Toy>,
    pub(super) active: Active<Toy, Paper, NoEffects>,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let (paper, topology) = (Paper::default(), Arc::new(Toy::default()));
        let active = worker(&paper, &topology);
        Bench { paper, topology, active }
    }

    pub(super) fn mend(&self) {
        self.topology.mended.store(true, Ordering::Relaxed);
    }

    /// Puts a word into an input.
    pub(super) fn write(&self, topic: Topic, word: &str) {
        self.put(topic, word_value(word), Headers::default());
    }

    fn put(&self, topic: Topic, value: Vec<u8>, headers: Headers) {
        self.paper.sheet().append(Outgoing { topic, key: KEY.to_owned(), event_type: "", value }, headers);
    }

    /// Writes quarantined records back for a stage, in this order.
    pub(super) fn redrive_for(&self, stage: &str, kept: &[&Kept]) {
        for Kept { offset, what } in kept {
            let of = what.position.clone().expect("a position");
            let headers = Headers {
                redriven: Some(format!("{stage}:quarantine/0/{offset}")),
                copy_of: Some(of.clone()),
                ..Headers::default()
            };
            self.put(Topic::parse(&of.topic).expect("a topic"), what.value.to_vec(), headers);
        }
    }

    pub(super) fn redrive(&self, kept: &[&Kept]) {
        self.redrive_for("toy", kept);
    }

    /// Lets the stage read one record of a topic; what it read.
    pub(super) fn read(&mut self, topic: Topic) -> Option<Record> {
        let next = self.active.partitions[&0].next_input.get(&topic).copied().unwrap_or(0);
        let at = usize::try_from(next).expect("an offset");
        let record = self.paper.sheet().topics.get(&topic).and_then(|all| all.get(at)).cloned()?;
        self.active.judge(&record).expect("judged");
        Some(record)
    }

    pub(super) fn read_all(&mut self) {
        for topic in INPUTS {
            while self.read(topic).is_some() {}
        }
    }

    /// Commits; memory must be what a take-over would fold.
    pub(super) fn commit(&mut self) {
        self.active.commit().expect("committed");
        let folded = self.fold();
        let memory = &self.active.partitions[&0];
        assert_eq!(memory.waiting, folded.waiting, "who waits");
        assert_eq!(memory.standing(KEY), folded.standing(KEY));
        assert_eq!(memory.states(), folded.states());
    }

    fn fold(&self) -> Partition<Toy> {
        let mut folded = Partition::new(0);
        for record in self.paper.sheet().topics.get(&Topic::Routes).into_iter().flatten() {
            folded.fold(&*self.topology, record).expect("the facts fit");
        }
        folded
    }

    /// Forgets all that is not committed, and takes over.
    pub(super) fn crash(&mut self) {
        let mut folded = self.fold();
        let committed = self.paper.sheet().committed.clone();
        folded.next_input = committed.into_iter().map(|(at, next)| (at.topic, next)).collect();
        self.active = worker(&self.paper, &self.topology);
        self.active.partitions.insert(0, folded);
    }

    /// What lies in quarantine, in order.
    pub(super) fn kept(&self) -> Vec<Kept> {
        let sheet = self.paper.sheet();
        let all = sheet.topics.get(&Topic::Quarantine).into_iter().flatten();
        let kept = |record: &Record| match QuarantineEvent::decode(record.value.clone()).expect("an event").event {
            Some(quarantine_event::Event::Quarantined(what)) => Kept { offset: record.offset, what },
            other => panic!("{other:?}"),
        };
        all.map(kept).collect()
    }

    /// Facts about the block, in order: "blocked", "resumed orders/0", "unblocked"; and the words that were decided.
    pub(super) fn told(&self) -> Vec<String> {
        let sheet = self.paper.sheet();
        let facts = sheet.topics.get(&Topic::Routes).into_iter().flatten();
        let told = |record: &Record| match record.envelope().expect("an envelope").1 {
            None => Some(self.topology.read_fact(record).expect("a fact")),
            Some(Fact::Blocked(_)) => Some("blocked".to_owned()),
            Some(Fact::Unblocked(_)) => Some("unblocked".to_owned()),
            Some(Fact::Resumed(resumed)) => {
                let of = resumed.position.expect("a position");
                Some(format!("resumed {}/{}", of.topic, of.offset))
            }
            Some(_) => None,
        };
        facts.filter_map(told).collect()
    }

    /// Who waits, in order: "orders/0".
    pub(super) fn waiting(&self) -> Vec<String> {
        let waiting = self.active.partitions[&0].waiting.get(KEY);
        let places = waiting.into_iter().flat_map(|waiting| &waiting.0);
        places.map(|at| format!("{}/{}", at.topic, at.offset)).collect()
    }

    pub(super) fn is_open(&self) -> bool {
        self.active.partitions[&0].standing(KEY) == Standing::Open
    }
}

pub(super) fn word_of(record: &Record) -> String {
    match record.decode::<OrderEvent>().expect("an event").event {
        Some(order_event::Event::NoteChanged(note)) => note.buyer_remark,
        other => panic!("{other:?}"),
    }
}

pub(super) fn word_value(word: &str) -> Vec<u8> {
    let note = NoteChanged { buyer_remark: word.to_owned(), ..NoteChanged::default() };
    let meta = Meta { key: KEY.to_owned(), ..Meta::default() };
    OrderEvent { meta: Some(meta), event: Some(order_event::Event::NoteChanged(note)) }.encode_to_vec()
}

fn worker(paper: &Paper, topology: &Arc<Toy>) -> Active<Toy, Paper, NoEffects> {
    let parts = Parts {
        topology: topology.clone(),
        log: paper.clone(),
        config: Config::new("", "test"),
        effects: NoEffects,
        snapshots: None,
        signals: Signals::new(Arc::default(), |_, _| {}),
        name: "toy/0".to_owned(),
        instance: "toy.test.0".to_owned(),
        owned: Arc::default(),
    };
    Active {
        parts,
        member: Nobody,
        producer: Some(paper.pen()),
        proof: Some(()),
        partitions: [(0, Partition::new(0))].into(),
        resting: Default::default(),
        open: None,
        world: (),
        reference: None,
        reference_next: 0,
        reference_seen: 0,
        skew: Default::default(),
        watchdog: Watchdog::none(),
        pending: Default::default(),
        closed: Millis(0),
        fenced: 0,
        retake: false,
        corrected: Default::default(),
        stopped: Default::default(),
        metrics: Metrics::new("toy", "toy/0"),
    }
}
