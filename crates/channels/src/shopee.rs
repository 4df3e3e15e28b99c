//! Shopee (Open Platform v2): pushes that only tell that an order has changed, and orders that are pulled.
//!
//! A push has no order in it: code 3 tells a status, code 4 a tracking number. The order is asked for by its `order_sn`
//! (see `listing/shopee.rs`) and read here as a delivery of its own, under a header that no push can have. Code 0 is Shopee's test of
//! the address. All other codes are about no order and are not read: subscribe to 3 and 4 alone, since Shopee ends the pushes of an
//! app of which too many are not answered 2xx.
//!
//! How a push is signed is not settled, so a shop's secret says it (see `secret.rs`); it also names the shop's id, since an app has
//! one address for the pushes of all of its shops: what is another shop's is not believed. Neither form signs a time, so a push that
//! was overheard can be sent again; it is the same message, and known by its version.
//!
//! **Known**, from Shopee's reference of `v2.order.get_order_list` and `get_order_detail`, as others have kept copies of it, its guides to push
//! and to orders, and from pushes and orders that their receivers have published: the names and types of all fields that are read;
//! times as Unix seconds; amounts as JSON numbers, whole or with a point; `order_sn` as a text; a push's envelope with `msg_id`,
//! `shop_id`, `code`, `timestamp` and `data`; that an answer is to be 2xx with nothing in it.
//! **Documented, seen in no message**: `PENDING` with its terms, `INVOICE_PENDING`, quantities that were cancelled of a line,
//! `virtual_contact_number`.
//! **Assumed**: that a push's `update_time` is the one that the order has then; that amounts have no more digits behind the point
//! than the currency (what has more is refused, not rounded); that a buyer asks once that an order be cancelled, so that the
//! order's id names the wish; that what Shopee says is cancelled after a payment is refunded by Shopee, of which the order tells
//! nothing; that the goods of an order `TO_RETURN` have left.
//! **Not told**: freight, vouchers and taxes by themselves (that is `get_escrow_detail`'s): what the total has over the goods is
//! taken for freight, what it lacks for a discount. `days_to_ship` is not read, as `ship_by_date` says what comes of it.
//!
//! The access token ends after four hours. It is part of the shop's credential for now, and nothing here renews it.

mod decimals;
mod field;
mod lines;
mod notice;
mod people;
mod secret;
mod status;
#[cfg(test)]
mod tests;
mod whole;

use crate::adapter::{Adapter, Answer, Headers, Identity, Opened, Request};
use crate::json::read;
use crate::listing::Listing;
use crate::listing::shopee::ShopeeOrders;
use crate::mapped::Mapped;
use crate::{Fault, SignatureFault};
use secret::Secret;
pub use secret::{sign, sign_with_url};

pub const SIGNATURE: &str = "authorization";

/// The header of an order that was pulled. It is not among those that are kept of a push.
pub(crate) const PULLED: &str = "x-weir-pulled";

/// The adapter.
pub struct Shopee;

impl Adapter for Shopee {
    fn channel(&self) -> &'static str {
        "shopee"
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[SIGNATURE]
    }

    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], _tolerance_ms: i64) -> Result<(), SignatureFault> {
        let given = request.headers.get(SIGNATURE).ok_or(SignatureFault::Missing(SIGNATURE))?;
        let known = secrets.iter().filter_map(|secret| Secret::of(secret));
        let fitting: Vec<Secret<'_>> = known.filter(|secret| secret.has_signed(request.body, given)).collect();
        // What tells no shop is nobody else's, and is kept for somebody to see.
        let told = notice::shop_id(request.body);
        let is_ours = told.is_none_or(|told| fitting.iter().any(|secret| secret.shop_id == told));
        if !fitting.is_empty() && is_ours { Ok(()) } else { Err(SignatureFault::Mismatch) }
    }

    fn open(&self, request: &Request<'_>, secrets: &[Vec<u8>], tolerance_ms: i64) -> Result<Opened, SignatureFault> {
        self.verify(request, secrets, tolerance_ms)?;
        Ok(if notice::is_probe(request.body) { Opened::Parts(Vec::new()) } else { Opened::Whole })
    }

    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault> {
        match headers.get(PULLED) {
            Some(_) => whole::identify(body),
            None => read(body, notice::identity),
        }
    }

    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault> {
        match headers.get(PULLED) {
            Some(_) => whole::map(body),
            None => read(body, notice::map),
        }
    }

    fn answer(&self) -> Answer {
        Answer { status: 200, content_type: "text/plain", body: "" }
    }

    fn listing(&self) -> Option<&'static dyn Listing> {
        Some(&ShopeeOrders)
    }
}
