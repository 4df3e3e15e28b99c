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
