//! The verifier finds what is wrong: a real log, written by the real stages on a real Kafka, is clean; a copy of it with
//! one thing changed breaks the invariant that the change is about. Each is looked at in memory; and of each invariant one
//! is written to topics of its own, where `weir verify` has to end with 1 and to name the invariant.

mod beside;
mod copy;
mod planted;
mod rows;
mod written;

#[path = "../../src/verify/committed.rs"]
mod committed;

use crate::corner::{Corner, Ended, PARTITIONS, PATIENCE, Running};
use copy::Copy;
use prost::Message as _;
use std::sync::Arc;
use uuid::Uuid;
use weir_fulfillment::wire::Wire;
use weir_ingest::wire::Clerk;
use weir_invariants::{Id, check_log};
use weir_inventory::wire::Stage;
use weir_notification::wire::Notification;
use weir_privacy::TenantKey;
use weir_proto::ids;
use weir_proto::log::v1::Meta;
use weir_proto::notice::v1::{NoticeCommand, NoticeEvent, RecordOutcome, notice_command, notice_event};
use weir_proto::shipment::v1::{Pack, Pick, Ship, ShipmentCommand, ShipmentEvent, shipment_command, shipment_event};
use weir_proto::stock::v1::{Receive, StockCommand, stock_command};
use weir_proto::topics::{CATALOGUE, Topic};
use weir_routing::wire::RoutingTopology;
use weir_testkit::wait_for;

const POOL: &str = "demo/main";

fn id_of(order: &str) -> String {
    ids::order_id("demo", "generic", "acme", order)
}

fn body(order: &str, total: &str, state: &str) -> String {
    let payment = format!(r#""payment":{{"id":"p-{order}","amount":"{total}","currency":"CNY","state":"{state}"}}"#);
    let payment = if state.is_empty() { String::new() } else { format!(",{payment}") };
    let kind = if state.is_empty() { "order.created" } else { "order.paid" };
    if state.is_empty() {
        return format!(
            r#"{{"type":"{kind}","timestamp":"2099-01-01T10:00:00Z","data":{{"order_id":"{order}","currency":"CNY",
            "placed_at":"2099-01-01T10:00:00Z","total":"{total}","payment_terms":"prepaid","buyer":{{"remark":""}},
            "ship_to":{{"country":"CN","name":"Wang Fang","address":"12 Xinhua Road"}},
            "lines":[{{"line_id":"1","sku":"TEA","quantity":2,"price":"5.00"}}]}}}}"#
        );
    }
    format!(r#"{{"type":"{kind}","timestamp":"2099-01-01T10:01:00Z","data":{{"order_id":"{order}"{payment}}}}}"#)
}

/// A caller's command, with an id of its own.
fn head(key: &str, id: Uuid, body: u8) -> Option<Meta> {
    let (command_id, body_hash) = (id.as_bytes().to_vec(), vec![body; 16]);
    Some(Meta { tenant: "demo".to_owned(), key: key.to_owned(), command_id, body_hash, ..Meta::default() })
}

impl Corner {
    fn receive(&self, quantity: i64) {
        let received = Receive { sku: "TEA".into(), warehouse: "east".into(), quantity, document: "d-1".into() };
        let command = Some(stock_command::Command::Receive(received));
        let value = StockCommand { meta: head(POOL, Uuid::now_v7(), 1), command }.encode_to_vec();
        self.write(Topic::StockCommands, POOL, "weir.stock.v1.Receive", value, "receive-1");
    }

    fn work(&self, order: &str, id: Uuid, body: u8, command: shipment_command::Command) {
        let value = ShipmentCommand { meta: head(order, id, body), command: Some(command) }.encode_to_vec();
        self.write(Topic::ShipmentCommands, order, "weir.shipment.v1.Command", value, &Uuid::now_v7().to_string());
    }

    fn await_fact(&self, topic: Topic, key: &str, name: &str) {
        wait_for(&format!("{name} of {key}"), PATIENCE, || {
            self.facts(topic).get(key).is_some_and(|facts| facts.iter().any(|fact| fact == name)).then_some(())
        });
    }

