//! Youzan's orders: `youzan.trades.sold.get` (a search by time) and `youzan.trade.get` (one by its id) of its cloud API.
//!
//! **Documented**: POST of JSON with the access token in the query; times as "2026-11-21 18:04:05" at +08:00, in pairs, at most three
//! months apart; 100 orders on a page and 100 pages at most; an order that changes during a walk moves to another page; the order of a page
//! is by the time that was searched by, and not said to be up or down; errors in an answer of status 200, those of the gateway in
//! `gw_err_resp`, others with `success` false; their codes; that the API lags behind the messages by 30 s or so, which is why whoever asks
//! for an announced order looks at its version. **Seen** in published answers: the shape of both.
//! **Assumed**: bounds are inclusive and of whole seconds, so the windows here overlap by one.
//!
//! A window is walked from its last page to its first, since whoever leaves it moves those behind onto lower pages: page 1 is asked for
//! first, to learn how many there are, and at the end again. Whoever enters it behind our back is new, and within the caller's overlap.
//! A window with more pages than may be asked for is halved.
//!
//! The credential is the shop's access token. Tokens last seven days; getting a new one is not built, so `weir shop` must be told of it.

use super::{Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Wanted, no_page, quoted};
use crate::Fault;
use crate::adapter::Headers;
use crate::fault::FIELD_MISSING;
use crate::instant;
use crate::youzan::{PULLED, UPDATED};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

pub(crate) struct YouzanOrders;

const SEARCH: &str = "/api/youzan.trades.sold.get/4.0.4";
const GET: &str = "/api/youzan.trade.get/4.0.2";

const DAY_S: i64 = 86_400;
const PAGES_MAX: u64 = 100;

/// The gateway's codes for a caller that it won't have: no token, an old one, a wrong one, no right to it, an address not on the list.
const REFUSED: [&str; 5] = ["4201", "4202", "4203", "4204", "4007"];
/// Too many requests: the gateway's code, and those of the services behind it.
const BUSY: [&str; 4] = ["4101", "500100004", "123000042", "141500203"];
/// No order of this id, or no id at all, by `youzan.trade.get`. The first means other things too.
const NOT_FOUND: [&str; 3] = ["5000", "106000004", "106100110"];

/// A window of changes and how far it was read. Seconds, both ends within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from_s: i64,
    until_s: i64,
    /// Nothing: the first page, to learn how many there are.
    page: Option<u64>,
}

/// The end of a window that is still to be opened: it reaches up to the moment it is asked for, or a day.
const OPEN: i64 = 0;

impl Window {
    /// Reads what [`Window::token`] has written.
    fn of(page: &PageAsked, now_ms: i64) -> Window {
        let read = |token: &str| {
            let mut parts = token.split(':').map(str::parse::<i64>);
            let (from_s, until_s) = (parts.next()?.ok()?, parts.next()?.ok()?);
            let page = u64::try_from(parts.next()?.ok()?).ok()?;
            Some(Window { from_s, until_s, page: (page > 0).then_some(page) })
        };
        let from_s = page.wanted.begins_ms().unwrap_or(0).div_euclid(1000);
        let window = page.after.as_deref().and_then(read).unwrap_or_else(|| Window::open(from_s));
        match window.until_s {
            OPEN => {
                let day = window.from_s.saturating_add(DAY_S).min(last_s(&page.wanted, now_ms));
                Window { until_s: day.max(window.from_s.saturating_add(1)), ..window }
            }
            _ => window,
        }
    }

    fn open(from_s: i64) -> Window {
        Window { from_s, until_s: OPEN, page: None }
    }

    fn token(self) -> String {
        format!("{}:{}:{}", self.from_s, self.until_s, self.page.unwrap_or(0))
    }

    /// What is to be read behind a page of it, of so many; nothing: the window is done.
    fn behind(self, pages: u64) -> Result<Option<Window>, Fault> {
        match self.page {
            None if pages > PAGES_MAX && self.until_s - self.from_s < 2 => {
                Err(Fault::invalid("data.total_results", "there are more orders within two seconds than Youzan shows"))
            }
            None if pages > PAGES_MAX => {
                Ok(Some(Window { until_s: self.from_s + (self.until_s - self.from_s) / 2, ..self }))
            }
            None if pages > 1 => Ok(Some(Window { page: Some(pages), ..self })),
            None | Some(1) => Ok(None),
            Some(page) => Ok(Some(Window { page: Some(page - 1), ..self })),
        }
    }
}

