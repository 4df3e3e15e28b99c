//! Own shops: Standard Webhooks signatures around JSON of our own.
//!
//! `{"type": "order.created", "timestamp": "…", "data": {…}}`. The types are order.created and order.updated (whole order),
//! order.paid (thin, or whole where it has lines), order.cancel_requested and order.cancelled (thin, or whole). Every amount
//! is either `name`, a decimal string, or `name_minor`, a whole number of minor units. The version is `data.version`, else
//! `data.updated_at`, else `timestamp`.
//!
//! `data.status` of a whole order: "cancelled", "partly_shipped" and "shipped" (goods have left for the buyer, whoever sent
//! them) and "completed" (the shop is done with it) are heeded; every other word is the shop's own.

mod whole;

use crate::adapter::{Adapter, Answer, Headers, Identity, Request};
use crate::json::{Object, read};
use crate::mapped::{CancelRequest, Mapped};
use crate::money::{exponent, money};
use crate::standard_webhooks::{self, ID, SIGNATURE, TIMESTAMP};
use crate::{Fault, SignatureFault};
use weir_proto::order::v1::{Payment, PaymentPart, PaymentState};

const TYPES: [&str; 5] = ["order.created", "order.updated", "order.paid", "order.cancel_requested", "order.cancelled"];

/// The adapter.
pub struct Generic;

impl Adapter for Generic {
    fn channel(&self) -> &'static str {
        "generic"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[ID, TIMESTAMP, SIGNATURE]
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], tolerance_ms: i64) -> Result<(), SignatureFault> {
        standard_webhooks::verify(request.headers, request.body, secrets, request.now_ms, tolerance_ms)
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        read(body, |envelope| {
            Ok(Identity {
                kind: envelope.text("type")?.to_owned(),
                delivery_id: headers.id_or_empty(ID)?.to_owned(),
                platform_order_id: envelope.within("data", |data| data.id("order_id"))?,
            })
        })
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        read(body, |envelope| {
            let kind = envelope.text("type")?;
            if !TYPES.contains(&kind) {
                return Err(Fault::invalid("type", format!("{kind:?} is none of {TYPES:?}")));
            }
            let timestamp = envelope.time("timestamp")?;
            let delivery_id = headers.id_or_empty(ID)?;
            let mapped = envelope.within("data", |data| map_data(data, kind, timestamp, delivery_id))?;
            Ok(Mapped { kind: kind.to_owned(), delivery_id: delivery_id.to_owned(), ..mapped })
        })
    }

    fn answer(&self) -> Answer {
        Answer { status: 202, content_type: "application/json", body: "{\"accepted\":true}" }
    }
}

fn map_data(data: Object<'_>, kind: &str, timestamp: i64, delivery_id: &str) -> Result<Mapped, Fault> {
    let version = version(data, timestamp)?;
    let is_whole = matches!(kind, "order.created" | "order.updated") || data.get("lines").is_some();
    let mut mapped = match is_whole {
        true => whole::map(data, version)?,
        false => Mapped { platform_order_id: data.id("order_id")?, version, ..Mapped::default() },
    };
    match kind {
        "order.paid" => paid(&mut mapped, data)?,
        "order.cancelled" => mapped.cancelled = Some(data.text_or_empty("reason")?.to_owned()),
        "order.cancel_requested" => mapped.cancel_requested = Some(cancel_request(data, delivery_id)?),
        _ => {}
    }
    Ok(mapped)
}

fn version(data: Object<'_>, timestamp: i64) -> Result<i64, Fault> {
    match (data.get("version"), data.get("updated_at")) {
        (Some(_), _) => data.integer("version", 0, i64::MAX),
        (None, Some(_)) => data.time("updated_at"),
        (None, None) => Ok(timestamp),
    }
}

/// A payment that is told by itself pays the order in full, unless it says otherwise: by its state, or as a deposit.
fn paid(mapped: &mut Mapped, data: Object<'_>) -> Result<(), Fault> {
    let payment = match mapped.payment.take() {
        Some(payment) => payment,
        None => data.within("payment", |payment| map_payment(payment, None))?,
    };
    let told = PaymentState::try_from(payment.state).unwrap_or_default();
    mapped.payment_state = match told {
        PaymentState::Unspecified if payment.part() == PaymentPart::Deposit => PaymentState::PartlyPaid,
        PaymentState::Unspecified => PaymentState::Paid,
        told => told,
    };
    mapped.payment = Some(Payment { state: mapped.payment_state.into(), ..payment });
    if let Some(draft) = &mut mapped.order {
        draft.order.payment_state = mapped.payment_state.into();
    }
    Ok(())
}

fn cancel_request(data: Object<'_>, delivery_id: &str) -> Result<CancelRequest, Fault> {
    let request_id = match data.id_or_empty("request_id")? {
        id if id.is_empty() && delivery_id.is_empty() => return Err(Fault::missing("request_id")),
        id if id.is_empty() => delivery_id.to_owned(),
        id => id,
    };
    Ok(CancelRequest {
        request_id,
        reason: data.text_or_empty("reason")?.to_owned(),
        line_ids: data.texts("line_ids")?,
    })
}

fn map_payment(payment: Object<'_>, currency: Option<&str>) -> Result<Payment, Fault> {
    let currency = match currency {
        Some(currency) if payment.get("currency").is_none() => currency,
        _ => payment.currency("currency")?,
    };
    let amount = payment.own_money("amount", exponent(currency))?.ok_or_else(|| Fault::missing("amount"))?;
    let part = match payment.text_or_empty("part")? {
        "" | "full" => PaymentPart::Full,
        "deposit" => PaymentPart::Deposit,
        "balance" => PaymentPart::Balance,
        "cash_on_delivery" => PaymentPart::CashOnDelivery,
        other => {
            return Err(Fault::invalid("part", format!("{other:?} is no part of a payment")));
        }
    };
    let state = match payment.text_or_empty("state")? {
        "" => PaymentState::Unspecified,
        state => payment_state("state", state)?,
    };
    Ok(Payment {
        payment_id: payment.id("id")?,
        part: part.into(),
        amount: money(amount, currency),
        state: state.into(),
        paid_at_ms: payment.time_or_zero("paid_at")?,
        method: payment.name_or_empty("method")?.to_owned(),
    })
}

fn payment_state(field: &str, text: &str) -> Result<PaymentState, Fault> {
    Ok(match text {
        "pending" => PaymentState::Pending,
        "authorized" => PaymentState::Authorized,
        "partly_paid" => PaymentState::PartlyPaid,
        "paid" => PaymentState::Paid,
        "partly_refunded" => PaymentState::PartlyRefunded,
        "refunded" => PaymentState::Refunded,
        "voided" => PaymentState::Voided,
        other => {
            return Err(Fault::invalid(field, format!("{other:?} is no payment state")));
        }
    })
}

#[cfg(test)]
mod tests;