    fn pick_list(&self, order: &str) -> String {
        wait_for("a pick list", PATIENCE, || {
            let events = self.read(Topic::Shipments).into_iter().filter(|record| record.key == order);
            events.filter_map(|record| record.decode::<ShipmentEvent>().ok()?.event).find_map(|event| match event {
                shipment_event::Event::PickListIssued(list) => Some(list.pick_list_id),
                _ => None,
            })
        })
    }

    /// Tells that every notice of an order was sent.
    fn settle(&self, order: &str) {
        for record in self.read(Topic::Notices).into_iter().filter(|record| record.key == order) {
            let Ok(NoticeEvent { event: Some(notice_event::Event::NoticeDue(due)), .. }) = record.decode() else {
                continue;
            };
            let outcome = RecordOutcome { notice_id: due.notice_id, sent: true, attempts: 1, detail: String::new() };
            let meta = Some(Meta { tenant: "demo".to_owned(), key: order.to_owned(), ..Meta::default() });
            let value = NoticeCommand { meta, command: Some(notice_command::Command::RecordOutcome(outcome)) };
            let id = Uuid::now_v7().to_string();
            self.write(Topic::NoticeCommands, order, "weir.notice.v1.RecordOutcome", value.encode_to_vec(), &id);
        }
    }

    fn house(&self) -> Vec<Running> {
        let clerk = Clerk::new(Arc::new(TenantKey::new([7; 32])));
        vec![self.run(clerk), self.run(RoutingTopology), self.run(Stage), self.run(Wire), self.run(Notification)]
    }

    /// One order all its way, with a command that is repeated and one that is a conflict; one that waits for a picker; one that waits
    /// for its payment; a delivery that comes twice, and one that can't be read.
    fn lead_a_life(&self) {
        let (shipped, waiting, unpaid) = (id_of("W-1"), id_of("W-2"), id_of("W-3"));
        self.receive(10);
        for order in ["W-1", "W-2", "W-3"] {
            self.deliver(&id_of(order), &format!("{order}-0"), &body(order, "10.00", ""));
        }
        self.deliver(&shipped, "W-1-0", &body("W-1", "10.00", ""));
        self.deliver(&unpaid, "W-3-x", "no JSON at all");
        self.deliver(&shipped, "W-1-1", &body("W-1", "10.00", "paid"));
        self.deliver(&waiting, "W-2-1", &body("W-2", "10.00", "paid"));
        let list = self.pick_list(&shipped);
        let pick = |list: &str| shipment_command::Command::Pick(Pick { pick_list_id: list.to_owned() });
        let asked = Uuid::now_v7();
        self.work(&shipped, asked, 1, pick(&list));
        self.work(&shipped, asked, 1, pick(&list));
        self.work(&shipped, asked, 2, pick("another"));
        let pack = Pack { pick_list_id: list.clone(), weight_grams: 100 };
        self.work(&shipped, Uuid::now_v7(), 3, shipment_command::Command::Pack(pack));
        let ship = Ship { pick_list_id: list, carrier: "SF".to_owned(), tracking_number: "T-1".to_owned() };
        self.work(&shipped, Uuid::now_v7(), 4, shipment_command::Command::Ship(ship));
        self.await_fact(Topic::Stock, POOL, "Issued");
        self.await_fact(Topic::Routes, &shipped, "ShippingNoted");
        self.pick_list(&waiting);
        self.await_fact(Topic::Stock, POOL, "SoftReserved");
        wait_for("the shop's word of the parcel", PATIENCE, || {
            let facts = self.facts(Topic::Notices);
            facts.get(&shipped)?.iter().filter(|fact| *fact == "NoticeDue").nth(1).map(|_| ())
        });
        self.settle(&shipped);
        self.await_fact(Topic::Notices, &shipped, "NoticeSent");
    }
}

/// A log with everything in it that is to be corrupted.
fn real_log() -> (Corner, Copy) {
    let corner = Corner::new();
    corner.publish_reference();
    let house = corner.house();
    corner.lead_a_life();
    house.into_iter().for_each(Running::stop);
    // Other owners, so that there is a fence to be behind of; and what the first left is taken in.
    let house = corner.house();
    corner.deliver(&id_of("W-2"), "W-2-2", &body("W-2", "10.00", ""));
    corner.deliver(&id_of("W-4"), "W-4-0", &body("W-4", "10.00", ""));
    corner.await_fact(Topic::Notices, &id_of("W-4"), "NoticeDue");
    house.into_iter().for_each(Running::stop);
    let records: Vec<_> = CATALOGUE.iter().flat_map(|entry| corner.read(entry.topic)).collect();
    let committed = committed::of_all(&corner.log).expect("offsets");
    (corner, Copy::new(records, committed))
}

