//! Shopee's orders: `v2.order.get_order_list` for what has changed, `v2.order.get_order_detail` for the orders themselves.
//!
//! A list tells `order_sn` alone, of at most 15 days at once, and in no order that is documented. Its pages follow by a cursor, of which
//! Shopee's example is a count: an order that changes meanwhile leaves the list, those behind it move up, and one of them moves onto a
//! page that was read already. So no cursor is followed where it can be helped: a span of time whose orders don't fit onto one page is
//! asked for once more as a quarter, and the next span is as many times longer as this one had room. Only within one second pages are
//! followed. Whether the ends of a span belong to it is not documented; each begins a second before the last one ended.
//!
//! Where one of several orders is not known, `error_not_found` does not say which (nor is it documented that the others come then), so
//! they are asked for by halves too.
//!
//! A shop's credential is `partner_id:partner_key:shop_id:access_token`. The token ends after four hours, and nothing here renews it.
//!
//! What Shopee refuses it refuses with status 200 or 4xx and a word in `error`, some behind a prefix ("common.error_auth"). The words are
//! from its reference; one that is not known counts as an illness, which passes or is seen.
//! Source: Shopee's Open Platform reference, v2, and its guide to signatures.

use super::{Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Wanted, no_page, quoted};
use crate::Fault;
use crate::adapter::Headers;
use crate::shopee::PULLED;
use crate::signature::hmac_hex;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

pub(crate) struct ShopeeOrders;

const LIST: &str = "/api/v2/order/get_order_list";
const DETAIL: &str = "/api/v2/order/get_order_detail";

/// What is read of an order and comes only when asked for.
const OPTIONAL: &str = "buyer_user_id,recipient_address,note,item_list,pay_time,cancel_reason,buyer_cancel_reason,\
    fulfillment_flag,package_list,shipping_carrier,payment_method,total_amount,return_request_due_date";

/// Shopee's 15 days, but for the second that spans overlap by.
const SPAN_MAX_S: i64 = 15 * 86_400 - 60;
const PAGE_MAX: usize = 100;
/// An empty span says little of the next.
const TIMES_MAX: i64 = 16;

const BUSY: [&str; 2] = ["error_limit", "error_rate_limit"];
const UNWELL: [&str; 5] = ["error_server", "error_inner", "error_network", "error_data", "error_system"];
const REFUSED: [&str; 17] = [
    "error_auth",
    "error_permission",
    "error_param",
    "error_sign",
    "error_shop",
    "error_kyc_auth",
    "error_api_permission",
    "error_ashop_api_permission",
    "error_api_call_restricted",
    "error_partner_key_expired",
    "invalid_partner_id",
    "invalid_acceess_token",
    "invalid_access_token",
    "shop_no_linked",
    "shop_banned",
    "partner_shop_no_link",
    "source_ip_undeclared",
];
const NOT_FOUND: &str = "error_not_found";

/// Where a walk is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    from_s: i64,
    /// How long the span is, where the walk's end does not come before.
    length_s: i64,
    /// Within one second: how far its pages have been read.
    cursor: String,
}

impl Place {
    /// Reads what [`Place::token`] has written.
    fn of(page: &PageAsked) -> Place {
        let from_s = page.wanted.begins_ms().unwrap_or(0).div_euclid(1000);
        let first = Place { from_s, length_s: SPAN_MAX_S, cursor: String::new() };
        let read = |token: &str| {
            let mut parts = token.splitn(3, ':');
            let (from_s, length_s) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            Some(Place { from_s, length_s, cursor: parts.next()?.to_owned() })
        };
        page.after.as_deref().and_then(read).unwrap_or(first)
    }

    fn token(&self) -> String {
        format!("{}:{}:{}", self.from_s, self.length_s, self.cursor)
    }

    fn until_s(&self, end_s: i64) -> i64 {
        self.from_s.saturating_add(self.length_s).min(end_s).max(self.from_s)
    }

    /// The first quarter.
    fn shortened(&self, until_s: i64) -> Place {
        Place { length_s: ((until_s - self.from_s) / 4).max(1), cursor: String::new(), ..*self }
    }

