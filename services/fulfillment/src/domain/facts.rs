//! What fulfillment says of an order. Whatever it must remember is in here.

use super::ShortReason;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Opened(Opened),
    AllocationNoted(Allocation),
    ReleaseNoted {
        plan: u32,
    },
    PickListIssued(PickListIssued),
    Picked {
        pick_list_id: String,
    },
    ShortPicked {
        pick_list_id: String,
        warehouse: String,
        missing: Vec<Placed>,
        reason: ShortReason,
    },
    Packed {
        pick_list_id: String,
        parcel_id: String,
        weight_grams: i64,
    },
    Shipped {
        pick_list_id: String,
        parcel_id: String,
        carrier: String,
        tracking_number: String,
        lines: Vec<Placed>,
        /// It was the last parcel of the order.
        last: bool,
    },
    CancelAccepted {
        request_id: String,
        reason: String,
    },
    CancelRefused {
        request_id: String,
        reason: String,
        detail: String,
    },
    WorkStopped {
        plan: u32,
        reason: StopReason,
        attempt: u32,
    },
    ScanRecorded {
        tracking_number: String,
        kind: String,
        scanned_at_ms: i64,
    },
    ShippedAfterCancel {
        tracking_number: String,
        kind: String,
    },
    /// Routing cancelled the order before any work.
    RouteCancelled {
        reason: String,
    },
    OnHold {
        reason: String,
    },
    /// The hold has ended in a new plan.
    Resumed,
    /// Another stage has been silent for too long.
    Stuck {
        plan: u32,
        waits_for: WaitsFor,
        /// Those that are silent, where inventory is awaited.
        pools: Vec<String>,
        since_ms: i64,
    },
}

/// A plan as it was taken over from routing. Empty texts, no address and a zero ship-by mean "as in the plan before".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    pub plan: u32,
    pub lines: Vec<Line>,
    /// The encoded address, personal parts sealed; never looked into here.
    pub ship_to: Option<Vec<u8>>,
    pub channel: String,
    pub shop: String,
    pub platform_order_id: String,
    pub priority: i32,
    pub attempt: u32,
    pub ship_by_ms: i64,
    pub excluded_warehouses: Vec<String>,
}

/// A line that is wanted, and the pool it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub line_id: String,
    pub sku: String,
    pub quantity: i64,
    pub pool: String,
}

/// A quantity of a line at a warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub line_id: String,
    pub sku: String,
    pub warehouse: String,
    pub quantity: i64,
}

/// A pool's word on a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub pool: String,
    pub plan: u32,
    /// 1..n for this order and pool.
    pub sequence: u64,
    pub said: Said,
    /// Empty unless allocated.
    pub lines: Vec<Placed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    Allocated,
    Backordered,
    Deallocated,
    Voided,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickListIssued {
    pub pick_list_id: String,
    pub warehouse: String,
    pub plan: u32,
    pub lines: Vec<Placed>,
    pub priority: i32,
    pub ship_by_ms: i64,
}

/// Whose word is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitsFor {
    /// A pool's word on the plan.
    Inventory,
    /// The new plan that was asked for.
    Routing,
}

/// Why the work under a plan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Something was not there; routing was asked for another plan.
    ShortPick,
    /// Inventory took its word back before anything was picked; it will say it again for the same plan.
    Deallocated,
    /// Something was not there after another parcel had left: what has not left is given back, a person must look.
    PartlyShipped,
    /// Routing sent another plan unasked.
    Replanned,
}

impl WaitsFor {
    pub const ALL: [WaitsFor; 2] = [WaitsFor::Inventory, WaitsFor::Routing];

    pub fn slug(self) -> &'static str {
        match self {
            WaitsFor::Inventory => "inventory",
            WaitsFor::Routing => "routing",
        }
    }

    pub fn parse(slug: &str) -> Option<WaitsFor> {
        WaitsFor::ALL.into_iter().find(|stage| stage.slug() == slug)
    }
}
