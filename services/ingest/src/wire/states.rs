//! Payment states and terms, both ways.

use crate::domain::{PaymentState, Terms};
use weir_proto::order::v1 as proto;

pub(super) fn payment_from(state: i32) -> PaymentState {
    use proto::PaymentState as Wire;
    match Wire::try_from(state).unwrap_or_default() {
        Wire::Unspecified => PaymentState::Unknown,
        Wire::Pending => PaymentState::Pending,
        Wire::Authorized => PaymentState::Authorized,
        Wire::PartlyPaid => PaymentState::PartlyPaid,
        Wire::Paid => PaymentState::Paid,
        Wire::PartlyRefunded => PaymentState::PartlyRefunded,
        Wire::Refunded => PaymentState::Refunded,
        Wire::Voided => PaymentState::Voided,
    }
}

pub(super) fn payment_to(state: PaymentState) -> i32 {
    use proto::PaymentState as Wire;
    let wire = match state {
        PaymentState::Unknown => Wire::Unspecified,
        PaymentState::Pending => Wire::Pending,
        PaymentState::Authorized => Wire::Authorized,
        PaymentState::PartlyPaid => Wire::PartlyPaid,
        PaymentState::Paid => Wire::Paid,
        PaymentState::PartlyRefunded => Wire::PartlyRefunded,
        PaymentState::Refunded => Wire::Refunded,
        PaymentState::Voided => Wire::Voided,
    };
    wire.into()
}

pub(super) fn terms_from(terms: i32) -> Option<Terms> {
    use proto::PaymentTerms as Wire;
    match Wire::try_from(terms).unwrap_or_default() {
        Wire::Unspecified => None,
        Wire::Prepaid => Some(Terms::Prepaid),
        Wire::CashOnDelivery => Some(Terms::CashOnDelivery),
        Wire::OnAccount => Some(Terms::OnAccount),
    }
}

pub(super) fn terms_to(terms: Terms) -> i32 {
    use proto::PaymentTerms as Wire;
    let wire = match terms {
        Terms::Prepaid => Wire::Prepaid,
        Terms::CashOnDelivery => Wire::CashOnDelivery,
        Terms::OnAccount => Wire::OnAccount,
    };
    wire.into()
}