    /// The next page of the same span.
    fn turned(&self, until_s: i64, cursor: String) -> Place {
        Place { length_s: until_s - self.from_s, cursor, ..*self }
    }

    /// The span that begins where this one ends; half as long as would have fitted, as far as that can be told.
    fn next(&self, until_s: i64, found: usize, size: usize) -> Place {
        let times = match found {
            0 => TIMES_MAX,
            _ => i64::try_from(size / (2 * found)).unwrap_or(TIMES_MAX).clamp(1, TIMES_MAX),
        };
        let length_s = self.length_s.max(1).saturating_mul(times).min(SPAN_MAX_S);
        Place { from_s: until_s, length_s, cursor: String::new() }
    }
}

/// Which of the ids a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    first: usize,
    count: usize,
}

impl Share {
    /// Reads what [`Share::token`] has written; at first, all.
    fn of(page: &PageAsked, ids: &[String]) -> Share {
        let read = |token: &str| {
            let (first, count) = token.split_once(':')?;
            Some(Share { first: first.parse().ok()?, count: count.parse().ok()? })
        };
        page.after.as_deref().and_then(read).unwrap_or(Share { first: 0, count: ids.len() })
    }

    fn token(self) -> String {
        format!("{}:{}", self.first, self.count)
    }

    fn taken(self, ids: &[String]) -> &[String] {
        let from = self.first.min(ids.len());
        &ids[from..from.saturating_add(self.count).min(ids.len())]
    }

    fn halved(self) -> Share {
        Share { count: self.count / 2, ..self }
    }

    /// All that is left of so many; nothing where that is none.
    fn next(self, all: usize) -> Option<Share> {
        let first = self.first.saturating_add(self.count.max(1));
        (first < all).then(|| Share { first, count: all - first })
    }
}

/// The second at which a walk ends: now, or where it was to.
fn end_s(wanted: &Wanted, now_ms: i64) -> i64 {
    let now_s = now_ms.div_euclid(1000);
    match wanted {
        Wanted::Placed { until_ms, .. } => until_ms.div_euclid(1000).saturating_add(1).min(now_s),
        _ => now_s,
    }
}

fn page_size(page: &PageAsked) -> usize {
    page.size.clamp(1, PAGE_MAX)
}

impl Listing for ShopeeOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let field = match &page.wanted {
            Wanted::Ids(ids) => {
                let ids = quoted(&Share::of(page, ids).taken(ids).join(","));
                let query = format!("order_sn_list={ids}&response_optional_fields={}", quoted(OPTIONAL));
                return signed(DETAIL, &query, access);
            }
            Wanted::Changed { .. } => "update_time",
            Wanted::Placed { .. } => "create_time",
        };
        let place = Place::of(page);
        let until_s = place.until_s(end_s(&page.wanted, access.now_ms));
        let query = format!(
            "time_range_field={field}&time_from={}&time_to={until_s}&page_size={}&cursor={}",
            place.from_s.saturating_sub(1),
            page_size(page),
            quoted(&place.cursor)
        );
        signed(LIST, &query, access)
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        match &page.wanted {
            Wanted::Ids(ids) => read_orders(Share::of(page, ids), ids.len(), answer),
            _ => read_list(page, answer),
        }
    }

    fn ids_max(&self) -> usize {
        50
    }

    fn headers(&self) -> Headers {
        Headers(vec![(PULLED.to_owned(), "order".to_owned())])
    }
}

/// Everything that stands for the caller goes into the query, below a signature over most of it.
fn signed(path: &str, query: &str, access: &Access<'_>) -> Ask {
    let mut parts = access.credential.splitn(4, ':');
    let [partner_id, partner_key, shop_id, token] = [(); 4].map(|()| parts.next().unwrap_or_default());
    let timestamp = access.now_ms.div_euclid(1000).to_string();
    let text = [partner_id, path, &timestamp, token, shop_id].map(str::as_bytes);
    let sign = hmac_hex(partner_key.as_bytes(), &text);
    let [partner_id, shop_id, token] = [partner_id, shop_id, token].map(quoted);
    let caller =
        format!("partner_id={partner_id}&shop_id={shop_id}&access_token={token}&timestamp={timestamp}&sign={sign}");
    // Without this Shopee calls ready to ship what it still looks into.
    let path = format!("{path}?{caller}&request_order_status_pending=true&{query}");
    Ask { path, headers: Vec::new(), body: None }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct List {
    more: bool,
    #[serde(default)]
    next_cursor: Option<String>,
    order_list: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    order_sn: String,
}

#[derive(Deserialize)]
struct Orders<'a> {
    #[serde(borrow)]
    order_list: Vec<&'a RawValue>,
}

