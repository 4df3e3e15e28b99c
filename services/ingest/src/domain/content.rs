//! What can be edited, and the version it is of.
//!
//! Versions are often times with the grain of a second, so two edits may share one. Then the later arrival counts, and a
//! repeat of what it replaced is known as stale.

use super::digest::{Recent, digest};
use super::{Content, LineDelta, Place, Placed, Remarks};
use litemap::LiteMap;
use serde::{Deserialize, Serialize};

/// The content that is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    version: i64,
    lines: LiteMap<String, i64>,
    place: Place,
    remarks: u64,
    holds: u64,
    /// Contents that were replaced within the present version.
    replaced: Recent,
}

impl Known {
    pub(super) fn version(&self) -> i64 {
        self.version
    }

    pub(super) fn lines(&self) -> &LiteMap<String, i64> {
        &self.lines
    }

    /// Whether a content of this version is to be looked at: newer, or a new one of the same version.
    pub(super) fn admits(&self, version: i64, content: &Content) -> bool {
        let quantities = content.lines.iter().map(|line| (line.id.as_str(), line.quantity));
        // A body that tells of no other place has the order go where it is known to go.
        let place = if self.place.differs(content.ship_to.place) { content.ship_to.place } else { self.place };
        let told = whole(quantities, place, remarks_of(&content.remarks), holds_of(&content.holds));
        version > self.version || (version == self.version && !self.replaced.knows(told))
    }

    pub(super) fn goes_to(&self) -> Place {
        self.place
    }

    pub(super) fn remarks_differ(&self, remarks: &Remarks) -> bool {
        self.remarks != remarks_of(remarks)
    }

    pub(super) fn holds_differ(&self, holds: &[String]) -> bool {
        self.holds != holds_of(holds)
    }

    /// A version whose content is the one in force.
    pub(super) fn seen(&mut self, version: i64) {
        if version > self.version {
            self.version = version;
            self.replaced.clear();
        }
    }

    pub(super) fn place(&mut self, placed: &Placed) {
        self.seen(placed.version);
        self.lines = placed.lines.iter().map(|line| (line.id.clone(), line.quantity)).collect();
        self.place = placed.place;
        self.remarks = remarks_of(&placed.remarks);
        self.holds = holds_of(&placed.holds);
    }

    pub(super) fn go_to(&mut self, place: Place, version: i64) {
        self.replace(version);
        self.place = place;
    }

    pub(super) fn note(&mut self, remarks: &Remarks, version: i64) {
        self.replace(version);
        self.remarks = remarks_of(remarks);
    }

    pub(super) fn hold(&mut self, holds: &[String], version: i64) {
        self.replace(version);
        self.holds = holds_of(holds);
    }

    pub(super) fn shift(&mut self, deltas: &[LineDelta], version: i64) {
        self.replace(version);
        for delta in deltas {
            let quantity = self.lines.entry(delta.line_id.clone()).or_default();
            *quantity = quantity.saturating_add(delta.quantity);
        }
        self.lines.retain(|_, quantity| *quantity > 0);
    }

    fn replace(&mut self, version: i64) {
        let lines = self.lines.iter().map(|(id, quantity)| (id.as_str(), *quantity));
        let present = whole(lines, self.place, self.remarks, self.holds);
        if version > self.version {
            self.seen(version);
        } else {
            self.replaced.note(present);
        }
    }
}

fn whole<'a>(lines: impl Iterator<Item = (&'a str, i64)>, place: Place, remarks: u64, holds: u64) -> u64 {
    let mut parts: Vec<Vec<u8>> = lines.map(|(id, quantity)| format!("{id}={quantity}").into_bytes()).collect();
    parts.sort();
    parts.push(place.bytes());
    parts.push(remarks.to_be_bytes().to_vec());
    parts.push(holds.to_be_bytes().to_vec());
    digest(&parts)
}

/// 0 where nobody wrote anything, as it is before the first content.
fn remarks_of(remarks: &Remarks) -> u64 {
    let parts = [&remarks.buyer, &remarks.seller, &remarks.flag];
    if parts.iter().all(|part| part.is_empty()) { 0 } else { digest(&parts) }
}

fn holds_of(holds: &[String]) -> u64 {
    let mut sorted: Vec<&String> = holds.iter().collect();
    sorted.sort();
    if sorted.is_empty() { 0 } else { digest(&sorted) }
}
