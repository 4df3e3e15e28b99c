//! How a platform is asked for its orders over its API. Pure: what to ask, and how its answer reads; who asks, how often and
//! what becomes of it is the caller's.
//!
//! An order of a listing is a delivery like any other: the bytes of the order as they stand in the answer, under the headers
//! that a webhook with them would have.

pub(crate) mod douyin;
pub(crate) mod kuaishou;
pub(crate) mod shopee;
pub(crate) mod shopify;
pub(crate) mod tiktok;
pub(crate) mod woocommerce;
pub(crate) mod youzan;

use crate::{Fault, Headers};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One platform's way to be asked.
pub trait Listing: Sync {
    /// The request for a page. Oldest first, where the platform can do that.
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask;

    /// Reads an answer of status 200.
    ///
    /// # Errors
    /// Where it is no page of orders, or not in the order that was asked for: whoever went on from its last order would miss some.
    /// Where the platform says no within an answer of status 200, which of its no's it is.
    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss>;

    /// How many ids may be asked for at a time.
    fn ids_max(&self) -> usize {
        100
    }

    /// Headers that a webhook with an order of a listing as its body would have.
    fn headers(&self) -> Headers;
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAsked {
    pub wanted: Wanted,
    /// Orders on a page.
    pub size: usize,
    /// What the page before called its next; nothing for the first.
    pub after: Option<String>,
}

/// Which orders. Times are the platform's own, in Unix ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Changed at this time or later.
    Changed { from_ms: i64 },
    /// Placed from here, and before there; a listing may have more on either side.
    Placed { from_ms: i64, until_ms: i64 },
    /// These, as far as the platform knows them.
    Ids(Vec<String>),
}

/// Who asks, and when.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// In the adapter's own form; never to be logged.
    pub credential: &'a str,
    /// Some platforms have the time signed, or a window end.
    pub now_ms: i64,
}

/// A request to a platform's API.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// Path and query, to be put behind the API's address. May hold the credential: never to be logged.
    pub path: String,
    /// Likewise.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, to be posted; nothing: a GET.
    pub body: Option<String>,
}

/// Why an answer of status 200 brings no orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amiss {
    /// It is no page of orders.
    Unreadable(Fault),
    /// The platform won't have this caller, in its own code: "error_auth".
    Refused(String),
    /// Too many requests.
    Busy,
    /// The platform could not, in its own code.
    Unwell(String),
}

impl From<Fault> for Amiss {
    fn from(fault: Fault) -> Amiss {
        Amiss::Unreadable(fault)
    }
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Names in lower case.
    pub headers: &'a Headers,
    pub body: &'a [u8],
    /// [`Access::now_ms`] of its question.
    pub asked_ms: i64,
}

/// The headers that a listing may look at.
pub const ANSWER_HEADERS: [&str; 2] = ["link", "x-wp-totalpages"];

/// Orders, in the order that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub orders: Vec<Listed>,
    /// Orders of which the listing told the id alone: they are asked for by it.
    pub ids: Vec<String>,
    /// For [`PageAsked::after`]; nothing: this is the last.
    pub next: Option<String>,
    /// Up to where whoever has this page and those before it has all changes.
    pub settled: Settled,
}

/// Up to where a walk over changes has come with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The orders come sorted: up to the newest of them.
    Newest,
    /// All that changed before this time.
    Until(i64),
    /// Not any further: the orders of a page come in no order.
    NotYet,
}

/// An order of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// When it was changed, or placed where that was asked for. Nothing where that can't be read.
    pub at_ms: Option<i64>,
    /// The platform's bytes.
    pub body: Vec<u8>,
}

impl Wanted {
    /// From when on; nothing for ids.
    fn begins_ms(&self) -> Option<i64> {
        match self {
            Wanted::Changed { from_ms } | Wanted::Placed { from_ms, .. } => Some(*from_ms),
            Wanted::Ids(_) => None,
        }
    }
}

/// Whether each order is as late as the one before it, or later.
///
/// # Errors
/// Where one is earlier by more than `slack_ms`: that is another order than the one that was asked for.
fn check_order(orders: &[Listed], field: &str, slack_ms: i64) -> Result<bool, Fault> {
    let (mut newest, mut sorted) = (i64::MIN, true);
    for (index, at_ms) in orders.iter().enumerate().filter_map(|(index, order)| Some((index, order.at_ms?))) {
        if at_ms < newest.saturating_sub(slack_ms) {
            let detail = "it is earlier than the one before it; the platform was asked for the oldest first";
            return Err(Fault::invalid(format!("[{index}].{field}"), detail));
        }
        sorted &= at_ms >= newest;
        newest = newest.max(at_ms);
    }
    Ok(sorted)
}

/// A text within a query: whatever is not plain goes in percent.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("%{byte:02X}")),
        }
    }
    quoted
}

/// The times of an order, as far as they are texts. Read by themselves: what else the order's own reader finds wrong comes later, and
/// must not keep the listing from going on.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Times<'a> {
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    updated_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    date_created_gmt: Option<Cow<'a, str>>,
    #[serde(borrow)]
    date_modified_gmt: Option<Cow<'a, str>>,
}

impl Times<'_> {
    fn of(order: &RawValue) -> Times<'_> {
        serde_json::from_str(order.get()).unwrap_or_default()
    }
}

/// Says where a page is broken, and nothing of what stands in it: that may be anything, and any length.
fn no_page(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    Fault::new(crate::fault::BODY_NOT_JSON, "", format!("it is no page of orders, at line {line} column {column}"))
}

#[cfg(test)]
mod tests;
