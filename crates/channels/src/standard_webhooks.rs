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

/// The key of a secret: what follows `whsec_` in base64, or the bytes themselves.
pub fn key(secret: &[u8]) -> Vec<u8> {
    let text = secret.strip_prefix(b"whsec_");
    text.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_else(|| secret.to_vec())
}

/// One signature for the header: "v1,…". `timestamp_s` is the time of the attempt, in seconds.
pub fn sign(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    format!("v1,{}", base64(&digest(&key(secret), id, &timestamp_s.to_string(), body)))
}

/// Checks every `v1` signature of the header against every secret; then the timestamp, both ways.
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
    let seconds: i64 = timestamp.parse().map_err(|_| SignatureFault::Mismatch)?;
    let keys: Vec<Vec<u8>> = secrets.iter().map(|secret| key(secret)).collect();
    let fits = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .any(|given| fits_any(given, keys.iter().map(|key| digest(key, id, timestamp, body))));
    if !fits {
        return Err(SignatureFault::Mismatch);
    }
    let off_by_ms = now_ms.saturating_sub(seconds.saturating_mul(1000));
    match off_by_ms.saturating_abs() > tolerance_ms {
        true => Err(SignatureFault::Expired { off_by_ms }),
        false => Ok(()),
    }
}

fn digest(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    hmac(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
}

#[cfg(test)]
mod tests {
    use super::*;

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
