//! The assignment against brute force: every way to share out every unit.

use crate::making::candidate;
use proptest::prelude::*;
use weir_inventory::domain::Candidate;
use weir_inventory::domain::assign::{Need, solve};

/// All ways to take exactly `units` from warehouses with this supply.
fn ways(units: i64, supply: &[i64]) -> Vec<Vec<i64>> {
    let Some((first, rest)) = supply.split_first() else {
        return if units == 0 { vec![vec![]] } else { vec![] };
    };
    let mut all = Vec::new();
    for taken in 0..=units.min(*first) {
        for mut tail in ways(units - taken, rest) {
            tail.insert(0, taken);
            all.push(tail);
        }
    }
    all
}

/// (units, cost) of the best: most units, then least cost.
fn brute(needs: &[Need], candidates: &[Candidate], parcels_max: u32, used: &[&str]) -> Option<(i64, i128)> {
    fn go(rest: &[Need], sum: &mut Vec<i64>, costs: (&[Candidate], u32, &[&str]), best: &mut Option<(i64, i128)>) {
        let (candidates, parcels_max, used) = costs;
        let Some((need, rest)) = rest.split_first() else {
            let opened = |i: &usize| sum[*i] > 0 && !used.contains(&candidates[*i].warehouse.as_str());
            let opened: Vec<usize> = (0..candidates.len()).filter(opened).collect();
            if parcels_max > 0 && opened.len() + used.len() > parcels_max as usize {
                return;
            }
            let parcels: i128 = opened.iter().map(|i| i128::from(candidates[*i].parcel_cost)).sum();
            let units = sum.iter().zip(candidates).map(|(n, c)| i128::from(*n) * i128::from(c.unit_cost)).sum::<i128>();
            let found = (sum.iter().sum::<i64>(), parcels + units);
            if best.is_none_or(|old| (-found.0, found.1) < (-old.0, old.1)) {
                *best = Some(found);
            }
            return;
        };
        for units in 0..=need.quantity.min(need.free) {
            for way in ways(units, &need.supply) {
                sum.iter_mut().zip(&way).for_each(|(total, n)| *total += n);
                go(rest, sum, costs, best);
                sum.iter_mut().zip(&way).for_each(|(total, n)| *total -= n);
            }
        }
    }
    let mut best = None;
    go(needs, &mut vec![0; candidates.len()], (candidates, parcels_max, used), &mut best);
    best
}

fn problem() -> impl Strategy<Value = (Vec<Need>, Vec<Candidate>, u32, usize)> {
    (1..=5_usize, 1..=6_usize).prop_flat_map(|(houses, skus)| {
        // Six SKUs in five houses stay within reach of brute force only for single units.
        let most: i64 = if skus * houses > 12 { 1 } else { 2 };
        let need = (1..=most, 0..=most + 1, prop::collection::vec(0..=most, houses))
            .prop_map(|(quantity, free, supply)| Need { quantity, free, supply });
        let costs = prop::collection::vec((0..1000_i64, 0..100_i64), houses);
        (prop::collection::vec(need, skus), costs, 0..4_u32, 0..=houses.min(2)).prop_map(
            |(needs, costs, most, used)| {
                let named = costs.into_iter().enumerate();
                let candidates =
                    named.map(|(i, (parcel, unit))| candidate(&format!("W{i}"), parcel, unit, 0)).collect();
                (needs, candidates, most, used)
            },
        )
    })
}

proptest! {
    #[test]
    fn the_answer_is_the_best_there_is((needs, candidates, parcels_max, used) in problem()) {
        let used: Vec<&str> = candidates.iter().take(used).map(|c| c.warehouse.as_str()).collect();
        let found = solve(&needs, &candidates, parcels_max, &used);
        let best = brute(&needs, &candidates, parcels_max, &used);
        prop_assert_eq!(found.as_ref().map(|answer| (answer.units, answer.cost)), best);
        if let Some(answer) = found {
            for (need, taken) in needs.iter().zip(&answer.taken) {
                prop_assert!(taken.iter().zip(&need.supply).all(|(n, there)| 0 <= *n && n <= there));
                prop_assert!(taken.iter().sum::<i64>() <= need.quantity.min(need.free));
            }
        }
    }
}

#[test]
fn the_largest_order_at_the_largest_cost_still_fits() {
    use weir_inventory::domain::demand::{COST_MAX, LINE_MAX, LINES_MAX};
    let needs: Vec<Need> =
        (0..LINES_MAX).map(|_| Need { quantity: LINE_MAX, free: LINE_MAX, supply: vec![LINE_MAX] }).collect();
    let answer = solve(&needs, &[candidate("W1", COST_MAX, COST_MAX, 0)], 0, &[]).expect("an answer");
    assert!(i64::try_from(answer.cost).is_ok());
}
