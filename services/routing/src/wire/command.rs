//! Reads the commands of people and of fulfillment.

use crate::domain::Input;
use crate::domain::input::{CancellationAsked, HoldAnswer, Reroute};
use weir_proto::routing::v1::routing_command::Command;

pub(super) fn read(command: Command) -> Input {
    match command {
        Command::ApproveHold(of) => Input::ApproveHold(HoldAnswer { hold_id: of.hold_id, note: of.note }),
        Command::RejectHold(of) => Input::RejectHold(HoldAnswer { hold_id: of.hold_id, note: of.note }),
        Command::Reroute(of) => Input::Reroute(Reroute {
            plan: of.plan_version,
            excluded: of.excluded_warehouses,
            reason: of.reason,
            attempt: of.attempt,
        }),
        Command::NoteOutcome(of) => Input::NoteOutcome { outcome: of.outcome },
        Command::NoteRefusal(of) => Input::NoteRefusal { request_id: of.request_id, reason: of.reason },
        Command::CancelOrder(of) => {
            Input::CancelOrder(CancellationAsked { request_id: of.request_id, reason: of.reason, line_ids: Vec::new() })
        }
    }
}
