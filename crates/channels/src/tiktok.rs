//! TikTok Shop: notices about orders, which carry no order, and orders as its Order API (202309) gives them.
//!
//! A shop's secret is registered as "app_key:app_secret", parted at the first colon: the key is part of what is signed. The credential
//! of its API is in `listing/tiktok.rs`.
//!
//! Notices are to be subscribed to as `ORDER_STATUS_CHANGE`, `RECIPIENT_ADDRESS_UPDATE`, `CANCELLATION_STATUS_CHANGE` and
//! `RETURN_STATUS_CHANGE`. Each makes its order be asked for; only the first has a version, and may say more. TikTok's other kinds
//! are about goods, chats and parcels: they are a fault that names the type, so that somebody sees that they come here.
//!
//! The secret is the app's, and a notice's `shop_id` is not judged: each shop needs an address of its own at TikTok ("Update Shop Webhook"),
//! or the notices of all the app's shops come to one of them, which then asks in vain for orders that it has not.
//!
//! A pulled order is known by a header of ours ([`PULLED`]) that no sender's request is kept with.
//!
//! **Known**, from TikTok Shop's Partner Center: both signatures, whose published examples were recomputed; the four notices with their
//! fields; the statuses, of which notices spell the last "CANCEL"; the fields of an order and what its sums mean.
//! **Documented, seen in no message**: cash on delivery, presales, samples, exchanges, replacements, `item_tax`, every fee.
//! **Assumed**: that the order's `update_time`, documented as the time of its status, is never before that of a notice of this status,
//! while a new address or a wish to cancel may leave it as it is; that cash on delivery is paid when it is delivered; that a unit which
//! was cancelled stays in the list with this status; that TikTok is content with an empty answer. How long TikTok would have a notice
//! taken for fresh is not documented, and not judged: an old one is known by its version.
//! **Not here**: refreshing the access token; refunds, which need the Return API; the parts of a bundle (`combined_listing_skus`), which is
//! one SKU here.

mod field;
mod lines;
mod notice;
mod people;
mod status;
#[cfg(test)]
mod tests;
mod whole;

pub use crate::listing::tiktok::sign as sign_request;

use crate::adapter::{Adapter, Answer, Headers, Identity, Request};
use crate::json::{Object, read};
use crate::listing::{Listing, tiktok::TikTokOrders};
use crate::mapped::Mapped;
use crate::signature::{fits_any_hex, hmac_hex};
use crate::{Fault, SignatureFault};

pub const SIGNATURE: &str = "authorization";
/// Ours: the body is an order that was asked for. It is no kept header, so nobody can push one.
pub const PULLED: &str = "x-weir-pulled";

/// The kind of a pulled order.
const ORDER: &str = "ORDER";

/// The adapter.
pub struct TikTok;

/// What TikTok puts into its signature header.
pub fn sign(app_key: &[u8], app_secret: &[u8], body: &[u8]) -> String {
    hmac_hex(app_secret, &[app_key, body])
}

/// Key and secret of "app_key:app_secret", where both are there.
fn parted(secret: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = secret.iter().position(|byte| *byte == b':')?;
    let (key, word) = (&secret[..colon], &secret[colon + 1..]);
    (!key.is_empty() && !word.is_empty()).then_some((key, word))
}

impl Adapter for TikTok {
    fn channel(&self) -> &'static str {
        "tiktok"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE]
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<(), SignatureFault> {
        let given = request.headers.get(SIGNATURE).ok_or(SignatureFault::Missing(SIGNATURE))?;
        let pairs = secrets.iter().filter_map(|secret| parted(secret));
        match fits_any_hex(given, pairs.map(|(key, word)| sign(key, word, request.body))) {
            true => Ok(()),
            false => Err(SignatureFault::Mismatch),
        }
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        read(body, |body| identity(headers, body))
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        read(body, |body| {
            let identity = identity(headers, body)?;
            let mapped = match is_pulled(headers) {
                true => whole::map(body, &identity.platform_order_id)?,
                false => notice::map(body)?,
            };
            let Identity { kind, delivery_id, platform_order_id } = identity;
            Ok(Mapped { kind, delivery_id, platform_order_id, ..mapped })
        })
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "text/plain", body: "" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&TikTokOrders)
    }
}

fn is_pulled(headers: &Headers) -> bool {
    headers.get(PULLED).is_some()
}

fn identity(headers: &Headers, body: Object<'_>) -> Result<Identity, Fault> {
    match is_pulled(headers) {
        true => Ok(Identity { kind: ORDER.to_owned(), delivery_id: String::new(), platform_order_id: body.id("id")? }),
        false => notice::identity(body),
    }
}
