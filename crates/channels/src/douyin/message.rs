//! A message of a push: a tag, an id, and JSON in the JSON.

use super::MESSAGES_MAX;
use crate::Fault;
use crate::json::{self, Json, Object, parse};

/// One message.
pub(super) struct Message<'a> {
    pub(super) tag: String,
    /// The same over retries.
    pub(super) id: String,
    envelope: Object<'a>,
}

/// Kinds of messages about orders by the first digit of their tags: trades and after-sales.
const OF_ORDERS: [char; 2] = ['1', '2'];
/// Among those tags, the ones about pictures and films of a shop.
const OF_MATERIAL: [&str; 2] = ["137", "138"];

/// Reads a message.
pub(super) fn read<T>(body: &[u8], map: impl FnOnce(Message<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    let message = |envelope: Object<'_>| {
        let tag = envelope.id("tag")?;
        if !is_of_an_order(&tag) {
            return Err(Fault::invalid(
                "tag",
                format!("{tag:?} is about no order: those are 1.. and 2.., of three digits"),
            ));
        }
        let id = envelope.id_or_empty("msg_id")?;
        map(Message { tag, id, envelope })
    };
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Err(too_many(body)),
        _ => json::read(body, message),
    }
}

/// A list comes here only where it was not taken apart.
fn too_many(body: &[u8]) -> Fault {
    match parse(body) {
        Ok(Json::List(messages)) if messages.len() > MESSAGES_MAX => {
            let detail = format!("the list has {} messages; at most {MESSAGES_MAX} are taken apart", messages.len());
            Fault::invalid(format!("[{MESSAGES_MAX}]"), detail)
        }
        Ok(_) => Fault::invalid("", "the body is a list; it should be an object"),
        Err(fault) => fault,
    }
}

fn is_of_an_order(tag: &str) -> bool {
    let is_number = tag.len() == 3 && tag.bytes().all(|byte| byte.is_ascii_digit());
    is_number && tag.starts_with(OF_ORDERS) && !OF_MATERIAL.contains(&tag)
}

impl Message<'_> {
    /// Reads what the message tells. Faults carry their path from `data` on, whichever way it is written.
    pub(super) fn data<T>(&self, map: impl FnOnce(Object<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        match self.envelope.get("data") {
            Some(Json::Text(text)) => json::read(text.as_bytes(), map).map_err(|fault| fault.within("data")),
            _ => self.envelope.within("data", map),
        }
    }
}
