//! What must hold of every parser, whatever bytes it is given. The fuzz targets feed it, and a test of `crates/channels` feeds it what they
//! have kept.

use weir_channels::listing::{Access, Answered, Listed, Listing, PageAsked, Wanted};
use weir_channels::{Adapter, Headers, Mapped, Request, adapter};

const NOW_MS: i64 = 1_795_219_200_000;
/// As crates/proto has it; an order is refused beyond it.
const LINES_MAX: usize = 500;

/// A delivery's body, behind a byte that chooses its headers.
///
/// # Panics
/// Where the adapter breaks a promise.
pub fn delivery(channel: &str, data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let adapter = adapter(channel).expect("a channel of the registry");
    let kinds = headers(adapter);
    let headers = &kinds[usize::from(*choice) % kinds.len()];
    let request = Request { headers, body, now_ms: NOW_MS };
    adapter.is_probe(&request);
    let secrets =
        [b"client:secret".to_vec(), b"body:secret".to_vec(), b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_vec()];
    assert!(adapter.open(&request, &secrets, 300_000).is_err(), "nobody signed this");
    read(adapter, headers, body);
}

/// A platform's answer to a question for a page, behind a byte that chooses the question.
///
/// # Panics
/// Where the listing breaks a promise.
pub fn page(channel: &str, data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let adapter = adapter(channel).expect("a channel of the registry");
    let listing = adapter.listing().expect("it can be listed");
    let wanted = match choice % 3 {
        0 => Wanted::Changed { from_ms: NOW_MS - 86_400_000 },
        1 => Wanted::Placed { from_ms: NOW_MS - 86_400_000, until_ms: NOW_MS },
        _ => Wanted::Ids(vec!["1001".to_owned()]),
    };
    let mut asked = PageAsked { wanted, size: 50, after: None };
    // A token of the platform's goes into the next question, so it is asked too.
    for _ in 0..2 {
        let access = Access { credential: "one:two:three:four", now_ms: NOW_MS };
        let ask = listing.ask(&asked, &access);
        assert!(ask.path.starts_with('/') && ask.path.bytes().all(|byte| byte.is_ascii_graphic()), "{:?}", ask.path);
        let links = Headers::of(&[("link", "<https://x/y?page_info=abc>; rel=\"next\""), ("x-wp-totalpages", "3")]);
        let answer = Answered { headers: &links, body, asked_ms: NOW_MS };
        let Ok(page) = listing.read(&asked, &answer) else { return };
        for Listed { body, .. } in &page.orders {
            read(adapter, &listing.headers(), body);
        }
        match page.next {
            Some(next) => asked.after = Some(next),
            None => return,
        }
    }
}

fn read(adapter: &dyn Adapter, headers: &Headers, body: &[u8]) {
    let identity = adapter.identify(headers, body);
    let Ok(mapped) = adapter.map(headers, body) else { return };
    let identity = identity.expect("what can be read can be identified");
    assert_eq!(identity, mapped.identity(), "both readers tell the same");
    assert!(!mapped.platform_order_id.is_empty());
    holds(&mapped);
}

/// What everybody behind the adapter takes for granted.
fn holds(mapped: &Mapped) {
    assert!(!(mapped.announced && mapped.order.is_some()), "what is carried needs no pull");
    let Some(draft) = &mapped.order else { return };
    let lines = &draft.order.lines;
    // A cancelled order may tell of no lines any more.
    assert!(!lines.is_empty() || mapped.cancelled.is_some(), "an order without lines");
    assert!(lines.len() <= LINES_MAX, "{} lines", lines.len());
    let mut ids: Vec<&str> = lines.iter().map(|line| line.line_id.as_str()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "a line id twice: {ids:?}");
    assert!(ids.iter().all(|id| !id.is_empty()), "a line without id");
    assert!(lines.iter().all(|line| (0..=1_000_000).contains(&line.ordered)), "a quantity out of bounds");
    let payable = draft.order.amounts.as_ref().and_then(|amounts| amounts.payable.as_ref());
    assert!(payable.is_none_or(|payable| payable.minor >= 0), "less than nothing is to be paid");
}

/// The headers that this channel's deliveries come under: as pushed, in each kind that reads the body otherwise, and as pulled.
fn headers(adapter: &dyn Adapter) -> Vec<Headers> {
    let pushed = |pairs: &[(&str, &str)]| Headers::of(pairs);
    let mut kinds = match adapter.channel() {
        "shopify" => ["orders/create", "orders/paid", "orders/cancelled", "refunds/create"]
            .map(|topic| pushed(&[("x-shopify-topic", topic), ("x-shopify-hmac-sha256", "AAAA")]))
            .to_vec(),
        "woocommerce" => ["order.created", "order.updated", "order.deleted"]
            .map(|topic| pushed(&[("x-wc-webhook-topic", topic), ("x-wc-webhook-signature", "AAAA")]))
            .to_vec(),
        "generic" => vec![pushed(&[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", "1795219200"),
            ("webhook-signature", "v1,AAAA v1,BBBB"),
        ])],
        "youzan" => vec![pushed(&[("event-sign", "00"), ("client-id", "client"), ("event-type", "trade_TradePaid")])],
        _ => vec![pushed(&[("authorization", "00"), ("event-sign", "00"), ("app-id", "client")])],
    };
    kinds.extend(adapter.listing().map(Listing::headers));
    kinds
}
