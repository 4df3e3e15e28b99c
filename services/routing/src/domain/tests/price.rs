//! What a parcel costs from where.

use super::super::price::price;
use super::super::rules::Judgement;
use super::super::world::WarehousePrice;
use super::*;

fn costs(order: &Order, judgement: &Judgement) -> Vec<(String, i64)> {
    let (pricing, _) = price(&world(), order, judgement, &[]);
    pricing.candidates.into_iter().map(|candidate| (candidate.warehouse, candidate.parcel_cost.minor)).collect()
}

fn to(country: &str, province: &str) -> Order {
    let region = Region { country: country.to_owned(), province: province.to_owned() };
    Order { region, ..order() }
}

#[test]
fn the_nearest_region_decides() {
    let none = Judgement::default();
    let cases = [
        (to("CN", "Guangdong"), vec![("east".to_owned(), 500), ("west".to_owned(), 700)]),
        (to("CN", "Hubei"), vec![("east".to_owned(), 900), ("west".to_owned(), 700)]),
        (to("FR", ""), vec![("east".to_owned(), 900)]),
    ];
    for (order, expected) in cases {
        assert_eq!(costs(&order, &none), expected);
    }
}

#[test]
fn a_region_can_be_shut_out() {
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    let west = tenant.warehouses.get_mut("west").expect("west is there");
    west.parcel_costs.insert("CN/Tibet".to_owned(), ParcelCost { cost: cny(1), served: false });
    let (pricing, notes) = price(&world, &to("CN", "Tibet"), &Judgement::default(), &[]);
    assert_eq!(pricing.candidates.len(), 1);
    assert_eq!(notes, ["warehouse west left out: does not serve CN/Tibet"]);
}

#[test]
fn a_rebate_makes_a_parcel_free_at_most() {
    let rebate = WarehousePrice { warehouse: "east".to_owned(), surcharge: cny(-9999), keep_back: 0 };
    let judgement = Judgement { prices: vec![rebate], ..Judgement::default() };
    assert_eq!(costs(&to("CN", "Guangdong"), &judgement)[0], ("east".to_owned(), 0));
}

#[test]
fn warehouses_of_other_pools_are_not_asked() {
    let mut elsewhere = order();
    elsewhere.lines[0].pool = "other".to_owned();
    assert_eq!(costs(&elsewhere, &Judgement::default()), []);
}

#[test]
fn urgent_goes_first_and_partial_may_be_split() {
    let order = Order { urgent: true, partial_allowed: true, ..order() };
    let (pricing, _) = price(&world(), &order, &Judgement::default(), &[]);
    assert_eq!((pricing.priority, pricing.split), (100, Split::ShipAvailable));
}

#[test]
fn a_warehouse_that_counts_in_another_currency_is_no_candidate() {
    let eur = |minor| Money { minor, currency: "EUR".to_owned() };
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    let east = tenant.warehouses.get_mut("east").expect("east is there");
    east.unit_cost = eur(10);
    east.parcel_costs.values_mut().for_each(|cost| cost.cost = eur(500));
    let left = |order: &Order| {
        let (pricing, notes) = price(&world, order, &Judgement::default(), &[]);
        (pricing.candidates.into_iter().map(|candidate| candidate.warehouse).collect::<Vec<_>>(), notes)
    };
    let note = |name: &str, currency| format!("warehouse {name} left out: its costs are not all in {currency}");
    assert_eq!(left(&to("CN", "Guangdong")), (vec!["west".to_owned()], vec![note("east", "CNY")]));
    let in_dollars = Order { payable: Money { minor: 1, currency: "USD".to_owned() }, ..to("CN", "Guangdong") };
    assert_eq!(left(&in_dollars), (vec!["east".to_owned()], vec![note("west", "EUR")]));
    // One that counts in two keeps no other out.
    let mut mixed = world.clone();
    let tenant = mixed.tenants.get_mut("demo").expect("the tenant is there");
    tenant.warehouses.get_mut("east").expect("east is there").unit_cost =
        Money { minor: 1, currency: "USD".to_owned() };
    let (pricing, _) = price(&mixed, &in_dollars, &Judgement::default(), &[]);
    assert_eq!(pricing.candidates.iter().map(|c| c.warehouse.as_str()).collect::<Vec<_>>(), ["west"]);
}

#[test]
fn what_costs_nothing_keeps_the_orders_currency() {
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    for warehouse in tenant.warehouses.values_mut() {
        warehouse.unit_cost = Money::default();
        warehouse.parcel_costs.values_mut().for_each(|cost| cost.cost = Money::default());
    }
    let (pricing, _) = price(&world, &to("CN", "Guangdong"), &Judgement::default(), &[]);
    assert!(
        pricing.candidates.iter().all(|candidate| candidate.parcel_cost == cny(0)) && pricing.candidates.len() == 2
    );
}

#[test]
fn of_many_warehouses_the_five_cheapest_are_offered_in_the_order_of_their_names() {
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    tenant.warehouses.clear();
    for (name, cost) in [("a", 700), ("b", 900), ("c", 100), ("d", 800), ("e", 200), ("f", 300), ("g", 400)] {
        tenant.warehouses.insert(name.to_owned(), warehouse(&[("*", cost)], 10));
    }
    let (pricing, notes) = price(&world, &order(), &Judgement::default(), &[]);
    let names: Vec<&str> = pricing.candidates.iter().map(|candidate| candidate.warehouse.as_str()).collect();
    assert_eq!(names, ["a", "c", "e", "f", "g"]);
    assert_eq!(notes, ["warehouse b left out: 5 others are cheaper", "warehouse d left out: 5 others are cheaper"]);
}

#[test]
fn a_price_is_for_its_own_warehouse_and_in_its_own_currency() {
    let price = |warehouse: &str, surcharge, keep_back| WarehousePrice {
        warehouse: warehouse.to_owned(),
        surcharge,
        keep_back,
    };
    let usd = Money { minor: 50, currency: "USD".to_owned() };
    let prices = vec![price("east", cny(30), 4), price("east", usd, 2), price("nowhere", cny(1), 9)];
    let judgement = Judgement { prices, priority: 7, ..Judgement::default() };
    let (pricing, _) = self::price(&world(), &order(), &judgement, &[]);
    let told: Vec<(i64, i64)> = pricing.candidates.iter().map(|c| (c.parcel_cost.minor, c.keep_back)).collect();
    assert_eq!(told, [(530, 4), (700, 0)]);
    assert_eq!(pricing.priority, 7);
}

#[test]
fn closed_excluded_and_forbidden_warehouses_are_left_out_by_name() {
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    tenant.warehouses.insert("shut".to_owned(), Warehouse { closed: true, ..warehouse(&[("*", 1)], 1) });
    let forbidden = vec![("west".to_owned(), "no-west".to_owned())];
    let judgement = Judgement { forbidden, ..Judgement::default() };
    let (pricing, notes) = price(&world, &order(), &judgement, &["east".to_owned()]);
    assert_eq!(pricing.candidates, []);
    assert_eq!(
        notes,
        [
            "warehouse east left out: excluded by an earlier plan",
            "warehouse shut left out: closed",
            "warehouse west left out: forbidden by rule no-west",
        ]
    );
}
