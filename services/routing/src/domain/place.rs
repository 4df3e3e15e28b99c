//! An order is placed: planned if it can be, parked if something is missing, and tried again.

use super::draft::Draft;
use super::fact::Fact;
use super::input::Placed;
use super::order::{Demand, Order};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored, Millis};

pub(super) const UNKNOWN_SHOP: &str = "unknown-shop";

/// How long after it was parked for want of its shop an order is tried again: enough where reference data was
/// only late. Each try in vain doubles it, as each is a fact.
pub(super) const RETRY_FIRST: i64 = 60_000;
/// No order waits longer than this once its shop is there.
pub(super) const RETRY_LAST: i64 = 60 * 60_000;
/// Enough doublings to be beyond `RETRY_LAST`.
const RETRY_DOUBLED_MAX: u32 = 6;

impl Routing {
    pub(super) fn place(&self, at: At<'_>, placed: &Placed) -> Ruling {
        match self.phase {
            Phase::Unknown => {}
            // Cancelled before it was placed, or shipped by others: it stays so, and nothing is planned.
            Phase::Cancelled { .. } | Phase::ShippedOutside { .. } if self.order.is_none() => {
                return Decision::ignore(Ignored::Unchanged);
            }
            _ => return Decision::ignore(Ignored::Duplicate),
        }
        let mut known = self.clone();
        // A payment that came early may be newer than the body.
        known.payment = self.payment.max(placed.payment);
        let draft = Draft {
            order: placed.order.clone(),
            ship_to: Some(placed.ship_to.clone()),
            platform_hold: !placed.platform_holds.is_empty(),
            ..Draft::default()
        };
        known.plan_or_park(at, draft)
    }

    /// The first plan of an order, or what it waits for: for one that has just come, and for one that is tried again.
    fn plan_or_park(&self, at: At<'_>, mut draft: Draft) -> Ruling {
        let obstacle = if fit_to_shop(at, &mut draft.order) { draft.order.obstacle() } else { Some(UNKNOWN_SHOP) };
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

    /// A parked order tried again, with an edit or because something new may be known.
    pub(super) fn retry_parked(&self, at: At<'_>, order: Order, ship_to: Vec<u8>) -> Ruling {
        self.plan_or_park(at, Draft { order, ship_to: Some(ship_to), ..Draft::default() })
    }

    /// When an order whose shop is not known is tried again. What else it may wait for, no reference data brings.
    pub(super) fn retry_deadline(&self) -> Option<Millis> {
        let Phase::Parked { tries: tries @ 1.., last_try } = self.phase else {
            return None;
        };
        let doubled = RETRY_FIRST.saturating_mul(1 << u32::from(tries - 1).min(RETRY_DOUBLED_MAX));
        Some(Millis(last_try).plus(doubled.min(RETRY_LAST)))
    }

    /// The shop may be known by now. Where it is not, the order is parked again: that fact counts the try, and so moves
    /// the deadline.
    pub(super) fn retry_due(&self, at: At<'_>) -> Ruling {
        let order = self.order.as_deref().cloned().unwrap_or_default();
        self.retry_parked(at, order, self.ship_to.clone())
    }
}

/// Takes over what the shop says: pool, urgency, pay deadline, and terms where the order has none. False where it is
/// not known.
fn fit_to_shop(at: At<'_>, order: &mut Order) -> bool {
    let Some(shop) = at.world.shop(&order.tenant, &order.channel, &order.shop) else {
        return false;
    };
    for line in &mut order.lines {
        line.pool.clone_from(&shop.pool);
    }
    // Settled from here on, even where it is parked for something else: the shop may say otherwise tomorrow.
    order.terms = Some(order.terms.or(shop.terms).unwrap_or_default());
    order.urgent |= shop.urgent;
    // Counted from when its shop was known: what the platform reports late must not be late at once.
    if order.pay_by == 0 && shop.pay_within > 0 {
        order.pay_by = at.at.0.saturating_add(shop.pay_within);
    }
    true
}
