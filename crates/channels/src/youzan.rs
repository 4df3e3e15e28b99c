//! Youzan (有赞): pushes about trades. `trade_TradeCreate`, `trade_TradePaid` and `trade_TradeBuyerPay` carry the whole order;
//! shipping, success, closing, notes, addresses and refunds are thin: they say what their status says, and announce the order,
//! which is then pulled (see `listing/youzan.rs`). An order that was pulled is the same `full_order_info` without an envelope.
//!
//! A shop's secret is registered as "client_id:client_secret", parted at the first colon: the client id is part of what is
//! signed, so the one in the header chooses among the secrets and stands for none.
//!
//! **Known**, from Youzan's documentation of its messages and of `youzan.trade.get`, and from some ten messages that receivers
//! have published: the headers and the signature; the envelope; `msg` as URL-encoded JSON, of either kind (see `message.rs`), and
//! as an object in the newer `youzan_trade_…` types; the seven statuses; every field of the whole order that is read here, its
//! amounts as texts in yuan, its times local at +08:00. `version` was the order's update time in Unix seconds in each of those
//! messages; one documented example of `trade_TradeBuyerPay` has milliseconds. Its documentation promises an order among
//! messages of one type only, which is why a status outranks another within a second (see `status.rs`).
//! **Documented, seen in no message**: `order_tags.is_down_payment_pre`, `pay_info.real_payment` other than "0.00", presale
//! lines, `refund_state` other than 0, parcels that have left (`delivery_order`), cash on delivery, delivery windows,
//! `remark_info.trade_memo` and `star`.
//! **Assumed**: that a probe is a small body with `test` true and neither `msg` nor `id`; that Youzan is content with this
//! answer (documented is that it must hold "success"); that the `version` of a thin message is the order's update time too, also
//! where it tells of a refund or a note. Texts that Youzan encrypted ("$…$1$") are taken as they came.
//!
//! The signature is weak: MD5, and nothing in it says when it was made, so an old message can be sent again by whoever saw it.
//! It is the same message, and known by its version.

mod field;
mod lines;
mod message;
mod people;
mod status;
#[cfg(test)]
mod tests;
mod whole;

use crate::adapter::{Adapter, Answer, Headers, Identity, Request};
use crate::json::{Object, read};
use crate::listing::{Listing, youzan::YouzanOrders};
use crate::mapped::{Mapped, Shipped};
use crate::signature::{fits_any_hex, md5};
use crate::{Fault, SignatureFault};
use status::Status;

pub const SIGNATURE: &str = "event-sign";
pub const TYPE: &str = "event-type";
pub const CLIENT_ID: &str = "client-id";

/// Marks an order that was pulled, as against a message. It is not kept of a push, so nobody can push one.
pub(crate) const PULLED: &str = "x-weir-pulled";
/// The kind of a delivery that was pulled.
pub(crate) const UPDATED: &str = "order";

/// How the types of messages about trades begin, as against those about goods, points and customers.
const TRADES: [&str; 2] = ["trade_", "youzan_trade_"];
/// And those whose status is a refund's, not the order's.
const REFUNDS: [&str; 2] = ["trade_refund_", "youzan_trade_Refund"];

/// Says so in no status.
const PARTLY_SHIPPED: &str = "trade_TradePartlySellerShip";

/// No body without an order is larger, and what is larger is not read before it is believed.
const PROBE_BYTES_MAX: usize = 2048;

/// The adapter.
pub struct Youzan;

/// What Youzan puts into its signature header.
pub fn sign(client_id: &[u8], client_secret: &[u8], body: &[u8]) -> String {
    md5(&[client_id, body, client_secret])
}

/// The client id and the secret of "client_id:client_secret", where both are there.
fn parted(secret: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = secret.iter().position(|byte| *byte == b':')?;
    let (client_id, client_secret) = (&secret[..colon], &secret[colon + 1..]);
    (!client_id.is_empty() && !client_secret.is_empty()).then_some((client_id, client_secret))
}