/// What no corruption in memory broke as it should have.
fn missed_in_memory(original: &Copy) -> Vec<String> {
    let mut missed = Vec::new();
    for (name, id, change) in planted::ALL {
        let mut copy = original.clone();
        change(&mut copy);
        let (report, _) = check_log(PARTITIONS, copy.records, &copy.committed, copy.running);
        match report.of(*id).shown.first() {
            Some(shown) => println!("{id:<4} {name}: {shown}"),
            None => missed.push(format!("{name}: {id} holds\n{report}")),
        }
    }
    missed
}

/// What is wrong with how a command ended: it has to be clean where nothing is broken, else 1 and the invariant by its name.
fn wrong(name: &str, broken: Option<Id>, ended: &Ended) -> Option<String> {
    let good = match broken {
        None => ended.code == Some(0) && ended.said.ends_with("verdict: clean\n"),
        Some(id) => {
            let line = format!("{id}  BROKEN ");
            let named = ended.said.lines().any(|said| said.trim_start().starts_with(&line));
            ended.code == Some(1) && named && ended.said.ends_with("verdict: BROKEN\n")
        }
    };
    let what = broken.map_or_else(|| "clean".to_owned(), |id| format!("{id} broken"));
    println!("weir verify, {name}: ended with {:?}, wanted {what}", ended.code);
    (!good).then(|| format!("{name}: {what} was wanted\n{}{}", ended.said, ended.complained))
}

/// A copy that is looked at by the command: what was done to it, and what must break.
type Case = (&'static str, Option<Id>, Copy);

/// The log as it is, and the first corruption of each invariant.
fn cases(original: &Copy) -> Vec<Case> {
    let mut cases: Vec<Case> = vec![("nothing is changed", None, original.clone())];
    for (name, id, change) in planted::ALL {
        if cases.iter().all(|(_, broken, _)| *broken != Some(*id)) {
            let mut copy = original.clone();
            change(&mut copy);
            cases.push((*name, Some(*id), copy));
        }
    }
    cases
}

/// Each case on topics of its own, and one more with rows in Postgres. Most of it is waiting, so some go on side by side.
fn missed_by_the_command(corner: &Corner, original: &Copy) -> Vec<String> {
    let cases = cases(original);
    assert!(cases.len() > 10, "ten corruptions at least");
    let look = |cases: &[Case]| {
        let mut pens = written::Pens::new(corner);
        let one = |(name, broken, copy): &Case| wrong(name, *broken, &written::verified(copy, &mut pens));
        cases.iter().filter_map(one).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let rows = scope.spawn(|| rows::as_written_and_changed(corner));
        let looking: Vec<_> = cases.chunks(2).map(|cases| scope.spawn(move || look(cases))).collect();
        let mut missed: Vec<_> = looking.into_iter().flat_map(|end| end.join().expect("it ended")).collect();
        let rows = rows.join().expect("it ended");
        missed.extend(wrong("rows as they were written", None, &rows.written));
        missed.extend(wrong("counters that no fact names", Some(Id::I10), &rows.beside));
        missed.extend(wrong("rows that were changed", Some(Id::I10), &rows.changed));
        missed.extend(rows.missed);
        missed
    })
}

#[test]
fn each_of_the_planted_corruptions_is_found_by_its_id() {
    let (corner, original) = real_log();
    let said = corner.weir(&["verify", "--log-only", "--running"]);
    assert!(said.ends_with("verdict: clean\n"), "{said}");
    let (clean, _) = check_log(PARTITIONS, original.records.clone(), &original.committed, true);
    assert!(clean.clean(), "{clean}");
    for id in Id::ALL.into_iter().filter(|id| !matches!(id, Id::I6 | Id::I10 | Id::I15 | Id::I16)) {
        assert!(clean.of(id).checks > 0, "{id} was never tried: {clean}");
    }
    let mut missed = missed_in_memory(&original);
    missed.extend(missed_by_the_command(&corner, &original));
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}
