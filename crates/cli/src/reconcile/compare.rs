//! What the platform says of its orders beside what the house says of them. Pure.

use super::payment;
use super::window::Window;
use serde::Serialize;
use std::collections::BTreeMap;
use weir_proto::ingest::v1::PlatformOrder;

/// Lines of one order that are told apart; of more only how many.
const LINES_TOLD: usize = 3;

/// What the platform lists, by its id; one whose id can't be read is still one.
pub type Platform = BTreeMap<String, PlatformOrder>;
/// What the house has, by the platform's id.
pub type House = BTreeMap<String, Ours>;

/// Of an order of ours what can be off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    pub placed_at_ms: i64,
    /// In the console's words.
    pub payment: String,
    pub cancel_asked: bool,
    /// Units that are ordered now; no line has none.
    pub lines: BTreeMap<String, i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// On the platform, not in the house.
    Missing,
    /// In the house, not on the platform.
    Extra,
    /// The house has not all that the platform says.
    Different,
    /// The platform's own word on it can't be read.
    Unreadable,
}

/// An order that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Off {
    pub kind: Kind,
    /// Empty where that can't be read.
    pub platform_order_id: String,
    /// 0 where that is not known.
    pub placed_at_ms: i64,
    /// In which way, in words.
    pub how: Vec<String>,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Missing => "missing",
            Kind::Extra => "extra",
            Kind::Different => "different",
            Kind::Unreadable => "unreadable",
        }
    }

    /// Whether the platform says something of it that the house would take in.
    pub fn can_be_entered(self) -> bool {
        matches!(self, Kind::Missing | Kind::Different)
    }
}

/// Takes in a page of the platform's. A listing may have more on either side of the window, and may repeat an order that moved
/// while it was read.
pub fn take(platform: &mut Platform, window: Window, orders: Vec<PlatformOrder>) {
    for order in orders {
        let id = match order.platform_order_id.as_str() {
            "" => format!("without id, {}", platform.len()),
            id => id.to_owned(),
        };
        let is_unknown_when = order.placed_at_ms == 0 && !order.fault.is_empty();
        let is_inside = is_unknown_when || window.holds(order.placed_at_ms);
        if is_inside && platform.get(&id).is_none_or(|known| known.version <= order.version) {
            platform.insert(id, order);
        }
    }
}

/// What is not the same, by the moment of its placing and then its id.
pub fn compare(platform: &Platform, house: &House) -> Vec<Off> {
    let off = |kind, id: &str, placed_at_ms, how| Off { kind, platform_order_id: id.to_owned(), placed_at_ms, how };
    let theirs = platform.iter().filter_map(|(id, theirs)| {
        let (kind, how) = match house.get(id) {
            _ if !theirs.fault.is_empty() => (Kind::Unreadable, vec![theirs.fault.clone()]),
            None => (Kind::Missing, vec!["the house does not know it".to_owned()]),
            Some(ours) => (Kind::Different, differences(theirs, ours)),
        };
        (!how.is_empty()).then(|| off(kind, &theirs.platform_order_id, theirs.placed_at_ms, how))
    });
    let extra = house.iter().filter(|(id, _)| !platform.contains_key(*id));
    let extra = extra
        .map(|(id, ours)| off(Kind::Extra, id, ours.placed_at_ms, vec!["the platform does not list it".to_owned()]));
    let mut all: Vec<Off> = theirs.chain(extra).collect();
    all.sort_by(|a, b| (a.placed_at_ms, &a.platform_order_id).cmp(&(b.placed_at_ms, &b.platform_order_id)));
    all
}

/// What the platform says and the house has not, in words.
fn differences(theirs: &PlatformOrder, ours: &Ours) -> Vec<String> {
    let mut how = Vec::new();
    if theirs.cancelled && !ours.cancel_asked {
        how.push("cancelled on the platform, not here".to_owned());
    }
    if payment::is_further(theirs.payment_state(), &ours.payment) {
        let here = if ours.payment.is_empty() { "unpaid" } else { &ours.payment };
        how.push(format!("{} on the platform, {here} here", payment::word(theirs.payment_state())));
    }
    how.extend(line_differences(theirs, ours));
    how
}

/// A cancelled order's lines are its end, not an edit; and one that tells no lines tells nothing of them. So the clerk holds it.
fn line_differences(theirs: &PlatformOrder, ours: &Ours) -> Vec<String> {
    if theirs.cancelled || theirs.lines.is_empty() {
        return Vec::new();
    }
    let mut wanted: BTreeMap<&str, i64> = ours.lines.keys().map(|id| (id.as_str(), 0)).collect();
    theirs.lines.iter().for_each(|line| *wanted.entry(&line.line_id).or_default() += line.quantity);
    let here = |id: &str| ours.lines.get(id).copied().unwrap_or(0);
    let differing = wanted.into_iter().filter(|(id, there)| here(id) != *there);
    let mut told: Vec<String> =
        differing.map(|(id, there)| format!("line {id}: {there} on the platform, {} here", here(id))).collect();
    if told.len() > LINES_TOLD {
        let more = told.split_off(LINES_TOLD).len();
        told.push(format!("{more} more lines"));
    }
    told
}

#[cfg(test)]
#[path = "compare/tests.rs"]
mod tests;
