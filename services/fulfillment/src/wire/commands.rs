//! The command topic, both ways: the edge writes what the stage reads.

use super::{missing, present};
use crate::domain::{Asker, CancelAsked, Input, MissingLine, ShipOrder, ShortOrder, ShortReason};
use prost::Message as _;
use weir_decider::Fault;
use weir_pipeline::Record;
use weir_proto::log::v1::Meta;
use weir_proto::shipment::v1::{ShipmentCommand, ShortPick, shipment_command::Command};

pub(super) fn read(record: &Record) -> Result<(Meta, Input), Fault> {
    let ShipmentCommand { meta, command } = record.decode()?;
    let input = match command {
        Some(Command::Pick(told)) => Input::Pick { pick_list_id: told.pick_list_id },
        Some(Command::ShortPick(told)) => short_pick(told)?,
        Some(Command::Pack(told)) => Input::Pack { pick_list_id: told.pick_list_id, weight_grams: told.weight_grams },
        Some(Command::Ship(told)) => Input::Ship(ShipOrder {
            pick_list_id: told.pick_list_id,
            carrier: told.carrier,
            tracking_number: told.tracking_number,
        }),
        Some(Command::Cancel(told)) => {
            Input::CancelAsked(CancelAsked { request_id: told.request_id, reason: told.reason, asker: Asker::Caller })
        }
        Some(Command::RecordScan(told)) => {
            Input::Scan { tracking_number: told.tracking_number, kind: told.kind, scanned_at_ms: told.scanned_at_ms }
        }
        None => return Err(missing("command")),
    };
    Ok((present(meta)?, input))
}

fn short_pick(told: ShortPick) -> Result<Input, Fault> {
    let reason = ShortReason::parse(&told.reason).ok_or_else(|| {
        let detail = format!("{:?} is no reason for a short pick", told.reason);
        Fault::field("field-invalid", "short_pick.reason", detail)
    })?;
    let missing = told.missing.into_iter();
    let missing = missing.map(|line| MissingLine { line_id: line.line_id, quantity: line.quantity });
    Ok(Input::ShortPick(ShortOrder { pick_list_id: told.pick_list_id, missing: missing.collect(), reason }))
}

/// Full name of a command's message.
pub fn event_type(command: &Command) -> &'static str {
    match command {
        Command::Pick(_) => "weir.shipment.v1.Pick",
        Command::ShortPick(_) => "weir.shipment.v1.ShortPick",
        Command::Pack(_) => "weir.shipment.v1.Pack",
        Command::Ship(_) => "weir.shipment.v1.Ship",
        Command::Cancel(_) => "weir.shipment.v1.Cancel",
        Command::RecordScan(_) => "weir.shipment.v1.RecordScan",
    }
}

/// The command topic's message.
pub fn write(meta: Meta, command: Command) -> Vec<u8> {
    ShipmentCommand { meta: Some(meta), command: Some(command) }.encode_to_vec()
}
