//! Open holds, the oldest first, page by page.

use super::problem;
use sqlx::{PgPool, Row as _};
use weir_host::{Problem, kind};
use weir_proto::limits;
use weir_proto::routing::v1::{Held, ListHoldsRequest, ListHoldsResponse, OpenHold};

const PAGE_USUAL: u32 = 100;
const PAGE_MAX: u32 = 1000;

const SELECT: &str = "select order_id, hold_id, reason, rule, owner_group, deadline_ms, held_at_ms, order_version
    from holds
    where tenant = $1 and ($2 = '' or reason = $2) and (held_at_ms, hold_id) > ($3, $4)
    order by held_at_ms, hold_id
    limit $5";

/// Where a page begins, and how long it may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    after: (i64, String),
    size: u32,
}

impl Page {
    pub(super) fn of(request: &ListHoldsRequest) -> Result<Page, Problem> {
        let size = match request.page_size {
            0 => PAGE_USUAL,
            size if size <= PAGE_MAX => size,
            size => {
                return Err(invalid("page_size", format!("is {size}, the most is {PAGE_MAX}")));
            }
        };
        if request.page_token.is_empty() {
            return Ok(Page { after: (i64::MIN, String::new()), size });
        }
        let parts = request.page_token.split_once('/');
        let after = parts.and_then(|(at, hold)| Some((at.parse().ok()?, hold.to_owned())));
        let after: (i64, String) =
            after.ok_or_else(|| invalid("page_token", "is none that a page ended with".to_owned()))?;
        limits::composed_id(&after.1).map_err(|why| problem::invalid("page_token", why))?;
        Ok(Page { after, size })
    }
}

fn invalid(field: &'static str, why: String) -> Problem {
    Problem::new(kind::FIELD_INVALID, format!("{field} {why}.")).field(field, why)
}

/// "held at/hold id" of the last hold on the page.
fn token(hold: &OpenHold) -> String {
    let id = hold.hold.as_ref().map_or("", |held| held.hold_id.as_str());
    format!("{}/{id}", hold.held_at_ms)
}

pub(super) async fn list(pool: &PgPool, request: &ListHoldsRequest, page: Page) -> Result<ListHoldsResponse, Problem> {
    let rows = sqlx::query(SELECT)
        .bind(&request.tenant)
        .bind(&request.reason)
        .bind(page.after.0)
        .bind(&page.after.1)
        .bind(i64::from(page.size) + 1)
        .fetch_all(pool)
        .await
        .map_err(problem::of_query)?;
    let holds: Result<Vec<OpenHold>, sqlx::Error> = rows.iter().map(open_hold).collect();
    let mut holds = holds.map_err(problem::of_query)?;
    let more = holds.len() > page.size as usize;
    holds.truncate(page.size as usize);
    let next_page_token = holds.last().filter(|_| more).map(token).unwrap_or_default();
    Ok(ListHoldsResponse { holds, next_page_token })
}

fn open_hold(row: &sqlx::postgres::PgRow) -> Result<OpenHold, sqlx::Error> {
    let version: i64 = row.try_get("order_version")?;
    Ok(OpenHold {
        order_id: row.try_get("order_id")?,
        hold: Some(Held {
            hold_id: row.try_get("hold_id")?,
            reason: row.try_get("reason")?,
            rule: row.try_get("rule")?,
            owner_group: row.try_get("owner_group")?,
            deadline_ms: row.try_get("deadline_ms")?,
        }),
        order_version: u64::try_from(version).unwrap_or(0),
        held_at_ms: row.try_get("held_at_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(size: u32, token: &str) -> Result<Page, Problem> {
        Page::of(&ListHoldsRequest { page_size: size, page_token: token.to_owned(), ..ListHoldsRequest::default() })
    }

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let held = Held { hold_id: "o:1:big/small".to_owned(), ..Held::default() };
        let last = OpenHold { hold: Some(held), held_at_ms: 17, ..OpenHold::default() };
        let next = page(0, &token(&last)).expect("it is a token of ours");
        assert_eq!(next, Page { after: (17, "o:1:big/small".to_owned()), size: PAGE_USUAL });
    }

    #[test]
    fn what_no_page_ended_with_is_refused() {
        for token in ["x", "x/y", "/"] {
            assert_eq!(page(0, token).expect_err("no token").fields()[0].field, "page_token");
        }
        assert_eq!(page(1001, "").expect_err("too long").fields()[0].field, "page_size");
    }
}
