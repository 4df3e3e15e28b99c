//! Kuaishou shop (快手小店): sealed pushes, all of them thin. An order is asked for at the platform's API (`listing/kuaishou.rs`).
//!
//! A shop's secret is the application's message key as Kuaishou shows it: 16 bytes in base64. A body that opens under one of the
//! shop's keys to a message is believed, and the message is what the log keeps; a test of the address leaves nothing.
//!
//! **Known**, from one published message and from what several receivers and SDKs have published: the sealing, in which none names
//! another IV than zeros; the envelope, with `info` as JSON in a text and all times in Unix ms; `eventId` as the same over retries;
//! `oid` and `updateTime` of news of orders (`createTime` in that of a new one), `orderId` of those of after-sales; the statuses; the
//! answer.
//! **Documented, seen in no message or order of a real shop**: the fields of `open.order.detail` that `whole.rs` reads, amounts in
//! fen; that nothing is to be shipped while `riskCode` or `disableDeliveryReasonCode` tells of something or a refund is under way; the
//! states of a refund; that an order goes to "shipped" with its first parcel; that an order has one item and its gifts are parts of
//! it; the heartbeat `{"test":true}`.
//! **Assumed**: that an order's update time is no earlier than the time in the news of it; that what a buyer pays is `totalFee` with
//! `expressFee`; that an order that ended as failed with a refund done is refunded whole, and any other in part; the names of a
//! gift's fields. Not known, and not read: how much of a deposit was paid, so an order that waits for its balance counts as unpaid;
//! the seller's notes, which no listing has, so that an order would lose and regain them. There is no cash on delivery. Names, phones
//! and addresses come encrypted: what is kept is what Kuaishou shows of them, with its id of the address.
//!
//! The sealing is weak: CBC without a MAC, one IV for all, and nothing in a message is compared with the time it arrives at. Whoever
//! holds a sealed message can send it again (it is known by its version) or garble blocks of it (what opens to no message is
//! refused; what still does says no more than that the platform is to be asked, and its status).

mod holds;
mod parts;
mod people;
mod sealed;
mod status;
#[cfg(test)]
mod tests;
mod whole;

use crate::adapter::{Adapter, Answer, Headers, Identity, Opened, Request};
use crate::json::{self, Json, Object};
use crate::listing::{Listing, kuaishou::KuaishouOrders};
use crate::mapped::Mapped;
use crate::{Fault, SignatureFault};
use status::{Status, VERSION_MAX};

/// Marks an order that was pulled, as against a message. It is not kept of a push, so nobody can push one.
pub(crate) const PULLED: &str = "x-weir-pulled";

/// News of orders, and of what comes after the sale, which is about an order as well.
const ORDERS: &str = "kwaishop_order_";
const AFTER_SALES: &str = "kwaishop_aftersales_";

/// The adapter.
pub struct Kuaishou;

/// What Kuaishou would send with this message, under a message key in base64. Nothing where the key is none.
pub fn seal(secret: &[u8], message: &[u8]) -> Option<String> {
    sealed::seal(&sealed::key(secret)?, message)
}

/// What a believed body is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Heartbeat,
}

impl Kind {
    /// By what every message has, however strange the rest of it is.
    fn of(plain: &[u8]) -> Option<Kind> {
        let kind = |message: Object<'_>| {
            if message.get("test") == Some(&Json::Bool(true)) {
                return Ok(Kind::Heartbeat);
            }
            for name in ["eventId", "event", "appKey"] {
                message.text(name)?;
            }
            Ok(Kind::Message)
        };
        json::read(plain, kind).ok()
    }
}

impl Kuaishou {
    fn unseal(request: &Request<'_>, secrets: &[Vec<u8>]) -> Result<(Kind, Vec<u8>), SignatureFault> {
        let keys = secrets.iter().filter_map(|secret| sealed::key(secret));
        sealed::open(request.body, keys, Kind::of).ok_or(SignatureFault::Mismatch)
    }
}

impl Adapter for Kuaishou {
    fn channel(&self) -> &'static str {
        "kuaishou"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[]
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<(), SignatureFault> {
        Kuaishou::unseal(request, secrets).map(drop)
    }

    fn open(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<Opened, SignatureFault> {
        Ok(match Kuaishou::unseal(request, secrets)? {
            (Kind::Message, message) => Opened::Parts(vec![message]),
            (Kind::Heartbeat, _) => Opened::Parts(Vec::new()),
        })
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        if headers.get(PULLED).is_some() {
            return json::read(body, whole::identity);
        }
        json::read(body, |message| news(message).map(|news| news.identity))
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        if headers.get(PULLED).is_some() {
            return json::read(body, whole::map);
        }
        json::read(body, |message| {
            let News { identity, version, status } = news(message)?;
            Ok(Mapped {
                kind: identity.kind,
                delivery_id: identity.delivery_id,
                platform_order_id: identity.platform_order_id,
                version,
                announced: true,
                payment_state: status.map(Status::payment_by_itself).unwrap_or_default(),
                cancelled: (status == Some(Status::Failed)).then(String::new),
                completed: status == Some(Status::Success),
                shipped: status.map(Status::shipped_by_itself).unwrap_or_default(),
                ..Mapped::default()
            })
        })
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "application/json", body: "{\"result\":1}" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&KuaishouOrders)
    }
}

/// What a message tells.
struct News {
    identity: Identity,
    /// The time of what it tells of; 0 where that is no time of the order's.
    version: i64,
    status: Option<Status>,
}

fn news(message: Object<'_>) -> Result<News, Fault> {
    let event = message.text("event")?;
    let delivery_id = message.id("eventId")?;
    let of_order = event.starts_with(ORDERS);
    if !of_order && !event.starts_with(AFTER_SALES) {
        let detail = format!("{event:?} is about no order: it begins with neither {ORDERS:?} nor {AFTER_SALES:?}");
        return Err(Fault::invalid("event", detail));
    }
    if message.get("info").is_none() {
        return Err(Fault::missing("info"));
    }
    json::read(message.text_or_empty("info")?.as_bytes(), |info| {
        let (platform_order_id, version, status) = match of_order {
            true => (info.id("oid")?, told_at(info)?, status::told(info)?),
            // Its status and its times are the refund's.
            false => (info.id("orderId")?, 0, None),
        };
        let identity = Identity { kind: event.to_owned(), delivery_id, platform_order_id };
        Ok(News { identity, version, status })
    })
    .map_err(|fault| fault.below("info"))
}

/// The order's update time; of a new order its placing, which is no later. An audit's times are not the order's.
fn told_at(info: Object<'_>) -> Result<i64, Fault> {
    let time = |name| info.integer_or(name, 0, 0, VERSION_MAX);
    let (updated, created) = (time("updateTime")?, time("createTime")?);
    let is_audit = info.get("auditStatus").is_some();
    Ok(match updated {
        0 if is_audit => 0,
        0 => created,
        updated => updated,
    })
}
