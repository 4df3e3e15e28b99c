//! What routing's facts mean for fulfillment.

use super::{missing, present};
use crate::domain::{Asker, CancelAsked, Input, Line, Opened};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::Record;
use weir_proto::log::v1::Meta;
use weir_proto::routing::v1::{ChangeAsked, ChangeKind, DemandLine, Planned, RouteEvent, route_event::Event};

/// Why an order ends of which the platform says that its goods have left.
const SHIPPED_OUTSIDE: &str = "shipped-outside";

pub(super) fn read(record: &Record) -> Result<(Meta, Input), Fault> {
    let RouteEvent { meta, event } = record.decode()?;
    let input = match event {
        Some(Event::Planned(told)) => Input::Planned(opened(told)?),
        Some(Event::Released(told)) => Input::Released { plan: version(told.plan_version, "released.plan_version")? },
        Some(Event::RouteCancelled(told)) => Input::RouteCancelled { reason: told.reason },
        Some(Event::ShippedOutside(_)) => Input::RouteCancelled { reason: SHIPPED_OUTSIDE.to_owned() },
        Some(Event::ChangeAsked(told)) => change(told)?,
        Some(Event::Held(told)) => Input::Held { reason: told.reason },
        Some(
            Event::Stage(_)
            | Event::HoldResolved(_)
            | Event::Rerouted(_)
            | Event::PaymentNoted(_)
            | Event::PaymentTimedOut(_)
            | Event::Parked(_)
            | Event::ShippingNoted(_)
            | Event::ChangeRefused(_)
            | Event::Stuck(_),
        ) => Input::Other,
        None => return Err(missing("event")),
    };
    Ok((present(meta)?, input))
}

fn opened(told: Planned) -> Result<Opened, Fault> {
    let plan = told.plan.ok_or_else(|| missing("planned.plan"))?;
    let demand = told.demand.unwrap_or_default();
    if plan.lines.is_empty() {
        return Err(missing("planned.plan.lines"));
    }
    Ok(Opened {
        plan: version(plan.version, "planned.plan.version")?,
        lines: plan.lines.into_iter().map(line).collect(),
        ship_to: demand.ship_to.map(|ship_to| ship_to.encode_to_vec()),
        channel: demand.channel,
        shop: demand.shop,
        platform_order_id: demand.platform_order_id,
        priority: plan.priority,
        attempt: plan.attempt,
        ship_by_ms: demand.ship_by_ms,
        excluded_warehouses: plan.excluded_warehouses,
    })
}

pub(super) fn line(line: DemandLine) -> Line {
    Line { line_id: line.line_id, sku: line.sku, quantity: line.quantity, pool: line.pool }
}

pub(super) fn version(version: u32, field: &str) -> Result<u32, Fault> {
    match version {
        0 => Err(missing(field)),
        version => Ok(version),
    }
}

/// A change that fulfillment can't make stops the order in the open, instead of being passed over.
fn change(told: ChangeAsked) -> Result<Input, Fault> {
    match told.kind() {
        ChangeKind::Cancel => Ok(Input::CancelAsked(CancelAsked {
            request_id: told.request_id,
            reason: told.reason,
            asker: Asker::Routing { done_outside: told.done_outside },
        })),
        other @ (ChangeKind::Unspecified | ChangeKind::Address | ChangeKind::Hold | ChangeKind::Resume) => {
            let detail = format!("{} can not be done after Released", other.as_str_name());
            Err(Fault::field("unsupported-change", "change_asked.kind", detail))
        }
    }
}