impl Adapter for Youzan {
    fn channel(&self) -> &'static str {
        "youzan"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE, TYPE, CLIENT_ID]
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<(), SignatureFault> {
        let given = request.headers.get(SIGNATURE).ok_or(SignatureFault::Missing(SIGNATURE))?;
        let client = request.headers.get(CLIENT_ID).ok_or(SignatureFault::Missing(CLIENT_ID))?;
        let pairs = secrets.iter().filter_map(|secret| parted(secret)).filter(|(id, _)| *id == client.as_bytes());
        match fits_any_hex(given, pairs.map(|(id, secret)| sign(id, secret, request.body))) {
            true => Ok(()),
            false => Err(SignatureFault::Mismatch),
        }
    }

    /// Youzan looks from time to time whether the address answers.
    fn is_probe(&self, request: &Request<'_>) -> bool {
        let probe = |envelope: Object<'_>| {
            Ok(envelope.flag("test")?
                && envelope.text_or_empty("msg")?.is_empty()
                && envelope.id_or_empty("id")?.is_empty())
        };
        request.body.len() <= PROBE_BYTES_MAX && read(request.body, probe).unwrap_or(false)
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        match headers.get(PULLED) {
            Some(kind) => read(body, |order| {
                let id = order.within("full_order_info", |full| full.within("order_info", |info| info.id("tid")))?;
                Ok(Identity { kind: kind.to_owned(), delivery_id: String::new(), platform_order_id: id })
            }),
            None => read(body, identity),
        }
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        if let Some(kind) = headers.get(PULLED) {
            return read(body, |order| Ok(Mapped { kind: kind.to_owned(), ..pulled(order)? }));
        }
        read(body, |envelope| {
            let identity = identity(envelope)?;
            if !TRADES.iter().any(|start| identity.kind.starts_with(start)) {
                let detail = format!("{:?} is about no trade: it begins with none of {TRADES:?}", identity.kind);
                return Err(Fault::invalid("type", detail));
            }
            let about = About {
                id: identity.platform_order_id,
                version: envelope.integer("version", 0, status::VERSION_MAX)?,
                test: envelope.flag("test")?,
            };
            let mapped = match message::read(envelope, |message| tell(message, &about))? {
                Some(Told::Whole(mapped)) => *mapped,
                Some(Told::Thin(reason)) => thin(envelope, &identity.kind, about, reason)?,
                None => thin(envelope, &identity.kind, about, String::new())?,
            };
            Ok(Mapped { kind: identity.kind, delivery_id: identity.delivery_id, ..mapped })
        })
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "application/json", body: "{\"code\":0,\"msg\":\"success\"}" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&YouzanOrders)
    }
}

/// What the envelope says of the order, whatever the message tells.
struct About {
    id: String,
    version: i64,
    test: bool,
}

/// What `msg` tells: all of the order, or why it was closed, if it was.
enum Told {
    Whole(Box<Mapped>),
    Thin(String),
}

/// The envelope is signed, the header with the type is not.
fn identity(envelope: Object<'_>) -> Result<Identity, Fault> {
    Ok(Identity {
        kind: envelope.text("type")?.to_owned(),
        delivery_id: envelope.id_or_empty("msg_id")?,
        platform_order_id: envelope.id("id")?,
    })
}

fn tell(message: Object<'_>, about: &About) -> Result<Told, Fault> {
    if let Some(mapped) = message.inside("full_order_info", |order| whole::map(order, about))? {
        return Ok(Told::Whole(Box::new(parcels(mapped, message)?)));
    }
    if message.get("tid").is_some() {
        same_order(message, about)?;
    }
    closing(message, message.text_or_empty("close_reason")?).map(Told::Thin)
}

/// An order that was pulled: `full_order_info` and what stands beside it.
fn pulled(order: Object<'_>) -> Result<Mapped, Fault> {
    let mapped = order.within("full_order_info", |full| {
        let about = full.within("order_info", |info| {
            let updated_s = field::time(info, "update_time")?.div_euclid(1000);
            Ok(About { id: info.id("tid")?, version: updated_s, test: false })
        })?;
        whole::map(full, &about)
    })?;
    parcels(mapped, order)
}

/// `delivery_order` tells what has left of an order whose status is still that something must.
fn parcels(mapped: Mapped, beside: Object<'_>) -> Result<Mapped, Fault> {
    let left = beside.each("delivery_order", |parcel| parcel.integer_or("express_state", 0, 0, 1000))?;
    let shipped = if left.contains(&1) { Shipped::Partly } else { Shipped::Nothing };
    Ok(Mapped { shipped: mapped.shipped.max(shipped), ..mapped })
}

/// Envelope and message must be about one order: the envelope's id is what the delivery is kept under.
fn same_order(object: Object<'_>, about: &About) -> Result<(), Fault> {
    let told = object.id("tid")?;
    match told == about.id {
        true => Ok(()),
        false => Err(Fault::invalid("tid", format!("it is {told:?}, and the envelope's id is {:?}", about.id))),
    }
}

/// Why an order was closed, in words where Youzan has a number. Empty where it is open.
fn closing(object: Object<'_>, reason: &str) -> Result<String, Fault> {
    let words = match object.integer_or("close_type", 0, 0, i64::from(i32::MAX))? {
        0 => "",
        1 => "not paid in time",
        2 => "refunded",
        4 => "by the buyer",
        5 => "by the seller",
        17 => "out of stock",
        _ => "closed",
    };
    Ok(match reason {
        "" | "NONE" => words,
        reason => reason,
    }
    .to_owned())
}

/// Which order, and what the status alone says of it; the rest must be pulled. That a refund was asked for or paid is not said: thin as it is, it tells
/// neither of which lines nor how much of the price.
fn thin(envelope: Object<'_>, kind: &str, about: About, reason: String) -> Result<Mapped, Fault> {
    let status = match envelope.name_or_empty("status")? {
        _ if REFUNDS.iter().any(|start| kind.starts_with(start)) => None,
        "" => None,
        word => Some(Status::of("status", word)?),
    };
    Ok(Mapped {
        platform_order_id: about.id,
        version: status::version_to_pull(about.version, status),
        payment_state: status.map(Status::payment_by_itself).unwrap_or_default(),
        cancelled: (status == Some(Status::Closed)).then_some(reason),
        completed: status == Some(Status::Success),
        shipped: match kind {
            PARTLY_SHIPPED => Shipped::Partly,
            _ => status.map(Status::shipped).unwrap_or_default(),
        },
        announced: true,
        ..Mapped::default()
    })
}
