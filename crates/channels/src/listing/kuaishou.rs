//! Kuaishou's orders: `GET /open/order/cursor/list` and `GET /open/order/detail` of its open platform.
//!
//! The credential is "app_key:sign_secret:access_token". An access token lasts about two days and is not refreshed here: name the new one
//! by `weir shop add`.
//!
//! **Documented** (the platform's page on calls, and the schemas of both methods as an SDK has them): the parameters and their
//! signature; bounds in ms, at most 7 days apart and no more than 90 days ago; at most 50 orders on a page; `sort` 2 for the oldest
//! first; a cursor that is "" at first and "nomore" at the end; `result` 1 for success. That it sorts by the time that is searched by
//! is not said, so a walk counts as having come as far as the windows that were read to their end.
//! **Known of others' code**: 802006 for a day's calls used up. **Assumed**: 24 and 28 for a token that is wrong or too old, 21 for too
//! many calls at a time, any other number for a platform that is unwell; that an unknown order's detail has no data.
//!
//! A list has what the detail has, but may tell the ids alone of gifts (one SDK has no more there): such an order is asked for by itself.

use super::{Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Wanted, no_page, quoted};
use crate::Fault;
use crate::adapter::Headers;
use crate::kuaishou::PULLED;
use crate::signature::{base64, hmac};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const LIST: &str = "open.order.cursor.list";
const DETAIL: &str = "open.order.detail";
const SIZE_MAX: usize = 50;
const DAY_MS: i64 = 86_400_000;
/// A day at a time, so that a walk that breaks off has come some way.
const WINDOW_MS: i64 = DAY_MS;
/// Less an hour: the first window takes its time, and the platform's clock is not ours.
const REACH_MS: i64 = 90 * DAY_MS - 3_600_000;
/// What is less than this behind is no window of its own: while it is read as much happens again, and a walk would not end.
const REST_MS: i64 = 60_000;
const END: &str = "nomore";

const SUCCESS: i64 = 1;
const BUSY: [i64; 2] = [21, 802_006];
const REFUSED: [i64; 2] = [24, 28];

pub(crate) struct KuaishouOrders;

/// A part of the time that is walked, and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    from_ms: i64,
    until_ms: i64,
    cursor: String,
}

impl Window {
    /// Reads what [`Window::token`] has written. The first one begins where the walk does, as far as the platform looks back.
    fn of(page: &PageAsked, now_ms: i64) -> Window {
        let read = |token: &str| {
            let mut parts = token.splitn(3, ':');
            let mut time = || parts.next()?.parse().ok();
            Some(Window { from_ms: time()?, until_ms: time()?, cursor: parts.next()?.to_owned() })
        };
        let from_ms = page.wanted.begins_ms().unwrap_or(0).max(now_ms.saturating_sub(REACH_MS));
        page.after.as_deref().and_then(read).unwrap_or_else(|| Window::from(from_ms, end_ms(page, now_ms)))
    }

    fn from(from_ms: i64, end_ms: i64) -> Window {
        let is_last = end_ms.saturating_sub(from_ms) <= WINDOW_MS + REST_MS;
        let until_ms = if is_last { end_ms } else { from_ms.saturating_add(WINDOW_MS) };
        // Bounds must be apart, also where the whole walk lies before what the platform looks back to.
        let until_ms = until_ms.max(from_ms.saturating_add(1));
        Window { from_ms, until_ms, cursor: String::new() }
    }

    fn token(&self) -> String {
        format!("{}:{}:{}", self.from_ms, self.until_ms, self.cursor)
    }
}

/// Where a walk ends.
fn end_ms(page: &PageAsked, now_ms: i64) -> i64 {
    match &page.wanted {
        Wanted::Placed { until_ms, .. } => (*until_ms).min(now_ms),
        Wanted::Changed { .. } | Wanted::Ids(_) => now_ms,
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    result: i64,
    /// The error's own code, where `result` tells of its kind only.
    #[serde(default)]
    code: Value,
    #[serde(default, alias = "subCode")]
    sub_code: Value,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(default)]
    cursor: String,
    #[serde(borrow, default, rename = "orderList")]
    orders: Option<Vec<&'a RawValue>>,
}

