//! The same questions over HTTP, in JSON: the names of protobuf's JSON, with numbers as numbers and events as objects.

use crate::query::Queries;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir_host::{Problem, kind};
use weir_proto::console::v1::{GetOrderResponse, OrderSummary, SearchOrdersRequest, TimelineEntry};

type Answer = Result<Json<Value>, Problem>;
type Parameters = Query<BTreeMap<String, String>>;

/// `GET /orders/{id}`, `GET /orders/{channel}/{shop}/{number}`, `GET /orders`, `GET /counts`.
pub fn router(queries: Queries) -> Router {
    Router::new()
        .route("/orders", get(search))
        .route("/orders/{order}", get(by_id))
        .route("/orders/{channel}/{shop}/{number}", get(by_number))
        .route("/counts", get(counts))
        .with_state(queries)
}

async fn by_id(State(queries): State<Queries>, Path(order): Path<String>, parameters: Parameters) -> Answer {
    show(&queries, &order, parameters).await
}

async fn by_number(
    State(queries): State<Queries>,
    Path((channel, shop, number)): Path<(String, String, String)>,
    parameters: Parameters,
) -> Answer {
    show(&queries, &format!("{channel}/{shop}/{number}"), parameters).await
}

async fn show(queries: &Queries, order: &str, Query(parameters): Parameters) -> Answer {
    let tenant = only_tenant(parameters)?;
    let GetOrderResponse { summary, timeline } = queries.order(&tenant, order).await?;
    let timeline: Result<Vec<Value>, Problem> = timeline.into_iter().map(entry).collect();
    Ok(Json(json!({ "summary": summary.map(order_json), "timeline": timeline? })))
}

async fn search(State(queries): State<Queries>, Query(parameters): Parameters) -> Answer {
    let found = queries.search(&request(parameters)?).await?;
    let orders: Vec<Value> = found.orders.into_iter().map(order_json).collect();
    Ok(Json(json!({ "orders": orders, "nextPageToken": found.next_page_token })))
}

async fn counts(State(queries): State<Queries>, Query(parameters): Parameters) -> Answer {
    let counts = queries.counts(&only_tenant(parameters)?).await?;
    let object = |counts: Vec<weir_proto::console::v1::Count>| {
        counts.into_iter().map(|count| (count.name, Value::from(count.count))).collect::<serde_json::Map<_, _>>()
    };
    Ok(Json(json!({ "states": object(counts.states), "events": object(counts.events) })))
}

/// A parameter that nobody reads would silently find too much.
fn request(parameters: BTreeMap<String, String>) -> Result<SearchOrdersRequest, Problem> {
    let mut request = SearchOrdersRequest::default();
    for (name, value) in parameters {
        match name.as_str() {
            "tenant" => request.tenant = value,
            "platform_order_id" => request.platform_order_id = value,
            "buyer" => request.buyer_hash = value,
            "sku" => request.sku = value,
            "state" => request.state = value,
            "channel" => request.channel = value,
            "shop" => request.shop = value,
            "placed_from" => request.placed_from_ms = moment(&name, &value)?,
            "placed_until" => request.placed_until_ms = moment(&name, &value)?,
            "tracking" => request.tracking_number = value,
            "page_size" => {
                request.page_size = value.parse().map_err(|_| wrong("page_size", "should be a whole number"))?
            }
            "page_token" => request.page_token = value,
            _ => return Err(wrong(&name, "is not a parameter of this address")),
        }
    }
    Ok(request)
}

fn moment(name: &str, value: &str) -> Result<i64, Problem> {
    value.parse().map_err(|_| wrong(name, "should be a moment in Unix milliseconds"))
}

fn only_tenant(mut parameters: BTreeMap<String, String>) -> Result<String, Problem> {
    let tenant = parameters.remove("tenant").unwrap_or_default();
    match parameters.keys().next() {
        Some(name) => Err(wrong(name, "is not a parameter of this address")),
        None => Ok(tenant),
    }
}

fn wrong(name: &str, reason: &str) -> Problem {
    Problem::new(kind::FIELD_INVALID, format!("The parameter {name} can't be used.")).field(name, reason)
}

/// Every member is there, whether it holds anything or not; numbers are numbers.
fn order_json(summary: OrderSummary) -> Value {
    let OrderSummary {
        order_id,
        channel,
        shop,
        platform_order_id,
        shown_number,
        state,
        payment_state,
        skus,
        payable_minor,
        currency,
        buyer_hash,
        placed_at_ms,
        updated_at_ms,
        waits_for,
        warehouse,
        tracking_number,
        lines,
        cancel_asked,
    } = summary;
    let lines: Vec<Value> =
        lines.into_iter().map(|line| json!({ "lineId": line.line_id, "quantity": line.quantity })).collect();
    json!({
        "orderId": order_id, "channel": channel, "shop": shop, "platformOrderId": platform_order_id,
        "shownNumber": shown_number, "state": state, "paymentState": payment_state, "skus": skus,
        "payableMinor": payable_minor, "currency": currency, "buyerHash": buyer_hash, "placedAtMs": placed_at_ms,
        "updatedAtMs": updated_at_ms, "waitsFor": waits_for, "warehouse": warehouse, "trackingNumber": tracking_number,
        "lines": lines, "cancelAsked": cancel_asked,
    })
}

fn entry(entry: TimelineEntry) -> Result<Value, Problem> {
    let place = |position: Option<weir_proto::log::v1::Position>| {
        position.map(|at| json!({ "topic": at.topic, "partition": at.partition, "offset": at.offset }))
    };
    let event: Value = match entry.json.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).map_err(|error| Problem::internal(&error))?,
    };
    Ok(json!({
        "position": place(entry.position), "atMs": entry.at_ms, "type": entry.r#type, "version": entry.version,
        "text": entry.text, "cause": place(entry.cause), "actor": entry.actor, "event": event,
    }))
}
