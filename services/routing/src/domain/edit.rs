//! The order changed: a new plan while routing owns it, a question to a person once fulfillment does.

use super::draft::Draft;
use super::fact::Fact;
use super::input::LineDelta;
use super::order::{Line, Order, Region};
use super::state::{Phase, Routing};
use super::{At, Ruling};
use weir_decider::{Decision, Ignored};

/// The warehouse works on what was ordered before: a person must see to it.
pub(super) const EDITED_AFTER_RELEASE: &str = "edited-after-release";
/// The parcel goes where it was to go before, unless a person stops it.
pub(super) const MOVED_AFTER_RELEASE: &str = "address-changed-after-release";
/// A line was added that stands for no SKU of ours.
pub(super) const UNMAPPED_LINE: &str = "unmapped-line";

impl Routing {
    pub(super) fn change_lines(&self, at: At<'_>, deltas: &[LineDelta]) -> Ruling {
        let Some(order) = &self.order else {
            return Decision::ignore(Ignored::Irrelevant);
        };
        let pool = at.world.shop(&order.tenant, &order.channel, &order.shop).map(|shop| shop.pool.clone());
        let mut edited = order.as_ref().clone();
        for delta in deltas {
            apply(&mut edited.lines, delta, pool.as_deref().unwrap_or_default());
        }
        self.edited(at, order, edited, None)
    }

    pub(super) fn take_lines_away(&self, at: At<'_>, line_ids: &[String]) -> Ruling {
        let Some(order) = &self.order else {
            return Decision::ignore(Ignored::Irrelevant);
        };
        let mut edited = order.as_ref().clone();
        edited.lines.retain(|line| !line_ids.contains(&line.line_id));
        self.edited(at, order, edited, None)
    }

    pub(super) fn change_address(&self, at: At<'_>, ship_to: &[u8], region: &Region) -> Ruling {
        let Some(order) = &self.order else {
            return Decision::ignore(Ignored::Irrelevant);
        };
        let edited = Order { region: region.clone(), ..order.as_ref().clone() };
        self.edited(at, order, edited, Some(ship_to.to_vec()))
    }

    fn edited(&self, at: At<'_>, before: &Order, edited: Order, ship_to: Option<Vec<u8>>) -> Ruling {
        if *before == edited && ship_to.is_none() {
            return Decision::ignore(Ignored::Unchanged);
        }
        match self.phase {
            Phase::Unknown | Phase::Cancelled { .. } | Phase::Ended { .. } | Phase::ShippedOutside { .. } => {
                Decision::ignore(Ignored::Irrelevant)
            }
            Phase::Released if ship_to.is_some() => self.ask_a_person(at, MOVED_AFTER_RELEASE),
            Phase::Released => self.ask_a_person(at, EDITED_AFTER_RELEASE),
            _ if edited.lines.is_empty() && !before.lines.is_empty() => self.cancel(at, "no lines left", "", false),
            Phase::Parked { .. } => self.retry_parked(at, edited, ship_to.unwrap_or_else(|| self.ship_to.clone())),
            Phase::Waiting if edited.obstacle().is_some() => self.ask_a_person(at, UNMAPPED_LINE),
            Phase::Waiting => self.plan_next(at, Draft { order: edited, ship_to, ..self.redraft() }),
        }
    }

    /// One open question for each reason, however often it is asked.
    fn ask_a_person(&self, at: At<'_>, reason: &str) -> Ruling {
        match self.open_hold_for(reason) {
            Some(_) => Decision::ignore(Ignored::Irrelevant),
            None => Decision::say(vec![Fact::Held(self.system_hold(at, self.plan, reason))]),
        }
    }
}

fn apply(lines: &mut Vec<Line>, delta: &LineDelta, pool: &str) {
    if let Some(line) = lines.iter_mut().find(|line| line.line_id == delta.line_id) {
        line.quantity = line.quantity.saturating_add(delta.quantity);
        // The edit may bring the mapping that the order waits for.
        if let Some(sku) = delta.sku.as_ref().filter(|_| line.sku.is_empty()) {
            line.sku.clone_from(sku);
        }
    } else if let Some(sku) = &delta.sku {
        lines.push(Line {
            line_id: delta.line_id.clone(),
            sku: sku.clone(),
            quantity: delta.quantity,
            pool: pool.to_owned(),
        });
    }
    lines.retain(|line| line.quantity > 0);
}
