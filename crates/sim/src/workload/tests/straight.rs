//! The rule books of four stages in a straight line, without a broker and without faults: what the workload asks for comes
//! about, no promise of the books is broken, and every scenario ends as its words say.

use super::*;
use prost::Message as _;
use std::collections::{BTreeSet, VecDeque};
use weir_decider::{Decider, Decision, Moment, Outcome as Judged};
use weir_ingest::wire::Clerk;
use weir_pipeline::Topology;
use weir_proto::log::v1::{
    Answered, Envelope, Ignored, IgnoredInput, IgnoredReason, Meta, Refusal, StageFact, stage_fact,
};
use weir_proto::quarantine::v1::{QuarantineEvent, Quarantined, quarantine_event};
use weir_proto::topics::Topic;

/// A stage, as the line sees it.
trait Seat {
    fn inputs(&self) -> &'static [Topic];
    fn judge(&mut self, record: &Record) -> Vec<Outgoing>;
    /// The first deadline.
    fn due(&self) -> Option<Millis>;
    fn expire(&mut self) -> Vec<Outgoing>;
}

struct Line<T: Topology> {
    topology: T,
    world: T::World,
    states: HashMap<String, (T::State, u64)>,
    deadlines: BTreeSet<(i64, String)>,
    answers: HashMap<Vec<u8>, Answered>,
    steps: u64,
}

impl<T: Topology> Line<T> {
    fn new(topology: T, reference: &[(String, ReferenceEvent)]) -> Box<Line<T>> {
        let mut world = T::World::default();
        reference.iter().for_each(|(key, event)| topology.learn(&mut world, key, Some(event.clone())));
        let (states, answers) = (HashMap::new(), HashMap::new());
        Box::new(Line { topology, world, states, deadlines: BTreeSet::new(), answers, steps: 0 })
    }

    fn carry_out(
        &mut self,
        key: &str,
        at: Millis,
        cause: &Meta,
        decision: Decision<<T::State as Decider>::Fact, <T::State as Decider>::Message>,
    ) -> Vec<Outgoing> {
        let (state, version) = self.states.entry(key.to_owned()).or_default();
        if let Some(before) = state.deadline() {
            self.deadlines.remove(&(before.0, key.to_owned()));
        }
        let meta = |version, command_id| Meta {
            tenant: TENANT.to_owned(),
            key: key.to_owned(),
            version,
            at_ms: at.0,
            command_id,
            ..Meta::default()
        };
        let mut out = Vec::new();
        for fact in &decision.facts {
            *version += 1;
            state.evolve(at, fact);
            out.push(self.topology.write_fact(meta(*version, cause.command_id.clone()), fact));
        }
        for message in &decision.messages {
            self.steps += 1;
            let id = [self.steps.to_be_bytes(), draw::digest(self.topology.name().as_bytes()).to_be_bytes()].concat();
            out.push(self.topology.write_message(meta(0, id), message));
        }
        if let Some(deadline) = state.deadline() {
            self.deadlines.insert((deadline.0, key.to_owned()));
        }
        out
    }

    fn answered(&self, key: &str, answered: Answered) -> Outgoing {
        self.stage_fact(key, "weir.log.v1.Answered", stage_fact::Fact::Answered(answered))
    }

    fn ignored(&self, record: &Record, reason: IgnoredReason) -> Outgoing {
        let position = Some(record.position());
        let input = IgnoredInput { position, reason: reason.into(), key: record.key.clone(), copy_of: None };
        let ignored = stage_fact::Fact::Ignored(Ignored { inputs: vec![input] });
        self.stage_fact(&record.key, "weir.log.v1.Ignored", ignored)
    }

    fn stage_fact(&self, key: &str, event_type: &'static str, fact: stage_fact::Fact) -> Outgoing {
        let meta = Some(Meta { key: key.to_owned(), ..Meta::default() });
        let value = Envelope { meta, stage: Some(StageFact { fact: Some(fact) }) }.encode_to_vec();
        Outgoing { topic: self.topology.facts(), key: key.to_owned(), event_type, value }
    }
}