/// What of an order is looked at here. What can't be read is for whoever maps the order to say.
#[derive(Default, Deserialize)]
struct Glimpse {
    #[serde(default, rename = "orderBaseInfo")]
    base: Base,
    #[serde(default, rename = "subOrderInfo")]
    parts: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
struct Base {
    #[serde(default)]
    oid: Value,
    #[serde(default, rename = "createTime")]
    created_ms: Option<i64>,
    #[serde(default, rename = "updateTime")]
    updated_ms: Option<i64>,
}

impl Glimpse {
    fn of(raw: &RawValue) -> Glimpse {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// The id, where the order must be asked for by it.
    fn to_ask_for(&self) -> Option<String> {
        let is_bare = |part: &Value| part.get("subOrderItemInfo").is_none_or(Value::is_null);
        let has_bare = self.parts.as_ref().is_some_and(|parts| parts.iter().any(is_bare));
        self.base.oid.as_u64().filter(|_| has_bare).map(|oid| oid.to_string())
    }
}

impl Listing for KuaishouOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let (method, param) = match &page.wanted {
            Wanted::Ids(ids) => (DETAIL, json!({ "oid": ids.first().map_or(Value::Null, |id| number_or_text(id)) })),
            Wanted::Changed { .. } | Wanted::Placed { .. } => {
                let Window { from_ms, until_ms, cursor } = Window::of(page, access.now_ms);
                let by_placing = matches!(page.wanted, Wanted::Placed { .. });
                let param = json!({
                    "orderViewStatus": 1, "cpsType": 0, "sort": 2, "queryType": if by_placing { 1 } else { 2 },
                    "pageSize": page.size.min(SIZE_MAX), "beginTime": from_ms, "endTime": until_ms, "cursor": cursor,
                });
                (LIST, param)
            }
        };
        Ask { path: signed(method, &param.to_string(), access), headers: Vec::new(), body: None }
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        let envelope: Envelope<'_> = serde_json::from_slice(answer.body).map_err(|error| no_page(&error))?;
        judge(&envelope)?;
        let data = envelope.data.filter(|data| data.get() != "null");
        if matches!(page.wanted, Wanted::Ids(_)) {
            let order = |raw: &RawValue| Listed {
                at_ms: Glimpse::of(raw).base.updated_ms,
                body: raw.get().as_bytes().to_vec(),
            };
            let orders = data.map(order).into_iter().collect();
            return Ok(Page { orders, ids: Vec::new(), next: None, settled: Settled::NotYet });
        }
        let data = data.ok_or_else(|| Fault::missing("data"))?;
        let List { cursor, orders } = serde_json::from_str(data.get()).map_err(|error| no_page(&error))?;
        let by_placing = matches!(page.wanted, Wanted::Placed { .. });
        let (mut whole, mut ids) = (Vec::new(), Vec::new());
        for raw in orders.unwrap_or_default() {
            let glimpse = Glimpse::of(raw);
            let at_ms = if by_placing { glimpse.base.created_ms } else { glimpse.base.updated_ms };
            match glimpse.to_ask_for() {
                Some(id) => ids.push(id),
                None => whole.push(Listed { at_ms, body: raw.get().as_bytes().to_vec() }),
            }
        }
        let (next, settled) = behind(page, &cursor, answer.asked_ms)?;
        Ok(Page { orders: whole, ids, next, settled })
    }

    fn ids_max(&self) -> usize {
        1
    }

    fn headers(&self) -> Headers {
        Headers::of(&[(PULLED, "order")])
    }
}

/// Where the walk goes on, and how far it has come. Without a cursor nobody could go on, so that counts as the window's end.
fn behind(page: &PageAsked, cursor: &str, asked_ms: i64) -> Result<(Option<String>, Settled), Amiss> {
    let window = Window::of(page, asked_ms);
    if !cursor.is_empty() && cursor == window.cursor {
        return Err(
            Fault::invalid("data.cursor", "it is the one that was asked with: the walk would have no end").into()
        );
    }
    if !cursor.is_empty() && cursor != END {
        let next = Window { cursor: cursor.to_owned(), ..window };
        return Ok((Some(next.token()), Settled::NotYet));
    }
    let end_ms = end_ms(page, asked_ms);
    let rest_ms = if end_ms == asked_ms { REST_MS } else { 0 };
    let next =
        (window.until_ms.saturating_add(rest_ms) < end_ms).then(|| Window::from(window.until_ms, end_ms).token());
    Ok((next, Settled::Until(window.until_ms)))
}

fn judge(envelope: &Envelope<'_>) -> Result<(), Amiss> {
    let number = |code: &Value| code.as_i64().or_else(|| code.as_str()?.parse().ok());
    let codes = [Some(envelope.result), number(&envelope.sub_code), number(&envelope.code)];
    let is_one_of = |known: &[i64]| codes.iter().flatten().any(|code| known.contains(code));
    match envelope.result {
        SUCCESS => Ok(()),
        _ if is_one_of(&BUSY) => Err(Amiss::Busy),
        result if is_one_of(&REFUSED) => Err(Amiss::Refused(result.to_string())),
        result => Err(Amiss::Unwell(result.to_string())),
    }
}

/// An order's id is a number of up to 64 bits.
fn number_or_text(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from)
}

/// Path and query: the parameters in the order of their names are signed as they are, and sent quoted.
fn signed(method: &str, param: &str, access: &Access<'_>) -> String {
    let mut parts = access.credential.splitn(3, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (app_key, sign_secret, token) = (part(), part(), part());
    let now = access.now_ms.to_string();
    let parameters = [
        ("access_token", token),
        ("appkey", app_key),
        ("method", method),
        ("param", param),
        ("signMethod", "HMAC_SHA256"),
        ("timestamp", &now),
        ("version", "1"),
    ];
    let joined = |value: fn(&str) -> String| {
        let pairs: Vec<String> = parameters.iter().map(|(name, text)| format!("{name}={}", value(text))).collect();
        pairs.join("&")
    };
    let text = format!("{}&signSecret={sign_secret}", joined(str::to_owned));
    let sign = base64(&hmac(sign_secret.as_bytes(), &[text.as_bytes()]));
    format!("/{}?{}&sign={}", method.replace('.', "/"), joined(quoted), quoted(&sign))
}

#[cfg(test)]
mod tests;
