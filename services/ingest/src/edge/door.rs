//! `POST /webhooks/{channel}/{shop}`: believe, make durable, answer. Nothing is decided here.
//!
//! What is not believed leaves no trace in the log. What is authentic and can't be read is written all the same, so that it
//! lies in quarantine with its bytes, and its sender hears which field is wrong. A 2xx means: every in-sync replica has it, or the
//! journal's disk.

use super::admission::Admission;
use super::body::{Budget, Held, read};
use super::book::{Book, Found};
use super::lane::{Entry, Kept, Lane};
use super::record::{Parcel, place, webhook};
use super::{now_ms, refusal};
use crate::wire::Registered;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures::future::join_all;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use opentelemetry::metrics::Counter;
use opentelemetry::{KeyValue, global};
use std::sync::OnceLock;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;
use uuid::Uuid;
use weir_channels::{Adapter, Answer, CHANNELS, Fault, Headers, Opened, adapter};
use weir_host::semconv::{self, attribute};
use weir_host::{Problem, kind, trace};
use weir_pipeline::Outgoing;

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    book: Book,
    lane: Lane,
    admission: Admission,
    budget: Budget,
}

/// What a delivery takes up until it is kept.
struct Place {
    _under_way: OwnedSemaphorePermit,
    _bytes: Held,
}

/// A believed delivery.
struct Believed<'a> {
    adapter: &'static dyn Adapter,
    shop: &'a Registered,
    headers: Headers,
    /// Of one delivery each.
    bodies: Vec<Bytes>,
    now_ms: i64,
    reference: i64,
}

/// A delivery that is durable, or a probe.
struct Taken {
    answer: Answer,
    kept: Kept,
    /// Why it can't be read, where none of it can.
    fault: Option<Fault>,
}

impl Door {
    /// While `book` knows nothing, every delivery is answered `log-unavailable`.
    pub fn new(book: Book, lane: Lane, admission: Admission) -> Door {
        Door { book, lane, admission, budget: Budget::default() }
    }
}

/// The door's one address.
pub fn router(door: Door) -> Router {
    Router::new().route("/webhooks/{channel}/{shop}", post(receive)).with_state(door)
}

