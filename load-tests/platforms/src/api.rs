//! The platforms' APIs, as far as orders are listed, each shop's below a root of its own: `/shops/{channel}/{name}`.
//!
//! Who may ask, who asks too often, and what goes wrong is decided here; how orders are searched is each platform's own.

pub mod bucket;
pub mod shopify;
pub mod woocommerce;

use crate::shop::{Channel, Shop};
use crate::world::{Place, Trouble, World, lock, now_ms};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A query's names and values, as they came.
pub type Pairs = Vec<(String, String)>;

/// An answer before it is written.
pub struct Found {
    status: StatusCode,
    body: Value,
    headers: Vec<(&'static str, String)>,
}

pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/shops/shopify/{name}/admin/api/{version}/orders.json", get(of_shopify))
        .route("/shops/woocommerce/{name}/wp-json/wc/v3/orders", get(of_woocommerce))
        .with_state(world)
}

async fn of_shopify(
    State(world): State<Arc<World>>,
    Path((name, _version)): Path<(String, String)>,
    Query(pairs): Query<Pairs>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let now_ms = now_ms();
    let unknown = json!({ "errors": "Not Found" });
    let Some(place) = world.find(Channel::Shopify, &name) else {
        return (StatusCode::NOT_FOUND, axum::Json(unknown)).into_response();
    };
    let denied = json!({ "errors": "The access token is missing or not this shop's" });
    let is_cut = match admit(&world, &place.shop, &headers, now_ms, denied) {
        Ok(is_cut) => is_cut,
        Err(refusal) => return refusal,
    };
    let (has_room, level) = {
        let mut bucket = lock(&place.bucket);
        (bucket.take(now_ms), bucket.shown())
    };
    let limit = ("x-shopify-shop-api-call-limit", level);
    if !has_room {
        lock(&world.tally).api.refused_429 += 1;
        let errors = json!({ "errors": "Too many calls for this api client: wait before the next one" });
        let refusal = Found { status: StatusCode::TOO_MANY_REQUESTS, body: errors, headers: vec![limit] };
        return refusal.with("retry-after", "2.0".to_owned()).respond(false);
    }
    let at = format!("http://{}{}", host(&headers), uri.path());
    let mut found = shopify::list(&lock(&place.book), &pairs, &at, now_ms);
    found.headers.push(limit);
    found.respond(is_cut)
}

async fn of_woocommerce(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let now_ms = now_ms();
    let Some(place) = world.find(Channel::WooCommerce, &name) else {
        let unknown = woocommerce::fault(StatusCode::NOT_FOUND, "rest_no_route", "No such shop");
        return (StatusCode::NOT_FOUND, axum::Json(unknown)).into_response();
    };
    let code = "woocommerce_rest_cannot_view";
    let denied = woocommerce::fault(StatusCode::UNAUTHORIZED, code, "You may not list these resources");
    match admit(&world, &place.shop, &headers, now_ms, denied) {
        Ok(is_cut) => woocommerce::list(&lock(&place.book), &pairs, now_ms).respond(is_cut),
        Err(refusal) => refusal,
    }
}

/// Whether the answer is to be cut off, or a refusal.
#[expect(clippy::result_large_err, reason = "a refusal is an answer")]
fn admit(world: &World, shop: &Shop, headers: &HeaderMap, now_ms: i64, denied: Value) -> Result<bool, Response> {
    let trouble = world.trouble(now_ms);
    let mut tally = lock(&world.tally);
    let api = &mut tally.api;
    api.requests += 1;
    let page = |status: StatusCode| {
        let text = format!("<html><body><h1>{status}</h1></body></html>");
        (status, [(header::CONTENT_TYPE, "text/html")], text).into_response()
    };
    match trouble {
        Some(Trouble::Away) => {
            api.answered_5xx += 1;
            return Err(page(StatusCode::SERVICE_UNAVAILABLE));
        }
        Some(Trouble::Error) => {
            api.answered_5xx += 1;
            return Err(page(StatusCode::INTERNAL_SERVER_ERROR));
        }
        Some(Trouble::CutOff) | None => {}
    }
    let (name, value) = shop.credential();
    if headers.get(name).is_none_or(|given| given.as_bytes() != value.as_bytes()) {
        api.unauthorized += 1;
        return Err((StatusCode::UNAUTHORIZED, axum::Json(denied)).into_response());
    }
    let is_cut = trouble == Some(Trouble::CutOff);
    api.cut_off += u64::from(is_cut);
    Ok(is_cut)
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost")
}

impl Found {
    fn new(status: StatusCode, body: Value) -> Found {
        Found { status, body, headers: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: String) -> Found {
        self.headers.push((name, value));
        self
    }

    fn respond(self, is_cut: bool) -> Response {
        let bytes = Bytes::from(self.body.to_string());
        let mut response = match is_cut {
            true => cut_off(&bytes),
            false => Body::from(bytes).into_response(),
        };
        *response.status_mut() = self.status;
        let kind = ("content-type", "application/json".to_owned());
        for (name, value) in self.headers.into_iter().chain([kind]) {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// Half of what its length says, and then the connection breaks.
fn cut_off(bytes: &Bytes) -> Response {
    let half = bytes.slice(..bytes.len() / 2);
    let first = futures::stream::iter([Ok(half)]);
    let then = futures::stream::once(async {
        // Time for the first half to get out.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(std::io::Error::other("cut off on purpose"))
    });
    let body = Body::from_stream(first.chain(then));
    ([(header::CONTENT_LENGTH, bytes.len().to_string())], body).into_response()
}

/// The value of a parameter; of several, the last.
fn given<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// "1,2,3"
fn ids(text: &str) -> Option<Vec<u64>> {
    text.split(',').map(|id| id.trim().parse().ok()).collect()
}

impl Place {
    /// Below which the shop's API is.
    pub fn root(&self) -> String {
        format!("/shops/{}/{}", self.shop.channel.name(), self.shop.name)
    }
}

#[cfg(test)]
mod tests;
