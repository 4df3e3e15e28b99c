//! How TikTok writes times: whole Unix seconds, and 0 for what has not come.

use crate::Fault;
use crate::json::Object;

/// The last second of the year 5138: what is larger is no time in seconds.
pub(super) const SECONDS_MAX: i64 = 99_999_999_999;

pub(super) fn seconds(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    object.integer(name, 1, SECONDS_MAX)
}

/// In milliseconds; absent reads as 0.
pub(super) fn ms_or_zero(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    Ok(object.integer_or(name, 0, 0, SECONDS_MAX)? * 1000)
}

/// The first of these times that has come or is set, in milliseconds.
pub(super) fn first_ms(object: Object<'_>, names: [&str; 2]) -> Result<i64, Fault> {
    let [one, other] = names.map(|name| ms_or_zero(object, name));
    let (one, other) = (one?, other?);
    Ok(if one > 0 { one } else { other })
}
