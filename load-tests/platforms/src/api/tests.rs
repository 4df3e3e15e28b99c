//! The APIs over HTTP: who is let in, how fast, and how they break.

use super::router;
use crate::shop::Shop;
use crate::truth::Step;
use crate::truth::tests::order;
use crate::world::tests::habits;
use crate::world::{Habits, World, lock};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use weir_channels::listing::{ANSWER_HEADERS, Answered, PageAsked, Wanted};
use weir_channels::{Headers, adapter};

struct Server {
    url: String,
    world: Arc<World>,
    client: reqwest::Client,
}

/// Two shops with 60 orders each.
async fn server(habits: Habits) -> Server {
    drop(rustls::crypto::ring::default_provider().install_default());
    let shops = ["shopify/acme:s:token", "woocommerce/acme:s:ck:cs"].map(|shop| shop.parse::<Shop>().expect("a shop"));
    let world = Arc::new(World::new(shops.to_vec(), habits));
    for place in &world.shops {
        for id in 1..=60 {
            lock(&place.book).place(order(id, 1_795_269_900), 0);
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let router = router(world.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Server { url, world, client: reqwest::Client::new() }
}

impl Server {
    async fn ask(&self, shop: usize, query: &str) -> Result<Response, reqwest::Error> {
        let place = &self.world.shops[shop];
        let path = ["/admin/api/2026-10/orders.json", "/wp-json/wc/v3/orders"][shop];
        let (name, value) = place.shop.credential();
        let url = format!("{}{}{path}?{query}", self.url, place.root());
        self.client.get(url).header(name, value).send().await
    }

    async fn get(&self, shop: usize, query: &str) -> Response {
        self.ask(shop, query).await.expect("an answer")
    }
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn shopify_pages_go_by_their_links() {
    let server = server(habits()).await;
    let query = "status=any&limit=25&order=updated_at%20asc&updated_at_min=2026-11-21T14%3A05%3A00Z";
    let mut answer = server.get(0, query).await;
    let mut ids = Vec::new();
    loop {
        assert_eq!(answer.status(), StatusCode::OK);
        let links = header(&answer, "link").to_owned();
        let body: Value = answer.json().await.expect("JSON");
        ids.extend(body["orders"].as_array().expect("orders").iter().map(|order| order["id"].as_u64().expect("an id")));
        let Some(next) = links.split(", ").find(|link| link.ends_with("rel=\"next\"")) else {
            assert!(links.ends_with("rel=\"previous\""), "{links}");
            break;
        };
        let url = next.trim_start_matches('<').split_once('>').expect("an address").0.to_owned();
        let (name, value) = server.world.shops[0].shop.credential();
        answer = server.client.get(url).header(name, value).send().await.expect("an answer");
    }
    assert_eq!(ids, (1..=60).collect::<Vec<u64>>());
}

#[tokio::test]
async fn woocommerce_counts_its_pages() {
    let server = server(habits()).await;
    let answer = server.get(1, "per_page=25&page=3&orderby=modified&order=asc").await;
    assert_eq!((header(&answer, "x-wp-total"), header(&answer, "x-wp-totalpages")), ("60", "3"));
    let body: Value = answer.json().await.expect("JSON");
    assert_eq!(body.as_array().map(Vec::len), Some(10));
    let refused = server.get(1, "per_page=1000").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.json::<Value>().await.expect("JSON")["code"], "rest_invalid_param");
}

#[tokio::test]
async fn whoever_shows_no_credential_or_a_wrong_one_is_refused() {
    let server = server(habits()).await;
    for (shop, path) in [(0, "/admin/api/2026-10/orders.json"), (1, "/wp-json/wc/v3/orders")] {
        let url = format!("{}{}{path}", server.url, server.world.shops[shop].root());
        let without = server.client.get(&url).send().await.expect("an answer");
        assert_eq!(without.status(), StatusCode::UNAUTHORIZED);
        let name = server.world.shops[shop].shop.credential().0;
        let wrong = server.client.get(&url).header(name, "wrong").send().await.expect("an answer");
        let body: Value = wrong.json().await.expect("JSON");
        assert!(body["errors"].is_string() || body["code"] == "woocommerce_rest_cannot_view", "{body}");
    }
    let elsewhere = format!("{}/shops/shopify/other/admin/api/2026-10/orders.json", server.url);
    assert_eq!(server.client.get(elsewhere).send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
    let api = lock(&server.world.tally).api.clone();
    assert_eq!((api.requests, api.unauthorized), (4, 4));
}

#[tokio::test]
async fn shopify_refuses_whoever_asks_too_often() {
    let server = server(Habits { shopify_per_s: 0.001, ..habits() }).await;
    for n in 1..=40 {
        let answer = server.get(0, "limit=1").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "x-shopify-shop-api-call-limit"), format!("{n}/40"));
    }
    let refused = server.get(0, "limit=1").await;
    assert_eq!((refused.status(), header(&refused, "retry-after")), (StatusCode::TOO_MANY_REQUESTS, "2.0"));
    assert_eq!(server.get(1, "").await.status(), StatusCode::OK, "the other shop has no such limit");
    assert_eq!(lock(&server.world.tally).api.refused_429, 1);
}

#[tokio::test]
async fn in_its_spell_nobody_is_answered() {
    let server = server(Habits { spell: Duration::ZERO..Duration::from_secs(3600), ..habits() }).await;
    assert_eq!(server.get(1, "").await.status(), StatusCode::OK, "it has not begun");
    server.world.begin(crate::world::now_ms());
    for shop in 0..2 {
        let answer = server.get(shop, "").await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.json::<Value>().await.is_err(), "and it is no JSON");
    }
    assert_eq!(lock(&server.world.tally).api.answered_5xx, 2);
}

#[tokio::test]
async fn faults_are_errors_and_answers_that_break_off() {
    let server = server(Habits { faults_percent: 100.0, ..habits() }).await;
    let (mut errors, mut broken) = (0, 0);
    for _ in 0..20 {
        let answer = server.get(1, "per_page=50").await;
        match answer.status() {
            StatusCode::OK => {
                let told: usize = header(&answer, "content-length").parse().expect("a length");
                assert!(told > 10_000, "{told}");
                assert!(answer.bytes().await.is_err(), "it breaks off");
                broken += 1;
            }
            status => {
                assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
                errors += 1;
            }
        }
    }
    let api = lock(&server.world.tally).api.clone();
    assert_eq!((api.answered_5xx, api.cut_off), (errors, broken));
    assert!(errors > 0 && broken > 0);
}

/// All that Weir's own reader of listings finds.
async fn walked(server: &Server, shop: usize, wanted: &Wanted) -> Vec<u64> {
    let place = &server.world.shops[shop];
    let listing = adapter(place.shop.channel.name()).and_then(|adapter| adapter.listing()).expect("it can be listed");
    let credential = ["token", "ck:cs"][shop];
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let asked = PageAsked { wanted: wanted.clone(), size: 25, after };
        let ask = listing.ask(&asked, credential);
        let mut request = server.client.get(format!("{}{}{}", server.url, place.root(), ask.path));
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{}", ask.path);
        let headers = ANSWER_HEADERS.map(|name| (name, header(&answer, name).to_owned()));
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let headers = Headers::of(&headers);
        let body = answer.bytes().await.expect("whole");
        let page = listing.read(&asked, &Answered { headers: &headers, body: &body }).expect("a page");
        for order in &page.orders {
            let order: Value = serde_json::from_slice(&order.body).expect("an order");
            ids.push(order["id"].as_u64().expect("an id"));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn weirs_own_reader_finds_every_order() {
    let server = server(habits()).await;
    let s = 1_795_269_900_000;
    for shop in 0..2 {
        for id in 1..=60 {
            let at_ms = s + 1_000 * i64::try_from(id / 20).expect("few");
            lock(&server.world.shops[shop].book).change(id, Step::Paid, at_ms, 0).expect("known");
        }
        let found = |wanted| {
            let server = &server;
            async move { walked(server, shop, &wanted).await.into_iter().collect::<BTreeSet<u64>>() }
        };
        let all: BTreeSet<u64> = (1..=60).collect();
        assert_eq!(found(Wanted::Changed { from_ms: s }).await, all);
        assert!(found(Wanted::Changed { from_ms: s + 2_000 }).await.is_superset(&(40..=60).collect()));
        assert_eq!(found(Wanted::Placed { from_ms: s, until_ms: s + 1_000 }).await, all);
        assert!(found(Wanted::Placed { from_ms: s + 60_000, until_ms: s + 120_000 }).await.is_empty());
        let ids = Wanted::Ids(vec!["7".to_owned(), "60".to_owned(), "61".to_owned()]);
        assert_eq!(found(ids).await, BTreeSet::from([7, 60]));
    }
}
