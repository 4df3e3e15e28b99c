//! The id of a notice: the same for the same order and subject, over all tries, restarts and replays.

use crate::domain::{Kind, Medium, Subject};
use weir_proto::ids;
use weir_proto::notice::v1 as proto;

/// The id under which a notice is sent and settled.
pub fn notice_id(order_id: &str, subject: Subject) -> String {
    ids::derived(&["notice", order_id, subject.kind.name(), subject.medium.name(), subject.to.name()])
}

/// Which of the order's notices has this id. An id can't be read backwards, but an order has few notices.
pub fn subject_of(order_id: &str, id: &str) -> Option<Subject> {
    Subject::ALL.into_iter().find(|subject| notice_id(order_id, *subject) == id)
}

pub(super) fn kind(kind: Kind) -> proto::NoticeKind {
    match kind {
        Kind::Placed => proto::NoticeKind::Placed,
        Kind::Shipped => proto::NoticeKind::Shipped,
        Kind::Cancelled => proto::NoticeKind::Cancelled,
        Kind::Held => proto::NoticeKind::Held,
    }
}

pub(super) fn medium(medium: Medium) -> proto::Medium {
    match medium {
        Medium::Email => proto::Medium::Email,
        Medium::Webhook => proto::Medium::Webhook,
    }
}

/// The subject that a fact names in its fields.
pub(super) fn subject(due: &proto::NoticeDue) -> Option<Subject> {
    let matches = |subject: &Subject| {
        (kind(subject.kind), medium(subject.medium), subject.to.name())
            == (due.kind(), due.medium(), due.recipient.as_str())
    };
    Subject::ALL.into_iter().find(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_of_an_order_has_an_id_of_its_own_that_leads_back() {
        for subject in Subject::ALL {
            assert_eq!(subject_of("order-1", &notice_id("order-1", subject)), Some(subject));
            assert_eq!(subject_of("order-2", &notice_id("order-1", subject)), None);
        }
    }

    #[test]
    fn an_id_never_changes() {
        let id = notice_id("bfdc8376-97e6-58c1-9934-fa54717d5fb3", Subject::webhook(Kind::Shipped));
        assert_eq!(id, "8bf173fb-0bf6-5708-acfa-ae119833ae43");
    }
}
