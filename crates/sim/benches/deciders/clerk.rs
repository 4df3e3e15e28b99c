//! An order arrives unpaid, and is paid.

use super::NOW;
use weir_decider::Millis;
use weir_ingest::domain::{Content, Delivery, Line, PaymentState, PaymentTold, World};

const SHOP: &str = "demo/shopify/acme";

pub fn world() -> World {
    World::default()
}

pub fn inputs() -> Vec<Delivery> {
    let line = |id: &str, sku: &str, quantity| Line {
        id: id.to_owned(),
        platform_sku: sku.to_owned(),
        sku: sku.to_owned(),
        quantity,
        payload: vec![0; 96],
    };
    let content = Content {
        placed_at: Millis(NOW.0 - 1000),
        payment: PaymentState::Pending,
        lines: vec![line("1", "TEA-250", 2), line("2", "POT-1", 1)],
        payload: vec![0; 512],
        ..Content::default()
    };
    let told = PaymentTold { id: "pay-1".to_owned(), state: PaymentState::Paid, payload: vec![0; 64] };
    let placing = Delivery { version: 1, content: Some(Box::new(content)), ..of_shop() };
    vec![placing, Delivery { version: 2, payment: Some(told), ..of_shop() }]
}

fn of_shop() -> Delivery {
    Delivery { shop: SHOP.to_owned(), ..Delivery::default() }
}
