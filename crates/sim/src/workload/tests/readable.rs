//! Production code reads every action, except what is meant to be unreadable, and refuses that for the promised
//! reason.

use super::*;
use weir_fulfillment::wire::Wire as Fulfillment;
use weir_ingest::wire::Clerk;
use weir_inventory::wire::Stage as Inventory;
use weir_pipeline::Topology;
use weir_proto::topics::Topic;
use weir_routing::wire::RoutingTopology;

/// What the stage that gets it says: the key in its meta, or the reason why it can't be read.
fn read(clerk: &Clerk, action: &Action) -> Result<weir_proto::log::v1::Meta, &'static str> {
    let record = record(action);
    let meta = match action.record.topic {
        Topic::Deliveries => clerk.read(&record).map(|incoming| incoming.meta),
        Topic::RoutingCommands => RoutingTopology.read(&record).map(|incoming| incoming.meta),
        Topic::StockCommands => Inventory.read(&record).map(|incoming| incoming.meta),
        Topic::ShipmentCommands => Fulfillment.read(&record).map(|incoming| incoming.meta),
        other => panic!("nobody outside writes to {other}"),
    };
    let meta = meta.map_err(|fault| fault.reason)?;
    if meta.key == record.key { Ok(meta) } else { Err("wrong-key") }
}

#[test]
fn every_action_is_read_as_it_was_meant() {
    for seed in 0..20 {
        let shape = Shape { poison: 2_000, oversize: false, ..Shape::drawn(seed, 150) };
        let mut workload = Workload::new(seed, shape);
        let clerk = Clerk::new(std::sync::Arc::new(workload.key()));
        let actions = played(&mut workload);
        let poisons: BTreeMap<i64, Poison> =
            workload.books().accepted().iter().filter_map(|one| Some((one.offset, one.poison?))).collect();
        for (offset, (_, action)) in actions.iter().enumerate() {
            let found = read(&clerk, action);
            match poisons.get(&(offset as i64)) {
                // Too old, or too large, is for the rules to say.
                Some(Poison::Ancient | Poison::Oversize) | None => {
                    let meta = found.unwrap_or_else(|why| panic!("seed {seed}: {:?} is {why}", action.what));
                    assert_eq!(meta.tenant, workload.tenant());
                    let is_command = action.command.is_some();
                    assert_eq!((meta.command_id.len() == 16, meta.body_hash.len() == 16), (is_command, is_command));
                }
                Some(poison) => assert_eq!(found.err(), Some(poison.reason()), "seed {seed}: {poison:?}"),
            }
        }
    }
}

#[test]
fn what_is_too_large_to_be_told_is_read_all_the_same() {
    let shape = Shape { oversize: true, ..Shape::plain(4) };
    let mut workload = Workload::new(1, shape);
    let clerk = Clerk::new(std::sync::Arc::new(workload.key()));
    let actions = played(&mut workload);
    let largest = actions.iter().map(|(_, action)| action).max_by_key(|action| action.record.value.len()).expect("one");
    assert!(largest.record.value.len() > 1_900_000 && largest.record.value.len() < 2 * 1024 * 1024);
    assert!(read(&clerk, largest).is_ok());
}

#[test]
fn a_signed_delivery_is_what_the_door_would_have_written() {
    let shape = Shape { channels: Channel::ALL[..3].to_vec(), shops_per_channel: 2, ..Shape::drawn(11, 60) };
    let mut workload = Workload::new(11, Shape { poison: 0, oversize: false, backfill: 0, ..shape });
    workload.sign();
    let begins_ms = workload.shape().begins_ms;
    let mut seen = 0;
    for (at, action) in played(&mut workload) {
        if action.record.topic != Topic::Deliveries {
            continue;
        }
        let event: weir_proto::delivery::v1::DeliveryEvent = record(&action).decode().expect("a delivery");
        let Some(weir_proto::delivery::v1::delivery_event::Event::Received(received)) = event.event else { panic!() };
        let adapter = weir_channels::adapter(&received.channel).expect("a channel");
        let headers = weir_channels::Headers(received.headers.into_iter().map(|h| (h.name, h.value)).collect());
        let now_ms = begins_ms + at.as_millis() as i64;
        let request = weir_channels::Request { headers: &headers, body: &received.body, now_ms };
        adapter.verify(&request, &[catalogue::SECRET.as_bytes().to_vec()], 300_000).expect("signed");
        let identity = adapter.identify(&headers, &received.body).expect("identified");
        assert_eq!((received.kind, received.delivery_id), (identity.kind, identity.delivery_id));
        assert_eq!(received.platform_order_id, identity.platform_order_id);
        assert_eq!(received.received_at_ms, now_ms);
        assert!(headers.0.iter().all(|(name, _)| adapter.kept_headers().contains(&name.as_str())));
        seen += 1;
    }
    assert!(seen >= 60, "{seen}");
}

#[test]
fn command_ids_are_of_version_7_and_of_their_moment() {
    let id = command::id(9, 70_000, 1_795_300_000_123);
    let text = command::text(id);
    assert_eq!((text.len(), &text[14..15]), (36, "7"));
    assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    let ms = id[..6].iter().fold(0_i64, |ms, byte| (ms << 8) | i64::from(*byte));
    assert_eq!(ms, 1_795_300_000_123);
    assert_ne!(id, command::id(9, 70_000 + 65_536, 1_795_300_000_123));
}
