//! Where a page ends: the place of its last order in the list, so that orders placed meanwhile don't shift the next page.

use std::fmt;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub placed_at_ms: i64,
    pub order_id: Uuid,
}

impl Page {
    /// Reads what `Display` has written.
    pub fn parse(token: &str) -> Option<Page> {
        let (placed_at_ms, order_id) = token.split_once('.')?;
        Some(Page { placed_at_ms: placed_at_ms.parse().ok()?, order_id: Uuid::try_parse(order_id).ok()? })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.placed_at_ms, self.order_id.simple())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back() {
        let page = Page { placed_at_ms: 1_795_269_900_000, order_id: Uuid::from_u128(7) };
        assert_eq!(Page::parse(&page.to_string()), Some(page));
        for token in ["", ".", "x.00000000000000000000000000000007", "1.7"] {
            assert_eq!(Page::parse(token), None, "{token}");
        }
    }
}
