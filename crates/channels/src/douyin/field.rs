//! How Douyin writes money and times.

use crate::Fault;
use crate::fault::MONEY;
use crate::json::{Json, Object};

/// Amounts are in fen, and nothing says so.
pub(super) const CURRENCY: &str = "CNY";

/// Ten trillion yuan.
const FEN_MAX: i64 = 1_000_000_000_000_000;

/// The last second of the year 9999.
const SECONDS_MAX: i64 = 253_402_300_799;

/// An amount, which may be below zero: a price that was changed says by how much.
pub(super) fn fen(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    match object.get(name) {
        Some(Json::Float) => {
            Err(Fault::new(MONEY, name, "it has a fraction or an exponent; it should be a whole number of fen"))
        }
        _ => object.integer(name, -FEN_MAX, FEN_MAX),
    }
}

pub(super) fn fen_or_zero(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    if object.get(name).is_some() { fen(object, name) } else { Ok(0) }
}

/// A time in seconds, as Unix ms.
pub(super) fn time(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    Ok(object.integer(name, 1, SECONDS_MAX)? * 1000)
}

/// For a time that has not come Douyin writes 0.
pub(super) fn time_or_zero(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    Ok(object.integer_or(name, 0, 0, SECONDS_MAX)? * 1000)
}

/// A number of one of Douyin's lists: a kind, a state.
pub(super) fn code(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    object.integer_or(name, 0, 0, i64::from(i32::MAX))
}
