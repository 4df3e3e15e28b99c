//! `msg`: JSON in an envelope of JSON, URL-encoded.
//!
//! Two encoders were seen. One writes forms, where a space is "+" and a plus "%2B"; the other writes a space as "%20" and leaves
//! a plus as it is. Every order has times with a space in them, so the space tells which it was.

use crate::Fault;
use crate::json::{self, Json, Object};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Reads the message, if there is one. Faults in it carry their path from `msg` on.
pub(super) fn read<T>(
    envelope: Object<'_>,
    map: impl FnOnce(Object<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match envelope.get("msg") {
        None => Ok(None),
        Some(Json::Text(text)) if text.is_empty() => Ok(None),
        Some(Json::Text(text)) => {
            let decoded = decode(text)?;
            json::read(decoded.as_bytes(), map).map(Some).map_err(|fault| fault.below("msg"))
        }
        Some(Json::Object(_)) => envelope.inside("msg", map),
        Some(other) => Err(Fault::invalid("msg", format!("it is {}; it should be a text", other.what()))),
    }
}

fn decode(text: &str) -> Result<String, Fault> {
    let spaced = match text.contains("%20") {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.replace('+', " ")),
    };
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|error| Fault::invalid("msg", format!("URL-decoded it is no UTF-8: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_is_what_its_encoder_meant() {
        assert_eq!(decode("%7B%22tel%22%3A%22%2B86+138%22%7D"), Ok(r#"{"tel":"+86 138"}"#.to_owned()));
        assert_eq!(decode("%7B%22tel%22:%22+86%20138%22%7D"), Ok(r#"{"tel":"+86 138"}"#.to_owned()));
        assert_eq!(decode("100%"), Ok("100%".to_owned()), "what is no escape stays");
        assert_eq!(decode("%FF").map_err(|fault| fault.field), Err("msg".to_owned()));
    }
}
