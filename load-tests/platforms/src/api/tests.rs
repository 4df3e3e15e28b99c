//! The APIs over HTTP: who is let in, how fast, and how they break.

use super::router;
use crate::shop::all;
use crate::truth::Step;
use crate::truth::tests::order;
use crate::world::tests::habits;
use crate::world::{Habits, World, lock, now_ms};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use weir_channels::listing::{ANSWER_HEADERS, Access, Amiss, Answered, Listing, Page, PageAsked, Wanted};
use weir_channels::{Adapter, Headers, adapter};

const PLACED_S: i64 = 1_795_269_900;

struct Server {
    url: String,
    world: Arc<World>,
    client: reqwest::Client,
}

/// A shop on each platform, Shopify's and WooCommerce's first, with 60 orders each.
async fn server(habits: Habits) -> Server {
    server_since(habits, PLACED_S).await
}

async fn server_since(habits: Habits, placed_s: i64) -> Server {
    drop(rustls::crypto::ring::default_provider().install_default());
    let world = Arc::new(World::new(all("acme"), habits));
    for place in &world.shops {
        for n in 1..=60 {
            lock(&place.book).place(order(place.shop.platform.first_number() + n, placed_s), 0);
        }
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let router = router(world.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Server { url, world, client: reqwest::Client::new() }
}

const CREDENTIALS: [(&str, &str); 2] = [("x-shopify-access-token", "tok"), ("authorization", "Basic Y2s6Y3M=")];

impl Server {
    /// Shopify, or WooCommerce.
    async fn ask(&self, shop: usize, query: &str) -> Result<Response, reqwest::Error> {
        let place = &self.world.shops[shop];
        let path = ["/admin/api/2026-10/orders.json", "/wp-json/wc/v3/orders"][shop];
        let (name, value) = CREDENTIALS[shop];
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
        let (name, value) = CREDENTIALS[0];
        answer = server.client.get(url).header(name, value).send().await.expect("an answer");
    }
    assert_eq!(ids, (6_000_000_000_001..=6_000_000_000_060).collect::<Vec<u64>>());
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
        let name = CREDENTIALS[shop].0;
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

impl Server {
    fn reader(&self, shop: usize) -> (&'static dyn Adapter, &'static dyn Listing) {
        let adapter = adapter(self.world.shops[shop].shop.platform.name()).expect("a channel");
        (adapter, adapter.listing().expect("it can be listed"))
    }

    /// As Weir asks, and what it makes of the answer: of one without JSON, by its status.
    async fn page(&self, shop: usize, asked: &PageAsked, credential: &str) -> Result<Page, Amiss> {
        let (listing, asked_ms) = (self.reader(shop).1, now_ms());
        let ask = listing.ask(asked, &Access { credential, now_ms: asked_ms });
        let url = format!("{}{}{}", self.url, self.world.shops[shop].root(), ask.path);
        let mut request = match ask.body {
            Some(body) => self.client.post(url).header("content-type", "application/json").body(body),
            None => self.client.get(url),
        };
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.expect("an answer");
        match answer.status().as_u16() {
            200 => {}
            401 | 403 => return Err(Amiss::Refused(answer.status().to_string())),
            429 => return Err(Amiss::Busy),
            status => return Err(Amiss::Unwell(status.to_string())),
        }
        let headers = ANSWER_HEADERS.map(|name| (name, header(&answer, name).to_owned()));
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let headers = Headers::of(&headers);
        let body = answer.bytes().await.expect("whole");
        listing.read(asked, &Answered { headers: &headers, body: &body, asked_ms })
    }

    /// The ids of all that is found, those that a listing only names looked up.
    async fn walked(&self, shop: usize, wanted: &Wanted) -> BTreeSet<String> {
        let place = &self.world.shops[shop];
        let (adapter, listing) = self.reader(shop);
        let (mut after, mut found) = (None, BTreeSet::new());
        let mut named = Vec::new();
        loop {
            let asked = PageAsked { wanted: wanted.clone(), size: 25, after };
            let page = self.page(shop, &asked, &place.shop.credential).await;
            let page = page.unwrap_or_else(|amiss| panic!("{:?} {asked:?}: {amiss:?}", place.shop));
            for order in &page.orders {
                let mapped = adapter.map(&listing.headers(), &order.body).expect("an order");
                found.insert(mapped.platform_order_id);
            }
            named.extend(page.ids);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        for ids in named.chunks(listing.ids_max()) {
            found.extend(Box::pin(self.walked(shop, &Wanted::Ids(ids.to_vec()))).await);
        }
        found
    }
}

#[tokio::test]
async fn weirs_own_reader_finds_every_order() {
    let s = now_ms().div_euclid(1000) - 3_600;
    let server = server_since(habits(), s).await;
    for shop in 0..server.world.shops.len() {
        let platform = server.world.shops[shop].shop.platform;
        let (listing, first) = (server.reader(shop).1, platform.first_number());
        for n in 1..=60 {
            let at_ms = 1_000 * (s + i64::try_from(n / 20).expect("few"));
            lock(&server.world.shops[shop].book).change(first + n, Step::Paid, at_ms, 0).expect("known");
        }
        let ids = |range: std::ops::RangeInclusive<u64>| -> BTreeSet<String> {
            range.map(|n| platform.order_id(&order(first + n, s))).collect()
        };
        let name = platform.name();
        let changed = |after_s| Wanted::Changed { from_ms: 1_000 * (s + after_s) };
        assert_eq!(server.walked(shop, &changed(0)).await, ids(1..=60), "{name}");
        assert!(server.walked(shop, &changed(2)).await.is_superset(&ids(40..=60)), "{name}");
        let placed =
            |from_s, until_s| Wanted::Placed { from_ms: 1_000 * (s + from_s), until_ms: 1_000 * (s + until_s) };
        assert_eq!(server.walked(shop, &placed(0, 1)).await, ids(1..=60), "{name}");
        assert!(server.walked(shop, &placed(60, 120)).await.is_empty(), "{name}");
        let wanted: Vec<String> = ids(7..=7).into_iter().chain(ids(60..=61)).collect();
        let mut found = BTreeSet::new();
        for some in wanted.chunks(listing.ids_max()) {
            found.extend(server.walked(shop, &Wanted::Ids(some.to_vec())).await);
        }
        assert_eq!(found, ids(7..=7).union(&ids(60..=60)).cloned().collect(), "{name}");
    }
}

#[tokio::test]
async fn weir_is_refused_without_the_credential_and_told_to_wait_when_it_asks_too_often() {
    let server = server(Habits { shopify_per_s: 0.001, ..habits() }).await;
    let asked = PageAsked { wanted: Wanted::Changed { from_ms: now_ms() - 60_000 }, size: 25, after: None };
    for shop in 0..server.world.shops.len() {
        let place = &server.world.shops[shop];
        let (name, credential) = (place.shop.platform.name(), &place.shop.credential);
        let refused = server.page(shop, &asked, &format!("{credential}x")).await;
        assert!(matches!(refused, Err(Amiss::Refused(_))), "{name}: {refused:?}");
        if place.bucket.is_some() {
            let mut answers = Vec::new();
            for _ in 0..1_000 {
                answers.push(server.page(shop, &asked, credential).await);
                if answers.last().is_some_and(Result::is_err) {
                    break;
                }
            }
            assert!(answers.len() > 1 && answers.last() == Some(&Err(Amiss::Busy)), "{name}: {:?}", answers.last());
        }
    }
}

#[tokio::test]
async fn weir_is_told_of_faults_as_faults() {
    let server = server(Habits { spell: Duration::ZERO..Duration::from_secs(3600), ..habits() }).await;
    let asked = PageAsked { wanted: Wanted::Changed { from_ms: now_ms() - 60_000 }, size: 25, after: None };
    server.world.begin(now_ms());
    for shop in 0..server.world.shops.len() {
        let place = &server.world.shops[shop];
        let (name, credential) = (place.shop.platform.name(), &place.shop.credential);
        let away = server.page(shop, &asked, credential).await;
        assert!(matches!(away, Err(Amiss::Unwell(_))), "{name}: {away:?}");
        let unwell = place.shop.platform.unwell();
        let answered = Answered { headers: &Headers::default(), body: unwell.body.as_bytes(), asked_ms: now_ms() };
        if unwell.status == StatusCode::OK {
            let read = server.reader(shop).1.read(&asked, &answered);
            assert!(matches!(read, Err(Amiss::Unwell(_))), "{name}: {read:?}");
        }
    }
}
