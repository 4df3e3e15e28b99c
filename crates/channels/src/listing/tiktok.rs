//! TikTok Shop's orders: `POST /order/202309/orders/search` and `GET /order/202309/orders` of its Order API; both give whole orders.
//!
//! The credential is "app_key:app_secret:shop_cipher:access_token"; the cipher, which names the shop among those of a seller, may be
//! empty. The access token ends after some days and is not refreshed here: until somebody registers the next one, pulls are refused.
//!
//! What `next_page_token` does when orders change meanwhile is not documented, and long walks by it were seen to end early. So the next page
//! is asked for by the time of the orders on this one wherever time has moved on, and by token only within one second. TikTok says that an
//! order may show a later time than the place it was found at. So an order counts as no later than those behind it, and the last one of a
//! page that others follow as no later than the one before it.
//! An empty page is the last, even with a token: that was seen to go on for ever.
//! Assumed: of ids that it does not know TikTok says nothing, and gives the orders of the others.
//! Source: TikTok Shop's Partner Center ("Get Order List", "Get Order Detail", "Sign your API request", "Common errors").

use super::{Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Wanted, no_page, quoted};
use crate::Fault;
use crate::adapter::Headers;
use crate::signature::hmac_hex;
use crate::tiktok::PULLED;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

const SEARCH: &str = "/order/202309/orders/search";
const DETAIL: &str = "/order/202309/orders";

pub(crate) struct TikTokOrders;

/// An answer. Where `code` is not 0, it is a no.
#[derive(Deserialize)]
struct Body<'a> {
    code: i64,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    orders: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    next_page_token: Option<Cow<'a, str>>,
}

/// The times of an order, as far as they are seconds. Read by themselves, as [`super::Times`] are.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Seconds {
    create_time: Option<i64>,
    update_time: Option<i64>,
}

/// Where a page begins: at this second, and behind a token where one second fills pages.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    from_s: i64,
    token: String,
}

impl Place {
    /// Reads what [`Place::text`] has written.
    fn of(page: &PageAsked) -> Place {
        let begins_s = page.wanted.begins_ms().unwrap_or(0).div_euclid(1000);
        let read = |text: &str| {
            let (from_s, token) = text.split_once(':')?;
            Some(Place { from_s: from_s.parse().ok()?, token: token.to_owned() })
        };
        page.after.as_deref().and_then(read).unwrap_or(Place { from_s: begins_s, token: String::new() })
    }

    fn text(&self) -> String {
        format!("{}:{}", self.from_s, self.token)
    }

    /// The place behind a page whose last order has this time.
    fn behind(&self, last_ms: Option<i64>, token: &str) -> Place {
        match last_ms.map(|ms| ms.div_euclid(1000)).filter(|last_s| *last_s > self.from_s) {
            Some(from_s) => Place { from_s, token: String::new() },
            None => Place { from_s: self.from_s, token: token.to_owned() },
        }
    }
}

/// The four parts of a credential; those that are not there are empty, and TikTok says no.
struct Keys<'a> {
    app_key: &'a str,
    app_secret: &'a str,
    shop_cipher: &'a str,
    access_token: &'a str,
}

