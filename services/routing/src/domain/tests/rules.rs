//! Rules as a table: conditions and what comes of them.

use super::super::rules::judge;
use super::super::world::WarehousePrice;
use super::*;

fn named(text: &[&str]) -> Vec<String> {
    text.iter().map(|one| (*one).to_owned()).collect()
}

#[test]
fn conditions() {
    let usd = Money { minor: 1, currency: "USD".to_owned() };
    let cases: Vec<(&str, Rule, Result<(), &str>)> = vec![
        ("nothing asked", Rule::default(), Ok(())),
        ("channel", Rule { channels: named(&["generic", "shopify"]), ..Rule::default() }, Ok(())),
        ("other channel", Rule { channels: named(&["shopify"]), ..Rule::default() }, Err("channel is generic")),
        ("country", Rule { regions: named(&["CN"]), ..Rule::default() }, Ok(())),
        ("province", Rule { regions: named(&["FR", "CN/Guangdong"]), ..Rule::default() }, Ok(())),
        ("other province", Rule { regions: named(&["CN/Hubei"]), ..Rule::default() }, Err("region is CN/Guangdong")),
        ("amount is the least", Rule { amount_at_least: Some(cny(9900)), ..Rule::default() }, Ok(())),
        (
            "amount too small",
            Rule { amount_at_least: Some(cny(9901)), ..Rule::default() },
            Err("amount 9900 is below 9901"),
        ),
        ("amount below", Rule { amount_below: Some(cny(9901)), ..Rule::default() }, Ok(())),
        (
            "amount is the limit",
            Rule { amount_below: Some(cny(9900)), ..Rule::default() },
            Err("amount 9900 is not below 9900"),
        ),
        ("another currency", Rule { amount_at_least: Some(usd), ..Rule::default() }, Err("amount is in CNY, not USD")),
        ("SKU", Rule { skus: named(&["SKU-0", "SKU-1"]), ..Rule::default() }, Ok(())),
        ("other SKU", Rule { skus: named(&["SKU-0"]), ..Rule::default() }, Err("no line has one of its SKUs")),
        (
            "one of two fails",
            Rule { channels: named(&["generic"]), skus: named(&["SKU-0"]), ..Rule::default() },
            Err("no line has one of its SKUs"),
        ),
    ];
    for (case, rule, expected) in cases {
        let judgement = judge(&world_with(rule), &order());
        let outcome = &judgement.outcomes[0];
        assert_eq!(outcome.matched, expected.is_ok(), "{case}");
        assert_eq!(outcome.why, expected.err().unwrap_or("every condition holds"), "{case}");
    }
}

#[test]
fn actions_of_all_matching_rules_add_up() {
    let price = WarehousePrice { warehouse: "east".to_owned(), surcharge: cny(300), keep_back: 5 };
    let first = Rule {
        name: "first".to_owned(),
        priority: 10,
        add_tags: named(&["vip"]),
        warehouse_prices: vec![price],
        terms: Some(Terms::OnAccount),
        ..Rule::default()
    };
    let second = Rule {
        name: "second".to_owned(),
        priority: 5,
        add_tags: named(&["vip", "urgent"]),
        forbid_warehouses: named(&["west"]),
        terms: Some(Terms::CashOnDelivery),
        ..Rule::default()
    };
    let other = Rule { channels: named(&["shopify"]), priority: 1000, ..Rule::default() };
    let mut world = world();
    let rules = vec![first, second, other];
    let set = RuleSet { name: "default".to_owned(), version: 3, rules };
    world.tenants.get_mut("demo").expect("the tenant is there").rule_sets.insert("default".to_owned(), set);

    let verdict = fresh(world).when(&unpaid());
    let [Fact::Planned { plan, demand, .. }, Fact::Released { plan: 1 }] = verdict.decision().facts.as_slice() else {
        panic!("terms on delivery release at once: {:?}", verdict.decision());
    };
    assert_eq!(demand.as_ref().map(|demand| demand.order.terms), Some(Some(Terms::CashOnDelivery)));
    assert_eq!((plan.pricing.priority, plan.tags.as_slice()), (15, named(&["vip", "urgent"]).as_slice()));
    let [east] = plan.pricing.candidates.as_slice() else { panic!("east alone: {:?}", plan.pricing) };
    assert_eq!((east.warehouse.as_str(), east.parcel_cost.minor, east.keep_back), ("east", 800, 5));
    assert_eq!(plan.explanation.notes, ["warehouse west left out: forbidden by rule second"]);
    assert_eq!(plan.explanation.rule_set_version, 3);
}
