//! Which rules match an order, and what they say together.

use super::order::{Money, Order, Terms};
use super::plan::RuleOutcome;
use super::world::{HoldAction, Rule, WarehousePrice, World};

/// What all matching rules say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    pub rule_set: String,
    pub rule_set_version: u32,
    pub outcomes: Vec<RuleOutcome>,
    /// Rule name and what it asks for, in the order of the rules.
    pub holds: Vec<(String, HoldAction)>,
    pub priority: i32,
    pub tags: Vec<String>,
    pub prices: Vec<WarehousePrice>,
    /// Warehouse and the rule that forbids it.
    pub forbidden: Vec<(String, String)>,
    /// The last matching rule that names terms wins.
    pub terms: Option<Terms>,
}

/// Judges an order by its tenant's rule set. Without one nothing matches.
pub fn judge(world: &World, order: &Order) -> Judgement {
    let mut judgement = Judgement::default();
    let Some(set) = world.rule_set(&order.tenant) else {
        return judgement;
    };
    judgement.rule_set.clone_from(&set.name);
    judgement.rule_set_version = set.version;
    for rule in &set.rules {
        let outcome = match mismatch(rule, order) {
            None => {
                judgement.apply(rule);
                RuleOutcome { rule: rule.name.clone(), matched: true, why: "every condition holds".to_owned() }
            }
            Some(why) => RuleOutcome { rule: rule.name.clone(), matched: false, why },
        };
        judgement.outcomes.push(outcome);
    }
    judgement
}

/// The first condition that does not hold.
fn mismatch(rule: &Rule, order: &Order) -> Option<String> {
    let region = &order.region;
    if !rule.channels.is_empty() && !rule.channels.contains(&order.channel) {
        return Some(format!("channel is {}", order.channel));
    }
    if !rule.regions.is_empty() && !rule.regions.iter().any(|wanted| region.is_in(wanted)) {
        return Some(format!("region is {}/{}", region.country, region.province));
    }
    if let Some(least) = &rule.amount_at_least
        && let Some(why) = other_currency(least, &order.payable)
    {
        return Some(why);
    }
    if let Some(least) = &rule.amount_at_least
        && order.payable.minor < least.minor
    {
        return Some(format!("amount {} is below {}", order.payable.minor, least.minor));
    }
    if let Some(below) = &rule.amount_below
        && let Some(why) = other_currency(below, &order.payable)
    {
        return Some(why);
    }
    if let Some(below) = &rule.amount_below
        && order.payable.minor >= below.minor
    {
        return Some(format!("amount {} is not below {}", order.payable.minor, below.minor));
    }
    if !rule.skus.is_empty() && !order.lines.iter().any(|line| rule.skus.contains(&line.sku)) {
        return Some("no line has one of its SKUs".to_owned());
    }
    None
}

/// Amounts in two currencies can't be compared, so the condition does not hold.
fn other_currency(wanted: &Money, payable: &Money) -> Option<String> {
    (wanted.currency != payable.currency).then(|| format!("amount is in {}, not {}", payable.currency, wanted.currency))
}

impl Judgement {
    fn apply(&mut self, rule: &Rule) {
        if let Some(hold) = &rule.hold {
            self.holds.push((rule.name.clone(), hold.clone()));
        }
        self.priority = self.priority.saturating_add(rule.priority);
        for tag in &rule.add_tags {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
        self.prices.extend(rule.warehouse_prices.iter().cloned());
        let forbidden = rule.forbid_warehouses.iter();
        self.forbidden.extend(forbidden.map(|warehouse| (warehouse.clone(), rule.name.clone())));
        self.terms = rule.terms.or(self.terms);
    }
}
