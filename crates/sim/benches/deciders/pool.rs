//! One pool: orders that come and go among many that stay, and a sale in which a hundred buyers want each unit.

use super::{play, rehearse};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use weir_inventory::domain::command::Receipt;
use weir_inventory::domain::{Candidate, Command, Demand, Line, Nothing, Placed, Pool, Split};

const WAREHOUSES: [&str; 2] = ["east", "west"];
/// So many orders are decided on in one measurement: a pool that is copied for fewer would be cold.
const ORDERS: usize = 2_000;

/// Reserve, allocate, issue: with so many SKUs in the pool, and so many orders that stay open.
pub fn orders(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inventory");
    group.throughput(Throughput::Elements(3 * ORDERS as u64));
    for (skus, open) in [(2_000, 10_000), (2_000, 100_000), (100_000, 100_000)] {
        let base = filled(skus, open);
        let commands: Vec<Command> = (0..ORDERS).flat_map(|n| order(&format!("new-{n}"), sku(n * 7, skus))).collect();
        rehearse(base.clone(), &Nothing, &commands);
        let id = BenchmarkId::from_parameter(format!("{skus} SKUs, {open} open orders"));
        group.bench_function(id, |bencher| {
            bencher.iter_batched(|| base.clone(), |pool| play(pool, &Nothing, &commands), BatchSize::LargeInput);
        });
    }
    group.finish();
}

/// 100,000 buyers, 1,000 units.
pub fn flash(criterion: &mut Criterion) {
    let (buyers, units) = (100_000, 1_000);
    let base = play(Pool::default(), &Nothing, &[receipt("TEA-250", "east", units)]);
    let commands: Vec<Command> = (0..buyers).map(|n| allocate(&format!("buyer-{n}"), "TEA-250".to_owned())).collect();
    let sold = play(base.clone(), &Nothing, &commands);
    let place = sold.sku("TEA-250").expect("it was received").places.get("east").copied().expect("in its place");
    assert_eq!((place.allocated, place.on_hand), (units, units), "sold out, and not oversold");
    let mut group = criterion.benchmark_group("inventory flash");
    group.sample_size(10).throughput(Throughput::Elements(buyers));
    group.bench_function(BenchmarkId::from_parameter(format!("{buyers} buyers, {units} units")), |bencher| {
        bencher.iter_batched(|| base.clone(), |pool| play(pool, &Nothing, &commands), BatchSize::PerIteration);
    });
    group.finish();
}

fn filled(skus: usize, open: usize) -> Pool {
    let stock = (0..skus).flat_map(|n| WAREHOUSES.map(|warehouse| receipt(&sku(n, skus), warehouse, 1_000_000)));
    let stay = (0..open).map(|n| allocate(&format!("open-{n}"), sku(n, skus)));
    play(Pool::default(), &Nothing, &stock.chain(stay).collect::<Vec<_>>())
}

fn sku(n: usize, skus: usize) -> String {
    format!("SKU-{:06}", n % skus)
}

/// An order's way through the pool.
fn order(id: &str, sku: String) -> [Command; 3] {
    let lines = vec![line(&sku)];
    let placed = Placed { line: "1".to_owned(), sku: sku.clone(), warehouse: "east".to_owned(), quantity: 1 };
    [
        Command::Reserve { order: id.to_owned(), plan: 1, lines },
        allocate(id, sku),
        Command::Issue { order: id.to_owned(), plan: 1, lines: vec![placed] },
    ]
}

fn allocate(order: &str, sku: String) -> Command {
    let candidate = |(warehouse, parcel_cost): (&str, i64)| Candidate {
        warehouse: warehouse.to_owned(),
        parcel_cost,
        unit_cost: 10,
        keep_back: 0,
    };
    Command::Allocate(Demand {
        order: order.to_owned(),
        plan: 1,
        lines: vec![line(&sku)],
        candidates: [("east", 500), ("west", 700)].map(candidate).to_vec(),
        currency: "CNY".to_owned(),
        split: Split::ShipComplete,
        parcels_max: 2,
        priority: 0,
    })
}

fn line(sku: &str) -> Line {
    Line { line: "1".to_owned(), sku: sku.to_owned(), quantity: 1 }
}

fn receipt(sku: &str, warehouse: &str, quantity: i64) -> Command {
    let (sku, warehouse) = (sku.to_owned(), warehouse.to_owned());
    Command::Receive(Receipt { document: format!("in-{sku}-{warehouse}"), sku, warehouse, quantity })
}
