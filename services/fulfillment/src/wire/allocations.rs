//! What inventory tells an order.

use super::routes::version;
use super::{missing, placed, present};
use crate::domain::{Allocation, Input, Said};
use weir_decider::Fault;
use weir_pipeline::Record;
use weir_proto::allocation::v1::{AllocationEvent, allocation_event::Event};
use weir_proto::log::v1::Meta;

pub(super) fn read(record: &Record) -> Result<(Meta, Input), Fault> {
    let AllocationEvent { meta, event, sequence, pool, plan_version } = record.decode()?;
    let meta = present(meta)?;
    let (said, lines) = match event {
        Some(Event::Allocated(told)) => (Said::Allocated, placed::read(told.lines)),
        // Ship complete: a part is worth no more than a place in the queue.
        Some(Event::PartiallyAllocated(_) | Event::Backordered(_)) => (Said::Backordered, vec![]),
        Some(Event::Voided(_)) => (Said::Voided, vec![]),
        Some(Event::Deallocated(_)) => (Said::Deallocated, vec![]),
        // Before Released: routing's business.
        Some(Event::Unfillable(_) | Event::SoftReserved(_)) => return Ok((meta, Input::Other)),
        None => return Err(missing("event")),
    };
    if sequence == 0 {
        return Err(missing("sequence"));
    }
    if pool.is_empty() {
        return Err(missing("pool"));
    }
    let plan = version(plan_version, "plan_version")?;
    Ok((meta, Input::Allocation(Allocation { pool, plan, sequence, said, lines })))
}
