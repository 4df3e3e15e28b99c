//! Standard Webhooks 1.0.0, both ways: own shops coming in, our notices going out.
//!
//! Signed is `id.timestamp.body`; the header carries several signatures while a secret is rotated.
//! Source: the Standard Webhooks specification, "Signature scheme".

use crate::signature::{base64, fits_any, hmac};
use crate::{Headers, SignatureFault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// Signatures of a header that are looked at: a few more than secrets ever are in use at once.
const SIGNATURES_MAX: usize = 16;

/// The key of a secret: what follows `whsec_` in base64, or the bytes themselves.
pub fn key(secret: &[u8]) -> Vec<u8> {
    let text = secret.strip_prefix(b"whsec_");
    text.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_else(|| secret.to_vec())
}

/// One signature for the header: "v1,…". `timestamp_s` is the time of the attempt, in seconds.
pub fn sign(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    format!("v1,{}", base64(&digest(&key(secret), id, &timestamp_s.to_string(), body)))
}

/// Checks the first `v1` signatures of the header against every secret; then the timestamp, both ways.
///
/// # Errors
/// See [`SignatureFault`].
pub fn verify(
    headers: &Headers,
    body: &[u8],
    secrets: &[Vec<u8>],
    now_ms: i64,
    tolerance_ms: i64,
) -> Result<(), SignatureFault> {
    let take = |name: &'static str| headers.get(name).ok_or(SignatureFault::Missing(name));
    let (id, timestamp, signatures) = (take(ID)?, take(TIMESTAMP)?, take(SIGNATURE)?);
    // What is signed is parted by full stops: with one in the id, two messages could share a signature.
    if id.is_empty() || id.contains('.') {
        return Err(SignatureFault::Mismatch);
    }
    let seconds: i64 = timestamp.parse().map_err(|_| SignatureFault::Mismatch)?;
    if !fits(signatures, secrets, |secret| digest(&key(secret), id, timestamp, body)) {
        return Err(SignatureFault::Mismatch);
    }
    let off_by_ms = now_ms.saturating_sub(seconds.saturating_mul(1000));
    match off_by_ms.saturating_abs() > tolerance_ms {
        true => Err(SignatureFault::Expired { off_by_ms }),
        false => Ok(()),
    }
}

/// Whether one of the signatures is of one of the secrets. The body is read once for each secret, however many signatures there are;
/// and all are compared, so that time tells nothing of which.
fn fits(signatures: &str, secrets: &[Vec<u8>], digest: impl Fn(&[u8]) -> [u8; 32]) -> bool {
    let digests: Vec<[u8; 32]> = secrets.iter().map(|secret| digest(secret)).collect();
    let given = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,")).take(SIGNATURES_MAX);
    given.fold(false, |fits, given| fits | fits_any(given, digests.iter().copied()))
}

fn digest(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    hmac(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const SECRET: &[u8] = b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const MESSAGE: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const AT_S: i64 = 1_649_367_553;
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    fn check(signature: &str, timestamp: &str, secrets: &[Vec<u8>], now_ms: i64) -> Result<(), SignatureFault> {
        let headers = Headers::of(&[(ID, MESSAGE), (TIMESTAMP, timestamp), (SIGNATURE, signature)]);
        verify(&headers, BODY, secrets, now_ms, 300_000)
    }

    #[test]
    fn the_published_vector_holds() {
        let signature = sign(SECRET, MESSAGE, AT_S, BODY);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        assert_eq!(check(&signature, "1649367553", &[SECRET.to_vec()], AT_S * 1000), Ok(()));
    }

    #[test]
    fn a_rotation_goes_through_on_either_side() {
        let (old, new) = (b"an-old-secret".to_vec(), SECRET.to_vec());
        let both = format!("v1a,zzzz {} {}", sign(&old, MESSAGE, AT_S, BODY), sign(&new, MESSAGE, AT_S, BODY));
        for secrets in [vec![old], vec![new.clone()], vec![b"other".to_vec(), new]] {
            assert_eq!(check(&both, "1649367553", &secrets, AT_S * 1000), Ok(()));
        }
        let third = vec![b"a-third".to_vec()];
        assert_eq!(check(&both, "1649367553", &third, AT_S * 1000), Err(SignatureFault::Mismatch));
        assert_eq!(check(&both, "1649367553", &[], AT_S * 1000), Err(SignatureFault::Mismatch));
    }

    /// Whoever sends thousands of signatures over a large body must not have it read thousands of times.
    #[test]
    fn many_signatures_cost_no_more_digests_than_one() {
        let body = vec![b'x'; 256 * 1024];
        let secrets = [b"an-old-secret".to_vec(), SECRET.to_vec()];
        let good = sign(SECRET, MESSAGE, AT_S, &body);
        for (signatures, expected) in [
            (good.clone(), true),
            (format!("v1,AAAA {good}"), true),
            (format!("{}{good}", "v1,AAAA ".repeat(SIGNATURES_MAX - 1)), true),
            (format!("{}{good}", "v1,AAAA ".repeat(SIGNATURES_MAX)), false),
            ("v1, ".repeat(7000), false),
        ] {
            let digests = Cell::new(0);
            let counted = |secret: &[u8]| {
                digests.set(digests.get() + 1);
                digest(&key(secret), MESSAGE, &AT_S.to_string(), &body)
            };
            let fits = fits(&signatures, &secrets, counted);
            assert_eq!((fits, digests.get()), (expected, secrets.len()), "{} bytes", signatures.len());
        }
    }

    /// With a full stop in the id, one signature would stand for several messages.
    #[test]
    fn an_id_is_there_and_has_no_full_stop() {
        for id in ["", ".", "a.b", "msg."] {
            let signature = sign(SECRET, id, AT_S, BODY);
            let headers = Headers::of(&[(ID, id), (TIMESTAMP, "1649367553"), (SIGNATURE, &signature)]);
            let verified = verify(&headers, BODY, &[SECRET.to_vec()], AT_S * 1000, 300_000);
            assert_eq!(verified, Err(SignatureFault::Mismatch), "{id:?}");
        }
    }

    #[test]
    fn old_new_and_changed_are_told_apart() {
        let signature = sign(SECRET, MESSAGE, AT_S, BODY);
        let secrets = [SECRET.to_vec()];
        let late = (AT_S + 301) * 1000;
        assert_eq!(
            check(&signature, "1649367553", &secrets, late),
            Err(SignatureFault::Expired { off_by_ms: 301_000 })
        );
        let early = (AT_S - 301) * 1000;
        assert_eq!(
            check(&signature, "1649367553", &secrets, early),
            Err(SignatureFault::Expired { off_by_ms: -301_000 })
        );
        assert_eq!(check(&signature, "1649367554", &secrets, AT_S * 1000), Err(SignatureFault::Mismatch));
        assert_eq!(check(&signature, "yesterday", &secrets, AT_S * 1000), Err(SignatureFault::Mismatch));
        assert_eq!(check("v1,!!", "1649367553", &secrets, AT_S * 1000), Err(SignatureFault::Mismatch));
        assert_eq!(
            verify(&Headers::of(&[(ID, MESSAGE)]), BODY, &secrets, 0, 0),
            Err(SignatureFault::Missing(TIMESTAMP))
        );
    }
}
