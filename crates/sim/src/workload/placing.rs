//! Orders in canonical form over gRPC: our own counter's, and known orders that come once more from a file.

use super::catalogue::{CURRENCY, Catalogue, FREIGHT_MINOR, REGIONS, TENANT, money};
use super::command::{Command, Head, command};
use super::order::{Order, Pay, Telling};
use super::shape::Channel;
use bytes::Bytes;
use prost::Message as _;
use weir_ingest::edge::{RECEIVED, encode, received};
use weir_proto::order::v1::{
    self as wire, Amounts, Buyer, FulfillmentMethod, Identity, LineKind, OrderKind, Payment, PaymentPart, PaymentState,
    PaymentTerms, Permissions, ShipTo,
};
use weir_proto::topics::Topic;

/// `PlaceOrder` of this telling, as ingest's gRPC edge writes it. Nothing of a person is in it, so nothing has to
/// be sealed.
pub(super) fn placing(catalogue: &Catalogue, order: &Order, telling: Telling, head: Head<'_>) -> Command {
    let canonical = canonical(catalogue, order, telling);
    let identity = canonical.identity.clone().unwrap_or_default();
    let body = Bytes::from(canonical.encode_to_vec());
    command(Topic::Deliveries, &order.id, RECEIVED, head, |meta| encode(meta, received(&identity, body.clone())))
}

fn canonical(catalogue: &Catalogue, order: &Order, telling: Telling) -> wire::Order {
    let payable = order.total_minor(catalogue, telling);
    let paid = match telling.pay {
        Pay::Pending => 0,
        Pay::Part => payable / 2,
        Pay::Paid | Pay::Refunded => payable,
    };
    let state = match telling.pay {
        Pay::Pending => PaymentState::Pending,
        Pay::Part => PaymentState::PartlyPaid,
        Pay::Paid => PaymentState::Paid,
        Pay::Refunded => PaymentState::Refunded,
    };
    let (country, province, city) = REGIONS[order.region];
    wire::Order {
        identity: Some(identity(catalogue, order, telling)),
        buyer: Some(Buyer {
            platform_buyer_id: order.buyer.to_string(),
            buyer_remark: note(telling),
            ..Buyer::default()
        }),
        ship_to: Some(ShipTo {
            country: country.to_owned(),
            province: province.to_owned(),
            city: city.to_owned(),
            ..ShipTo::default()
        }),
        lines: lines(catalogue, order, telling),
        amounts: Some(Amounts {
            currency: CURRENCY.to_owned(),
            exponent: 2,
            goods: Some(money(payable - FREIGHT_MINOR)),
            freight: Some(money(FREIGHT_MINOR)),
            payable: Some(money(payable)),
            paid: Some(money(paid)),
            due: Some(money(payable - paid)),
            ..Amounts::default()
        }),
        payments: if paid > 0 { vec![payment(order, telling, state, paid)] } else { Vec::new() },
        payment_state: state.into(),
        permissions: Some(Permissions {
            holds: if telling.hold { vec!["risk-control".to_owned()] } else { Vec::new() },
            ..Permissions::default()
        }),
        payment_terms: if order.on_delivery { PaymentTerms::CashOnDelivery.into() } else { 0 },
        ..wire::Order::default()
    }
}

/// A known order carries the version that its platform gives it.
fn identity(catalogue: &Catalogue, order: &Order, telling: Telling) -> Identity {
    let shop = &catalogue.shops[order.shop];
    let platform_version = match shop.channel {
        Channel::Generic | Channel::Counter => telling.version,
        Channel::Shopify | Channel::WooCommerce => telling.event_ms.div_euclid(1_000) * 1_000,
    };
    Identity {
        tenant: TENANT.to_owned(),
        order_id: order.id.clone(),
        channel: shop.registered.channel.clone(),
        shop: shop.registered.shop.clone(),
        platform_order_id: order.number.to_string(),
        shown_number: format!("#{}", order.number),
        platform_version,
        kind: OrderKind::Sale.into(),
        method: FulfillmentMethod::Ship.into(),
        placed_at_ms: order.placed_ms,
        ..Identity::default()
    }
}

fn lines(catalogue: &Catalogue, order: &Order, telling: Telling) -> Vec<wire::Line> {
    let line = |line: super::order::Line| {
        let sku = if line.unmapped { String::new() } else { catalogue.items[line.item].sku.clone() };
        wire::Line {
            line_id: line.id.to_string(),
            platform_sku: sku.clone(),
            sku,
            kind: LineKind::Sale.into(),
            ordered: line.quantity,
            sold_price: Some(money(line.price_minor)),
            list_price: Some(money(line.price_minor)),
            title: "Thing".to_owned(),
            ..wire::Line::default()
        }
    };
    order.lines(catalogue, telling).map(line).collect()
}

fn payment(order: &Order, telling: Telling, state: PaymentState, paid: i64) -> Payment {
    Payment {
        payment_id: format!("{}:{}", order.number, state.as_str_name()),
        part: PaymentPart::Full.into(),
        amount: Some(money(paid)),
        state: state.into(),
        paid_at_ms: telling.event_ms,
        method: "card".to_owned(),
    }
}

fn note(telling: Telling) -> String {
    match telling.note {
        0 => String::new(),
        note => format!("please ring {note} times"),
    }
}
