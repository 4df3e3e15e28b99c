//! An order is placed: planned if it can be, parked if something is missing.

use super::draft::Draft;
use super::fact::Fact;
use super::input::Placed;
use super::order::{Demand, Order};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored};

pub(super) const UNKNOWN_SHOP: &str = "unknown-shop";

impl Routing {
    pub(super) fn place(&self, at: At<'_>, placed: &Placed) -> Ruling {
        match self.phase {
            Phase::Unknown => {}
            // Cancelled before it was placed: it stays cancelled, and nothing is planned.
            Phase::Cancelled { .. } if self.order.is_none() => {
                return Decision::ignore(Ignored::Unchanged);
            }
            _ => return Decision::ignore(Ignored::Duplicate),
        }
        let mut known = self.clone();
        // A payment that came early may be newer than the body.
        known.payment = self.payment.max(placed.payment);
        let mut order = placed.order.clone();
        if let Some(terms) = placed.asked_terms {
            order.terms = terms;
        }
        let draft = Draft {
            order,
            ship_to: Some(placed.ship_to.clone()),
            platform_hold: !placed.platform_holds.is_empty(),
            ..Draft::default()
        };
        known.plan_or_park(at, draft, placed.asked_terms.is_none())
    }

    /// The first plan of an order, or what it waits for.
    pub(super) fn plan_or_park(&self, at: At<'_>, mut draft: Draft, shop_says_terms: bool) -> Ruling {
        let obstacle = match self.fit_to_shop(at, &mut draft.order, shop_says_terms) {
            true => draft.order.obstacle(),
            false => Some(UNKNOWN_SHOP),
        };
        let Some(obstacle) = obstacle else {
            return self.plan_next(at, draft);
        };
        let ship_to = draft.ship_to.unwrap_or_default();
        let demand = Box::new(Demand { order: draft.order, payment: self.payment, ship_to });
        let mut facts = vec![Fact::Parked { reason: obstacle.to_owned(), demand }];
        if draft.platform_hold {
            facts.push(Fact::Held(self.system_hold(at, 0, super::draft::PLATFORM_HOLD)));
        }
        Decision::say(facts)
    }

    /// Takes over what the shop says: pool, terms, urgency, pay deadline. False where the shop is not known.
    fn fit_to_shop(&self, at: At<'_>, order: &mut Order, shop_says_terms: bool) -> bool {
        let Some(shop) = at.world.shop(&order.tenant, &order.channel, &order.shop) else {
            return false;
        };
        for line in &mut order.lines {
            line.pool.clone_from(&shop.pool);
        }
        if shop_says_terms {
            order.terms = shop.terms.unwrap_or(order.terms);
        }
        order.urgent |= shop.urgent;
        // Counted from when the log heard of the order: what the platform reports late must not be late at once.
        if order.pay_by == 0 && shop.pay_within > 0 {
            order.pay_by = at.at.0.saturating_add(shop.pay_within);
        }
        true
    }

    /// A parked order tried again, with an edit or because something new was heard.
    pub(super) fn retry_parked(&self, at: At<'_>, order: Order, ship_to: Vec<u8>) -> Ruling {
        // The terms were settled when it was parked, unless the shop was not known then.
        let shop_says_terms = order.lines.iter().all(|line| line.pool.is_empty());
        let draft = Draft { order, ship_to: Some(ship_to), ..Draft::default() };
        self.plan_or_park(at, draft, shop_says_terms)
    }
}
