//! `weir projection` against a service's projector: listed, rebuilt while it is read, refused where nobody could do it.

use super::corner::{Corner, Ended, PATIENCE};
use prost::Message as _;
use sqlx::AssertSqlSafe;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_pipeline::Signals;
use weir_pipeline::projection::postgres;
use weir_proto::log::v1::Meta;
use weir_proto::routing::v1::{Held, RouteEvent, route_event::Event};
use weir_proto::topics::Topic;
use weir_routing::projection::{RoutesProjection, prepare};
use weir_testkit::{Schema, Servers, wait_for};

/// Orders, each with one hold.
const HOLDS: i64 = 40;

fn hold(corner: &Corner, number: i64) {
    let held = Held { hold_id: format!("hold-{number}"), reason: "address".to_owned(), ..Held::default() };
    let key = format!("order-{number}");
    let meta = Meta { tenant: "demo".to_owned(), key: key.clone(), version: 1, ..Meta::default() };
    let event = RouteEvent { meta: Some(meta), event: Some(Event::Held(held)) };
    corner.write(Topic::Routes, &key, "weir.routing.v1.Held", event.encode_to_vec(), &key);
}

fn weir(corner: &Corner, arguments: &[&str]) -> Ended {
    let servers = Servers::shared();
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(arguments)
        .env_clear()
        .env("WEIR_BROKERS", &corner.config.brokers)
        .env("WEIR_PREFIX", &corner.config.prefix)
        .env("WEIR_DATABASE_URL", &servers.database_url)
        .env("WEIR_REDIS_URL", &servers.redis_url)
        .output()
        .expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it says text");
    Ended { code: output.status.code(), said: text(output.stdout), complained: text(output.stderr) }
}

fn count(runtime: &tokio::runtime::Runtime, schema: &Schema, query: &str) -> i64 {
    let query = sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&schema.pool);
    runtime.block_on(query).expect("a count")
}

#[test]
fn a_projection_is_listed_and_rebuilt_by_the_process_that_projects() {
    let corner = Corner::new();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let schema = runtime.block_on(Servers::shared().schema("routing"));
    runtime.block_on(prepare(&schema.pool, &schema.name)).expect("the tables");
    (0..HOLDS).for_each(|number| hold(&corner, number));
    let stop = Arc::new(AtomicBool::new(false));
    let signals = Signals::new(stop.clone(), |_, _| {});
    let running = postgres::spawn(RoutesProjection, corner.log.clone(), &corner.config, schema.pool.clone(), signals);
    let holds = || count(&runtime, &schema, "select count(*) from holds");
    wait_for("the holds", PATIENCE, || (holds() == HOLDS).then_some(()));
    let listed = wait_for("its name in the list", PATIENCE, || {
        let ended = weir(&corner, &["projection", "list", "--json"]);
        ended.said.lines().find(|line| line.contains(&schema.name)).map(str::to_owned)
    });
    assert!(listed.contains("\"routing.routes\"") && listed.contains("\"holds\""), "{listed}");

    let spoil = sqlx::query("update holds set reason = 'spoilt'").execute(&schema.pool);
    runtime.block_on(spoil).expect("spoilt");
    let rebuild = ["projection", "rebuild", "routing.routes", "--schema", &schema.name, "--json"];
    let ended = weir(&corner, &rebuild);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let last = ended.said.lines().last().expect("a last line");
    assert!(last.contains("\"state\":\"done\"") && last.contains("\"phase\":\"swapped\""), "{ended:?}");
    assert_eq!(holds(), HOLDS);
    assert_eq!(count(&runtime, &schema, "select count(*) from holds where reason = 'spoilt'"), 0);

    stop.store(true, Ordering::Relaxed);
    running.join().expect("no panic").expect("a clean end");
    // Nobody is there any more: the wish is taken back, and said to be in vain.
    let ended = weir(&corner, &rebuild);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complained.contains("is the service"), "{ended:?}");
    let asked = "select count(*) from projection_rebuilds where state = 'asked'";
    assert_eq!(count(&runtime, &schema, asked), 0);

    let ended = weir(&corner, &["projection", "rebuild", "no.such"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.complained.contains("no projection no.such is registered"), "{ended:?}");
}