async fn receive(
    State(door): State<Door>,
    Path((channel, shop)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let taken = enter(door, &channel, &shop, request).await;
    count(&channel, &taken);
    match taken? {
        Taken { fault: Some(fault), .. } => Err(refusal::kept(&fault)),
        Taken { answer, .. } => Ok(respond(answer)),
    }
}

async fn enter(door: Door, channel: &str, shop: &str, request: Request) -> Result<Taken, Problem> {
    let adapter = adapter(channel)
        .ok_or_else(|| Problem::new(kind::UNKNOWN_CHANNEL, format!("No adapter reads the channel {channel:?}.")))?;
    let Found { shop: found, reference } = door.book.find(channel, shop).ok_or_else(refusal::away)?;
    let shop = found
        .ok_or_else(|| Problem::new(kind::UNKNOWN_SHOP, format!("The channel {channel} has no shop {shop:?}.")))?;
    door.admission.look(&shop)?;
    let (parts, body) = request.into_parts();
    let headers = keep(&parts.headers, adapter.kept_headers());
    let (body, bytes) = read(body, &door.budget).await?;
    let now_ms = now_ms();
    let signed = weir_channels::Request { headers: &headers, body: &body, now_ms };
    if adapter.is_probe(&signed) {
        return Ok(Taken { answer: adapter.answer(), kept: Kept::Log, fault: None });
    }
    let opened = adapter.open(&signed, &shop.secrets, shop.tolerance_ms).map_err(|fault| refusal::unsigned(&fault))?;
    let place = Place { _under_way: door.admission.enter(&shop)?, _bytes: bytes };
    door.admission.spend(&shop, Instant::now())?;
    let bodies = match opened {
        Opened::Whole => vec![body],
        Opened::Parts(parts) => parts.into_iter().map(Bytes::from).collect(),
    };
    let believed = Believed { adapter, shop: &shop, headers, bodies, now_ms, reference };
    take(door.lane, place, believed).await
}

/// Makes a believed request durable, all of it before the answer, in its place among those under way.
async fn take(lane: Lane, place_taken: Place, believed: Believed<'_>) -> Result<Taken, Problem> {
    let (adapter, shop) = (believed.adapter, believed.shop);
    let (entries, faults): (Vec<Entry>, Vec<Option<Fault>>) =
        believed.bodies.iter().map(|body| enter_one(&believed, body.clone())).unzip();
    // A task of its own: a sender with less patience than the door would else take away, with each request, the step that finds out
    // that the log is away.
    let keeping = async move {
        let _place = place_taken;
        join_all(entries.into_iter().map(|entry| lane.keep(entry))).await
    };
    let all_kept = tokio::spawn(keeping.in_current_span()).await.map_err(|error| Problem::internal(&error))?;
    let mut kept = Kept::Log;
    for one in all_kept {
        if one.map_err(|lost| refusal::not_kept(&lost))? == Kept::Journal {
            kept = Kept::Journal;
        }
    }
    for fault in faults.iter().flatten() {
        let (channel, shop, reason) = (&shop.channel, &shop.shop, fault.reason);
        tracing::warn!(channel, shop, reason, field = fault.field, "delivery kept that can not be read");
    }
    // Whoever sent several hears of one that can't be read only where no other can: sending them again would mend nothing.
    let fault = if faults.iter().any(Option::is_none) { None } else { faults.into_iter().flatten().next() };
    Ok(Taken { answer: adapter.answer(), kept, fault })
}

/// A delivery's record, and why it can't be read, where it can't.
fn enter_one(believed: &Believed<'_>, body: Bytes) -> (Entry, Option<Fault>) {
    let Believed { adapter, shop, headers, now_ms, reference, .. } = believed;
    let (identity, fault) = match adapter.map(headers, &body) {
        Ok(mapped) => (Ok(mapped.identity()), None),
        Err(fault) => (adapter.identify(headers, &body), Some(fault)),
    };
    let (key, identity) = place(shop, identity);
    let id = match identity.delivery_id.as_str() {
        "" => Uuid::now_v7().to_string(),
        id => id.to_owned(),
    };
    let Outgoing { key, value, .. } = webhook(Parcel {
        shop,
        key,
        kind: identity.kind,
        delivery_id: identity.delivery_id,
        platform_order_id: identity.platform_order_id,
        headers,
        body,
        now_ms: *now_ms,
        reference: *reference,
    });
    (Entry { key, value, id, traceparent: trace::current_traceparent() }, fault)
}

fn keep(headers: &HeaderMap, names: &[&str]) -> Headers {
    let value = |name: &&str| {
        let value = headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    };
    Headers(names.iter().filter_map(value).collect())
}

/// Names in an address are the sender's invention until the channel is known, and must not become series of their own.
fn count(channel: &str, taken: &Result<Taken, Problem>) {
    static COUNTERS: OnceLock<(Counter<u64>, Counter<u64>)> = OnceLock::new();
    let (deliveries, shed) = COUNTERS.get_or_init(|| {
        let meter = global::meter(trace::TRACER);
        (semconv::DOOR_DELIVERIES.counter(&meter), semconv::DOOR_SHED.counter(&meter))
    });
    let channel = CHANNELS.iter().find(|known| **known == channel).copied().unwrap_or("unknown");
    let channel = KeyValue::new(attribute::CHANNEL, channel);
    let outcome = match taken {
        Ok(Taken { fault: Some(fault), .. }) => refusal::unreadable(fault).kind().slug,
        Ok(Taken { kept: Kept::Log, .. }) => "accepted",
        Ok(Taken { kept: Kept::Journal, .. }) => "journaled",
        Err(problem) => problem.kind().slug,
    };
    if outcome == kind::OVERLOADED.slug {
        shed.add(1, std::slice::from_ref(&channel));
    }
    deliveries.add(1, &[channel, KeyValue::new(attribute::OUTCOME, outcome)]);
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let kind = HeaderValue::from_static(answer.content_type);
    (status, [(header::CONTENT_TYPE, kind)], answer.body).into_response()
}
