//! A WooCommerce shop on a real socket: it lists by the time of change or of placing, pages counted at the moment of the request.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use weir_channels::listing;

/// When its first order was placed.
pub const BEGIN_S: i64 = 1_795_000_000;

pub struct Shop {
    pub url: String,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    authorization: String,
    orders: BTreeMap<u64, Order>,
    answer_with: Option<u16>,
}

#[derive(Clone, Copy)]
struct Order {
    placed_s: i64,
    changed_s: i64,
    paid: bool,
}

impl Shop {
    pub async fn open(credential: &str) -> Shop {
        let asked = listing::PageAsked { wanted: listing::Wanted::Ids(Vec::new()), size: 1, after: None };
        let adapter = weir_channels::adapter("woocommerce").expect("a channel");
        let ask = adapter.listing().expect("a listing").ask(&asked, &listing::Access { credential, now_ms: 0 });
        let books = Books { authorization: ask.headers[0].1.clone(), ..Books::default() };
        let books = Arc::new(Mutex::new(books));
        let routes = Router::new().route("/wp-json/wc/v3/orders", get(list)).with_state(books.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Shop { url, books }
    }

    /// Places these orders, seven in a second.
    pub fn place(&self, ids: RangeInclusive<u64>) {
        let begin_s = now_s() - 1_800;
        for (index, id) in ids.enumerate() {
            let second = i64::try_from(index / 7).expect("few");
            let order = Order { placed_s: BEGIN_S + second, changed_s: begin_s + second, paid: false };
            self.books().orders.insert(id, order);
        }
    }

    pub fn pay(&self, id: u64) {
        self.pay_at(id, now_s());
    }

    pub fn pay_at(&self, id: u64, changed_s: i64) {
        let mut books = self.books();
        let order = books.orders.get_mut(&id).expect("it was placed");
        (order.paid, order.changed_s) = (true, changed_s);
    }

    /// Answers everything with this status, or as it should.
    pub fn answer_with(&self, status: Option<u16>) {
        self.books().answer_with = status;
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn list(
    State(books): State<Arc<Mutex<Books>>>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let books = books.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(status) = books.answer_with {
        return (StatusCode::from_u16(status).expect("a status"), "<html>").into_response();
    }
    if headers.get("authorization").is_none_or(|given| *given != *books.authorization) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let time = |name: &str| Some(seconds(asked.get(name)?));
    let fits = |(id, order): &(&u64, &Order)| {
        time("modified_after").is_none_or(|after| order.changed_s > after)
            && time("after").is_none_or(|after| order.placed_s > after)
            && time("before").is_none_or(|before| order.placed_s < before)
            && asked.get("include").is_none_or(|ids| ids.split(',').any(|known| *known == id.to_string()))
    };
    let mut found: Vec<(&u64, &Order)> = books.orders.iter().filter(fits).collect();
    match asked.get("orderby").map(String::as_str) {
        Some("modified") => found.sort_by_key(|(_, order)| order.changed_s),
        Some("date") => found.sort_by_key(|(_, order)| order.placed_s),
        _ => {}
    }
    let number = |name: &str| asked.get(name).and_then(|text| text.parse::<usize>().ok()).expect("a number");
    let (size, page) = (number("per_page"), number("page"));
    let pages = found.len().div_ceil(size).to_string();
    let shown: Vec<Value> = found.into_iter().skip(size * (page - 1)).take(size).map(body).collect();
    ([("x-wp-totalpages", pages)], axum::Json(shown)).into_response()
}

fn body((id, order): (&u64, &Order)) -> Value {
    let mut body: Value =
        serde_json::from_str(include_str!("../../../../../crates/channels/src/woocommerce/order.json"))
            .expect("an order");
    body["id"] = json!(id);
    body["number"] = json!(id.to_string());
    body["date_created_gmt"] = json!(text(order.placed_s));
    body["date_modified_gmt"] = json!(text(order.changed_s));
    body["status"] = json!(if order.paid { "processing" } else { "pending" });
    body["date_paid_gmt"] = if order.paid { json!(text(order.changed_s)) } else { Value::Null };
    body
}

fn text(at_s: i64) -> String {
    let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(at_s).expect("after 1970"));
    time::OffsetDateTime::from(at).format(PLAIN).expect("a time")
}

fn seconds(text: &str) -> i64 {
    time::PrimitiveDateTime::parse(text, PLAIN).expect("a time").assume_utc().unix_timestamp()
}

const PLAIN: &[time::format_description::BorrowedFormatItem<'static>] =
    time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

pub fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a few more years")
}
