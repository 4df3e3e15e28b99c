//! A whole small run against a door that has its hours.

use super::*;
use crate::plan::Wish;
use crate::plan::tests::wish;
use crate::platforms::platform;
use crate::shop::{Shop, all};
use crate::world::tests::habits;
use crate::world::{Habits, Pushes};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap as Told, StatusCode};
use axum::routing::post;
use std::collections::BTreeMap;
use std::sync::Mutex;
use weir_channels::{Headers, Opened, Request, adapter};

/// Takes in what comes as Weir's own adapters read it.
#[derive(Default)]
struct Door {
    requests: u64,
    /// By channel, order and version: how often.
    taken: BTreeMap<(String, String, i64), u32>,
    refusing: Option<fn(u64) -> bool>,
}

type Shared = Arc<Mutex<Door>>;

async fn receive(
    State(door): State<Shared>,
    Path((channel, _shop)): Path<(String, String)>,
    told: Told,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let pairs: Vec<(&str, &str)> =
        told.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("plain"))).collect();
    let headers = Headers::of(&pairs);
    let adapter = adapter(&channel).expect("a channel");
    let request = Request { headers: &headers, body: &body, now_ms: now_ms() };
    let secret = platform(&channel).expect("known").example().secret;
    let parts = match adapter.open(&request, &[secret.into()], 300_000) {
        Ok(Opened::Whole) => vec![body.to_vec()],
        Ok(Opened::Parts(parts)) => parts,
        Err(_) => return (StatusCode::UNAUTHORIZED, ""),
    };
    let mut door = lock(&door);
    door.requests += 1;
    if door.refusing.is_some_and(|refuses| refuses(door.requests)) {
        return (StatusCode::SERVICE_UNAVAILABLE, "");
    }
    for part in parts {
        let mapped = adapter.map(&headers, &part).expect("readable");
        *door.taken.entry((channel.clone(), mapped.platform_order_id, mapped.version)).or_default() += 1;
    }
    (StatusCode::OK, adapter.answer().body)
}

async fn play(shops: Vec<Shop>, wish: Wish, habits: Habits, refusing: Option<fn(u64) -> bool>) -> (Run, Shared) {
    drop(rustls::crypto::ring::default_provider().install_default());
    let door: Shared = Arc::new(Mutex::new(Door { refusing, ..Door::default() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let router = Router::new().route("/webhooks/{channel}/{shop}", post(receive)).with_state(door.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let wish = Wish { shops: shops.len(), ..wish };
    let world = Arc::new(World::new(shops, habits));
    let sender = Arc::new(Sender::new(&url, world.clone()).expect("a client"));
    sender.await_door(Duration::from_secs(30)).await.expect("a door");
    let skus = (1..=wish.skus).map(|n| format!("DEMO-{n}").into()).collect();
    let run = Run { plan: quick(Plan::new(&wish)), skus, world, sender };
    run.play().await;
    assert!(run.world.is_done());
    (run, door)
}

/// The same, twenty times as fast.
fn quick(mut plan: Plan) -> Plan {
    for event in &mut plan.events {
        event.due_us /= 20;
        event.fate.delayed_us /= 20;
        event.fate.repeated_after_us = event.fate.repeated_after_us.map(|after_us| after_us / 20);
    }
    plan
}

fn pushes(run: &Run) -> Pushes {
    let tally = lock(&run.world.tally).clone();
    let events = run.plan.events.len() as u64;
    assert_eq!((tally.orders, tally.orders + tally.steps), (run.plan.orders.len() as u64, events));
    let pushes = tally.pushes;
    assert_eq!(pushes.sent - pushes.duplicates + pushes.lost + pushes.withheld, events, "each event is told or not");
    assert_eq!(pushes.sent, pushes.acknowledged + pushes.given_up, "each push has its end");
    pushes
}

fn of(name: &str) -> Vec<Shop> {
    all("a").into_iter().filter(|shop| shop.platform.name() == name).collect()
}

#[tokio::test]
async fn the_door_hears_all_that_is_not_lost() {
    let (run, door) = play(all("a"), wish(400), habits(), None).await;
    let pushes = pushes(&run);
    assert_eq!((pushes.acknowledged, pushes.withheld, pushes.retries), (pushes.sent, 0, 0));
    assert!(pushes.lost > 0 && pushes.duplicates > 0);
    let door = lock(&door);
    assert_eq!(u64::from(door.taken.values().sum::<u32>()), pushes.sent);
    assert_eq!(door.taken.len() as u64, pushes.sent - pushes.duplicates, "each event is a version of its own");
    for place in &run.world.shops {
        assert!(lock(&place.book).len() > 20);
        for order in lock(&place.book).current() {
            let versions = door.taken.keys().filter(|(channel, id, _)| {
                (channel.as_str(), id) == (place.shop.platform.name(), &place.shop.platform.order_id(order))
            });
            assert!(versions.map(|(_, _, version)| *version).all(|version| version < (order.updated_s + 1) * 1000));
        }
    }
}

#[tokio::test]
async fn shopify_comes_again_until_it_is_heard() {
    let habits = Habits { retry_scale: 100_000.0, ..habits() };
    let (run, door) = play(of("shopify"), wish(200), habits, Some(|n| n % 4 == 0)).await;
    let pushes = pushes(&run);
    assert!(pushes.retries > 50, "{pushes:?}");
    assert_eq!(lock(&door).requests, pushes.sent + pushes.retries);
    assert_eq!(u64::from(lock(&door).taken.values().sum::<u32>()), pushes.acknowledged);
}

#[tokio::test]
async fn woocommerce_falls_silent_until_its_webhook_is_enabled() {
    let (run, door) = play(of("woocommerce"), Wish { rate_per_s: 10.0, ..wish(300) }, habits(), Some(|_| true)).await;
    let pushes = pushes(&run);
    assert_eq!((pushes.acknowledged, pushes.retries), (0, 0), "no delivery is made again");
    assert!(pushes.withheld > 0, "{pushes:?}");
    let mut hooks = lock(&run.world.shops[0].hooks);
    assert!(hooks.worst_failures_in_a_row() > 5 && hooks.disabled().any(|topic| topic == "order.created"));
    hooks.enable();
    assert_eq!(hooks.disabled().count(), 0);
    assert_eq!(lock(&door).taken, BTreeMap::new());
}

#[test]
fn runs_and_channels_have_ids_of_their_own() {
    let id = |channel, s: i64, n| order_number(platform(channel).expect("known"), s * 1000 + 999, n);
    assert_eq!(id("shopify", 1_767_225_601, 3), 6_000_000_001_003);
    assert_eq!(id("woocommerce", 1_767_225_601, 3), 1_003);
    assert!(id("woocommerce", 1_795_269_900, 999) < id("woocommerce", 1_795_269_901, 0));
}
