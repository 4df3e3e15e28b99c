//! A plan on the wire.

use crate::domain::plan::{Candidate, Explanation, Plan, Pricing, RuleOutcome, Split};
use crate::wire::demand::{line, money, to_line, to_money};
use weir_proto::routing::v1 as pb;

pub(in crate::wire) fn write(plan: &Plan) -> pb::Plan {
    pb::Plan {
        version: plan.version,
        lines: plan.lines.iter().map(to_line).collect(),
        candidates: plan.pricing.candidates.iter().map(to_candidate).collect(),
        split: to_split(plan.pricing.split).into(),
        parcels_max: plan.pricing.parcels_max,
        priority: plan.pricing.priority,
        tags: plan.tags.clone(),
        excluded_warehouses: plan.excluded.clone(),
        attempt: plan.attempt,
        explanation: Some(to_explanation(&plan.explanation)),
        soft: plan.soft,
    }
}

pub(in crate::wire) fn read(of: pb::Plan) -> Plan {
    let pricing = Pricing {
        split: match of.split() {
            pb::SplitPolicy::ShipAvailable => Split::ShipAvailable,
            pb::SplitPolicy::ShipComplete | pb::SplitPolicy::Unspecified => Split::ShipComplete,
        },
        candidates: of.candidates.into_iter().map(candidate).collect(),
        parcels_max: of.parcels_max,
        priority: of.priority,
    };
    Plan {
        version: of.version,
        lines: of.lines.into_iter().map(line).collect(),
        pricing,
        tags: of.tags,
        excluded: of.excluded_warehouses,
        attempt: of.attempt,
        explanation: of.explanation.map(explanation).unwrap_or_default(),
        soft: of.soft,
    }
}

pub(in crate::wire) fn to_candidate(of: &Candidate) -> pb::Candidate {
    pb::Candidate {
        warehouse: of.warehouse.clone(),
        parcel_cost: to_money(&of.parcel_cost),
        unit_cost: to_money(&of.unit_cost),
        keep_back: of.keep_back,
    }
}

fn candidate(of: pb::Candidate) -> Candidate {
    let pb::Candidate { warehouse, parcel_cost, unit_cost, keep_back } = of;
    Candidate { warehouse, parcel_cost: money(parcel_cost), unit_cost: money(unit_cost), keep_back }
}

pub(in crate::wire) fn to_split(of: Split) -> pb::SplitPolicy {
    match of {
        Split::ShipComplete => pb::SplitPolicy::ShipComplete,
        Split::ShipAvailable => pb::SplitPolicy::ShipAvailable,
    }
}

fn explanation(of: pb::Explanation) -> Explanation {
    let outcome = |pb::RuleOutcome { rule, matched, why }| RuleOutcome { rule, matched, why };
    let pb::Explanation { rule_set, rule_set_version, rules, notes } = of;
    Explanation { rule_set, rule_set_version, rules: rules.into_iter().map(outcome).collect(), notes }
}

fn to_explanation(of: &Explanation) -> pb::Explanation {
    let outcome = |RuleOutcome { rule, matched, why }| pb::RuleOutcome { rule, matched, why };
    let Explanation { rule_set, rule_set_version, rules, notes } = of.clone();
    pb::Explanation { rule_set, rule_set_version, rules: rules.into_iter().map(outcome).collect(), notes }
}
