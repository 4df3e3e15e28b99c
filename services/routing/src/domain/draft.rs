//! Making a plan: judge by rule, price, hold or release. Every decision that needs a plan comes through here.

use super::fact::{Fact, Held, Message};
use super::order::{Demand, Due, Line, Order, Payment, Terms};
use super::pay::REFUNDED;
use super::plan::{Explanation, Plan, Pricing};
use super::price::price;
use super::rules::{Judgement, judge};
use super::state::{Phase, Routing};
use super::world::{HoldAction, World};
use super::{At, Ruling};
use std::collections::BTreeMap;
use weir_decider::Decision;

pub(super) const NO_WAREHOUSE: &str = "no-warehouse";
pub(super) const PLATFORM_HOLD: &str = "platform-hold";

/// What the next plan is for.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) order: Order,
    /// Set where readers must hear the whole demand: on the first plan, and when the address changed.
    pub(super) ship_to: Option<Vec<u8>>,
    pub(super) excluded: Vec<String>,
    pub(super) attempt: u32,
    /// The platform forbids shipping for now.
    pub(super) platform_hold: bool,
}

impl Routing {
    /// A draft of the order as it is known.
    pub(super) fn redraft(&self) -> Draft {
        let order = self.order.as_deref().cloned().unwrap_or_default();
        Draft { order, excluded: self.excluded.clone(), attempt: self.attempt, ..Draft::default() }
    }

    /// Plan n+1, released at once where nothing stands against it.
    pub(super) fn plan_next(&self, at: At<'_>, mut draft: Draft) -> Ruling {
        let judgement = judge(at.world, &draft.order);
        let terms = judgement.terms.unwrap_or_else(|| draft.order.terms_in_force());
        draft.order.terms = Some(terms);
        draft.order.pay_by = self.pay_by_of(at, &draft.order);
        let (pricing, notes) = price(at.world, &draft.order, &judgement, &draft.excluded);
        let version = self.plan + 1;
        let holds = self.new_holds(at, version, &judgement, &pricing, draft.platform_hold);
        let released = holds.is_empty() && !self.has_open_hold() && terms.met_by(self.payment);
        let lines = draft.order.lines.clone();
        let messages = if released {
            allocate(at, version, &lines, &pricing)
        } else {
            let kept = self.reserves(&lines);
            let mut messages = if kept { Vec::new() } else { self.void_if_live(at, "replanned") };
            messages.extend(reserve(at, version, &lines));
            messages
        };
        let plan = Plan {
            version,
            lines,
            pricing,
            tags: judgement.tags.clone(),
            excluded: draft.excluded,
            attempt: draft.attempt,
            explanation: explain(judgement, notes),
            soft: !released,
        };
        let order = draft.order;
        let due = self.due_anew(&order, terms).filter(|_| draft.ship_to.is_none());
        let payment = self.payment;
        let demand = draft.ship_to.map(|ship_to| Box::new(Demand { order, payment, ship_to }));
        let mut facts = vec![Fact::Planned { plan: Box::new(plan), demand, due }];
        facts.extend(holds.into_iter().map(Fact::Held));
        if released {
            facts.push(Fact::Released { plan: version });
        }
        Decision::say(facts).tell(messages)
    }

    /// By what terms and until when it must be paid for, where that is new: what isn't said is not remembered.
    fn due_anew(&self, order: &Order, terms: Terms) -> Option<Due> {
        let known = self.order.as_deref()?;
        let due = Due { terms, pay_by: order.pay_by };
        (known.terms != Some(terms) || known.pay_by != due.pay_by).then_some(due)
    }

    /// Releases the plan as it was said; makes a new one where the last was given up or had nowhere to go.
    pub(super) fn release_or_replan(&self, at: At<'_>) -> Ruling {
        match (&self.order, &self.pricing) {
            (Some(order), Some(pricing)) if self.live && !pricing.candidates.is_empty() => {
                let messages = allocate(at, self.plan, &order.lines, pricing);
                Decision::say(vec![Fact::Released { plan: self.plan }]).tell(messages)
            }
            _ => self.plan_next(at, Draft { excluded: Vec::new(), attempt: 0, ..self.redraft() }),
        }
    }

    /// Whether the same is reserved already. Inventory replaces a reservation in one decision; given back before that, its
    /// units could go to whoever waits for them.
    fn reserves(&self, lines: &[Line]) -> bool {
        let same = |order: &Order| order.lines == lines;
        self.phase == Phase::Waiting && self.live && self.order.as_deref().is_some_and(same)
    }

