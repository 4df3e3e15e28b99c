//! What a shop's secret says: how its pushes are signed, and whose they are.
//!
//! Shopee's guide signs `URL|body` with the partner key, the URL being the one that was entered at Shopee. Receivers of today
//! report that the body alone is signed, with a push key of its own. Which of them holds is an app's matter, so the operator says it:
//!
//! - `body:SHOP_ID:KEY`: HMAC-SHA256 over the body;
//! - `url:SHOP_ID:KEY:URL`: over the URL, "|" and the body. The URL is taken from here and not from the request, whose `Host` is
//!   the sender's word.

use crate::signature::{fits_any_hex, hmac_hex};
use std::iter::once;

/// As the door has it for a secret: a shorter key is guessed.
const KEY_MIN: usize = 8;

/// A shop's secret, taken apart.
pub(super) struct Secret<'a> {
    pub(super) shop_id: i64,
    key: &'a [u8],
    /// Where that is signed as well.
    url: Option<&'a [u8]>,
}

impl<'a> Secret<'a> {
    /// Nothing where it has neither form, or a part of it is empty or too short.
    pub(super) fn of(secret: &'a [u8]) -> Option<Secret<'a>> {
        let (form, rest) = parted(secret)?;
        let (shop_id, rest) = parted(rest)?;
        let shop_id = std::str::from_utf8(shop_id).ok()?.parse().ok().filter(|id| *id > 0)?;
        let (key, url) = match form {
            b"body" => (rest, None),
            b"url" => parted(rest).map(|(key, url)| (key, Some(url)))?,
            _ => return None,
        };
        let is_whole = key.len() >= KEY_MIN && url != Some(b"");
        is_whole.then_some(Secret { shop_id, key, url })
    }

    pub(super) fn has_signed(&self, body: &[u8], given: &str) -> bool {
        let expected = match self.url {
            Some(url) => sign_with_url(self.key, url, body),
            None => sign(self.key, body),
        };
        fits_any_hex(given, once(expected))
    }
}

/// What Shopee puts into `Authorization` where it signs the body alone.
pub fn sign(key: &[u8], body: &[u8]) -> String {
    hmac_hex(key, &[body])
}

/// The same where it signs the registered URL as well.
pub fn sign_with_url(key: &[u8], url: &[u8], body: &[u8]) -> String {
    hmac_hex(key, &[url, b"|", body])
}

/// Before and behind the first colon.
fn parted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    Some((&text[..colon], &text[colon + 1..]))
}
