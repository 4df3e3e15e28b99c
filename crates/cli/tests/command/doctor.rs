//! `weir doctor` where something is wrong: away, silent, or set up so that it loses what it holds.

use crate::corner::{Ended, Environment, run};
use crate::house::{House, SERVICES};
use serde_json::Value;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Nobody waits longer for a doctor; a busy machine has a little more.
const BOUND: Duration = Duration::from_secs(30);

/// What is told of the parts whose names begin so: verdict, what was found, what to do.
fn told(ended: &Ended, part: &str) -> Vec<(String, String, String)> {
    let found: Value = serde_json::from_str(&ended.said).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let parts = found["parts"].as_array().expect("parts").clone();
    let text = |line: &Value, name: &str| line[name].as_str().expect("text").to_owned();
    let of_part = parts.iter().filter(|line| text(line, "part").starts_with(part));
    of_part.map(|line| (text(line, "verdict"), text(line, "found"), text(line, "advice"))).collect()
}

/// An installation all of whose parts are at this address.
fn everything_at(address: &str) -> Environment {
    let services = SERVICES.map(|(_, variable)| (variable, format!("http://{address}")));
    let servers = [
        ("WEIR_BROKERS", address.to_owned()),
        ("WEIR_DATABASE_URL", format!("postgres://weir@{address}/weir")),
        ("WEIR_REDIS_URL", format!("redis://{address}")),
    ];
    services.into_iter().chain(servers).collect()
}

#[test]
fn parts_that_are_away_or_silent_keep_nobody_waiting() {
    // Takes connections and never says a word, as a part that hangs.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().map(|address| (silent, address.to_string())).expect("an address");
    for address in ["127.0.0.1:1", &silent.1] {
        let begun = Instant::now();
        let ended = run(&everything_at(address), &["doctor", "--json"]);
        let took = begun.elapsed();
        assert_eq!(ended.code, Some(1), "{address}: {ended:?}");
        assert!(took < BOUND, "{address}: {took:?}");
        for part in ["kafka", "postgres", "redis"].into_iter().chain(SERVICES.map(|(name, _)| name)) {
            let told = told(&ended, part);
            assert!(matches!(&told[..], [(verdict, ..)] if verdict == "fault"), "{address}: {part}: {told:?}");
        }
        assert_eq!(told(&ended, "stage"), [], "what is not known of a log that is away is not said of each stage");
    }
}

#[test]
fn a_log_that_is_away_hides_no_other_part() {
    let house = House::empty();
    let mut environment = house.environment();
    environment.push(("WEIR_BROKERS", "127.0.0.1:1".to_owned()));
    let begun = Instant::now();
    let ended = run(&environment, &["doctor"]);
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = |begin: &str| ended.said.lines().find(|line| line.starts_with(begin)).unwrap_or_default().to_owned();
    let kafka = line("FAULT  kafka 127.0.0.1:1");
    assert!(kafka.ends_with("— is it running? scripts/servers up starts it"), "{ended:?}");
    assert!(line("ok     postgres").contains("answers; 0 projections"), "{ended:?}");
    assert!(line("ok     redis").contains("answers; "), "{ended:?}");
    assert!(line("FAULT  ingest").contains("no address — set WEIR_INGEST_URL"), "{ended:?}");
    assert_eq!(ended.said.lines().last(), Some("7 faults"), "{ended:?}");
}

/// One command of Redis.
fn redis(url: &str, command: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let asked = async {
        let client = redis::Client::open(url).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let mut asked = redis::cmd(command[0]);
        asked.arg(&command[1..]);
        asked.query_async::<redis::Value>(&mut connection).await.expect("done");
    };
    runtime.block_on(asked);
}

#[test]
fn a_redis_that_drops_counters_is_a_fault() {
    let house = House::empty();
    let url = house.servers.addresses().redis_url.clone();
    let settings = |environment: &Environment, options: &[&str]| {
        let ended = run(environment, &[&["doctor", "--json"], options].concat());
        told(&ended, "redis").into_iter().skip(1).collect::<Vec<_>>()
    };
    let environment = house.environment();
    redis(&url, &["CONFIG", "SET", "maxmemory", "64mb", "maxmemory-policy", "noeviction"]);
    assert_eq!(settings(&environment, &[]), [], "what is right is not shown");
    let found = "maxmemory-policy = noeviction, maxmemory = 67108864";
    assert_eq!(settings(&environment, &["--all"]), [("ok".to_owned(), found.to_owned(), String::new())]);

    redis(&url, &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let faults = settings(&environment, &[]);
    let [(verdict, found, advice)] = &faults[..] else { panic!("{faults:?}") };
    assert_eq!((verdict.as_str(), found.as_str()), ("fault", "maxmemory-policy = allkeys-lru, maxmemory = 67108864"));
    assert!(advice.starts_with("should be noeviction"), "{advice}");
    redis(&url, &["CONFIG", "SET", "maxmemory", "0"]);
    assert!(matches!(&settings(&environment, &[])[..], [(verdict, ..)] if verdict == "note"));

    redis(&url, &["ACL", "SETUSER", "guest", "on", ">hush", "~*", "+@all", "-config"]);
    let mut guest = environment;
    guest.push(("WEIR_REDIS_URL", url.replace("redis://", "redis://guest:hush@")));
    let notes = settings(&guest, &[]);
    assert!(
        matches!(&notes[..], [(verdict, found, _)] if verdict == "note" && found.ends_with("not told")),
        "{notes:?}"
    );
}

#[test]
fn wrong_usage_and_wrong_configuration_differ() {
    run(&everything_at("127.0.0.1:1"), &["doctor", "--lag-max", "many"]).badly(2);
    run(&everything_at("127.0.0.1:1"), &["doctor", "everything"]).badly(2);
    let mut environment = everything_at("127.0.0.1:1");
    environment.push(("WEIR_PARTITIONS", "many".to_owned()));
    assert!(run(&environment, &["doctor"]).badly(64).contains("WEIR_PARTITIONS"));
    assert!(run(&Environment::new(), &["doctor"]).badly(64).contains("WEIR_BROKERS is not set"));
}