/// The time of an order, where it can be read; see [`super::Times`].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Updated {
    update_time: Option<i64>,
}

/// What is below `response`, which may be anything where Shopee refuses.
fn respond<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Amiss> {
    let Body { error, response } = serde_json::from_slice(body).map_err(|error| no_page(&error))?;
    match error.as_deref().unwrap_or_default() {
        "" => {
            let response = response.ok_or_else(|| Fault::missing("response"))?;
            Ok(serde_json::from_str(response.get()).map_err(|error| no_page(&error).within("response"))?)
        }
        error => Err(refused(error)),
    }
}

fn refused(error: &str) -> Amiss {
    let word = error.rsplit('.').next().unwrap_or_default();
    let is_one = |words: &[&str]| words.contains(&word);
    if is_one(&BUSY) {
        return Amiss::Busy;
    }
    // What is not Shopee's is not repeated: it may be anything, and any length.
    let told =
        if is_one(&UNWELL) || is_one(&REFUSED) || word == NOT_FOUND { word } else { "an error it does not document" };
    if is_one(&REFUSED) { Amiss::Refused(told.to_owned()) } else { Amiss::Unwell(told.to_owned()) }
}

fn read_list(page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
    let List { more, next_cursor, order_list } = respond(answer.body)?;
    let place = Place::of(page);
    let end_s = end_s(&page.wanted, answer.asked_ms);
    let until_s = place.until_s(end_s);
    let ids: Vec<String> = order_list.into_iter().map(|row| row.order_sn).collect();
    let of = |ids, next: Option<Place>, settled| Page {
        orders: Vec::new(),
        ids,
        next: next.map(|next| next.token()),
        settled,
    };
    if more && until_s - place.from_s > 1 {
        // All of them come again.
        return Ok(of(Vec::new(), Some(place.shortened(until_s)), Settled::NotYet));
    }
    if more {
        let cursor = next_cursor.filter(|cursor| !cursor.is_empty() && *cursor != place.cursor);
        let cursor = cursor.ok_or_else(|| {
            Fault::invalid("response.next_cursor", "there is more, and it names no place behind this one")
        })?;
        return Ok(of(ids, Some(place.turned(until_s, cursor)), Settled::NotYet));
    }
    let next = (until_s < end_s).then(|| place.next(until_s, ids.len(), page_size(page)));
    Ok(of(ids, next, Settled::Until(until_s.saturating_mul(1000))))
}

fn read_orders(share: Share, count: usize, answer: &Answered<'_>) -> Result<Page, Amiss> {
    let (order_list, next) = match respond(answer.body) {
        Ok(Orders { order_list }) => (order_list, share.next(count)),
        Err(Amiss::Unwell(code)) if code == NOT_FOUND && share.count > 1 => (Vec::new(), Some(share.halved())),
        Err(Amiss::Unwell(code)) if code == NOT_FOUND => (Vec::new(), share.next(count)),
        Err(amiss) => return Err(amiss),
    };
    let listed = |raw: &RawValue| {
        let Updated { update_time } = serde_json::from_str(raw.get()).unwrap_or_default();
        let at_ms = update_time.map(|seconds| seconds.saturating_mul(1000));
        Listed { at_ms, body: raw.get().as_bytes().to_vec() }
    };
    let orders = order_list.into_iter().map(listed).collect();
    Ok(Page { orders, ids: Vec::new(), next: next.map(Share::token), settled: Settled::NotYet })
}

#[cfg(test)]
mod tests;
