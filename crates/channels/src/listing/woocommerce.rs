//! WooCommerce's orders: `GET /wp-json/wc/v3/orders` of its REST API.
//!
//! Its pages are numbers, and are counted anew for each request: an order that changes between two requests leaves its place, the
//! ones behind it move up, and one of them moves onto a page that was read already. So the next page is asked for by the time of the
//! last order on this one wherever time has moved on, and by number only within one second.
//!
//! WordPress reads a bound as local time of the shop, whatever the request says of GMT, and only then as GMT. Where clocks go forward
//! an hour of UTC has no such local time, and a bound within it counts as one an hour later. So a bound that may lie in such an hour is
//! sent an hour earlier. Shops that keep their orders as posts also sort by local time: where clocks go back, an order may
//! come up to an hour out of its place. Such a page is followed by number.
//! Source: WooCommerce's REST API v3 reference ("List all orders"); its bounds in time are exclusive and have the grain of a second.

use super::{
    Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Times, Wanted, check_order, no_page,
    quoted,
};
use crate::adapter::Headers;
use crate::instant;
use crate::signature::base64;
use crate::woocommerce::TOPIC;
use serde_json::value::RawValue;
use time::{Month, OffsetDateTime, Weekday};

pub(crate) struct WooCommerceOrders;

/// Where a page begins: behind this second, and how many pages on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    after_s: i64,
    number: u64,
}

/// How far a bound may be moved, and an order out of its place.
const HOUR_S: i64 = 3_600;

impl Place {
    /// Reads what [`Place::token`] has written.
    fn of(page: &PageAsked) -> Place {
        // The second before is asked for too, as the bound is exclusive.
        let first =
            Place { after_s: page.wanted.begins_ms().unwrap_or(0).div_euclid(1000).saturating_sub(1), number: 1 };
        let read = |token: &str| {
            let (after_s, number) = token.split_once(':')?;
            Some(Place { after_s: after_s.parse().ok()?, number: number.parse().ok()? })
        };
        page.after.as_deref().and_then(read).unwrap_or(first)
    }

    fn token(self) -> String {
        format!("{}:{}", self.after_s, self.number)
    }

    /// The place behind a page whose last order has this time; nothing: go by number.
    fn behind(self, last_ms: Option<i64>) -> Place {
        let after_s = last_ms.map_or(self.after_s, |ms| ms.div_euclid(1000).saturating_sub(1));
        // What is sent an hour early begins with an hour that was read: going by time pays once more than that lies behind.
        let least = if sent_s(after_s) < after_s { self.after_s.saturating_add(HOUR_S) } else { self.after_s };
        match after_s > least {
            true => Place { after_s, number: 1 },
            false => Place { after_s: self.after_s, number: self.number.saturating_add(1) },
        }
    }
}

/// The bound as it is sent: an hour earlier where clocks somewhere go forward over it. They do so on nights to the weekend (a Friday in
/// some countries), in spring on either half of the globe, between midnight and four; the days around are taken in for good measure.
fn sent_s(after_s: i64) -> i64 {
    let at = OffsetDateTime::from_unix_timestamp(after_s).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let spring = matches!(
        at.month(),
        Month::February
            | Month::March
            | Month::April
            | Month::August
            | Month::September
            | Month::October
            | Month::November
    );
    let weekend = matches!(at.weekday(), Weekday::Thursday | Weekday::Friday | Weekday::Saturday | Weekday::Sunday);
    if spring && weekend && at.hour() < 5 { after_s.saturating_sub(HOUR_S) } else { after_s }
}

impl Listing for WooCommerceOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let Place { after_s, number } = Place::of(page);
        let time = |ms: i64| quoted(&instant::to_utc(ms));
        let after = time(sent_s(after_s).saturating_mul(1000));
        let query = match &page.wanted {
            Wanted::Changed { .. } => format!("orderby=modified&order=asc&modified_after={after}&dates_are_gmt=true"),
            Wanted::Placed { until_ms, .. } => {
                let before = time(until_ms.saturating_add(1000));
                format!("orderby=date&order=asc&after={after}&before={before}&dates_are_gmt=true")
            }
            Wanted::Ids(ids) => format!("orderby=id&order=asc&include={}", quoted(&ids.join(","))),
        };
        Ask {
            path: format!("/wp-json/wc/v3/orders?status=any&per_page={}&page={number}&{query}", page.size),
            headers: vec![("authorization", format!("Basic {}", base64(access.credential.as_bytes())))],
            body: None,
        }
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        let by_placing = matches!(page.wanted, Wanted::Placed { .. });
        let rows: Vec<&RawValue> = serde_json::from_slice(answer.body).map_err(|error| no_page(&error))?;
        let listed = |raw: &&RawValue| {
            let Times { date_created_gmt, date_modified_gmt, .. } = Times::of(raw);
            let at = if by_placing { date_created_gmt } else { date_modified_gmt };
            Listed { at_ms: at.and_then(|at| instant::in_utc(&at)), body: raw.get().as_bytes().to_vec() }
        };
        let orders: Vec<Listed> = rows.iter().map(listed).collect();
        let place = Place::of(page);
        let by_time = page.wanted.begins_ms().is_some();
        let field = if by_placing { "date_created_gmt" } else { "date_modified_gmt" };
        let sorted = by_time && check_order(&orders, field, HOUR_S * 1000)?;
        let pages: Option<u64> = answer.headers.get("x-wp-totalpages").and_then(|pages| pages.trim().parse().ok());
        // An order that can't be shown is counted all the same: a page may be short, or empty, and not the last.
        let more = pages.map_or(!orders.is_empty(), |pages| place.number < pages);
        let last_ms = orders.iter().rev().find_map(|order| order.at_ms).filter(|_| sorted);
        let next = more.then(|| place.behind(last_ms).token());
        Ok(Page { orders, ids: Vec::new(), next, settled: Settled::Newest })
    }

    fn headers(&self) -> Headers {
        Headers(vec![(TOPIC.to_owned(), "order.updated".to_owned())])
    }
}
