//! How Shopee writes amounts, times and ids.

use super::decimals;
use crate::Fault;
use crate::fault::MONEY;
use crate::json::{Json, Object};
use crate::money;

/// The year 5138: what is more is no time in seconds.
const SECONDS_MAX: i64 = 99_999_999_999;

/// Unix seconds, as milliseconds.
pub(super) fn time(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    object.integer(name, 1, SECONDS_MAX).map(|seconds| seconds * 1000)
}

/// For a time that has not come Shopee writes null or 0.
pub(super) fn time_or_zero(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    object.integer_or(name, 0, 0, SECONDS_MAX).map(|seconds| seconds * 1000)
}

/// A number that names something; all its digits are kept. 0 names nothing.
pub(super) fn id_or_empty(object: Object<'_>, name: &str) -> Result<String, Fault> {
    Ok(match object.integer_or(name, 0, 0, i64::MAX)? {
        0 => String::new(),
        id => id.to_string(),
    })
}

/// An amount, which Shopee writes as a number, in minor units. Of a body that went through [`decimals::kept`].
pub(super) fn amount(object: Object<'_>, name: &str, digits: u32) -> Result<i64, Fault> {
    let text = match object.get(name) {
        None => return Err(Fault::missing(name)),
        Some(Json::Integer(whole)) => whole.to_string(),
        Some(Json::Text(text)) if decimals::is_one(text) => decimals::digits(text).to_owned(),
        Some(Json::Float) => {
            let detail = "it has an exponent, or more digits than an amount; it should be a number such as 19.90";
            return Err(Fault::new(MONEY, name, detail));
        }
        Some(other) => return Err(Fault::invalid(name, format!("it is {}; it should be a number", other.what()))),
    };
    money::minor(&text, digits).ok_or_else(|| {
        Fault::invalid(name, format!("{text} is no amount with at most {digits} digits behind the point"))
    })
}

/// As [`amount`]; nothing where it is absent.
pub(super) fn amount_if_told(object: Object<'_>, name: &str, digits: u32) -> Result<Option<i64>, Fault> {
    object.get(name).map(|_| amount(object, name, digits)).transpose()
}
