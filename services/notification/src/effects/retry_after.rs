//! `retry-after`: seconds, or a date (RFC 9110 §10.2.3).

use super::backoff::LONGEST;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// How long the target asks to be left alone, at most [`LONGEST`]: an answer of years would close its lane for good. What can't be
/// read, or has passed, asks for nothing.
pub fn read(value: &str, now: SystemTime) -> Option<Duration> {
    asked(value.trim(), now).map(|asked| asked.min(LONGEST))
}

fn asked(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(value, &Rfc2822).ok()?.unix_timestamp();
    let now = i64::try_from(now.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    u64::try_from(date - now).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nonsense_asks_for_nothing() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |value| read(value, now).map(|duration| duration.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), None);
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("18446744073709551615"), Some(3_600));
        assert_eq!(seconds("Fri, 31 Dec 9999 23:59:59 GMT"), Some(3_600));
        assert_eq!(seconds("-5"), None);
    }
}
