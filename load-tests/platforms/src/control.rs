//! What a person or a script asks the simulator itself: its counts, its truth, a webhook enabled again, its end.

use crate::platform::Platform;
use crate::truth::Order;
use crate::world::{Place, World, lock};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

pub fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/control/state", get(async |State(world): State<Arc<World>>| Json(state(&world))))
        .route("/control/orders/{channel}/{shop}", get(orders))
        .route("/control/enable/{channel}/{shop}", post(enable))
        .route("/control/stop", post(async |State(world): State<Arc<World>>| world.stop()))
        .with_state(world)
}

pub fn state(world: &World) -> Value {
    let tally = lock(&world.tally).clone();
    let shops: Vec<Value> = world.shops.iter().map(shop).collect();
    json!({
        "done": world.is_done(), "begun_at_ms": world.begun_ms(), "orders": tally.orders, "steps": tally.steps,
        "pushes": tally.pushes, "shops": shops, "api": tally.api
    })
}

fn shop(place: &Place) -> Value {
    let orders = lock(&place.book).len();
    let hooks = lock(&place.hooks);
    let disabled: Vec<&str> = hooks.disabled().collect();
    json!({
        "channel": place.shop.platform.name(), "shop": place.shop.name, "api": place.root(), "orders": orders,
        "hook": if disabled.is_empty() { "enabled" } else { "disabled" }, "disabled_topics": disabled,
        "failures_in_a_row": hooks.failures_in_a_row(), "worst_failures_in_a_row": hooks.worst_failures_in_a_row()
    })
}

/// For people.
pub fn summary(world: &World) -> String {
    use std::fmt::Write as _;
    let tally = lock(&world.tally).clone();
    let (pushes, api) = (&tally.pushes, &tally.api);
    let mut text = format!(
        "{} orders, {} later steps\npushes: {} sent ({} of them second ones), {} acknowledged, {} retries, {} given up; \
         {} lost, {} withheld\napi: {} requests, {} refused with 429, {} answered 5xx, {} cut off, {} unauthorized\n",
        tally.orders,
        tally.steps,
        pushes.sent,
        pushes.duplicates,
        pushes.acknowledged,
        pushes.retries,
        pushes.given_up,
        pushes.lost,
        pushes.withheld,
        api.requests,
        api.refused_429,
        api.answered_5xx,
        api.cut_off,
        api.unauthorized
    );
    for place in &world.shops {
        let hooks = lock(&place.hooks);
        let disabled: Vec<&str> = hooks.disabled().collect();
        let hook =
            if disabled.is_empty() { "enabled".to_owned() } else { format!("DISABLED for {}", disabled.join(", ")) };
        let (orders, worst) = (lock(&place.book).len(), hooks.worst_failures_in_a_row());
        let _ = writeln!(text, "{:?}: {orders} orders, webhook {hook}, at worst {worst} failures in a row", place.shop);
    }
    text
}

/// Every order of a shop as it is, without lag, limit or fault: what a test compares with.
async fn orders(
    State(world): State<Arc<World>>,
    Path((channel, name)): Path<(String, String)>,
) -> Result<Json<Value>, StatusCode> {
    let place = find(&world, &channel, &name)?;
    let orders: Vec<Value> = lock(&place.book).current().map(|order| told(place.shop.platform, order)).collect();
    Ok(Json(json!({ "orders": orders })))
}

fn told(platform: &dyn Platform, order: &Order) -> Value {
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|line| json!({ "id": platform.line_id(line), "sku": &*line.sku, "quantity": line.current }))
        .collect();
    json!({
        "id": platform.order_id(order), "created_at_ms": order.created_s * 1000, "updated_at_ms": order.updated_s * 1000,
        "paid": order.paid_s.is_some(), "cancelled": order.cancelled_s.is_some(), "total_minor": order.total_minor(),
        "currency": platform.currency(), "lines": lines
    })
}

async fn enable(
    State(world): State<Arc<World>>,
    Path((channel, name)): Path<(String, String)>,
) -> Result<(), StatusCode> {
    lock(&find(&world, &channel, &name)?.hooks).enable();
    Ok(())
}

fn find<'a>(world: &'a World, channel: &str, name: &str) -> Result<&'a Place, StatusCode> {
    world.find(channel, name).ok_or(StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::Next;
    use crate::truth::tests::order;
    use crate::world::tests::habits;

    #[tokio::test]
    async fn a_script_sees_the_counts_and_the_truth_and_has_its_way() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let shop = "woocommerce/acme:s:ck:cs".parse().expect("a shop");
        let world = Arc::new(World::new(vec![shop], habits()));
        lock(&world.shops[0].book).place(order(1, 1_795_269_900), i64::MAX);
        (0..6).for_each(|_| lock(&world.shops[0].hooks).answered("order.created", Next::GivenUp));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/control", listener.local_addr().expect("its address"));
        let (router, until) = (router(world.clone()), world.clone());
        let server = axum::serve(listener, router).with_graceful_shutdown(async move { until.stopped().await });
        let serving = tokio::spawn(server.into_future());
        let client = reqwest::Client::new();
        let get = async |path: &str| {
            let answer = client.get(format!("{url}{path}")).send().await.expect("an answer");
            answer.json::<Value>().await.expect("JSON")
        };
        let post =
            async |path: &str| client.post(format!("{url}{path}")).send().await.expect("an answer").status().as_u16();
        let state = get("/state").await;
        assert_eq!((&state["done"], &state["begun_at_ms"]), (&json!(false), &Value::Null));
        assert_eq!(state["pushes"]["given_up"], 0);
        let told = &state["shops"][0];
        assert_eq!((&told["hook"], &told["disabled_topics"]), (&json!("disabled"), &json!(["order.created"])));
        assert_eq!((&told["orders"], &told["failures_in_a_row"]), (&json!(1), &json!(6)));
        assert_eq!((post("/enable/woocommerce/acme").await, post("/enable/woocommerce/other").await), (200, 404));
        let told = &get("/state").await["shops"][0];
        assert_eq!((&told["hook"], &told["worst_failures_in_a_row"]), (&json!("enabled"), &json!(6)));
        let orders = get("/orders/woocommerce/acme").await;
        assert_eq!(orders["orders"][0]["id"], "1", "though it is not listed yet");
        assert_eq!(post("/stop").await, 200);
        serving.await.expect("not cancelled").expect("ended");
    }
}
