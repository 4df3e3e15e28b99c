//! I7: one notice for each (subject, kind, recipient), settled once.

use super::live::Live;
use super::place;
use crate::catalogue::Id;
use crate::ids::print;
use crate::report::Report;
use weir_pipeline::Record;
use weir_proto::notice::v1::{NoticeDue, notice_event};

/// Recipients that have a bit of their own.
const RECIPIENTS: [&str; 3] = ["buyer", "shop", "review-desk"];
/// Kinds and media that fit into 32 bits beside them.
const KINDS: i32 = 5;
const MEDIA: i32 = 2;

/// The notices of one order.
#[derive(Default)]
pub(super) struct Notices {
    /// A bit for each (kind, medium, recipient) that was due.
    due: u32,
    /// Fingerprints of those without a bit.
    rare: Vec<u64>,
    /// Ids, and whether they are settled.
    ids: Vec<(u64, bool)>,
}

impl Notices {
    /// Of these it is only known that all are settled.
    pub(super) fn settled(due: u32) -> Notices {
        Notices { due, ..Notices::default() }
    }

    pub(super) fn due(&self) -> u32 {
        self.due
    }

    pub(super) fn are_settled(&self) -> bool {
        self.rare.is_empty() && self.ids.iter().all(|(_, settled)| *settled)
    }

    /// False where the same was due before.
    fn note(&mut self, due: &NoticeDue) -> bool {
        let id = print(&due.notice_id);
        if self.ids.iter().all(|(known, _)| *known != id) {
            self.ids.push((id, false));
        }
        if let Some(bit) = bit(due) {
            let fresh = self.due & bit == 0;
            self.due |= bit;
            return fresh;
        }
        let name = print(format!("{}/{}/{}", due.kind, due.medium, due.recipient));
        let fresh = !self.rare.contains(&name);
        self.rare.push(name);
        fresh
    }

    /// False where it was settled before, or never due.
    fn settle(&mut self, id: &str) -> bool {
        let id = print(id);
        let open = self.ids.iter_mut().find(|(known, settled)| *known == id && !settled);
        open.map(|(_, settled)| *settled = true).is_some()
    }
}

fn bit(due: &NoticeDue) -> Option<u32> {
    let recipient = RECIPIENTS.iter().position(|name| *name == due.recipient)?;
    let fits = (1..=KINDS).contains(&due.kind) && (1..=MEDIA).contains(&due.medium);
    let place = i32::try_from(recipient).ok()? * KINDS * MEDIA + (due.kind - 1) * MEDIA + due.medium - 1;
    fits.then(|| 1 << place)
}

impl Live {
    pub(super) fn notice(&mut self, record: &Record, event: &notice_event::Event, report: &mut Report) {
        match event {
            notice_event::Event::NoticeDue(due) => {
                let fresh = self.notices.note(due);
                report.check(Id::I7, fresh, || {
                    format!("{}: {}/{}/{} is due twice", place(record), due.kind, due.medium, due.recipient)
                });
            }
            notice_event::Event::NoticeSent(sent) => self.settle(record, &sent.notice_id, report),
            notice_event::Event::NoticeFailed(failed) => self.settle(record, &failed.notice_id, report),
            _ => {}
        }
    }

    fn settle(&mut self, record: &Record, id: &str, report: &mut Report) {
        let open = self.notices.settle(id);
        report.check(Id::I7, open, || format!("{}: {id} is settled twice, or was never due", place(record)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_has_its_own_bit() {
        let all =
            (1..=KINDS).flat_map(|kind| (1..=MEDIA).flat_map(move |medium| RECIPIENTS.map(|to| (kind, medium, to))));
        let bits = all.map(|(kind, medium, to)| {
            let due = NoticeDue { kind, medium, recipient: to.to_owned(), ..NoticeDue::default() };
            bit(&due).expect("it has a bit")
        });
        assert_eq!(bits.collect::<BTreeSet<u32>>().len(), 30);
        assert_eq!(
            bit(&NoticeDue { kind: 1, medium: 1, recipient: "courier".to_owned(), ..NoticeDue::default() }),
            None
        );
    }
}
