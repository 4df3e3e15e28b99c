//! Shopify's orders: `GET /admin/api/{version}/orders.json` of its REST Admin API.
//!
//! Pages follow one another by the `page_info` of the Link header, which is a place in the order that was asked for and does not
//! shift when orders change meanwhile.
//! Source: Shopify's REST Admin API reference (Order, "Retrieve a list of orders") and its notes on cursor-based pagination.

use super::{
    Access, Amiss, Answered, Ask, Listed, Listing, Page, PageAsked, Settled, Times, Wanted, check_order, no_page,
    quoted,
};
use crate::adapter::Headers;
use crate::instant;
use crate::shopify::TOPIC;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The version of the API that the bodies are read by.
const VERSION: &str = "2026-10";

pub(crate) struct ShopifyOrders;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
}

impl Listing for ShopifyOrders {
    fn ask(&self, page: &PageAsked, access: &Access<'_>) -> Ask {
        let size = page.size;
        let time = |ms| quoted(&instant::to_utc(ms));
        let query = match (&page.after, &page.wanted) {
            // With page_info nothing else may be asked for but the size.
            (Some(page_info), _) => format!("limit={size}&page_info={}", quoted(page_info)),
            (None, Wanted::Changed { from_ms }) => {
                format!("status=any&limit={size}&order=updated_at%20asc&updated_at_min={}Z", time(*from_ms))
            }
            (None, Wanted::Placed { from_ms, until_ms }) => format!(
                "status=any&limit={size}&order=created_at%20asc&created_at_min={}Z&created_at_max={}Z",
                time(*from_ms),
                time(*until_ms)
            ),
            (None, Wanted::Ids(ids)) => format!("status=any&limit={size}&ids={}", quoted(&ids.join(","))),
        };
        Ask {
            path: format!("/admin/api/{VERSION}/orders.json?{query}"),
            headers: vec![("x-shopify-access-token", access.credential.to_owned())],
            body: None,
        }
    }

    fn read(&self, page: &PageAsked, answer: &Answered<'_>) -> Result<Page, Amiss> {
        let by_placing = matches!(page.wanted, Wanted::Placed { .. });
        let body: Body<'_> = serde_json::from_slice(answer.body).map_err(|error| no_page(&error))?;
        let listed = |raw: &&RawValue| {
            let Times { created_at, updated_at, .. } = Times::of(raw);
            let at = if by_placing { created_at } else { updated_at };
            Listed { at_ms: at.and_then(|at| instant::with_offset(&at)), body: raw.get().as_bytes().to_vec() }
        };
        let orders: Vec<Listed> = body.orders.iter().map(listed).collect();
        if page.wanted.begins_ms().is_some() {
            check_order(&orders, if by_placing { "created_at" } else { "updated_at" }, 0)?;
        }
        let next = answer.headers.get("link").and_then(next_page);
        Ok(Page { orders, ids: Vec::new(), next, settled: Settled::Newest })
    }

    fn headers(&self) -> Headers {
        Headers(vec![(TOPIC.to_owned(), "orders/updated".to_owned())])
    }
}

/// The page_info of `<URL>; rel="next"`, among others.
fn next_page(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    let (_, query) = url.split_once('?')?;
    let page_info = query.split('&').find_map(|pair| pair.strip_prefix("page_info="))?;
    (!page_info.is_empty()).then(|| unquoted(page_info))
}

/// What [`quoted`] makes; a sequence that is none stays as it is.
fn unquoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = (first == b'%').then(|| behind.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