    /// Gives back what the order holds in every pool.
    pub(super) fn void_if_live(&self, at: At<'_>, reason: &str) -> Vec<Message> {
        match &self.order {
            Some(order) if self.live => by_pool(&order.lines)
                .into_keys()
                .map(|pool| Message::Void {
                    pool: pool.to_owned(),
                    order: at.key.to_owned(),
                    plan: self.plan,
                    reason: reason.to_owned(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A hold that no rule asked for.
    pub(super) fn system_hold(&self, at: At<'_>, plan: u32, reason: &str) -> Held {
        let hold_id = self.free_hold_id(at.key, plan, reason);
        Held { hold_id, reason: reason.to_owned(), owner_group: "review".to_owned(), ..Held::default() }
    }

    fn new_holds(&self, at: At<'_>, plan: u32, judgement: &Judgement, pricing: &Pricing, platform: bool) -> Vec<Held> {
        let mut holds = Vec::new();
        for (rule, action) in &judgement.holds {
            // A rule that was answered once is not asked again by a later plan.
            if !self.holds.iter().any(|hold| hold.rule == *rule) {
                holds.push(self.rule_hold(at, plan, rule, action));
            }
        }
        if platform && self.open_hold_for(PLATFORM_HOLD).is_none() {
            holds.push(self.system_hold(at, plan, PLATFORM_HOLD));
        }
        if self.payment == Payment::Refunded && !self.holds.iter().any(|hold| hold.reason == REFUNDED) {
            holds.push(self.system_hold(at, plan, REFUNDED));
        }
        if pricing.candidates.is_empty() && self.open_hold_for(NO_WAREHOUSE).is_none() {
            holds.push(self.system_hold(at, plan, NO_WAREHOUSE));
        }
        holds
    }

    fn rule_hold(&self, at: At<'_>, plan: u32, rule: &str, action: &HoldAction) -> Held {
        let deadline = if action.deadline_after > 0 { at.at.0.saturating_add(action.deadline_after) } else { 0 };
        Held {
            hold_id: self.free_hold_id(at.key, plan, rule),
            reason: action.reason.clone(),
            rule: rule.to_owned(),
            owner_group: action.owner_group.clone(),
            deadline,
        }
    }

    /// "order:plan:why", numbered where the same was said before.
    fn free_hold_id(&self, key: &str, plan: u32, why: &str) -> String {
        let base = format!("{key}:{plan}:{why}");
        let is_free = |id: &String| !self.holds.iter().any(|hold| hold.id == *id);
        if is_free(&base) {
            return base;
        }
        let taken = self.holds.iter().filter(|hold| hold.id.starts_with(&base)).count();
        format!("{base}:{}", taken + 1)
    }
}

/// Whether any warehouse can serve the order, with nothing excluded.
pub(super) fn has_candidate(world: &World, order: &Order) -> bool {
    !price(world, order, &judge(world, order), &[]).0.candidates.is_empty()
}

fn explain(judgement: Judgement, notes: Vec<String>) -> Explanation {
    let Judgement { rule_set, rule_set_version, outcomes, .. } = judgement;
    Explanation { rule_set, rule_set_version, rules: outcomes, notes }
}

fn by_pool(lines: &[Line]) -> BTreeMap<&str, Vec<Line>> {
    let mut pools: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    for line in lines {
        pools.entry(&line.pool).or_default().push(line.clone());
    }
    pools
}

fn reserve(at: At<'_>, plan: u32, lines: &[Line]) -> Vec<Message> {
    let pools = by_pool(lines).into_iter();
    pools
        .map(|(pool, lines)| Message::Reserve { pool: pool.to_owned(), order: at.key.to_owned(), plan, lines })
        .collect()
}

/// An order's lines all lie in its shop's pool, so every candidate is a candidate of each pool it asks.
fn allocate(at: At<'_>, plan: u32, lines: &[Line], pricing: &Pricing) -> Vec<Message> {
    let pools = by_pool(lines).into_iter();
    pools
        .map(|(pool, lines)| Message::Allocate {
            pool: pool.to_owned(),
            order: at.key.to_owned(),
            plan,
            lines,
            pricing: pricing.clone(),
        })
        .collect()
}