impl<T: Topology> Seat for Line<T> {
    fn inputs(&self) -> &'static [Topic] {
        self.topology.inputs()
    }

    fn judge(&mut self, record: &Record) -> Vec<Outgoing> {
        let incoming = match self.topology.read(record) {
            Ok(incoming) if incoming.meta.key == record.key => incoming,
            Ok(_) => return vec![quarantined(record, "wrong-key")],
            Err(fault) => return vec![quarantined(record, fault.reason)],
        };
        let meta = incoming.meta;
        let is_callers = meta.body_hash.len() == 16 && meta.command_id.len() == 16;
        let (command_id, body_hash) = (meta.command_id.clone(), meta.body_hash.clone());
        if let Some(first) = self.answers.get(&command_id).filter(|_| is_callers) {
            let conflict = || Refusal { code: "command-conflict".to_owned(), detail: String::new() };
            let again = match first.body_hash == body_hash {
                true => Answered { repeated: true, ..first.clone() },
                false => Answered { command_id, body_hash, version: 0, refusal: Some(conflict()), repeated: false },
            };
            let reason = if again.repeated { IgnoredReason::Duplicate } else { IgnoredReason::Refused };
            return vec![self.answered(&record.key, again), self.ignored(record, reason)];
        }
        let (state, version) = self.states.entry(record.key.clone()).or_default();
        let decision = match is_callers && meta.seen_version != 0 && meta.seen_version != *version {
            true => Decision::refuse("version-conflict", "it has moved on"),
            false => {
                let moment = Moment { key: &record.key, at: record.time, world: &self.world };
                state.decide(moment, &incoming.input)
            }
        };
        let outcome = decision.outcome.clone();
        let before = (state.deadline(), *version);
        let mut out = self.carry_out(&record.key, record.time, &meta, decision);
        if out.iter().any(|one| one.value.len() > 1_900_000) {
            assert!(before.1 == 0, "only strangers are too large");
            self.states.remove(&record.key);
            return vec![quarantined(record, "oversize")];
        }
        match &outcome {
            Judged::Unreadable(fault) => out.push(quarantined(record, fault.reason)),
            Judged::Ignored(reason) => out.push(self.ignored(record, reason_of(*reason))),
            Judged::Accepted | Judged::Refused(_) => {}
        }
        if is_callers {
            let refusal = match outcome {
                Judged::Refused(refusal) => Some(Refusal { code: refusal.code.to_owned(), detail: refusal.detail }),
                Judged::Unreadable(fault) => Some(Refusal { code: fault.reason.to_owned(), detail: fault.detail }),
                Judged::Accepted | Judged::Ignored(_) => None,
            };
            let version = self.states.get(&record.key).map_or(0, |(_, version)| *version);
            let answered = Answered { command_id, body_hash, version, refusal, repeated: false };
            self.answers.insert(answered.command_id.clone(), answered.clone());
            out.push(self.answered(&record.key, answered));
        }
        out
    }

    fn due(&self) -> Option<Millis> {
        self.deadlines.first().map(|(at, _)| Millis(*at))
    }

    fn expire(&mut self) -> Vec<Outgoing> {
        let Some((at, key)) = self.deadlines.pop_first() else { return Vec::new() };
        let (state, _) = self.states.entry(key.clone()).or_default();
        let decision = state.expire(Moment { key: &key, at: Millis(at), world: &self.world });
        self.carry_out(&key, Millis(at), &Meta::default(), decision)
    }
}

fn reason_of(reason: weir_decider::Ignored) -> IgnoredReason {
    match reason {
        weir_decider::Ignored::Duplicate => IgnoredReason::Duplicate,
        weir_decider::Ignored::Stale => IgnoredReason::Stale,
        weir_decider::Ignored::Unchanged => IgnoredReason::Unchanged,
        weir_decider::Ignored::Irrelevant => IgnoredReason::Irrelevant,
    }
}

fn quarantined(record: &Record, reason: &str) -> Outgoing {
    let position = Some(record.position());
    let told = Quarantined { position, reason: reason.to_owned(), ..Quarantined::default() };
    let value = QuarantineEvent { meta: None, event: Some(quarantine_event::Event::Quarantined(told)) };
    let value = value.encode_to_vec();
    Outgoing { topic: Topic::Quarantine, key: record.key.clone(), event_type: "weir.quarantine.v1.Quarantined", value }
}

