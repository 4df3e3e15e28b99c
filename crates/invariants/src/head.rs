//! The meta of a record, read where it lies.
//!
//! Every record begins with its meta, and most of a verification's time would go into copying its texts. Here it is read without a
//! copy, and only as it is usually written: whatever is unusual (another order of fields, a field that this version does not know, a
//! broken one) is left to the generated code, which alone decides what can be read (I9).

use weir_proto::log::v1::{Meta, Position};

/// What the checks need of a meta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) key: &'a str,
    pub(crate) version: u64,
    pub(crate) cause: Option<Cause<'a>>,
    pub(crate) owner: i64,
    pub(crate) at_ms: i64,
}

/// The input that caused a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cause<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

impl<'a> Head<'a> {
    pub(crate) fn of(meta: &'a Meta) -> Head<'a> {
        let cause = meta.cause.as_ref().map(Cause::of);
        Head { key: &meta.key, version: meta.version, cause, owner: meta.owner, at_ms: meta.at_ms }
    }

    /// The head of a value, and what lies behind it; none where the generated code must look.
    pub(crate) fn split(value: &'a [u8]) -> Option<(Head<'a>, &'a [u8])> {
        let mut left = Bytes(value);
        let meta = match left.field()? {
            (1, Part::Text(meta)) => meta,
            _ => return None,
        };
        Some((Head::read(meta)?, left.0))
    }

    fn read(meta: &'a [u8]) -> Option<Head<'a>> {
        let (mut head, mut left) = (Head::default(), Bytes(meta));
        while !left.0.is_empty() {
            match left.field()? {
                (1, Part::Text(tenant)) => drop(text(tenant)?),
                (2, Part::Text(key)) => head.key = text(key)?,
                (3, Part::Number(version)) => head.version = version,
                (4, Part::Text(cause)) if head.cause.is_none() => head.cause = Some(Cause::read(cause)?),
                (5, Part::Number(owner)) => head.owner = owner.cast_signed(),
                (6, Part::Number(at_ms)) => head.at_ms = at_ms.cast_signed(),
                (8, Part::Text(actor)) => actor_is_sound(actor)?,
                (7 | 11, Part::Text(_)) | (9 | 10 | 12, Part::Number(_)) => {}
                _ => return None,
            }
        }
        Some(head)
    }
}

impl<'a> Cause<'a> {
    pub(crate) fn of(position: &'a Position) -> Cause<'a> {
        Cause { topic: &position.topic, partition: position.partition, offset: position.offset }
    }

    fn read(position: &'a [u8]) -> Option<Cause<'a>> {
        let (mut cause, mut left) = (Cause::default(), Bytes(position));
        while !left.0.is_empty() {
            match left.field()? {
                (1, Part::Text(topic)) => cause.topic = text(topic)?,
                // As the generated code does: the lower half of what is written.
                (2, Part::Number(partition)) => cause.partition = partition as i32,
                (3, Part::Number(offset)) => cause.offset = offset.cast_signed(),
                _ => return None,
            }
        }
        Some(cause)
    }
}

fn actor_is_sound(actor: &[u8]) -> Option<()> {
    let mut left = Bytes(actor);
    while !left.0.is_empty() {
        match left.field()? {
            (1, Part::Number(_)) => {}
            (2..=4, Part::Text(said)) => drop(text(said)?),
            _ => return None,
        }
    }
    Some(())
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// What is left of a message.
struct Bytes<'a>(&'a [u8]);

/// The value of a field, of the two kinds that are usual.
enum Part<'a> {
    Number(u64),
    Text(&'a [u8]),
}

impl<'a> Bytes<'a> {
    fn field(&mut self) -> Option<(u64, Part<'a>)> {
        let key = self.number()?;
        let part = match key & 7 {
            0 => Part::Number(self.number()?),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                let (text, left) = self.0.split_at_checked(length)?;
                self.0 = left;
                Part::Text(text)
            }
            _ => return None,
        };
        Some((key >> 3, part))
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = &self.0[place + 1..];
                return (place < 9 || *byte < 2).then_some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
