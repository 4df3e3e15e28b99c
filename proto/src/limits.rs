//! What a text and a list from outside may be, judged before they go into the log: a fact is there for good, and whoever writes
//! it into a table later can refuse it no more.
//!
//! Postgres holds no NUL in a text, and no entry of an index above some 2,700 bytes. Each limit here lies well below.

use crate::log::v1::CommandHead;

/// Most bytes of an id, a SKU, a number that is shown, a tracking number, a name, a word.
pub const ID_BYTES_MAX: usize = 255;
/// Most bytes of an id that Weir makes of several: "order:plan:warehouse".
pub const COMPOSED_BYTES_MAX: usize = 1024;
/// Most bytes of what a person wrote: a remark, a title, a reason.
pub const FREE_BYTES_MAX: usize = 32 * 1024;
/// Most lines of an order. Inventory allocates no more at once, so a longer order would never be shipped.
pub const ORDER_LINES_MAX: usize = 500;

/// Judges an id, or any other text that tables and indexes hold. An empty one is good: whether it must be there is another
/// question.
///
/// # Errors
/// What is wrong with it, to stand behind the field's name.
pub fn id(text: &str) -> Result<(), String> {
    plain(text, ID_BYTES_MAX)
}

/// The same for an id that Weir made of several.
///
/// # Errors
/// What is wrong with it.
pub fn composed_id(text: &str) -> Result<(), String> {
    plain(text, COMPOSED_BYTES_MAX)
}

/// Judges what a person wrote. It may have lines.
///
/// # Errors
/// What is wrong with it.
pub fn free(text: &str) -> Result<(), String> {
    match text.contains('\0') {
        true => Err(unwanted('\0')),
        false => short(text, FREE_BYTES_MAX),
    }
}

/// Judges a command's head; its id is the gateway's to judge.
///
/// # Errors
/// The field, and what is wrong with it.
pub fn head(head: &CommandHead) -> Result<(), (&'static str, String)> {
    id(&head.tenant).map_err(|why| ("head.tenant", why))?;
    let Some(actor) = &head.actor else { return Ok(()) };
    id(&actor.id).map_err(|why| ("head.actor.id", why))?;
    id(&actor.role).map_err(|why| ("head.actor.role", why))?;
    free(&actor.reason).map_err(|why| ("head.actor.reason", why))
}

fn plain(text: &str, most: usize) -> Result<(), String> {
    match text.chars().find(|letter| letter.is_control()) {
        Some(letter) => Err(unwanted(letter)),
        None => short(text, most),
    }
}

fn unwanted(letter: char) -> String {
    format!("it holds the control character U+{:04X}", u32::from(letter))
}

fn short(text: &str, most: usize) -> Result<(), String> {
    match text.len() > most {
        true => Err(format!("it has {} bytes; at most {most} are taken", text.len())),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::v1::Actor;

    #[test]
    fn ids_are_short_and_plain() {
        for good in ["", "TEA-250", "#1042 ü 茶", &"x".repeat(255)] {
            assert_eq!(id(good), Ok(()), "{good}");
        }
        let why = |text: &str| id(text).expect_err("no id");
        assert_eq!(why("A\0B"), "it holds the control character U+0000");
        assert_eq!(why("A\n"), "it holds the control character U+000A");
        assert_eq!(why("\u{85}"), "it holds the control character U+0085");
        assert_eq!(why(&"茶".repeat(86)), "it has 258 bytes; at most 255 are taken");
        assert_eq!(composed_id(&"x".repeat(1024)), Ok(()));
        assert!(composed_id(&"x".repeat(1025)).is_err() && composed_id("o:1:\0").is_err());
    }

    #[test]
    fn remarks_may_have_lines_and_no_nul() {
        assert_eq!(free(&"one\r\n\ttwo ".repeat(2_000)), Ok(()));
        assert!(free("one\0").is_err());
        assert!(free(&"x".repeat(FREE_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn a_head_names_its_field() {
        let actor = |id: &str, role: &str, reason: &str| Actor {
            id: id.to_owned(),
            role: role.to_owned(),
            reason: reason.to_owned(),
            ..Actor::default()
        };
        let of = |tenant: &str, actor| CommandHead { tenant: tenant.to_owned(), actor, ..CommandHead::default() };
        assert_eq!(head(&of("demo", Some(actor("mei", "desk", "two\nlines")))), Ok(()));
        let cases = [
            (of("de\0mo", None), "head.tenant"),
            (of("demo", Some(actor("\0", "", ""))), "head.actor.id"),
            (of("demo", Some(actor("", "\0", ""))), "head.actor.role"),
            (of("demo", Some(actor("", "", "\0"))), "head.actor.reason"),
        ];
        for (bad, field) in cases {
            assert_eq!(head(&bad).map_err(|(field, _)| field), Err(field));
        }
    }
}