/// The second in which the whole walk ends.
fn last_s(wanted: &Wanted, now_ms: i64) -> i64 {
    match wanted {
        Wanted::Placed { until_ms, .. } => until_ms.saturating_add(999).div_euclid(1000),
        Wanted::Changed { .. } | Wanted::Ids(_) => now_ms.div_euclid(1000).saturating_add(1),
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    gw_err_resp: Option<Gateway<'a>>,
    success: Option<bool>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    message: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Gateway<'a> {
    #[serde(borrow)]
    err_code: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    full_order_info_list: Option<Vec<&'a RawValue>>,
    total_results: Option<u64>,
    paginator: Option<Paginator>,
}

#[derive(Deserialize)]
struct Paginator {
    total_count: Option<u64>,
}

/// The times of an order; what is wrong with the rest of it is its own reader's business.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    full_order_info: Full,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Full {
    order_info: Info,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    created: Option<String>,
    update_time: Option<String>,
}

/// A code, which is a number in one place and a text in another. It goes into log lines, so nothing else comes through.
fn code(raw: Option<&RawValue>) -> String {
    raw.map_or("", |raw| raw.get()).chars().filter(char::is_ascii_digit).take(12).collect()
}

fn amiss(code: String) -> Amiss {
    match code.as_str() {
        known if REFUSED.contains(&known) => Amiss::Refused(code),
        known if BUSY.contains(&known) => Amiss::Busy,
        _ => Amiss::Unwell(code),
    }
}

fn listed(raw: &RawValue, by_placing: bool) -> Listed {
    let times = serde_json::from_str(raw.get()).unwrap_or_else(|_| Times::default());
    let Info { created, update_time } = times.full_order_info.order_info;
    let at = if by_placing { created } else { update_time };
    Listed { at_ms: at.and_then(|at| instant::in_china(&at)), body: raw.get().as_bytes().to_vec() }
}

impl Listing for YouzanOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let window = Window::of(page, access.now_ms);
        let (from, until) = (instant::to_china(window.from_s * 1000), instant::to_china(window.until_s * 1000));
        let (number, size) = (window.page.unwrap_or(1), page.size);
        let (api, body) = match &page.wanted {
            Wanted::Changed { .. } => {
                (SEARCH, json!({ "start_update": from, "end_update": until, "page_no": number, "page_size": size }))
            }
            Wanted::Placed { .. } => {
                (SEARCH, json!({ "start_created": from, "end_created": until, "page_no": number, "page_size": size }))
            }
            Wanted::Ids(ids) => (GET, json!({ "tid": ids.first() })),
        };
        Ask {
            path: format!("{api}?access_token={}", quoted(access.credential)),
            headers: Vec::new(),
            body: Some(body.to_string()),
        }
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        let body: Body<'_> = serde_json::from_slice(answer.body).map_err(|error| no_page(&error))?;
        if let Some(gateway) = body.gw_err_resp {
            return Err(amiss(code(gateway.err_code)));
        }
        let by_id = matches!(page.wanted, Wanted::Ids(_));
        if body.success != Some(true) {
            let code = code(body.code);
            let says_so = code != "5000" || body.message.is_some_and(|message| message.contains("not found"));
            return match by_id && says_so && NOT_FOUND.contains(&code.as_str()) {
                true => Ok(done(Vec::new(), None, Settled::NotYet)),
                false => Err(amiss(code)),
            };
        }
        let data = body.data.ok_or_else(|| Fault::new(FIELD_MISSING, "data", ""))?;
        if by_id {
            return Ok(done(vec![listed(data, false)], None, Settled::NotYet));
        }
        let found: Found<'_> = serde_json::from_str(data.get()).map_err(|error| no_page(&error))?;
        let by_placing = matches!(page.wanted, Wanted::Placed { .. });
        let orders = found.full_order_info_list.iter().flatten().map(|raw| listed(raw, by_placing)).collect();
        let total = found.total_results.or_else(|| found.paginator?.total_count);
        let total = total.ok_or_else(|| Fault::new(FIELD_MISSING, "data.total_results", ""))?;
        let window = Window::of(page, answer.asked_ms);
        if let Some(next) = window.behind(total.div_ceil(page.size.max(1) as u64))? {
            return Ok(done(orders, Some(next.token()), Settled::NotYet));
        }
        let more = window.until_s < last_s(&page.wanted, answer.asked_ms);
        let next = more.then(|| Window::open(window.until_s).token());
        Ok(done(orders, next, Settled::Until(window.until_s.saturating_mul(1000))))
    }

    fn ids_max(&self) -> usize {
        1
    }

    fn headers(&self) -> Headers {
        Headers(vec![(PULLED.to_owned(), UPDATED.to_owned())])
    }
}

fn done(orders: Vec<Listed>, next: Option<String>, settled: Settled) -> Page {
    Page { orders, ids: Vec::new(), next, settled }
}

#[cfg(test)]
mod tests;
