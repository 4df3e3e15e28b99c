//! The memory of command ids: the same id gets the same answer for 7 days of partition time (STAGE.md §1).

use super::partition::fingerprint;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use weir_decider::Millis;
use weir_decider::plant::planted;
use weir_proto::log::v1::{Answered, Meta, Refusal};

/// How long an answer is remembered.
pub(crate) const REMEMBERED_MS: i64 = 7 * 24 * 3_600_000;

/// Answers by command id.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct CommandMemory {
    #[serde(serialize_with = "in_order")]
    answers: HashMap<[u8; 16], Remembered>,
    /// Which to forget first.
    by_time: BTreeSet<(i64, [u8; 16])>,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    body_hash: [u8; 16],
    /// Fingerprint of the aggregate that it was for: a body need not name it.
    key: u64,
    version: u64,
    /// Code and detail. Few are, and every answer would have the room.
    refused: Option<Box<(String, String)>>,
}

/// What the memory says of a command.
pub(super) enum Known {
    New,
    /// Answer it again.
    Answer(Answered),
}

impl CommandMemory {
    /// Looks a command up.
    pub(super) fn look_up(&self, id: [u8; 16], body_hash: [u8; 16], key: &str, at: Millis) -> Known {
        let answered = |version, refusal, repeated| {
            Known::Answer(Answered {
                command_id: id.to_vec(),
                body_hash: body_hash.to_vec(),
                version,
                refusal,
                repeated,
            })
        };
        match self.answers.get(&id) {
            Some(first) if first.body_hash == body_hash && first.key == fingerprint(key) => {
                let refused = first.refused.as_ref().map(|refused| refusal(&refused.0, &refused.1));
                answered(first.version, refused, true)
            }
            Some(_) => answered(0, Some(refusal("command-conflict", "the id was used for another command")), false),
            None if issued_at(id).is_some_and(|ms| at.0 - ms > REMEMBERED_MS) => {
                answered(0, Some(refusal("command-too-old", "the id is older than 7 days")), false)
            }
            None => Known::New,
        }
    }

    /// Remembers an answer to a command for an aggregate, unless it is about the id itself.
    pub(super) fn remember(&mut self, at: Millis, key: &str, answer: &Answered) {
        let about_id = |r: &Refusal| matches!(r.code.as_str(), "command-conflict" | "command-too-old");
        if answer.repeated || answer.refusal.as_ref().is_some_and(about_id) {
            return;
        }
        let (Some(id), Some(body_hash)) = (sixteen(&answer.command_id), sixteen(&answer.body_hash)) else { return };
        let refused = answer.refusal.as_ref().map(|r| Box::new((r.code.clone(), r.detail.clone())));
        let remembered = Remembered { body_hash, key: fingerprint(key), version: answer.version, refused };
        if self.answers.insert(id, remembered).is_none() {
            self.by_time.insert((at.0, id));
        }
        self.forget(at);
    }

    /// By partition time, so that every fold forgets alike.
    fn forget(&mut self, now: Millis) {
        let remembered = if planted("command-known-for-a-while") { 1_000 } else { REMEMBERED_MS };
        while self.by_time.first().is_some_and(|(at, _)| now.0 - at > remembered) {
            if let Some((_, id)) = self.by_time.pop_first() {
                self.answers.remove(&id);
            }
        }
    }
}

/// The same memory gives the same bytes.
fn in_order<S: Serializer>(answers: &HashMap<[u8; 16], Remembered>, serializer: S) -> Result<S::Ok, S::Error> {
    answers.iter().collect::<BTreeMap<_, _>>().serialize(serializer)
}

fn refusal(code: &str, detail: &str) -> Refusal {
    Refusal { code: code.to_owned(), detail: detail.to_owned() }
}

/// 16 bytes, or none.
pub(super) fn sixteen(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}

/// A caller's command has a UUIDv7 and a body hash; what a stage tells has a derived id.
pub(super) fn is_callers(meta: &Meta) -> bool {
    meta.body_hash.len() == 16 && sixteen(&meta.command_id).is_some()
}

/// The time inside a UUIDv7 (RFC 9562 §5.7); none for other ids.
pub(super) fn issued_at(id: [u8; 16]) -> Option<i64> {
    (id[6] >> 4 == 7).then(|| id[..6].iter().fold(0i64, |ms, byte| (ms << 8) | i64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: [u8; 16] = [1; 16];
    const KEY: &str = "order-1";

    fn id(ms: i64, n: u8) -> [u8; 16] {
        let mut id = [n; 16];
        id[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
        id[6] = 0x70;
        id
    }

    fn answer(id: [u8; 16]) -> Answered {
        Answered { command_id: id.to_vec(), body_hash: HASH.to_vec(), version: 3, refusal: None, repeated: false }
    }

    #[test]
    fn the_same_command_gets_the_same_answer_and_another_body_is_a_conflict() {
        let mut memory = CommandMemory::default();
        memory.remember(Millis(1000), KEY, &answer(id(1000, 1)));
        let Known::Answer(again) = memory.look_up(id(1000, 1), HASH, KEY, Millis(2000)) else { panic!("not known") };
        assert!(again.repeated && again.version == 3 && again.refusal.is_none());
        let Known::Answer(other) = memory.look_up(id(1000, 1), [2; 16], KEY, Millis(2000)) else { panic!("not known") };
        assert_eq!(other.refusal.map(|r| r.code).as_deref(), Some("command-conflict"));
    }

    #[test]
    fn the_same_id_and_body_for_another_aggregate_is_a_conflict() {
        let mut memory = CommandMemory::default();
        memory.remember(Millis(1000), KEY, &answer(id(1000, 1)));
        let Known::Answer(other) = memory.look_up(id(1000, 1), HASH, "order-2", Millis(2000)) else {
            panic!("not known")
        };
        assert_eq!(other.refusal.map(|r| r.code).as_deref(), Some("command-conflict"));
    }

    #[test]
    fn the_same_memory_gives_the_same_bytes() {
        let bytes = || {
            let mut memory = CommandMemory::default();
            (0..50).for_each(|n| memory.remember(Millis(1000), KEY, &answer(id(1000, n))));
            postcard::to_stdvec(&memory).expect("written")
        };
        assert_eq!(bytes(), bytes());
        let read: CommandMemory = postcard::from_bytes(&bytes()).expect("read");
        assert_eq!(read.answers.len(), 50);
    }

    #[test]
    fn a_forgotten_id_is_refused_by_its_own_timestamp_and_never_decided_again() {
        let mut memory = CommandMemory::default();
        memory.remember(Millis(1000), KEY, &answer(id(1000, 1)));
        let later = Millis(1000 + REMEMBERED_MS + 1);
        memory.remember(later, KEY, &answer(id(later.0, 2)));
        assert_eq!(memory.answers.len(), 1);
        let Known::Answer(old) = memory.look_up(id(1000, 1), HASH, KEY, later) else { panic!("decided again") };
        assert_eq!(old.refusal.map(|r| r.code).as_deref(), Some("command-too-old"));
        assert!(matches!(memory.look_up(id(later.0, 3), HASH, KEY, later), Known::New));
    }
}