impl<'a> Keys<'a> {
    fn of(credential: &'a str) -> Keys<'a> {
        let mut parts = credential.splitn(4, ':');
        let mut next = || parts.next().unwrap_or_default();
        Keys { app_key: next(), app_secret: next(), shop_cipher: next(), access_token: next() }
    }

    /// The request with its signature: over path, parameters in the order of their names, and body, with the secret around all.
    fn ask(&self, path: &str, mut query: Vec<(&str, String)>, body: Option<String>, now_ms: i64) -> Ask {
        query.push(("app_key", self.app_key.to_owned()));
        query.push(("timestamp", now_ms.div_euclid(1000).to_string()));
        if !self.shop_cipher.is_empty() {
            query.push(("shop_cipher", self.shop_cipher.to_owned()));
        }
        query.sort();
        let sign = sign(self.app_secret, path, &query, body.as_deref().unwrap_or_default());
        query.push(("sign", sign));
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let mut headers = vec![("x-tts-access-token", self.access_token.to_owned())];
        if body.is_none() {
            // TikTok wants one of a GET as well; whoever posts a body says so anyway.
            headers.push(("content-type", "application/json".to_owned()));
        }
        Ask { path: format!("{path}?{}", query.join("&")), headers, body }
    }
}

/// How TikTok has requests to its API signed; `query` is sorted by name.
pub fn sign(app_secret: &str, path: &str, query: &[(&str, String)], body: &str) -> String {
    let mut parts = vec![app_secret.as_bytes(), path.as_bytes()];
    parts.extend(query.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
    parts.extend([body.as_bytes(), app_secret.as_bytes()]);
    hmac_hex(app_secret.as_bytes(), &parts)
}

impl Listing for TikTokOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let Place { from_s, token } = Place::of(page);
        let (field, filter) = match &page.wanted {
            Wanted::Changed { .. } => ("update_time", format!("{{\"update_time_ge\":{from_s}}}")),
            Wanted::Placed { until_ms, .. } => {
                let until_s = until_ms.saturating_add(999).div_euclid(1000);
                ("create_time", format!("{{\"create_time_ge\":{from_s},\"create_time_lt\":{until_s}}}"))
            }
            Wanted::Ids(ids) => {
                return Keys::of(access.credential).ask(DETAIL, vec![("ids", ids.join(","))], None, access.now_ms);
            }
        };
        let mut query = vec![
            ("page_size", page.size.to_string()),
            ("sort_field", field.to_owned()),
            ("sort_order", "ASC".to_owned()),
        ];
        if !token.is_empty() {
            query.push(("page_token", token));
        }
        Keys::of(access.credential).ask(SEARCH, query, Some(filter), access.now_ms)
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        let body: Body<'_> = serde_json::from_slice(answer.body).map_err(|error| no_page(&error))?;
        if body.code != 0 {
            return Err(no(body.code));
        }
        let data = body.data.ok_or_else(|| Fault::missing("data"))?;
        let by_placing = matches!(page.wanted, Wanted::Placed { .. });
        let listed = |raw: &&RawValue| {
            let times: Seconds = serde_json::from_str(raw.get()).unwrap_or_default();
            let at_s = if by_placing { times.create_time } else { times.update_time };
            Listed { at_ms: at_s.map(|at_s| at_s.saturating_mul(1000)), body: raw.get().as_bytes().to_vec() }
        };
        let mut orders: Vec<Listed> = data.orders.unwrap_or_default().iter().map(listed).collect();
        let token = data.next_page_token.unwrap_or_default();
        let more = !token.is_empty() && !orders.is_empty() && page.wanted.begins_ms().is_some();
        if page.wanted.begins_ms().is_some() {
            settle(&mut orders, more);
        }
        let last_ms = orders.last().and_then(|order| order.at_ms);
        let next = more.then(|| Place::of(page).behind(last_ms, &token).text());
        Ok(Page { orders, ids: Vec::new(), next, settled: Settled::Newest })
    }

    fn ids_max(&self) -> usize {
        50
    }

    fn headers(&self) -> Headers {
        Headers::of(&[(PULLED, "order")])
    }
}

/// Has each order count as no later than those behind it, and the last, where more follow, as no later than the one before it.
fn settle(orders: &mut [Listed], more: bool) {
    if let [.., before, last] = orders
        && more
    {
        last.at_ms = before.at_ms.min(last.at_ms);
    }
    let mut least = i64::MAX;
    for order in orders.iter_mut().rev() {
        if let Some(at_ms) = &mut order.at_ms {
            least = least.min(*at_ms);
            *at_ms = least;
        }
    }
}

/// What a code means for whoever asked. 36009004 is said of many things that a caller has wrong; what is not documented may pass.
fn no(code: i64) -> Amiss {
    match code {
        36_009_002 | 36_009_037 => Amiss::Busy,
        105_000..=105_999 | 101_000 | 106_001 | 106_013 | 36_004_004 => Amiss::Refused(code.to_string()),
        36_009_004 | 36_009_033 | 36_009_043 | 36_009_044 => Amiss::Refused(code.to_string()),
        _ => Amiss::Unwell(code.to_string()),
    }
}

#[cfg(test)]
mod tests;
