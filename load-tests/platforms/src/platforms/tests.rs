//! What Weir's own adapters make of each platform's pushes and of its API.

use crate::api::{Asked, Pairs};
use crate::platform::{Delivery, Push, Telling};
use crate::shop::{Shop, all};
use crate::truth::tests::order as placed;
use crate::truth::{Book, FREIGHT_MINOR, Order, Step};
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use std::sync::Arc;
use weir_channels::listing::{Access, Answered, PageAsked, Wanted};
use weir_channels::{Adapter, Headers, Mapped, Opened, Request, adapter};

const PLACED_S: i64 = 1_795_269_900;

fn reader(shop: &Shop) -> &'static dyn Adapter {
    adapter(shop.platform.name()).expect("a channel")
}

fn pushed(shop: &Shop, step: Step, order: &Order, number: u64, at_ms: i64) -> Push {
    shop.platform.push(&Telling { shop, step, order, delivery: Delivery { number, at_ms } })
}

/// The door's work on a push: signature, then everything.
fn received(shop: &Shop, step: Step, state: &Order) -> Mapped {
    let (adapter, now_ms) = (reader(shop), state.updated_s * 1000);
    let Push { headers, body } = pushed(shop, step, state, 1, now_ms);
    let told: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = Headers::of(&told);
    let request = Request { headers: &headers, body: &body, now_ms };
    assert!(adapter.open(&request, &[b"another".to_vec()], 300_000).is_err());
    assert!(!adapter.is_probe(&request));
    let body = match adapter.open(&request, &[shop.secret.clone().into()], 300_000).expect("signed") {
        Opened::Whole => body,
        Opened::Parts(mut parts) => {
            assert_eq!(parts.len(), 1, "one event is one message");
            parts.remove(0)
        }
    };
    let mapped = adapter.map(&headers, &body).unwrap_or_else(|fault| panic!("{shop:?} {step:?}: {fault:?}"));
    assert_eq!(adapter.identify(&headers, &body).expect("identified"), mapped.identity());
    assert!(!mapped.delivery_id.is_empty() || mapped.announced);
    assert!(mapped.order.is_some() || mapped.announced, "{shop:?} {step:?}: what is not told must be pulled");
    mapped
}

/// What Weir's reader of listings finds when it asks for one order.
fn pulled(shop: &Shop, book: &Book, state: &Order) -> Mapped {
    let listing = reader(shop).listing().expect("it can be asked");
    let id = shop.platform.order_id(state);
    let page = PageAsked { wanted: Wanted::Ids(vec![id.clone()]), size: 50, after: None };
    let now_ms = state.updated_s * 1000;
    let ask = listing.ask(&page, &Access { credential: &shop.credential, now_ms });
    let method = if ask.body.is_some() { Method::POST } else { Method::GET };
    let uri: Uri = ask.path.parse().expect("a path");
    let Query(pairs) = Query::<Pairs>::try_from_uri(&uri).expect("a query");
    let body = ask.body.unwrap_or_default().into_bytes();
    let mut headers = HeaderMap::new();
    for (name, value) in ask.headers {
        headers.insert(name, HeaderValue::try_from(value).expect("plain"));
    }
    let asked = Asked {
        shop,
        method: &method,
        path: uri.path(),
        pairs: &pairs,
        headers: &headers,
        body: &body,
        root: "http://platforms.example",
        now_ms,
        level: String::new(),
    };
    shop.platform.let_in(&asked).unwrap_or_else(|refusal| panic!("{shop:?}: {refusal:?}"));
    let found = shop.platform.answer(&asked, book);
    let answered = Answered { headers: &Headers::default(), body: found.body.as_bytes(), asked_ms: now_ms };
    let read = listing.read(&page, &answered);
    let page = read.unwrap_or_else(|amiss| panic!("{shop:?} {}: {amiss:?}: {found:?}", uri.path()));
    let [listed] = page.orders.as_slice() else { panic!("{shop:?}: {} orders", page.orders.len()) };
    let headers = listing.headers();
    let mapped = reader(shop).map(&headers, &listed.body);
    let mapped = mapped.unwrap_or_else(|fault| panic!("{shop:?}: {fault:?}: {found:?}"));
    assert_eq!(reader(shop).identify(&headers, &listed.body).expect("identified"), mapped.identity());
    assert!(!mapped.announced, "{shop:?}: what was pulled is all there is");
    assert_eq!(mapped.platform_order_id, id);
    mapped
}

