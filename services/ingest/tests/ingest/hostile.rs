//! The door under a hostile corpus: over ten thousand requests that are wrong in ways a table knows, on real sockets and a real log.
//!
//! Every case knows its answer: status, slug, the path of the field; and whether its bytes must lie in the log. What is unsigned must
//! not, what is authentic must, once for each time it was sent.

#[path = "hostile/bodies.rs"]
mod bodies;
#[path = "hostile/bombs.rs"]
mod bombs;
#[path = "hostile/case.rs"]
mod case;
#[path = "hostile/channels.rs"]
mod channels;
#[path = "hostile/fields.rs"]
mod fields;
#[path = "hostile/paths.rs"]
mod paths;
#[path = "hostile/signatures.rs"]
mod signatures;
#[path = "hostile/slow.rs"]
mod slow;
#[path = "hostile/wire.rs"]
mod wire;

use crate::house::{House, PATIENCE, SECRET, secret_of};
use axum::Router;
use case::Case;
use channels::{Channel, all, sealings};
use prost::Message as _;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::net::TcpListener;
use weir_channels::CHANNELS;
use weir_host::Drain;
use weir_host::serve::{self, Sides};
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::reference::Publisher;
use weir_privacy::TenantKey;
use weir_proto::delivery::v1::{DeliveryEvent, delivery_event::Event};
use weir_proto::reference::v1::{ReferenceEvent, SecretList, Shop, reference_event::Entity};
use weir_proto::topics::Topic;
use weir_testkit::wait_for;

/// What signs for `acme` on each channel, and what signs for `other`.
const OTHER_SECRET: &[u8] = b"the other shop's own secret";
/// Requests at a time: fewer than the door of the house has places.
const SENDERS: usize = 24;
const CASES_MIN: usize = 10_000;

/// Makes one kind of case for a channel.
type Make = fn(&Channel) -> Vec<Case>;

#[test]
fn every_hostile_request_gets_the_answer_it_deserves() {
    let house = House::open();
    let channels = all();
    assert!(channels.iter().all(|channel| CHANNELS.contains(&channel.name)), "the table names channels of the door");
    let drain = Drain::new();
    let address = serve(&house, &drain);
    open_other_shops(&house, address, &channels);
    let before = house.read(Topic::Deliveries).len();
    assert_eq!(before, 0, "looking for a shop leaves nothing");
    let makers: [(&str, Make); 7] = [
        ("JSON", bodies::cases),
        ("fields", fields::cases),
        ("signatures", signatures::cases),
        ("bombs", bombs::cases),
        ("paths", paths::cases),
        ("sealings", sealings),
        ("lists", channels::lists),
    ];
    let mut cases = Vec::new();
    for (kind, make) in makers {
        let made: Vec<Case> = channels.iter().flat_map(make).collect();
        println!("{kind}: {} cases", made.len());
        cases.extend(made);
    }
    assert!(cases.len() >= CASES_MIN, "{} cases", cases.len());
    let begun = Instant::now();
    let answers = house.block_on(wire::send_all(address, &cases, SENDERS));
    println!("{} cases answered in {:?}", answers.len(), begun.elapsed());
    let slowest = cases.iter().zip(&answers).max_by_key(|(_, answer)| answer.took);
    println!("the slowest: {:?}", slowest.map(|(case, answer)| (&case.name, answer.took)));
    let mut wrong: Vec<String> = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        if let Err(why) = case.judge(answer) {
            wrong.push(format!("{}: {why}", case.name));
        }
    }
    for line in wrong.iter().take(60) {
        println!("{line}");
    }
    let log = compare_log(&house, &cases);
    println!("memory at its height: {}", memory());
    drain.request();
    assert!(wrong.is_empty(), "{} of {} cases were answered otherwise", wrong.len(), cases.len());
    assert_eq!(log, Vec::<String>::new(), "bodies in the log");
}

/// The house's door behind the port of a process.
fn serve(house: &House, drain: &Drain) -> SocketAddr {
    let listener = house.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let sides = Sides { http: house.routes(), grpc: Router::new() };
    let serving = serve::serve(listener, sides, serve::Limits::default(), drain.clone());
    house.block_on(async { drop(tokio::spawn(serving)) });
    address
}

/// A second shop on each channel, with a secret of its own.
fn open_other_shops(house: &House, address: SocketAddr, channels: &[Channel]) {
    let key = TenantKey::new([7; 32]);
    let shops: Vec<(String, ReferenceEvent)> = channels.iter().map(|channel| other_shop(&key, channel.name)).collect();
    Publisher::new(KafkaLog::unchecked(&house.config)).publish(shops).expect("shops");
    for channel in channels {
        let knock = Case::knock(channel.name);
        wait_for("the other shop at the door", PATIENCE, || {
            let answers = house.block_on(wire::send_all(address, std::slice::from_ref(&knock), 1));
            (answers[0].status == 401).then_some(())
        });
    }
}

fn other_shop(key: &TenantKey, channel: &str) -> (String, ReferenceEvent) {
    let secrets = SecretList { secrets: vec![secret_of(channel, OTHER_SECRET)] }.encode_to_vec();
    let shop = Shop {
        channel: channel.to_owned(),
        shop: "other".to_owned(),
        secrets: Some(key.seal_bytes(&format!("{channel}/other"), &secrets)),
        ..Shop::default()
    };
    let event = ReferenceEvent { entity: Some(Entity::Shop(shop)), ..ReferenceEvent::default() };
    (format!("demo/shop/{channel}/other"), event)
}

/// What lies in the log too often or too seldom, by channel and body.
fn compare_log(house: &House, cases: &[Case]) -> Vec<String> {
    let mut bodies: BTreeMap<(String, Vec<u8>), i64> = BTreeMap::new();
    let kept: Vec<&Case> = cases.iter().filter(|case| case.is_in_log()).collect();
    for case in &kept {
        for body in case.deliveries() {
            *bodies.entry((case.channel.to_owned(), body.to_vec())).or_default() += 1;
        }
    }
    let mut found = 0;
    for record in house.read(Topic::Deliveries) {
        let event = DeliveryEvent::decode(record.value).expect("a delivery");
        let Some(Event::Received(received)) = event.event else { panic!("a received delivery") };
        *bodies.entry((received.channel, received.body.to_vec())).or_default() -= 1;
        found += 1;
    }
    println!("{} of {} cases are authentic; the log has {found} deliveries", kept.len(), cases.len());
    let differs = bodies.into_iter().filter(|(_, count)| *count != 0);
    let told = |((channel, body), count): ((String, Vec<u8>), i64)| {
        let body: String = String::from_utf8_lossy(&body).chars().take(120).collect();
        format!("{channel}: {count} missing of {body}")
    };
    differs.map(told).collect()
}

/// Linux's own words for the peak of this process.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown").to_owned()
}
