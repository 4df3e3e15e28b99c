//! given / when / then over every decision, and properties over every order of events.

mod cancel;
mod due;
mod edit;
mod expire;
mod finish;
mod hold;
mod outside;
mod pay;
mod place;
mod price;
mod properties;
mod reroute;
mod retry;
mod rules;
mod stuck;

use super::fact::{Fact, Held, Message, Resolution};
use super::input::{HoldAnswer, Input, Placed};
use super::order::{Demand, Due, Line, Money, Order, Payment, Region, Terms};
use super::plan::{Candidate, Explanation, Plan, Pricing, RuleOutcome, Split};
use super::world::{HoldAction, ParcelCost, Rule, RuleSet, Shop, Tenant, Warehouse, World};
use super::{Routing, refusal};
use weir_decider::{Ignored, Scenario, given};

const KEY: &str = "order-1";

pub(super) fn cny(minor: i64) -> Money {
    Money { minor, currency: "CNY".to_owned() }
}

fn warehouse(costs: &[(&str, i64)], unit: i64) -> Warehouse {
    let cost = |(region, minor): &(&str, i64)| ((*region).to_owned(), ParcelCost { cost: cny(*minor), served: true });
    Warehouse {
        pool: "main".to_owned(),
        parcel_costs: costs.iter().map(cost).collect(),
        unit_cost: cny(unit),
        closed: false,
    }
}

/// One shop, two warehouses, no rules.
pub(super) fn world() -> World {
    let mut tenant = Tenant::default();
    let pool = "main".to_owned();
    tenant.shops.insert("generic/acme".to_owned(), Shop { terms: None, pay_within: 1000, pool, urgent: false });
    tenant.warehouses.insert("east".to_owned(), warehouse(&[("CN/Guangdong", 500), ("*", 900)], 10));
    tenant.warehouses.insert("west".to_owned(), warehouse(&[("CN", 700)], 20));
    let mut world = World::default();
    world.tenants.insert("demo".to_owned(), tenant);
    world
}

fn world_with(rule: Rule) -> World {
    let mut world = world();
    let set = RuleSet { name: "default".to_owned(), version: 7, rules: vec![rule] };
    world.tenants.get_mut("demo").expect("the tenant is there").rule_sets.insert("default".to_owned(), set);
    world
}

/// The world whose one shop is changed so.
fn world_where(change: impl Fn(&mut Shop)) -> World {
    let mut world = world();
    let tenant = world.tenants.get_mut("demo").expect("the tenant is there");
    change(tenant.shops.get_mut("generic/acme").expect("the shop is there"));
    world
}

/// An order with terms of its own.
fn on(terms: Terms) -> Placed {
    let mut placed = placed();
    placed.order.terms = Some(terms);
    placed
}

/// Holds every order for the reviewers.
fn review() -> Rule {
    let hold = HoldAction { reason: "high-value".to_owned(), owner_group: "review".to_owned(), deadline_after: 50 };
    Rule { name: "big".to_owned(), hold: Some(hold), ..Rule::default() }
}

pub(super) fn line(id: &str, sku: &str, quantity: i64) -> Line {
    Line { line_id: id.to_owned(), sku: sku.to_owned(), quantity, pool: "main".to_owned() }
}

/// As it comes from the clerk: no pool, no pay deadline.
pub(super) fn placed() -> Placed {
    let order = Order {
        tenant: "demo".to_owned(),
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "42".to_owned(),
        lines: vec![Line { pool: String::new(), ..line("1", "SKU-1", 2) }],
        region: Region { country: "CN".to_owned(), province: "Guangdong".to_owned() },
        payable: cny(9900),
        placed_at: 5,
        ..Order::default()
    };
    Placed { order, ship_to: b"\x0a\x02CN\x12\x09Guangdong".to_vec(), ..Placed::default() }
}

fn unpaid() -> Input {
    Input::Placed(Box::new(placed()))
}

fn paid() -> Input {
    Input::Placed(Box::new(Placed { payment: Payment::Paid, ..placed() }))
}

fn pays() -> Input {
    Input::PaymentSeen(Payment::Paid, Some(cny(9900)))
}

/// The order as the shop completes it when it is placed at 100.
fn order() -> Order {
    Order { lines: vec![line("1", "SKU-1", 2)], pay_by: 1100, terms: Some(Terms::Prepaid), ..placed().order }
}

fn demand(order: Order, payment: Payment) -> Option<Box<Demand>> {
    Some(Box::new(Demand { order, payment, ship_to: placed().ship_to }))
}

pub(super) fn pricing() -> Pricing {
    let candidate = |warehouse: &str, parcel, unit| Candidate {
        warehouse: warehouse.to_owned(),
        parcel_cost: cny(parcel),
        unit_cost: cny(unit),
        keep_back: 0,
    };
    let candidates = vec![candidate("east", 500, 10), candidate("west", 700, 20)];
    Pricing { candidates, split: Split::ShipComplete, parcels_max: 5, priority: 0 }
}

fn plan(version: u32, soft: bool) -> Plan {
    Plan { version, lines: order().lines, pricing: pricing(), soft, ..Plan::default() }
}

fn planned(plan: Plan, demand: Option<Box<Demand>>) -> Fact {
    Fact::Planned { plan: Box::new(plan), demand, due: None }
}

fn parked(reason: &str, order: Order, payment: Payment) -> Fact {
    let demand = Demand { order, payment, ship_to: placed().ship_to };
    Fact::Parked { reason: reason.to_owned(), demand: Box::new(demand) }
}

fn reserve(plan: u32) -> Message {
    Message::Reserve { pool: "main".to_owned(), order: KEY.to_owned(), plan, lines: order().lines }
}

fn allocate(plan: u32, pricing: Pricing) -> Message {
    Message::Allocate { pool: "main".to_owned(), order: KEY.to_owned(), plan, lines: order().lines, pricing }
}

fn void(plan: u32, reason: &str) -> Message {
    Message::Void { pool: "main".to_owned(), order: KEY.to_owned(), plan, reason: reason.to_owned() }
}

fn noted(payment: Payment) -> Fact {
    let paid = (payment == Payment::Paid).then(|| cny(9900));
    Fact::PaymentNoted { payment, paid, early: false }
}

fn cancelled(reason: &str, request_id: &str) -> Fact {
    Fact::RouteCancelled { reason: reason.to_owned(), request_id: request_id.to_owned() }
}

fn system_hold(id: &str, reason: &str) -> Fact {
    Fact::Held(Held {
        hold_id: id.to_owned(),
        reason: reason.to_owned(),
        owner_group: "review".to_owned(),
        ..Held::default()
    })
}

fn resolved(id: &str, resolution: Resolution) -> Fact {
    Fact::HoldResolved { hold_id: id.to_owned(), resolution, note: "looked at".to_owned() }
}

fn answer(id: &str) -> HoldAnswer {
    HoldAnswer { hold_id: id.to_owned(), note: "looked at".to_owned() }
}

/// Nothing known, at 100.
fn fresh(world: World) -> Scenario<Routing> {
    given([]).world(world).at(100)
}

/// Placed unpaid at 100, with a soft reservation.
fn waiting() -> Scenario<Routing> {
    fresh(world()).when(&unpaid()).and()
}

/// Placed paid at 100, so released.
fn released() -> Scenario<Routing> {
    fresh(world()).when(&paid()).and()
}

/// Placed paid at 100, and held by the rule `review`.
fn held() -> Scenario<Routing> {
    fresh(world_with(review())).when(&paid()).and()
}

const HOLD: &str = "order-1:1:big";
