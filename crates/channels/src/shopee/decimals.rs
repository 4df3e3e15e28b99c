//! Numbers with a point, kept digit by digit: a parser would make floats of them.
//!
//! Each is put into quotes before the body is parsed, behind a mark that no text of Shopee's has, so that whoever wants a text there
//! finds none. Numbers with an exponent are left to the parser, which takes none for an amount.

use std::borrow::Cow;

/// NUL, as JSON writes it. No reader of texts takes one.
const MARK: &str = "\\u0000";

/// Digits of the longest number that is looked at.
const LENGTH_MAX: usize = 64;

/// Whether a text was such a number.
pub(super) fn is_one(text: &str) -> bool {
    text.starts_with('\0')
}

/// The number without its mark.
pub(super) fn digits(text: &str) -> &str {
    text.trim_start_matches('\0')
}

/// The body with its decimals in quotes. What is no JSON is none afterwards either.
pub(super) fn kept(body: &[u8]) -> Cow<'_, [u8]> {
    let (mut kept, mut copied, mut at) = (Vec::new(), 0, 0);
    while at < body.len() {
        match body[at] {
            b'"' => at = behind_text(body, at),
            b'-' | b'0'..=b'9' => {
                let end = at + body[at..].iter().take_while(|byte| is_of_number(**byte)).count();
                if is_decimal(&body[at..end]) && !is_key(&body[end..]) {
                    kept.extend_from_slice(&body[copied..at]);
                    kept.push(b'"');
                    kept.extend_from_slice(MARK.as_bytes());
                    kept.extend_from_slice(&body[at..end]);
                    kept.push(b'"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    kept.extend_from_slice(&body[copied..]);
    Cow::Owned(kept)
}

/// The place behind a text that begins here.
fn behind_text(body: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < body.len() {
        match body[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    body.len()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// "-0.5" and "12.30", but neither "01.5" nor "1." nor "1.5e3".
fn is_decimal(number: &[u8]) -> bool {
    let unsigned = number.strip_prefix(b"-").unwrap_or(number);
    let Some(point) = unsigned.iter().position(|byte| *byte == b'.') else { return false };
    let (whole, fraction) = (&unsigned[..point], &unsigned[point + 1..]);
    let all_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let has_leading_zero = whole.len() > 1 && whole.starts_with(b"0");
    all_digits(whole) && all_digits(fraction) && !has_leading_zero && number.len() <= LENGTH_MAX
}

/// A number in the place of a key is no JSON, and must not become any.
fn is_key(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Json, parse};

    fn text(body: &str) -> String {
        String::from_utf8(kept(body.as_bytes()).into_owned()).expect("UTF-8")
    }

    #[test]
    fn decimals_are_marked_and_nothing_else() {
        assert_eq!(text(r#"{"a":12.30,"b":[-0.5, 7]}"#), r#"{"a":"\u000012.30","b":["\u0000-0.5", 7]}"#);
        for same in [r#"{"a":"12.30 \" 1.5","b":1}"#, r#"{"a":1e5,"b":1.5e3,"c":1E400}"#, "{}", "", r#""1.5"#, r#""\"#]
        {
            assert!(matches!(kept(same.as_bytes()), Cow::Borrowed(_)), "{same}");
        }
    }

    #[test]
    fn what_is_no_json_becomes_none() {
        for broken in ["1.", ".5", "01.5", "-.5", "--1.5", "1.5.5", "1.5 2.5", "1.5x", "x1.5", r#""a"1.5"#, "+1.5"] {
            for body in [format!("[{broken}]"), format!("{{\"a\":{broken}}}"), format!("{{{broken} :1}}")] {
                assert!(parse(text(&body).as_bytes()).is_err(), "{body}");
            }
        }
        assert!(parse(text("{1.5:1}").as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn every_digit_is_kept(whole in 0_u64..u64::MAX, fraction in "[0-9]{1,20}", space in "[ \n]{0,3}") {
            let number = format!("{whole}.{fraction}");
            let Ok(Json::List(list)) = parse(text(&format!("[{space}{number}{space},1]")).as_bytes()) else {
                panic!("{number}")
            };
            let Json::Text(read) = &list[0] else { panic!("{number}") };
            proptest::prop_assert!(is_one(read));
            proptest::prop_assert_eq!(digits(read), number);
        }

        /// No body that the parser refuses is made one that it takes, and the other way round.
        #[test]
        fn a_body_is_json_or_not(body in r#"[\[\]{}",:0-9.eE\- a\\]{0,12}"#) {
            proptest::prop_assert_eq!(parse(body.as_bytes()).is_ok(), parse(text(&body).as_bytes()).is_ok(), "{}", body);
        }
    }
}
