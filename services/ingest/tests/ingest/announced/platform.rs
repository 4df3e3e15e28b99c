//! A TikTok Shop on a real socket: it tells orders by their ids, as far as it knows them, and fails as it is told.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub const CREDENTIAL: &str = "client:hush-hush-hush-hush-hush:cipher:token";

pub struct Platform {
    pub url: String,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    orders: BTreeMap<String, Value>,
    answer_with: Option<u16>,
    /// The ids of each question.
    asked: Vec<Vec<String>>,
}

impl Platform {
    pub async fn open() -> Platform {
        let books: Arc<Mutex<Books>> = Arc::default();
        let routes = Router::new().route("/order/202309/orders", get(detail)).with_state(books.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Platform { url, books }
    }

    /// From now on the platform knows the order so.
    pub fn has(&self, id: &str, updated_s: i64) {
        let mut order: Value =
            serde_json::from_str(include_str!("../../../../../crates/channels/src/tiktok/order.json"))
                .expect("an order");
        (order["id"], order["update_time"]) = (json!(id), json!(updated_s));
        self.has_body(id, order);
    }

    pub fn has_body(&self, id: &str, order: Value) {
        self.books().orders.insert(id.to_owned(), order);
    }

    /// Answers everything with this status, or as it should.
    pub fn answer_with(&self, status: Option<u16>) {
        self.books().answer_with = status;
    }

    pub fn questions(&self) -> usize {
        self.books().asked.len()
    }

    /// Questions with this order in them.
    pub fn asked_for(&self, id: &str) -> usize {
        self.books().asked.iter().filter(|ids| ids.iter().any(|known| known == id)).count()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn detail(
    State(books): State<Arc<Mutex<Books>>>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let mut books = books.lock().unwrap_or_else(PoisonError::into_inner);
    let ids: Vec<String> = asked["ids"].split(',').map(str::to_owned).collect();
    books.asked.push(ids.clone());
    if let Some(status) = books.answer_with {
        return (StatusCode::from_u16(status).expect("a status"), "<html>").into_response();
    }
    if headers.get("x-tts-access-token").is_none_or(|token| token != "token") || ids.len() > 50 {
        return axum::Json(json!({ "code": 36_009_004, "message": "no" })).into_response();
    }
    let orders: Vec<&Value> = ids.iter().filter_map(|id| books.orders.get(id)).collect();
    axum::Json(json!({ "code": 0, "message": "Success", "data": { "orders": orders } })).into_response()
}