/// Plays a workload to its very end; nobody is ever late, and nothing is lost but what an outage refuses.
fn run(workload: &mut Workload, outage: Option<(Duration, Duration)>) -> Facts {
    let reference = workload.reference(&workload.key());
    let mut seats: Vec<Box<dyn Seat>> = vec![
        Line::new(Clerk::new(std::sync::Arc::new(workload.key())), &reference),
        Line::new(weir_routing::wire::RoutingTopology, &reference),
        Line::new(weir_inventory::wire::Stage, &reference),
        Line::new(weir_fulfillment::wire::Wire, &reference),
    ];
    let begins = workload.shape().begins_ms;
    let (mut facts, mut ends): (Facts, HashMap<Topic, i64>) = Default::default();
    let mut asked: BTreeMap<(Duration, u64), Action> = BTreeMap::new();
    let mut count = 0;
    for _ in 0..1_000_000 {
        let deadline = seats.iter().enumerate().filter_map(|(seat, of)| Some((of.due()?, seat))).min();
        let deadline = deadline.map(|(at, seat)| (Duration::from_millis((at.0 - begins).max(0) as u64), seat));
        let next = workload.next_due().into_iter().chain(asked.keys().next().map(|(at, _)| *at)).min();
        let mut news: VecDeque<Outgoing> = VecDeque::new();
        let now = match (deadline, next) {
            (None, None) => return facts,
            (Some((at, seat)), next) if next.is_none_or(|next| at <= next) => {
                news.extend(seats[seat].expire());
                at
            }
            (_, Some(next)) => {
                let action = match asked.first_entry().filter(|first| first.key().0 <= next) {
                    Some(first) => first.remove(),
                    None => workload.next().expect("it is due").1,
                };
                let down = outage.is_some_and(|(from, to)| (from..to).contains(&next));
                let offset = ends.get(&action.record.topic).copied().unwrap_or(0);
                let outcome = if down { Outcome::Refused } else { Outcome::Written { partition: 0, offset } };
                let record = action.record.clone();
                match workload.settled(action, outcome) {
                    Some((pause, again)) => {
                        count += 1;
                        asked.insert((next + pause, count), again);
                    }
                    None => news.push_back(record),
                }
                next
            }
            (Some(_), None) => unreachable!("a deadline alone is taken above"),
        };
        while let Some(one) = news.pop_front() {
            let end = ends.entry(one.topic).or_default();
            let headers = Headers { event_type: Some(one.event_type.into()), ..Headers::default() };
            let time = Millis(begins + now.as_millis() as i64);
            let (topic, key, value) = (one.topic, one.key, Bytes::from(one.value));
            let record = Record { topic, partition: 0, offset: *end, time, key, value, headers };
            *end += 1;
            facts.take(&record);
            for (after, action) in workload.react(&record, time) {
                count += 1;
                asked.insert((now + after, count), action);
            }
            // What a stage says of itself is nobody's input.
            let is_stages = record.headers.event_type.as_deref().is_some_and(|name| name.starts_with("weir.log."));
            for seat in seats.iter_mut().filter(|seat| !is_stages && seat.inputs().contains(&record.topic)) {
                news.extend(seat.judge(&record));
            }
        }
    }
    panic!("it does not come to an end");
}

#[test]
fn every_scenario_ends_as_its_words_say() {
    let faults: Vec<String> = scenario::all()
        .into_iter()
        .filter_map(|scenario| {
            let mut workload = Workload::of(scenario, 1);
            let facts = run(&mut workload, scenario.outage);
            scenario.check(&facts, &workload).err()
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_promise_of_a_drawn_workload_is_broken() {
    let mut written = BTreeSet::new();
    let mut faults = Vec::new();
    for seed in 0..24 {
        let mut workload = Workload::new(seed, Shape { poison: 500, ..Shape::drawn(seed, 150) });
        let facts = run(&mut workload, None);
        faults.extend(workload.books().check(&facts).into_iter().map(|fault| format!("seed {seed}: {fault}")));
        written.extend(workload.counts().keys().copied());
    }
    assert!(faults.is_empty(), "{} broken\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
    let missing: Vec<&str> = What::ALL.iter().map(|what| what.name()).filter(|name| !written.contains(name)).collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}
