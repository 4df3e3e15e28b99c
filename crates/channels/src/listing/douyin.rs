//! Douyin shop's orders: `order.searchList` and `order.orderDetail` of its open API, both POSTs of JSON.
//!
//! A credential is "app_key:app_secret:access_token". The token is good for days and refreshing it is not built: another one is named with
//! `weir shop add … --api-credential`.
//!
//! What is signed is the JSON itself with its keys in order, and the time. The platform answers 200 whatever happened, with a code.
//! A page is a number, counted from 0 anew for each request: as with WooCommerce, an order that changes between two requests leaves its
//! place and one behind it moves onto a page that was read. So the next page is asked for by the time of the last order on this one
//! wherever time has moved on, and by number only within one second. A page's orders are those of a detail but for the list of
//! discounts, which nobody reads: they need no second question.
//!
//! **Known**, from Douyin's own SDKs: the paths, the parameters, the signature, the codes and sub-codes. **Assumed**: that a bound in time
//! may be exclusive (so it is sent a second early), that a search's order may lag behind what it shows (so a page that is out of its
//! order by less than an hour counts as read up to its earliest time), and how the platform says that it has no such order: no detail,
//! or a business fault whose words say so. Searches that go back more than 90 days are said to bring nothing.

use super::{
    Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Wanted, check_order, no_page, quoted,
};
use crate::Fault;
use crate::adapter::Headers;
use crate::douyin::{PULLED, sign_call};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub(crate) struct DouyinOrders;

/// The platform gives no more at a time.
const PAGE_MAX: usize = 100;

/// How far an order may be out of its place before the page counts as one in another order.
const SLACK_MS: i64 = 3_600_000;

const SEARCH: &str = "order.searchList";
const DETAIL: &str = "order.orderDetail";

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    sub_code: Option<String>,
    #[serde(default)]
    sub_msg: Option<String>,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    total: Option<u64>,
    #[serde(borrow)]
    shop_order_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    shop_order_detail: Option<&'a RawValue>,
}

/// The times of an order, as far as they are numbers.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    create_time: Option<i64>,
    update_time: Option<i64>,
}

/// Where a page begins: with this second, and how many pages on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    from_s: i64,
    number: u64,
}

impl Place {
    /// Reads what [`Place::token`] has written.
    fn of(page: &PageAsked) -> Place {
        let first = Place { from_s: before(page.wanted.begins_ms().unwrap_or(0)), number: 0 };
        let read = |token: &str| {
            let (from_s, number) = token.split_once(':')?;
            Some(Place { from_s: from_s.parse().ok()?, number: number.parse().ok()? })
        };
        page.after.as_deref().and_then(read).unwrap_or(first)
    }

    fn token(self) -> String {
        format!("{}:{}", self.from_s, self.number)
    }

    /// The place behind a page whose last order has this time; nothing: go by number.
    fn behind(self, last_ms: Option<i64>) -> Place {
        match last_ms.map(before) {
            Some(from_s) if from_s > self.from_s => Place { from_s, number: 0 },
            _ => Place { number: self.number.saturating_add(1), ..self },
        }
    }
}

/// The second before, as the bound may be exclusive.
fn before(ms: i64) -> i64 {
    ms.div_euclid(1000).saturating_sub(1).max(0)
}

fn size(page: &PageAsked) -> usize {
    page.size.clamp(1, PAGE_MAX)
}

/// Key, secret and token. A credential of another form has no secret, and the platform refuses it.
fn parted(credential: &str) -> (&str, &str, &str) {
    let (app_key, rest) = credential.split_once(':').unwrap_or((credential, ""));
    let (app_secret, token) = rest.rsplit_once(':').unwrap_or(("", rest));
    (app_key, app_secret, token)
}

