//! A worker that hangs in a call: its process ends, and the next one goes on (STAGE.md §3).

use crate::toy::{Bench, Remarks, Toy};
use std::env;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::stage::spawn;
use weir_pipeline::{Config, Effects, Signals};
use weir_testkit::wait_for;

/// Set for the process that hangs, which is this program again.
const BROKERS: &str = "WEIR_TEST_HUNG_BROKERS";
const PREFIX: &str = "WEIR_TEST_HUNG_PREFIX";
/// As sysexits.h has it, for whoever starts the process again.
const EXIT_HUNG: i32 = 70;

/// Does not return from the first fact that was committed.
struct Hangs;

impl Effects<Toy> for Hangs {
    fn taken(&mut self, _: i32, _: &mut dyn Iterator<Item = (&str, &Remarks)>) {}

    fn committed(&mut self, _: i32, _: &str, _: &Remarks, _: &String, _: Option<&str>) {
        loop {
            std::thread::park();
        }
    }

    fn lost(&mut self, _: i32) {}
}

#[test]
fn a_worker_that_hangs_ends_its_process_and_the_next_decides_what_it_left() {
    if let (Ok(brokers), Ok(prefix)) = (env::var(BROKERS), env::var(PREFIX)) {
        return hang(&brokers, &prefix);
    }
    let bench = Bench::start(1);
    bench.write("order-0", "one");
    let mut process = Command::new(env::current_exe().expect("a test has a path"))
        .args(["--exact", "hung::a_worker_that_hangs_ends_its_process_and_the_next_decides_what_it_left"])
        .env(BROKERS, &bench.config.brokers)
        .env(PREFIX, &bench.config.prefix)
        .stdout(Stdio::null())
        .spawn()
        .expect("this program starts");
    bench.await_facts(1);
    bench.write("order-0", "two");
    let status = process.wait().expect("it is ours");
    assert_eq!(status.code(), Some(EXIT_HUNG));
    let worker = bench.run("a");
    bench.await_said("order-0", "two");
    worker.stop();
    assert_eq!(bench.said("order-0"), ["one", "two"]);
}

/// Is ended by the worker's watchdog; by itself, with a failure, if nobody does.
fn hang(brokers: &str, prefix: &str) {
    let mut config = Config::new(brokers, "a");
    config.prefix = prefix.to_owned();
    config.partitions = 1;
    let signals = Signals::new(Arc::default(), |_, _| {});
    let log = KafkaLog::unchecked(&config);
    let workers = spawn(Arc::new(Toy), log, &config, |_| Hangs, None, &signals).expect("worker");
    wait_for("the end of this process", Duration::from_secs(60), || workers[0].thread.is_finished().then_some(()));
}
