//! Why a command has no receipt, as the closed error set says it.

use tonic::Status;
use weir_host::{ErrorCode, Kind, Problem, kind};
use weir_pipeline::gateway::AskError;

/// The refusals of this service; each has its page in docs/errors/.
const REFUSALS: &[Kind] = &[
    refusal("quantity-out-of-range", "The quantity is out of range"),
    refusal("below-zero", "There is not so much on hand"),
    refusal("already-issued", "The order has left the house"),
    refusal("reason-reserved", "The reason is inventory's own"),
    refusal("ledger-broken", "The books of this pool don't add up"),
];

const fn refusal(slug: &'static str, title: &'static str) -> Kind {
    Kind { slug, code: ErrorCode::FailedPrecondition, title }
}

/// Maps it.
pub fn status(error: AskError) -> Status {
    match error {
        AskError::Head { field, why } => {
            Problem::new(kind::FIELD_INVALID, why.clone()).field(format!("head.{field}"), why)
        }
        AskError::Refused { code, detail } if code == kind::FIELD_MISSING.slug => {
            Problem::new(kind::FIELD_MISSING, detail)
        }
        AskError::Refused { code, detail } => match REFUSALS.iter().find(|known| known.slug == code) {
            Some(known) => Problem::new(*known, detail),
            None => match kind::ALL.iter().find(|known| known.slug == code) {
                Some(known) => Problem::new(*known, detail),
                None => Problem::new(kind::FAILED_PRECONDITION, detail).with("code", code),
            },
        },
        AskError::Conflict => Problem::new(kind::COMMAND_CONFLICT, "The command id came with another body before."),
        AskError::TimedOut { command_id } => {
            Problem::new(kind::COMMAND_TIMEOUT, "Ask again with the same command id to hear the answer.")
                .with("command_id", command_id)
        }
        AskError::Unavailable(error) => {
            tracing::warn!(error = %error, "command not written");
            Problem::new(kind::LOG_UNAVAILABLE, "The command was not taken.")
        }
    }
    .into()
}

/// A field that has to be there.
pub fn missing(field: &str) -> Status {
    Problem::new(kind::FIELD_MISSING, format!("{field} is missing.")).field(field, "is missing").into()
}

/// A field with a value that can't be used.
pub fn invalid(field: &str, why: &str) -> Status {
    Problem::new(kind::FIELD_INVALID, format!("{field}: {why}.")).field(field, why).into()
}

/// A part that is not up yet.
pub fn away(what: &str) -> Status {
    Problem::new(kind::UNAVAILABLE, format!("{what} is not reached yet.")).into()
}

/// More than one call may carry.
pub fn too_many(field: &str, most: usize) -> Status {
    let reason = format!("at most {most} at once");
    Problem::new(kind::FIELD_INVALID, format!("{field}: {reason}")).field(field, reason).into()
}
