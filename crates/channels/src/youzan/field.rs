//! How Youzan writes money, times and what is not there.

use crate::Fault;
use crate::instant;
use crate::json::{Json, Object};

/// Amounts are in yuan, and nothing says so.
pub(super) const CURRENCY: &str = "CNY";
pub(super) const DIGITS: u32 = 2;

pub(super) fn time(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    let text = object.text(name)?;
    instant::in_china(text)
        .ok_or_else(|| Fault::invalid(name, format!("{text:?} is no time such as \"2026-11-21 18:04:05\"")))
}

pub(super) fn time_or_zero(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    if is_blank(object.get(name)) { Ok(0) } else { time(object, name) }
}

/// A text, of which Youzan writes "null" where there is none.
pub(super) fn told(text: &str) -> &str {
    if text == "null" { "" } else { text }
}

/// For a time that has not come Youzan writes null, "", "null" or {}.
fn is_blank(value: Option<&Json>) -> bool {
    match value {
        None => true,
        Some(Json::Text(text)) => told(text).is_empty(),
        Some(Json::Object(fields)) => fields.is_empty(),
        Some(_) => false,
    }
}
