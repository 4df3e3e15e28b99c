//! The deciders alone, in memory: decisions a second on one core (`cargo bench -p weir-sim --bench deciders`).
//!
//! One decision is to judge an input and to take in what was said. No record is encoded or decoded, and nothing is written. Each life
//! is first played with a look at every verdict, so that nothing is measured but decisions that are accepted.

mod clerk;
mod fulfillment;
mod notices;
mod pool;
mod routing;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use weir_decider::{Decider, Millis, Moment, Outcome};

/// The services' allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub const ORDER: &str = "018f2a3c-7b51-7c3e-9a57-0242ac120002";
pub const NOW: Millis = Millis(1_795_255_500_000);

/// Takes the inputs in, one after the other.
pub fn play<'a, D: Decider>(mut state: D, world: &D::World, inputs: impl IntoIterator<Item = &'a D::Input>) -> D
where
    D::Input: 'a,
{
    for input in inputs {
        let decision = state.decide(Moment { key: ORDER, at: NOW, world }, input);
        for fact in &decision.facts {
            state.evolve(NOW, fact);
        }
        black_box(decision);
    }
    state
}

/// How many facts the inputs lead to.
///
/// # Panics
/// Where one of them is not accepted.
pub fn rehearse<'a, D: Decider>(mut state: D, world: &D::World, inputs: impl IntoIterator<Item = &'a D::Input>) -> usize
where
    D::Input: std::fmt::Debug + 'a,
{
    let mut facts = 0;
    for input in inputs {
        let decision = state.decide(Moment { key: ORDER, at: NOW, world }, input);
        assert_eq!(decision.outcome, Outcome::Accepted, "{input:?}");
        decision.facts.iter().for_each(|fact| state.evolve(NOW, fact));
        facts += decision.facts.len();
    }
    facts
}

/// One order from nothing to its end.
fn life<D: Decider>(criterion: &mut Criterion, name: &str, world: &D::World, inputs: &[D::Input])
where
    D::Input: std::fmt::Debug,
{
    let facts = rehearse(D::default(), world, inputs);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(inputs.len() as u64));
    let id = BenchmarkId::from_parameter(format!("{} inputs, {facts} facts", inputs.len()));
    group.bench_function(id, |bencher| bencher.iter(|| play(D::default(), world, inputs)));
    group.finish();
}

fn lives(criterion: &mut Criterion) {
    life::<weir_ingest::domain::Order>(criterion, "clerk", &clerk::world(), &clerk::inputs());
    life::<weir_routing::domain::Routing>(criterion, "routing", &routing::world(), &routing::inputs());
    life::<weir_fulfillment::domain::Fulfillment>(criterion, "fulfillment", &(), &fulfillment::inputs());
    life::<weir_notification::domain::Notices>(criterion, "notification", &(), &notices::inputs());
}

criterion_group!(benches, lives, pool::orders, pool::flash);
criterion_main!(benches);
