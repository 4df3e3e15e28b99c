//! What is wrong with a delivery, as its sender reads it.

use super::lane::Lost;
use std::time::Duration;
use weir_channels::{Fault, SignatureFault, fault};
use weir_host::{Problem, kind};
use weir_pipeline::LogError;

/// The log was away; platforms repeat.
const AWAY: Duration = Duration::from_secs(2);

/// A delivery that is not believed. Nothing of it is kept.
pub(super) fn unsigned(fault: &SignatureFault) -> Problem {
    let kind = match fault {
        SignatureFault::Missing(_) => kind::SIGNATURE_MISSING,
        SignatureFault::Mismatch => kind::SIGNATURE_MISMATCH,
        SignatureFault::Expired { .. } => kind::SIGNATURE_EXPIRED,
    };
    let problem = Problem::new(kind, sentence(&fault.to_string()));
    match fault {
        SignatureFault::Missing(header) => problem.field(*header, "the header is not there"),
        _ => problem,
    }
}

/// A body that is authentic and can't be read.
pub(super) fn unreadable(fault: &Fault) -> Problem {
    let kind = match fault.reason {
        fault::BODY_NOT_JSON => kind::BODY_NOT_JSON,
        fault::DUPLICATE_KEY => kind::DUPLICATE_KEY,
        fault::FIELD_MISSING => kind::FIELD_MISSING,
        fault::MONEY => kind::MONEY_NOT_INTEGER_OR_DECIMAL_STRING,
        fault::FIELD_INVALID => kind::FIELD_INVALID,
        _ => kind::INVALID_ARGUMENT,
    };
    let detail = match fault.field.as_str() {
        "" => sentence(&fault.detail),
        field => format!("{field}: {}.", fault.detail),
    };
    let problem = Problem::new(kind, detail);
    match fault.field.as_str() {
        "" => problem,
        field => problem.field(field, fault.detail.as_str()),
    }
}

/// As [`unreadable`], for a delivery that is kept all the same, in the log or the journal: it can be redriven.
pub(super) fn kept(fault: &Fault) -> Problem {
    unreadable(fault).with("kept", "true")
}

/// Neither the log nor the journal has it for certain. One of them may hold it all the same: a repeat is harmless.
pub(super) fn not_kept(lost: &Lost) -> Problem {
    tracing::warn!(%lost, "delivery not kept");
    away()
}

/// The log did not take a command in time. It may hold it all the same: a repeat is harmless.
pub(super) fn not_written(error: &LogError) -> Problem {
    tracing::warn!(%error, "command not written");
    away()
}

/// The log can't be reached.
pub(super) fn away() -> Problem {
    Problem::new(kind::LOG_UNAVAILABLE, "The log does not answer; nothing was acknowledged.").retry_after(AWAY)
}

fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str().trim_end_matches('.'))
}
