//! Douyin shop (抖店): pushes that are lists of thin messages, and the order that is pulled for each.
//!
//! A push is a JSON list of `{tag, msg_id, data}`, signed as a whole. It is taken apart at the door: each message is a delivery of its
//! own, and all of them are durable before Douyin hears "success". None carries the order: it is announced by its parent id (`p_id`),
//! and asked for with `order.orderDetail` (see `listing/douyin.rs`). The order that comes back is kept under a header that nobody can
//! push, and read by `whole.rs`.
//!
//! A shop's secret is registered as "app_key:app_secret", parted at the first colon. The key is part of what is signed, so the header
//! `app-id`, which names it again, is kept and proves nothing. One app may serve many shops, each with an address of its own here; a
//! message's `shop_id` is not compared with the shop of the address.
//!
//! **Known**, from Douyin's own SDKs and from receivers that were published: the list, the header, its MD5, the answer, tag "0" as a
//! test of the address; the tags and the names of their fields; the fields of the order, its amounts in fen and its times in seconds,
//! both statuses and their numbers, ids beyond 2^53. `data` is a JSON text in receivers that run, and an object in the documents'
//! examples: both are read.
//! **Documented, seen in no message**: presale phases, times of an hour's delivery, subsidies by platform and creator.
//! **Assumed**: that the time of a change that a notice tells (see `notice.rs`) is not later than the order's `update_time` then; that
//! Douyin leaves a message in the list alone where it is the only one; that 105 ("paid") always waits for Douyin's risk control, as its
//! sellers report; that `order_expire_time` is a length where it is too small for a time, as in the documents' example. Taxes of
//! cross-border orders are not read: what they add to the price stands as a negative discount.
//! Names, phones and addresses are masked for all but few apps. They are taken as they come, clear before masked; the encrypted texts
//! stay in the delivery alone, and `open_address_id` is the recipient for Douyin's own label service.
//!
//! The signature is weak: MD5, and nothing in it says when it was made, so an old message can be sent again by whoever saw it.
//! It announces an order that is known, and the platform's own answer counts.

mod field;
mod lines;
mod message;
mod notice;
mod payments;
mod people;
mod status;
#[cfg(test)]
mod tests;
mod whole;

use crate::adapter::{Adapter, Answer, Headers, Identity, Opened, Request};
use crate::json::read;
use crate::listing::{self, Listing};
use crate::mapped::Mapped;
use crate::signature::{fits_any_hex, hmac_hex, md5};
use crate::{Fault, SignatureFault};
use serde_json::value::RawValue;

pub const SIGNATURE: &str = "event-sign";
pub const APP: &str = "app-id";
/// A pulled order is kept under this header. It is not among those of a push.
pub(crate) const PULLED: &str = "x-weir-pulled";

/// Messages of a list that are taken apart: each is a record of its own.
pub(crate) const MESSAGES_MAX: usize = 256;

/// The tag of a message by which Douyin looks whether the address answers.
const PROBE: &str = "0";

/// The adapter.
pub struct Douyin;

/// What Douyin puts into its signature header.
pub fn sign(app_key: &[u8], app_secret: &[u8], body: &[u8]) -> String {
    md5(&[app_key, body, app_secret])
}

/// The signature of a call of Douyin's API with these parameters at this second.
pub fn sign_call(app_key: &str, app_secret: &str, method: &str, param_json: &str, timestamp: &str) -> String {
    let told = format!("app_key{app_key}method{method}param_json{param_json}timestamp{timestamp}v2");
    hmac_hex(app_secret.as_bytes(), &[app_secret.as_bytes(), told.as_bytes(), app_secret.as_bytes()])
}

/// The key and the secret of "app_key:app_secret", where both are there.
fn parted(secret: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = secret.iter().position(|byte| *byte == b':')?;
    let (app_key, app_secret) = (&secret[..colon], &secret[colon + 1..]);
    (!app_key.is_empty() && !app_secret.is_empty()).then_some((app_key, app_secret))
}

impl Adapter for Douyin {
    fn channel(&self) -> &'static str {
        "douyin"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE, APP]
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<(), SignatureFault> {
        let given = request.headers.get(SIGNATURE).ok_or(SignatureFault::Missing(SIGNATURE))?;
        let pairs = secrets.iter().filter_map(|secret| parted(secret));
        match fits_any_hex(given, pairs.map(|(key, secret)| sign(key, secret, request.body))) {
            true => Ok(()),
            false => Err(SignatureFault::Mismatch),
        }
    }

    /// One part for each message, in its own bytes. A message that can't be read is a part as well: it is kept, and the others with it.
    fn open(&self, request: &Request<'_>, secrets: &[Vec<u8>], tolerance_ms: i64) -> Result<Opened, SignatureFault> {
        self.verify(request, secrets, tolerance_ms)?;
        let Ok(messages) = serde_json::from_slice::<Vec<&RawValue>>(request.body) else {
            return Ok(Opened::Whole);
        };
        if messages.len() > MESSAGES_MAX {
            return Ok(Opened::Whole);
        }
        let bodies = messages.into_iter().map(|message| message.get().as_bytes().to_vec());
        Ok(Opened::Parts(bodies.filter(|body| !is_probe(body)).collect()))
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        if is_pulled(headers) {
            return read(body, whole::identity);
        }
        message::read(body, |message| {
            let (kind, delivery_id) = (message.tag.clone(), message.id.clone());
            let platform_order_id = message.data(|data| data.id("p_id"))?;
            Ok(Identity { kind, delivery_id, platform_order_id })
        })
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        if is_pulled(headers) {
            return read(body, whole::map);
        }
        message::read(body, |message| notice::map(&message))
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "application/json", body: "{\"code\":0,\"msg\":\"success\"}" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&listing::douyin::DouyinOrders)
    }
}

fn is_pulled(headers: &Headers) -> bool {
    headers.get(PULLED).is_some()
}

fn is_probe(body: &[u8]) -> bool {
    read(body, |message| message.id_or_empty("tag")).is_ok_and(|tag| tag == PROBE)
}
