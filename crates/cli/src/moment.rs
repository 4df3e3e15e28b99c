//! A moment as a person names it, a date or a span before now; and as a person is shown one. In Unix ms here.

use std::sync::LazyLock;
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
    let span = number.checked_mul(unit_ms).filter(|span| *span >= 0);
    span.and_then(|span| now().checked_sub(span)).ok_or_else(wrong)
}

/// When the command was first asked this, by this machine's clock: from "2d" to now there are two days, and no moment more.
pub fn now() -> i64 {
    static NOW: LazyLock<i64> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    });
    *NOW
}

/// "2026-11-21 14:05:00.250", in UTC.
pub fn clock(at_ms: i64) -> String {
    match date(at_ms) {
        Some(t) => format!("{} {:02}:{:02}:{:02}.{:03}", t.date(), t.hour(), t.minute(), t.second(), t.millisecond()),
        None => at_ms.to_string(),
    }
}

/// "2026-11-21T14:05:00Z", as [`moment`] takes it.
pub fn rfc3339(at_ms: i64) -> String {
    date(at_ms).and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_else(|| at_ms.to_string())
}

fn date(at_ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_a_span() {
        assert_eq!(moment("2026-11-21T00:00:00Z"), Ok(1_795_219_200_000));
        let hour_ago = moment("1h").expect("a span");
        let minute_ago = moment("1m").expect("a span");
        assert_eq!((minute_ago - hour_ago, now() - minute_ago), (59 * 60_000, 60_000));
        for wrong in ["", "h", "2 hours", "1x", "-1h", "1é", "9999999999999999d"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_shown_so_that_it_can_be_named_again() {
        for at_ms in [0, 1_795_219_200_000, 1_795_219_200_250] {
            assert_eq!(moment(&rfc3339(at_ms)), Ok(at_ms));
        }
        assert_eq!(rfc3339(1_795_219_200_000), "2026-11-21T00:00:00Z");
        assert_eq!(clock(1_795_219_200_250), "2026-11-21 00:00:00.250");
        assert_eq!(rfc3339(i64::MAX), i64::MAX.to_string());
    }
}
