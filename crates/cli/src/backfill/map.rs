//! An order's rows as the canonical order, or all that is wrong with them. Pure.

mod cells;
#[cfg(test)]
mod tests;

use super::columns::{Columns, OF_ORDER, ORDER_ID};
use super::sheet::Row;
use cells::Reading;
use serde::Serialize;
use std::collections::HashMap;
use weir_channels::grpc;
use weir_channels::money::{exponent, money};
use weir_proto::ingest::v1::PersonalInput;
use weir_proto::order::v1::{
    Amounts, Buyer, FulfillmentMethod, Identity, Line, LineKind, Order, OrderKind, Payment, PaymentPart, PaymentState,
    ShipTo,
};

/// Ingest places nothing that is older.
const HORIZON_MS: i64 = 400 * 86_400_000;

/// Why an order is not entered: where in the file, and what to mend there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub lines: Vec<u64>,
    pub column: String,
    pub reason: String,
}

/// Whose orders they are, and what time it is.
#[derive(Clone, Debug)]
pub struct Frame {
    pub channel: String,
    pub shop: String,
    pub now_ms: i64,
}

/// What is asked of ingest. No platform tells a version here, so it is 0: whatever the platform itself tells is newer.
pub type Placeable = (Order, PersonalInput);

/// # Errors
/// All that is wrong with the order.
pub fn map(frame: &Frame, columns: &Columns, rows: &[Row]) -> Result<Placeable, Vec<Fault>> {
    let Some(first) = rows.first() else { return Err(Vec::new()) };
    let mut faults = disagreements(columns, rows);
    let mut head = Reading::new(columns, first, &mut faults);
    let currency = head.currency();
    let payable = head.money("payable", &currency, true);
    let mut amounts = Amounts {
        currency: currency.clone(),
        exponent: exponent(&currency),
        discount: money(head.money("discount", &currency, false), &currency),
        freight: money(head.money("freight", &currency, false), &currency),
        tax: money(head.money("tax", &currency, false), &currency),
        payable: money(payable, &currency),
        ..Amounts::default()
    };
    let identity = identity(frame, &mut head);
    let (state, payment_terms) = (head.payment_state(), head.payment_terms());
    head.not_cancelled();
    let (buyer, ship_to, personal) = people(&mut head);
    let lines = lines(columns, rows, &currency, &mut faults);
    let goods = lines.iter().map(|line| line.ordered.saturating_mul(line.sold_price.as_ref().map_or(0, |p| p.minor)));
    let paid = if matches!(state, PaymentState::Paid | PaymentState::Refunded) { payable } else { 0 };
    amounts.goods = money(goods.fold(0, i64::saturating_add), &currency);
    amounts.paid = money(paid, &currency);
    amounts.due = money(payable.saturating_sub(paid), &currency);
    amounts.refunded = money(if state == PaymentState::Refunded { payable } else { 0 }, &currency);
    let order = Order {
        payments: payment(&identity, state, payable, &currency).into_iter().collect(),
        identity: Some(identity),
        buyer: Some(buyer),
        ship_to: Some(ship_to),
        lines,
        amounts: Some(amounts),
        payment_state: state.into(),
        payment_terms: payment_terms.into(),
        ..Order::default()
    };
    if faults.is_empty()
        && let Err(fault) = grpc::check(&order)
    {
        // What ingest would say, said before anything is sent.
        let lines = rows.iter().map(|row| row.line).collect();
        faults.push(Fault { lines, column: fault.field, reason: fault.detail });
    }
    if faults.is_empty() { Ok((order, personal)) } else { Err(faults) }
}

/// What belongs to the whole order and is not alike on all its rows. Never what stands there: it may be somebody's address.
fn disagreements(columns: &Columns, rows: &[Row]) -> Vec<Fault> {
    let [first, others @ ..] = rows else { return Vec::new() };
    let differs = |name: &&str| {
        let cell = columns.cell(&first.cells, name);
        let other = others.iter().find(|row| columns.cell(&row.cells, name) != cell)?;
        let reason = "the two lines differ, and it should be alike on all rows of an order".to_owned();
        Some(Fault { lines: vec![first.line, other.line], column: (*name).to_owned(), reason })
    };
    OF_ORDER.iter().filter_map(differs).collect()
}

fn identity(frame: &Frame, head: &mut Reading<'_>) -> Identity {
    Identity {
        channel: frame.channel.clone(),
        shop: frame.shop.clone(),
        platform_order_id: head.id(ORDER_ID, true),
        shown_number: head.id("number", false),
        kind: OrderKind::Sale.into(),
        method: FulfillmentMethod::Ship.into(),
        placed_at_ms: head.placed_at(frame.now_ms, HORIZON_MS),
        ..Identity::default()
    }
}

fn people(head: &mut Reading<'_>) -> (Buyer, ShipTo, PersonalInput) {
    let buyer = Buyer {
        platform_buyer_id: head.id("buyer_id", false),
        buyer_remark: head.free("buyer_remark"),
        seller_remark: head.free("seller_remark"),
        ..Buyer::default()
    };
    let ship_to = ShipTo {
        country: head.free("country"),
        province: head.free("province"),
        city: head.free("city"),
        district: head.free("district"),
        ..ShipTo::default()
    };
    let personal = PersonalInput {
        name: head.free("name"),
        phone: head.free("phone"),
        email: head.free("email"),
        address_detail: head.free("address"),
    };
    (buyer, ship_to, personal)
}

/// Its id derives from the order's, as with platforms that tell no payments of their own.
fn payment(identity: &Identity, state: PaymentState, payable: i64, currency: &str) -> Option<Payment> {
    let name = match state {
        PaymentState::Paid => "paid",
        PaymentState::Refunded => "refunded",
        _ => return None,
    };
    Some(Payment {
        payment_id: format!("{}:{name}", identity.platform_order_id),
        part: PaymentPart::Full.into(),
        amount: money(payable, currency),
        state: state.into(),
        paid_at_ms: identity.placed_at_ms,
        ..Payment::default()
    })
}

fn lines(columns: &Columns, rows: &[Row], currency: &str, faults: &mut Vec<Fault>) -> Vec<Line> {
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut lines = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let mut cells = Reading::new(columns, row, faults);
        let line_id = match columns.has("line_id") {
            true => cells.id("line_id", true),
            false => (index + 1).to_string(),
        };
        let sku = cells.id("sku", true);
        let price = cells.money("price", currency, true);
        lines.push(Line {
            line_id: line_id.clone(),
            platform_sku: sku.clone(),
            sku,
            kind: LineKind::Sale.into(),
            ordered: cells.quantity(),
            list_price: money(price, currency),
            sold_price: money(price, currency),
            title: cells.free("title"),
            ..Line::default()
        });
        if let Some(before) = seen.insert(line_id.clone(), row.line).filter(|_| !line_id.is_empty()) {
            let reason = format!("{line_id:?} is there twice; each line of an order has its own");
            faults.push(Fault { lines: vec![before, row.line], column: "line_id".to_owned(), reason });
        }
    }
    lines
}