/// Whether a whole order reads as its platform has it.
fn check_whole(shop: &Shop, mapped: &Mapped, state: &Order) {
    assert_eq!(mapped.cancelled.is_some(), state.cancelled_s.is_some(), "{shop:?}");
    assert_eq!(mapped.payment.is_some(), state.paid_s.is_some(), "{shop:?}");
    let paid = mapped.payment.as_ref().and_then(|payment| payment.amount.as_ref()).map(|money| money.minor);
    assert_eq!(paid, state.paid_s.map(|_| state.total_minor()), "{shop:?}");
    let order = &mapped.order.as_ref().expect("whole").order;
    assert_eq!(order.identity.as_ref().expect("one").placed_at_ms, PLACED_S * 1000, "{shop:?}");
    let lines = order.lines.iter().map(|line| (line.line_id.clone(), line.sku.clone(), line.ordered));
    let truth = state.lines.iter().map(|line| (shop.platform.line_id(line), line.sku.to_string(), line.current));
    assert_eq!(lines.collect::<Vec<_>>(), truth.collect::<Vec<_>>(), "{shop:?}");
    let amounts = order.amounts.as_ref().expect("sums");
    let payable = amounts.payable.as_ref().expect("a price");
    assert_eq!(Some(payable.minor), amounts.goods.as_ref().map(|goods| goods.minor + FREIGHT_MINOR), "the sums agree");
    assert_eq!((payable.minor, payable.currency.as_str()), (state.total_minor(), shop.platform.currency()), "{shop:?}");
}

#[test]
fn every_step_is_read_by_weirs_adapters() {
    let lowered = Step::Edited { line: 0, quantity: 1 };
    let raised = Step::Edited { line: 0, quantity: 4 };
    let stories: [&[Step]; 5] = [
        &[Step::Paid],
        &[lowered, Step::Paid, Step::Cancelled],
        &[raised, Step::Paid],
        &[raised, Step::Cancelled],
        &[Step::Cancelled],
    ];
    for shop in all("acme") {
        for story in stories {
            let mut book = Book::default();
            let id = shop.platform.first_number() + 28_000_000_001;
            let mut state: Arc<Order> = book.place(placed(id, PLACED_S), 0);
            let mut before = 0;
            for step in [&[Step::Placed], story].concat() {
                if step != Step::Placed {
                    state = book.change(id, step, 0, 0).expect("known");
                }
                let told = received(&shop, step, &state);
                let known = pulled(&shop, &book, &state);
                check_whole(&shop, &known, &state);
                if !told.announced {
                    check_whole(&shop, &told, &state);
                }
                assert_eq!(told.platform_order_id, known.platform_order_id);
                assert!(known.version > before, "{shop:?} {step:?}: each step is a later version");
                // A notice without a version has the order asked for whatever is known of it.
                let is_blind = told.announced && told.version == 0;
                assert!(
                    is_blind || told.version == known.version,
                    "{shop:?} {step:?}: told and pulled are in one measure"
                );
                before = known.version;
            }
        }
    }
}

#[test]
fn what_was_paid_at_once_is_placed_as_paid() {
    for shop in all("acme") {
        let id = shop.platform.first_number() + 28_000_000_002;
        let paid = Order { paid_s: Some(PLACED_S), ..placed(id, PLACED_S) };
        let mut book = Book::default();
        book.place(paid.clone(), 0);
        let told = received(&shop, Step::Placed, &paid);
        if !told.announced {
            check_whole(&shop, &told, &paid);
        }
        check_whole(&shop, &pulled(&shop, &book, &paid), &paid);
    }
}

#[test]
fn woocommerce_gives_one_delivery_id_to_all_of_a_second() {
    let shops = all("acme");
    let id = |channel: &str, step, number, at_ms| {
        let shop = shops.iter().find(|shop| shop.platform.name() == channel).expect("known");
        let name = if channel == "shopify" { "x-shopify-webhook-id" } else { "x-wc-webhook-delivery-id" };
        let headers = pushed(shop, step, &placed(1, PLACED_S), number, at_ms).headers;
        headers.into_iter().find(|(known, _)| *known == name).expect("it has one").1
    };
    let (shopify, woocommerce) = ("shopify", "woocommerce");
    assert_eq!(id(woocommerce, Step::Placed, 1, 5_000), id(woocommerce, Step::Placed, 2, 5_999));
    assert_ne!(id(woocommerce, Step::Placed, 1, 5_000), id(woocommerce, Step::Paid, 1, 5_000));
    assert_ne!(id(woocommerce, Step::Placed, 1, 5_000), id(woocommerce, Step::Placed, 1, 6_000));
    assert_ne!(id(shopify, Step::Placed, 1, 5_000), id(shopify, Step::Placed, 2, 5_000));
    assert_eq!(id(shopify, Step::Placed, 1, 5_000), id(shopify, Step::Placed, 1, 5_000));
}
