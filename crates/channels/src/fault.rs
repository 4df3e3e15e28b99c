//! What can be wrong with a delivery. Reasons are slugs with a page in `docs/errors/`.

/// Why a body can't be read as an order. The field is a path: `line_items[2].price`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {field:?}: {detail}")]
pub struct Fault {
    pub reason: &'static str,
    pub field: String,
    pub detail: String,
}

pub const BODY_NOT_JSON: &str = "body-not-json";
pub const DUPLICATE_KEY: &str = "duplicate-key";
pub const FIELD_MISSING: &str = "field-missing";
pub const FIELD_INVALID: &str = "field-invalid";
pub const MONEY: &str = "money-not-integer-or-decimal-string";

impl Fault {
    pub(crate) fn new(reason: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Fault {
        Fault { reason, field: field.into(), detail: detail.into() }
    }

    pub(crate) fn missing(field: impl Into<String>) -> Fault {
        Fault::new(FIELD_MISSING, field, "the field is not there, and the order can't be read without it")
    }

    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Fault {
        Fault::new(FIELD_INVALID, field, detail)
    }

    /// The same fault, seen from whoever carries the body in a field of its own.
    #[must_use]
    pub fn within(self, parent: &str) -> Fault {
        self.below(parent)
    }

    /// The same fault seen from one level up.
    #[must_use]
    pub(crate) fn below(mut self, parent: &str) -> Fault {
        self.field = match self.field.as_str() {
            "" => parent.to_owned(),
            index if index.starts_with('[') => format!("{parent}{index}"),
            name => format!("{parent}.{name}"),
        };
        self
    }
}

/// Why a delivery is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    #[error("the header {0} is not there")]
    Missing(&'static str),
    #[error("the signature fits none of the shop's secrets")]
    Mismatch,
    #[error("the signed timestamp is {off_by_ms} ms away from now")]
    Expired { off_by_ms: i64 },
}

impl SignatureFault {
    /// The slug of `docs/errors/`.
    pub fn slug(&self) -> &'static str {
        match self {
            SignatureFault::Missing(_) => "signature-missing",
            SignatureFault::Mismatch => "signature-mismatch",
            SignatureFault::Expired { .. } => "signature-expired",
        }
    }
}
