//! A moment as a person names it: a date, or a span before now.

use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Unix ms from RFC 3339, or from a span before now.
pub fn moment(text: &str) -> Result<i64, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|e| e.to_string());
    }
    let wrong = || format!("{text:?} is neither RFC 3339 nor a span such as 2h, 30m or 90s");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?;
    let now = i64::try_from(now.as_millis()).map_err(|e| e.to_string())?;
    number.checked_mul(unit_ms).filter(|span| *span >= 0).and_then(|span| now.checked_sub(span)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_a_span() {
        assert_eq!(moment("2026-11-21T00:00:00Z"), Ok(1_795_219_200_000));
        let hour_ago = moment("1h").expect("a span");
        let minute_ago = moment("1m").expect("a span");
        assert!((minute_ago - hour_ago - 59 * 60_000).abs() < 1_000);
        for wrong in ["", "h", "2 hours", "1x", "-1h", "1é", "9999999999999999d"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
