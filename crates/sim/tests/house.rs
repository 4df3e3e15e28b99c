//! The whole house from a few seeds: calm, with each fault alone, with half of them at once; and that a seed is a seed.

use weir_sim::house::{Fault, Plan, Verdict, Watch, run};

const ORDERS: usize = 40;

fn sound(plan: Plan) -> Verdict {
    let line = format!("seed {}: {}", plan.seed, plan.line());
    let verdict = run(plan, &Watch::default());
    let broken: Vec<String> = verdict.breaches.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{line}\n{}", broken.join("\n"));
    assert!(verdict.counts.orders > 0, "{line}: no order was placed");
    verdict
}

#[test]
fn a_calm_house_brings_every_order_to_its_end() {
    for seed in 1..=3 {
        let verdict = sound(Plan::draw(seed, ORDERS, true));
        assert_eq!((verdict.counts.kills, verdict.counts.aborts), (0, 0));
    }
}

#[test]
fn each_fault_alone_breaks_nothing() {
    for (seed, fault) in (10..).zip(Fault::ALL) {
        let verdict = sound(Plan::draw(seed, ORDERS, false).only(fault));
        assert_eq!(verdict.counts.kills > 0, matches!(fault, Fault::Kill | Fault::Offsets), "{}", fault.name());
    }
}

/// What only a fault brings, by the beginning of the moment's name.
const BROUGHT: [(Fault, &[&str]); 13] = [
    (Fault::Kill, &["killed in init", "killed in bounds", "killed with an open transaction"]),
    (Fault::Snapshots, &["a bad snapshot was read"]),
    (Fault::Freeze, &["frozen beyond its session"]),
    (Fault::Members, &["rebalanced with an open transaction", "a member joined", "a member left in good order"]),
    (Fault::EndTxn, &["EndTxn late"]),
    (Fault::Coordinator, &["a marker was held back", "producer's coordinator moved"]),
    (
        Fault::Outage,
        &["broker away with an open transaction", "a write waited for a leader", "a call of a slow broker"],
    ),
    (Fault::Offsets, &["its inputs were cut behind it"]),
    (Fault::Clock, &["a clock ahead was read", "a clock behind was read"]),
    (Fault::Postgres, &["postgres away", "postgres refused"]),
    (Fault::Redis, &["redis away", "redis emptied"]),
    (Fault::Disk, &["a snapshot was not saved", "a snapshot was saved by halves"]),
    (Fault::Burst, &["orders came in a burst", "more than a transaction takes after a burst"]),
];

#[test]
fn a_moment_is_seen_where_its_fault_strikes_and_nowhere_else() {
    let sees = |verdict: &Verdict, moment: &str| verdict.coverage.seen().any(|(what, _)| what.starts_with(moment));
    let calm = sound(Plan::draw(3, ORDERS, true));
    for (fault, moments) in BROUGHT {
        assert!(!moments.iter().any(|moment| sees(&calm, moment)), "{}: there was no fault", fault.name());
        let (mut seeds, mut missing) = (300..340, moments.to_vec());
        while !missing.is_empty() {
            let seed = seeds.next().unwrap_or_else(|| panic!("{}: never seen: {missing:?}", fault.name()));
            let verdict = sound(Plan::draw(seed, ORDERS, false).only(fault));
            missing.retain(|moment| !sees(&verdict, moment));
        }
    }
}

#[test]
fn half_of_the_faults_at_once_break_nothing() {
    for seed in 100..106 {
        sound(Plan::draw(seed, ORDERS, false));
    }
}

#[test]
fn the_same_seed_gives_the_same_log() {
    let once = |seed: u64| run(Plan::draw(seed, ORDERS, false), &Watch::default());
    let (first, second, other) = (once(5), once(5), once(6));
    assert_eq!(first.log_hash, second.log_hash);
    assert_eq!((first.counts, first.coverage), (second.counts, second.coverage));
    assert_ne!(first.log_hash, other.log_hash);
}
