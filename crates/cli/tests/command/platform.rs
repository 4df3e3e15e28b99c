//! A platform on this machine, as far as a comparison asks it: Shopify's list of orders, by when they were placed or by their ids.
//! It tells of no change by itself, so that whatever the house knows came in by the command under test.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub const TOKEN: &str = "shpat_of_the_test";

type Change = Box<dyn FnOnce(&mut BTreeMap<u64, Value>) + Send>;

#[derive(Clone, Default)]
struct Orders(Arc<Mutex<BTreeMap<u64, Value>>>, Arc<Mutex<Option<Change>>>);

impl Orders {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Platform {
    orders: Orders,
    pub url: String,
    /// Serves as long as this lives.
    _runtime: tokio::runtime::Runtime,
}

impl Platform {
    pub fn start() -> Platform {
        let (orders, runtime) = (Orders::default(), tokio::runtime::Runtime::new().expect("a runtime"));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/admin/api/{version}/orders.json", get(list)).with_state(orders.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Platform { orders, url, _runtime: runtime }
    }

    /// An unpaid order of two boxes of tea, placed then.
    pub fn place(&self, id: u64, placed_ms: i64) {
        let order = json!({
            "id": id, "name": format!("#{id}"), "created_at": told(placed_ms), "updated_at": told(placed_ms),
            "currency": "EUR", "total_price": "10.00", "financial_status": "pending",
            "line_items": [{ "id": 1, "sku": "TEA", "title": "Tea", "quantity": 2, "price": "5.00" }],
            "shipping_address": { "name": "Wang Fang", "address1": "12 Xinhua Road", "city": "Berlin", "country_code": "DE" },
        });
        self.orders.lock().insert(id, order);
    }

    /// Changes an order, which has another version then.
    pub fn change(&self, id: u64, updated_ms: i64, change: impl FnOnce(&mut Value)) {
        let mut orders = self.orders.lock();
        let order = orders.get_mut(&id).expect("it was placed");
        change(order);
        order["updated_at"] = told(updated_ms).into();
    }

    /// Changes an order as soon as a listing of placed orders has shown it as it is now.
    pub fn change_once_listed(&self, id: u64, updated_ms: i64, change: impl FnOnce(&mut Value) + Send + 'static) {
        let change = move |orders: &mut BTreeMap<u64, Value>| {
            let order = orders.get_mut(&id).expect("it was placed");
            change(order);
            order["updated_at"] = told(updated_ms).into();
        };
        *self.orders.1.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(change));
    }

    pub fn forget(&self, id: u64) {
        self.orders.lock().remove(&id);
    }
}

/// To the second, as the platform writes it.
pub fn told(at_ms: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at_ms / 1000).expect("a date");
    at.format(&Rfc3339).expect("it can be told")
}

async fn list(
    State(orders): State<Orders>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    if headers.get("x-shopify-access-token").and_then(|token| token.to_str().ok()) != Some(TOKEN) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).map_err(|_| StatusCode::BAD_REQUEST);
    let bound = |name: &str| asked.get(name).map(|text| moment(text)).transpose();
    let (from, until, changed) = (bound("created_at_min")?, bound("created_at_max")?, bound("updated_at_min")?);
    let ids: Option<Vec<&str>> = asked.get("ids").map(|ids| ids.split(',').collect());
    let mut all = orders.lock();
    let fits = |(id, order): &(&u64, &Value)| {
        let placed = order["created_at"].as_str().and_then(|text| moment(text).ok());
        changed.is_none()
            && ids.as_ref().is_none_or(|ids| ids.contains(&id.to_string().as_str()))
            && from.is_none_or(|from| placed >= Some(from))
            && until.is_none_or(|until| placed <= Some(until))
    };
    let mut found: Vec<&Value> = all.iter().filter(fits).map(|(_, order)| order).collect();
    found.sort_by_key(|order| order["created_at"].as_str().unwrap_or_default());
    let answer = json!({ "orders": found });
    if until.is_some() && !found.is_empty() {
        let change = orders.1.lock().unwrap_or_else(PoisonError::into_inner).take();
        change.into_iter().for_each(|change| change(&mut all));
    }
    Ok(Json(answer))
}
