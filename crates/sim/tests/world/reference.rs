//! Positions of the reference topic, as facts carry them: who began to read after a publish has passed its control record as well,
//! who read it as it came has not, and neither may wait for the other (STAGE.md §6).

use crate::echo::{Echo, Remarks, input, remark};
use crate::house::{facts, instance};
use prost::Message as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use weir_decider::Fault;
use weir_pipeline::reference::Publisher;
use weir_pipeline::stage::Seat;
use weir_pipeline::{Config, Incoming, NoEffects, Outgoing, Record, Signals, TopicPartition, Topology};
use weir_proto::log::v1::Meta;
use weir_proto::order::v1::OrderEvent;
use weir_proto::partition::partition_of;
use weir_proto::reference::v1::{ReferenceEvent, Sku, reference_event::Entity};
use weir_proto::topics::Topic;
use weir_sim::{Outcome, Settings, World};

/// The echo stage, where it reads reference data.
struct Informed;

impl Topology for Informed {
    type State = Remarks;
    type World = ();

    fn name(&self) -> &'static str {
        Echo.name()
    }

    fn inputs(&self) -> &'static [Topic] {
        Echo.inputs()
    }

    fn facts(&self) -> Topic {
        Echo.facts()
    }

    fn outputs(&self) -> &'static [Topic] {
        Echo.outputs()
    }

    fn shape(&self) -> u32 {
        Echo.shape()
    }

    fn reads_reference(&self) -> bool {
        true
    }

    fn read(&self, record: &Record) -> Result<Incoming<String>, Fault> {
        Echo.read(record)
    }

    fn write_fact(&self, meta: Meta, fact: &String) -> Outgoing {
        Echo.write_fact(meta, fact)
    }

    fn read_fact(&self, record: &Record) -> Result<String, Fault> {
        Echo.read_fact(record)
    }

    fn write_message(&self, meta: Meta, message: &()) -> Outgoing {
        Echo.write_message(meta, message)
    }
}

fn start(world: &mut World, process: &str) {
    let signals = Signals::new(Arc::new(AtomicBool::new(false)), |_, _| {});
    let seat = Seat::new(Arc::new(Informed), world.log(), &Config::new("", process), 0, None, signals);
    world.spawn(process, "stage", move || seat.run_here(NoEffects));
}

/// Publishes one entity; says where the last reference record lies.
fn publish(world: &mut World, id: &str) -> i64 {
    let entry = ReferenceEvent { entity: Some(Entity::Sku(Sku::default())), ..ReferenceEvent::default() };
    let (log, key) = (world.log(), format!("demo/sku/{id}"));
    let publisher = world.spawn("weir", "publish", move || Publisher::new(log).publish(vec![(key, entry)]).map(drop));
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.outcome(publisher), Outcome::Returned);
    let mut last = -1;
    world.control().visit(TopicPartition::new(Topic::Reference, 0), 0, |record| last = record.offset);
    last
}

/// Says this in each partition, as admitted under this position of the reference topic. Gives back who has decided it and under
/// which position, by partition, and how long the slower one took.
fn say(world: &mut World, what: &str, reference: i64) -> (BTreeMap<i32, (String, i64)>, Duration) {
    let said = world.now();
    for number in 0..2 {
        let key = (0..).map(|n| format!("order-{n}")).find(|key| partition_of(key.as_bytes(), 2) == number);
        let key = key.expect("endless");
        let mut event = OrderEvent::decode(&*input(&key, what)).expect("an input");
        event.meta.get_or_insert_default().reference = reference;
        world.control().write(TopicPartition::new(Topic::Orders, number), &key, &event.encode_to_vec());
    }
    let decided = |world: &World| {
        let mut decided = BTreeMap::new();
        for number in 0..2 {
            let mut owner = String::new();
            world.control().visit(facts(number), 0, |record| {
                if record.key.starts_with("echo.") {
                    owner.clone_from(&record.key);
                } else if remark(record).as_deref() == Some(what) {
                    let (meta, _) = record.envelope().expect("an envelope");
                    decided.insert(number, (owner.clone(), meta.reference));
                }
            });
        }
        decided
    };
    let all = world.run_while(Duration::from_secs(60), |world| decided(world).len() < 2);
    assert!(all, "{what}: {:?}", decided(world));
    (decided(world), world.now() - said)
}

#[test]
fn a_stage_from_before_a_publish_and_one_from_after_it_stamp_alike_and_wait_for_neither() {
    let mut world = World::new(Settings::new(6));
    publish(&mut world, "first");
    start(&mut world, "a");
    world.run_for(Duration::from_secs(5));
    let last = publish(&mut world, "second");
    start(&mut world, "b");
    world.run_for(Duration::from_secs(30));
    let (decided, _) = say(&mut world, "under whatever there is", 0);
    let owners: Vec<&String> = decided.values().map(|(owner, _)| owner).collect();
    assert_eq!(owners, [&instance("a"), &instance("b")], "each has one of the partitions");
    // What either has said may be another's input, which both must take at once.
    let stamps: Vec<i64> = decided.values().map(|(_, stamp)| *stamp).collect();
    for stamp in &stamps {
        let (_, took) = say(&mut world, &format!("under {stamp}"), *stamp);
        assert!(took < Duration::from_secs(1), "{took:?} for what was admitted under {stamp} of {stamps:?}");
    }
    assert_eq!(stamps, [last + 1; 2], "behind the last record, and not behind what is no record");
}
