//! The headers of a record on its way out: CloudEvents in binary mode and the trace context.
//!
//! Every writer of the log uses this one function, so that a record looks alike whoever wrote it.

use crate::record::place;
use crate::{Outgoing, WrittenBack};
use rdkafka::message::{Header, OwnedHeaders};
use weir_decider::Millis;
use weir_proto::headers as names;

/// The headers of `record`: `id` becomes `ce_id`, `source` `ce_source`, and the record's key `ce_subject`.
pub(crate) fn headers(
    record: &Outgoing,
    id: &str,
    source: &str,
    time: Millis,
    traceparent: Option<&str>,
) -> OwnedHeaders {
    let time = rfc3339(time);
    let mut headers = OwnedHeaders::new_with_capacity(8);
    let pairs = [
        (names::CONTENT_TYPE, names::PROTOBUF),
        (names::CE_SPECVERSION, names::SPEC_VERSION),
        (names::CE_ID, id),
        (names::CE_SOURCE, source),
        (names::CE_TYPE, record.event_type),
        (names::CE_SUBJECT, record.key.as_str()),
        (names::CE_TIME, time.as_str()),
    ];
    for (key, value) in pairs {
        headers = headers.insert(Header { key, value: Some(value) });
    }
    match traceparent {
        Some(value) => headers.insert(Header { key: names::TRACEPARENT, value: Some(value) }),
        None => headers,
    }
}

/// With the marks of a record that was written back from quarantine.
pub(crate) fn marked(headers: OwnedHeaders, back: &WrittenBack) -> OwnedHeaders {
    let of = place::render(&back.copy_of);
    headers
        .insert(Header { key: names::REDRIVEN, value: Some(&back.place) })
        .insert(Header { key: names::COPY_OF, value: Some(&of) })
}

/// "2026-11-21T22:34:47.250Z". Written out by hand, because it is made for every record.
pub(crate) fn rfc3339(Millis(time): Millis) -> String {
    let (days, of_day) = (time.div_euclid(86_400_000), time.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, millis) = (of_day / 1000 % 60, of_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Days since 1970-01-01 as (year, month, day). Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::message::Headers as _;
    use weir_proto::topics::Topic;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(rfc3339(Millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(Millis(951_827_696_789)), "2000-02-29T12:34:56.789Z");
        assert_eq!(rfc3339(Millis(1_795_300_487_250)), "2026-11-21T22:34:47.250Z");
        assert_eq!(rfc3339(Millis(-1)), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_record_says_what_it_is() {
        let record = Outgoing {
            topic: Topic::Orders,
            key: "o-1".into(),
            event_type: "weir.order.v1.OrderPlaced",
            value: vec![],
        };
        let headers = headers(&record, "id-1", "/weir/routing", Millis(0), Some("00-a-b-01"));
        let pairs: Vec<(&str, &[u8])> = headers.iter().map(|h| (h.key, h.value.unwrap_or_default())).collect();
        assert_eq!(pairs.len(), 8);
        assert!(pairs.contains(&("ce_type", b"weir.order.v1.OrderPlaced".as_slice())));
        assert!(pairs.contains(&("ce_subject", b"o-1".as_slice())));
        assert!(pairs.contains(&("traceparent", b"00-a-b-01".as_slice())));
    }
}
