//! Exact money: decimal strings into minor units, by the currency's exponent.

use weir_proto::money::v1::Money;

/// ISO 4217 exponents that are not 2.
const EXPONENTS: [(&str, u32); 24] = [
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("ISK", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
];

/// More digits than any order has, and few enough that sums of lines can't overflow.
const DIGITS_MAX: usize = 15;

/// How many digits of the currency are behind the point.
pub fn exponent(currency: &str) -> u32 {
    EXPONENTS.iter().find(|(code, _)| *code == currency).map_or(2, |(_, exponent)| *exponent)
}

/// Whether it looks like an ISO 4217 code.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// An amount.
pub fn money(minor: i64, currency: &str) -> Option<Money> {
    Some(Money { minor, currency: currency.to_owned() })
}

/// Reads "19.90" as 1990 where the exponent is 2. Nothing is rounded: digits beyond the exponent must be zero.
pub fn minor(text: &str, exponent: u32) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || whole.len() > DIGITS_MAX {
        return None;
    }
    let exponent = exponent as usize;
    let (kept, beyond) = fraction.split_at(exponent.min(fraction.len()));
    if beyond.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let scaled = whole.checked_mul(10_i64.checked_pow(u32::try_from(exponent).ok()?)?)?;
    let fraction: i64 = format!("{kept:0<exponent$}0").parse::<i64>().ok()? / 10;
    Some(sign * scaled.checked_add(fraction)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_strings_are_exact() {
        let cases = [
            ("19.90", 2, Some(1990)),
            ("19.9", 2, Some(1990)),
            ("19", 2, Some(1900)),
            ("0.07", 2, Some(7)),
            ("-3.50", 2, Some(-350)),
            ("1200", 0, Some(1200)),
            ("1200.00", 0, Some(1200)),
            ("1.234", 3, Some(1234)),
            ("19.900", 2, Some(1990)),
            ("19.999", 2, None),
            ("1e3", 2, None),
            ("", 2, None),
            (".5", 2, None),
            ("5.", 2, None),
            ("+5", 2, None),
            ("--5", 2, None),
            ("1,000.00", 2, None),
            ("9999999999999999", 2, None),
        ];
        for (text, exponent, expected) in cases {
            assert_eq!(minor(text, exponent), expected, "{text}");
        }
    }

    #[test]
    fn exponents_are_iso_4217s() {
        assert_eq!((exponent("JPY"), exponent("KWD"), exponent("CNY")), (0, 3, 2));
        assert!(is_currency("USD") && !is_currency("usd") && !is_currency("DOLLAR"));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(amount in 0_i64..1_000_000_000_000) {
            let text = format!("{}.{:02}", amount / 100, amount % 100);
            proptest::prop_assert_eq!(minor(&text, 2), Some(amount));
        }
    }
}
