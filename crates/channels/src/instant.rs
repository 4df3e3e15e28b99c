//! Times of the platforms as Unix milliseconds.

use time::format_description::well_known::Rfc3339;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, PrimitiveDateTime};

/// A time with its offset: "2026-11-21T18:04:05+08:00".
pub(crate) fn with_offset(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().and_then(millis)
}

/// A time that the platform says is in UTC and writes without offset: "2026-11-21T10:04:05".
pub(crate) fn in_utc(text: &str) -> Option<i64> {
    let plain = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    match PrimitiveDateTime::parse(text, plain) {
        Ok(time) => millis(time.assume_utc()),
        Err(_) => with_offset(text),
    }
}

/// As [`in_utc`] reads it, down to the second.
pub(crate) fn to_utc(ms: i64) -> String {
    let plain = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let time = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(plain).unwrap_or_default()
}

/// A time of a platform in China, which writes its own local time without offset: "2026-11-21 18:04:05" at +08:00.
pub(crate) fn in_china(text: &str) -> Option<i64> {
    let plain = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    PrimitiveDateTime::parse(text, plain).ok().and_then(|time| millis(time.assume_offset(offset!(+8))))
}

/// As [`in_china`] reads it, down to the second.
pub(crate) fn to_china(ms: i64) -> String {
    let plain = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let time = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.to_offset(offset!(+8)).format(plain).unwrap_or_default()
}

fn millis(time: OffsetDateTime) -> Option<i64> {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count() {
        assert_eq!(with_offset("2026-11-21T18:04:05+08:00"), with_offset("2026-11-21T10:04:05Z"));
        assert_eq!(with_offset("1970-01-01T00:00:01.250Z"), Some(1250));
        assert_eq!(in_utc("1970-01-01T00:00:02"), Some(2000));
        assert_eq!(with_offset("2026-11-21T18:04:05"), None);
        assert_eq!(with_offset("2026-02-30T18:04:05Z"), None);
        assert_eq!(in_utc("21.11.2026"), None);
        assert_eq!(in_china("2026-11-21 18:04:05"), with_offset("2026-11-21T10:04:05Z"));
        assert_eq!(in_china("1970-01-01 08:00:02"), Some(2000));
        assert_eq!(in_china("2026-02-30 18:04:05"), None);
        assert_eq!(in_china("2026-11-21T18:04:05"), None);
        assert_eq!(to_china(2000), "1970-01-01 08:00:02");
    }
}
