//! The platforms' APIs, each shop's below a root of its own: `/shops/{channel}/{name}`.
//!
//! What goes wrong, and what is counted, is decided here; who may ask, how often, and how orders are searched is each platform's own.

pub mod bucket;

use crate::shop::Shop;
use crate::world::{Place, Trouble, World, lock, now_ms};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A query's names and values, as they came.
pub type Pairs = Vec<(String, String)>;

/// A request to a shop's API.
#[derive(Debug)]
pub struct Asked<'a> {
    pub shop: &'a Shop,
    pub method: &'a Method,
    /// Below the shop's root: "/admin/api/2026-10/orders.json". This is what a platform has signed.
    pub path: &'a str,
    pub pairs: &'a Pairs,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The address of the shop's root.
    pub root: &'a str,
    pub now_ms: i64,
    /// How full the bucket is, where there is one: "12/40".
    pub level: String,
}

/// An answer before it is written.
#[derive(Debug)]
pub struct Found {
    pub status: StatusCode,
    pub body: String,
    pub headers: Vec<(&'static str, String)>,
}

pub fn router(world: Arc<World>) -> Router {
    Router::new().route("/shops/{channel}/{name}/{*path}", any(ask)).with_state(world)
}

async fn ask(
    State(world): State<Arc<World>>,
    Path((channel, name, path)): Path<(String, String, String)>,
    Query(pairs): Query<Pairs>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = now_ms();
    let Some(place) = world.find(&channel, &name) else {
        return Found::new(StatusCode::NOT_FOUND, json!({ "errors": "no such shop" })).respond(false);
    };
    let root = format!("http://{}{}", host(&headers), place.root());
    let mut asked = Asked {
        shop: &place.shop,
        method: &method,
        path: &format!("/{path}"),
        pairs: &pairs,
        headers: &headers,
        body: &body,
        root: &root,
        now_ms,
        level: String::new(),
    };
    match admit(&world, place, &mut asked) {
        Ok(is_cut) => place.shop.platform.answer(&asked, &lock(&place.book)).respond(is_cut),
        Err(refusal) => refusal.respond(false),
    }
}

/// Whether the answer is to be cut off, or a refusal.
fn admit(world: &World, place: &Place, asked: &mut Asked<'_>) -> Result<bool, Found> {
    let trouble = world.trouble(asked.now_ms);
    let mut tally = lock(&world.tally);
    let (api, platform) = (&mut tally.api, place.shop.platform);
    api.requests += 1;
    match trouble {
        Some(Trouble::Away) => {
            api.answered_5xx += 1;
            return Err(Found::html(503));
        }
        Some(Trouble::Error) => {
            api.answered_5xx += 1;
            return Err(platform.unwell());
        }
        Some(Trouble::CutOff) | None => {}
    }
    if let Err(refusal) = platform.let_in(asked) {
        api.unauthorized += 1;
        return Err(refusal);
    }
    if let Some(bucket) = &place.bucket {
        let mut bucket = lock(bucket);
        let has_room = bucket.take(asked.now_ms);
        asked.level = bucket.shown();
        if !has_room {
            api.refused_429 += 1;
            return Err(platform.busy(asked));
        }
    }
    let is_cut = trouble == Some(Trouble::CutOff);
    api.cut_off += u64::from(is_cut);
    Ok(is_cut)
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost")
}

impl Asked<'_> {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Found {
    pub fn new(status: StatusCode, body: Value) -> Found {
        Found { status, body: body.to_string(), headers: vec![("content-type", "application/json".to_owned())] }
    }

    /// What a proxy in front says.
    pub fn html(status: u16) -> Found {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = format!("<html><body><h1>{status}</h1></body></html>");
        Found { status, body, headers: vec![("content-type", "text/html".to_owned())] }
    }

    pub fn with(mut self, name: &'static str, value: String) -> Found {
        self.headers.push((name, value));
        self
    }

    fn respond(self, is_cut: bool) -> Response {
        let bytes = Bytes::from(self.body);
        let mut response = match is_cut {
            true => cut_off(&bytes),
            false => Body::from(bytes).into_response(),
        };
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
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
pub fn given<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// "1,2,3"
pub fn ids(text: &str) -> Option<Vec<u64>> {
    text.split(',').map(|id| id.trim().parse().ok()).collect()
}

impl Place {
    /// Below which the shop's API is.
    pub fn root(&self) -> String {
        format!("/shops/{}/{}", self.shop.platform.name(), self.shop.name)
    }
}

#[cfg(test)]
mod tests;
