//! Texts of facts as columns take them. The edges refuse what Postgres can't hold (`weir_proto::limits`), but a fact of before
//! they did lies in the log for good: the rows must go on over it.

use std::borrow::Cow;
use weir_proto::limits::{COMPOSED_BYTES_MAX, ID_BYTES_MAX};

/// For a column without an index: U+FFFD stands where a NUL was.
pub fn column(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// For a column with an index: the same, and as much of it as an id may have. Rows are to be summed up under this text, not under
/// the one it was made of.
pub fn indexed(text: &str) -> Cow<'_, str> {
    cut(column(text), ID_BYTES_MAX)
}

/// The same for an id that Weir made of several.
pub fn indexed_composed(text: &str) -> Cow<'_, str> {
    cut(column(text), COMPOSED_BYTES_MAX)
}

/// Whether Postgres could not use a value that it was given (SQLSTATE class 22): asking again is of no use.
pub fn is_unusable_value(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22"))
}

fn cut(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text;
    }
    let end = text.floor_char_boundary(most);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_testkit::Servers;

    #[test]
    fn what_a_column_takes_is_left_as_it_is() {
        for text in ["", "TEA-250", &"茶".repeat(85)] {
            assert!(matches!(indexed(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn a_cut_never_splits_a_letter() {
        assert_eq!(indexed(&"x".repeat(256)).len(), 255);
        assert_eq!(indexed(&format!("x{}", "茶".repeat(85))), format!("x{}", "茶".repeat(84)));
        assert_eq!(indexed(&"\0".repeat(86)), "\u{FFFD}".repeat(85));
        assert_eq!(indexed_composed(&"\0".repeat(342)).len(), 1023);
    }

    #[tokio::test]
    async fn postgres_takes_what_was_mended_and_says_what_it_does_not() {
        let schema = Servers::shared().schema("texts").await;
        let back = async |text: &str| -> Result<String, sqlx::Error> {
            sqlx::query_scalar("select $1::text").bind(text).fetch_one(&schema.pool).await
        };
        assert_eq!(back(&column("A\0B")).await.expect("it is taken"), "A\u{FFFD}B");
        assert!(is_unusable_value(&back("A\0B").await.expect_err("a NUL")));
        let nothing = sqlx::query("select * from nothing").execute(&schema.pool).await;
        assert!(!is_unusable_value(&nothing.expect_err("no such table")));
        assert!(!is_unusable_value(&sqlx::Error::PoolTimedOut));
    }
}
