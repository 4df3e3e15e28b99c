//! Every failure an edge can answer with. The slug is a promise: clients match on it, and each has a page in
//! `docs/errors/`.

use super::ErrorCode;

/// A failure with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub slug: &'static str,
    pub code: ErrorCode,
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $slug:literal, $code:ident, $title:literal;)*) => {
        $(pub const $name: Kind = Kind { slug: $slug, code: ErrorCode::$code, title: $title };)*

        /// The whole catalogue, in the order of this page.
        pub const ALL: &[Kind] = &[$($name),*];
    };
}

kinds! {
    // The door: who is speaking.
    SIGNATURE_MISSING = "signature-missing", Unauthenticated, "The delivery carries no signature";
    SIGNATURE_MISMATCH = "signature-mismatch", Unauthenticated, "The signature does not fit the body";
    SIGNATURE_EXPIRED = "signature-expired", Unauthenticated, "The signature is too old";
    UNKNOWN_SHOP = "unknown-shop", NotFound, "The shop is not registered";
    UNKNOWN_CHANNEL = "unknown-channel", NotFound, "The channel is not supported";

    // The body and its fields.
    BODY_TOO_LARGE = "body-too-large", TooLarge, "The body is too large";
    BODY_TIMEOUT = "body-timeout", RequestTimeout, "The body did not arrive in time";
    BODY_NOT_JSON = "body-not-json", InvalidArgument, "The body is not JSON";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UnsupportedMediaType, "The content type is not supported";
    DUPLICATE_KEY = "duplicate-key", InvalidArgument, "An object names a key twice";
    FIELD_MISSING = "field-missing", InvalidArgument, "A field is missing";
    FIELD_INVALID = "field-invalid", InvalidArgument, "A field has an unusable value";
    MONEY_NOT_INTEGER_OR_DECIMAL_STRING = "money-not-integer-or-decimal-string", InvalidArgument, "An amount of money is not exact";
    INVALID_ARGUMENT = "invalid-argument", InvalidArgument, "The request makes no sense";

    // Capacity and parts that are away.
    OVERLOADED = "overloaded", TooManyRequests, "More is coming in than can be taken";
    LOG_UNAVAILABLE = "log-unavailable", Unavailable, "The log can not be written";
    PLATFORM_UNAVAILABLE = "platform-unavailable", Unavailable, "The shop's platform does not answer";
    UNAVAILABLE = "unavailable", Unavailable, "A part that is needed does not answer";
    DEADLINE_EXCEEDED = "deadline-exceeded", DeadlineExceeded, "The answer was not ready in time";

    // Commands.
    COMMAND_CONFLICT = "command-conflict", Conflict, "The command id was used for something else";
    COMMAND_TIMEOUT = "command-timeout", DeadlineExceeded, "The command was taken, its answer is not known yet";
    COMMAND_TOO_OLD = "command-too-old", FailedPrecondition, "The command id is too old";
    VERSION_CONFLICT = "version-conflict", Conflict, "The state has moved on";
    CLOSED = "closed", FailedPrecondition, "It came to its end long ago";
    TOO_LATE = "too-late", FailedPrecondition, "The work has gone too far for this";
    UNKNOWN_PICK_LIST = "unknown-pick-list", FailedPrecondition, "The pick list is not known";
    NOT_OPEN = "not-open", FailedPrecondition, "The order's work is not open";
    WRONG_STATE = "wrong-state", FailedPrecondition, "The step does not follow from the present one";
    UNKNOWN_HOLD = "unknown-hold", FailedPrecondition, "The order has no such hold";
    HOLD_ALREADY_RESOLVED = "hold-already-resolved", FailedPrecondition, "The hold was answered before";
    ALREADY_ISSUED = "already-issued", FailedPrecondition, "The order has left the house";
    BELOW_ZERO = "below-zero", FailedPrecondition, "There is not so much on hand";
    LEDGER_BROKEN = "ledger-broken", FailedPrecondition, "The books of this pool don't add up";
    QUANTITY_OUT_OF_RANGE = "quantity-out-of-range", FailedPrecondition, "The quantity is out of range";
    REASON_RESERVED = "reason-reserved", FailedPrecondition, "The reason is inventory's own";
    ORDER_CANCELLED = "order-cancelled", FailedPrecondition, "The order is cancelled";
    NO_WAREHOUSE = "no-warehouse", FailedPrecondition, "No warehouse can serve the order";
    UNKNOWN_ORDER = "unknown-order", FailedPrecondition, "The order is not known";
    NO_LISTING = "no-listing", FailedPrecondition, "The shop's platform can not be asked";
    FAILED_PRECONDITION = "failed-precondition", FailedPrecondition, "The present state does not allow this";

    // Addresses.
    NOT_FOUND = "not-found", NotFound, "There is nothing here";
    METHOD_NOT_ALLOWED = "method-not-allowed", MethodNotAllowed, "The method is not allowed here";

    // Boot: the reasons a process does not start.
    CONFIG_INVALID = "config-invalid", FailedPrecondition, "The configuration has faults";
    BROKER_SETTING = "broker-setting", FailedPrecondition, "A broker setting breaks what a stage relies on";
    TOPIC_SETTING = "topic-setting", FailedPrecondition, "A topic setting breaks what a stage relies on";

    // Ours.
    INTERNAL = "internal", Internal, "Something failed inside";
}
