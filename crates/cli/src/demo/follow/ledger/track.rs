//! One order's way, as far as it has been read.

use weir_proto::notice::v1::NoticeKind;

/// What has been said of an order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Track {
    pub deliveries: u32,
    pub placed: u32,
    pub pick_lists: u32,
    pub open_holds: i32,
    pub quarantined: bool,
    pub planned: bool,
    pub parked: bool,
    pub held: bool,
    /// By another rule than the demo's, which nobody resolves.
    pub held_by_others: bool,
    pub released: bool,
    pub rerouted: bool,
    pub allocated: bool,
    pub backordered: bool,
    pub waits_for_stock: bool,
    pub short_picked: bool,
    pub shipped: bool,
    pub cancelled: bool,
    pub cancel_refused: bool,
    pub timed_out: bool,
    pub on_hold: bool,
    pub announced: Announced,
}

/// What its shop was told, or is about to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Announced {
    placed: bool,
    held: bool,
    shipped: bool,
    cancelled: bool,
}

impl Announced {
    pub fn note(&mut self, kind: NoticeKind) {
        match kind {
            NoticeKind::Placed => self.placed = true,
            NoticeKind::Held => self.held = true,
            NoticeKind::Shipped => self.shipped = true,
            NoticeKind::Cancelled => self.cancelled = true,
            NoticeKind::Unspecified => {}
        }
    }
}

/// Where an order has come to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Open,
    Shipped,
    Cancelled,
    /// A named wait: for stock, for a person, for a mapping.
    WaitsForStock,
    Held,
    Parked,
    Quarantined,
}

impl Track {
    pub fn end(&self) -> End {
        match self {
            t if t.shipped => End::Shipped,
            t if t.cancelled => End::Cancelled,
            t if t.placed == 0 && t.quarantined => End::Quarantined,
            t if t.parked => End::Parked,
            t if t.waits_for_stock => End::WaitsForStock,
            t if t.on_hold || (t.open_holds > 0 && t.held_by_others) => End::Held,
            _ => End::Open,
        }
    }

    /// Whether something happened to it that no notice was decided of. A notice that nobody decides is missing from the count of
    /// those that are open, so it is asked for here.
    pub fn is_untold(&self) -> bool {
        let Announced { placed, held, shipped, cancelled } = self.announced;
        let untold = |happened: bool, told: bool| happened && !told;
        untold(self.placed > 0, placed)
            || untold(self.held, held)
            || untold(self.shipped, shipped)
            || untold(self.cancelled, cancelled)
    }

    /// Whether a clean order is still on its way to a pick list.
    pub fn is_undecided(&self) -> bool {
        self.pick_lists == 0 && !self.backordered && !self.cancelled && !self.parked
    }
}