impl Listing for DouyinOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let Place { from_s, number } = Place::of(page);
        let now_s = access.now_ms.div_euclid(1000);
        let search = |before: &str, by: &str, after: &str| {
            format!(
                r#"{{{before}"order_asc":true,"order_by":"{by}_time","page":{number},"size":{}{after}}}"#,
                size(page)
            )
        };
        let (method, param_json) = match &page.wanted {
            Wanted::Changed { .. } => {
                let until_s = now_s.saturating_add(1);
                let bounds = format!(r#","update_time_end":{until_s},"update_time_start":{from_s}"#);
                (SEARCH, search("", "update", &bounds))
            }
            Wanted::Placed { until_ms, .. } => {
                let until_s = until_ms.div_euclid(1000).saturating_add(1);
                let bounds = format!(r#""create_time_end":{until_s},"create_time_start":{from_s},"#);
                (SEARCH, search(&bounds, "create", ""))
            }
            Wanted::Ids(ids) => {
                let id = ids.first().map_or("", String::as_str);
                (DETAIL, format!(r#"{{"shop_order_id":{}}}"#, Value::from(id)))
            }
        };
        let (app_key, app_secret, token) = parted(access.credential);
        let timestamp = now_s.to_string();
        let sign = sign_call(app_key, app_secret, method, &param_json, &timestamp);
        let path = method.replace('.', "/");
        Ask {
            path: format!(
                "/{path}?app_key={}&method={method}&timestamp={timestamp}&v=2&sign={sign}&sign_method=hmac-sha256&access_token={}",
                quoted(app_key),
                quoted(token)
            ),
            headers: Vec::new(),
            body: Some(param_json),
        }
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        let body: Body<'_> = serde_json::from_slice(answer.body).map_err(|error| no_page(&error))?;
        let is_by_id = matches!(page.wanted, Wanted::Ids(_));
        match no(&body) {
            Some(_) if is_by_id && is_unknown(&body) => return Ok(last(Vec::new())),
            Some(amiss) => return Err(amiss),
            None => {}
        }
        let data = body.data.ok_or_else(|| Fault::missing("data"))?;
        if is_by_id {
            return Ok(last(data.shop_order_detail.map(|order| listed(order, false)).into_iter().collect()));
        }
        let by_placing = matches!(page.wanted, Wanted::Placed { .. });
        if data.shop_order_list.is_none() && data.total.is_none() {
            return Err(Fault::missing("data.shop_order_list").into());
        }
        let rows = data.shop_order_list.unwrap_or_default();
        let orders: Vec<Listed> = rows.into_iter().map(|order| listed(order, by_placing)).collect();
        let field = if by_placing { "create_time" } else { "update_time" };
        let is_sorted = check_order(&orders, field, SLACK_MS).map_err(|fault| fault.within("data.shop_order_list"))?;
        let place = Place::of(page);
        let read = place.number.saturating_add(1).saturating_mul(size(page) as u64);
        let more = data.total.map_or(!orders.is_empty(), |total| read < total);
        let last_ms = orders.iter().rev().find_map(|order| order.at_ms).filter(|_| is_sorted);
        let settled = match orders.iter().filter_map(|order| order.at_ms).min() {
            Some(earliest_ms) if !is_sorted => Settled::Until(earliest_ms),
            _ => Settled::Newest,
        };
        Ok(Page { orders, ids: Vec::new(), next: more.then(|| place.behind(last_ms).token()), settled })
    }

    /// A detail is of one order.
    fn ids_max(&self) -> usize {
        1
    }

    fn headers(&self) -> Headers {
        Headers(vec![(PULLED.to_owned(), "order".to_owned())])
    }
}

fn last(orders: Vec<Listed>) -> Page {
    Page { orders, ids: Vec::new(), next: None, settled: Settled::Newest }
}

fn listed(order: &RawValue, by_placing: bool) -> Listed {
    let Times { create_time, update_time } = serde_json::from_str(order.get()).unwrap_or_default();
    let at_s = if by_placing { create_time } else { update_time };
    Listed { at_ms: at_s.and_then(|at_s| at_s.checked_mul(1000)), body: order.get().as_bytes().to_vec() }
}

/// The platform's no.
fn no(body: &Body<'_>) -> Option<Amiss> {
    let said = || said(body);
    match body.code {
        10_000 => None,
        // Permissions, addresses, signatures, tokens and parameters.
        30_000..=49_999 | 80_000..=89_999 => Some(Amiss::Refused(said())),
        60_000..=69_999 => Some(Amiss::Busy),
        _ => Some(Amiss::Unwell(said())),
    }
}

/// Whether it says no because it has no such order.
fn is_unknown(body: &Body<'_>) -> bool {
    let is_business = [40_004, 50_002].contains(&body.code);
    is_business && body.sub_msg.as_deref().is_some_and(|words| words.contains("订单") && words.contains("不存在"))
}

/// The sub-code, which says most, and the code. What is not of their form is not repeated.
fn said(body: &Body<'_>) -> String {
    let is_plain =
        |text: &&str| !text.is_empty() && text.len() <= 80 && text.bytes().all(|byte| byte.is_ascii_graphic());
    match body.sub_code.as_deref().filter(is_plain) {
        Some(sub_code) => format!("{} {sub_code}", body.code),
        None => body.code.to_string(),
    }
}

#[cfg(test)]
mod tests;
