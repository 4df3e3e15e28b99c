//! Strict JSON: no key twice, no number that lost digits, limited depth; and readers whose faults name the field's path.
//!
//! `serde_json::Value` keeps the last of two equal keys and turns large numbers into floats, so an order could read
//! differently here and at the sender. This tree does neither.

mod tree;

use crate::fault::{Fault, MONEY};
use crate::{instant, money};
pub(crate) use tree::{Json, parse};
use weir_proto::limits;

/// An object, with readers for its fields.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(&'a [(String, Json)]);

/// Parses a body that must be one object. Faults below it carry their path.
pub(crate) fn read<T>(body: &[u8], map: impl FnOnce(Object<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    match parse(body)? {
        Json::Object(fields) => map(Object(&fields)),
        other => Err(Fault::invalid("", format!("the body is {}; it should be an object", other.what()))),
    }
}

impl<'a> Object<'a> {
    /// The field, if it is there and not null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Json> {
        let field = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        field.filter(|value| !matches!(value, Json::Null))
    }

    fn required(self, name: &str) -> Result<&'a Json, Fault> {
        self.get(name).ok_or_else(|| Fault::missing(name))
    }

    /// A word, a code, a time: a short text that must be there and hold something.
    pub(crate) fn text(self, name: &str) -> Result<&'a str, Fault> {
        match self.required(name)? {
            Json::Text(text) if !text.is_empty() => judged(name, text, limits::id),
            Json::Text(_) => Err(Fault::invalid(name, "it is empty")),
            other => Err(wrong(name, other, "a text")),
        }
    }

    /// What a person wrote; may be absent or null, which reads as empty.
    pub(crate) fn text_or_empty(self, name: &str) -> Result<&'a str, Fault> {
        self.judged_or_empty(name, limits::free)
    }

    /// A SKU, a number that is shown, a word: short and without control characters; may be absent or null.
    pub(crate) fn name_or_empty(self, name: &str) -> Result<&'a str, Fault> {
        self.judged_or_empty(name, limits::id)
    }

    fn judged_or_empty(self, name: &str, rule: Rule) -> Result<&'a str, Fault> {
        match self.get(name) {
            None => Ok(""),
            Some(Json::Text(text)) => judged(name, text, rule),
            Some(other) => Err(wrong(name, other, "a text")),
        }
    }

    /// An id: a text or a whole number, whose digits are all kept.
    pub(crate) fn id(self, name: &str) -> Result<String, Fault> {
        match self.required(name)? {
            Json::Text(text) if !text.is_empty() => judged(name, text, limits::id).map(str::to_owned),
            Json::Integer(number) => Ok(number.to_string()),
            Json::Text(_) => Err(Fault::invalid(name, "it is empty")),
            other => Err(wrong(name, other, "a text or a whole number")),
        }
    }

    /// An id that may be absent.
    pub(crate) fn id_or_empty(self, name: &str) -> Result<String, Fault> {
        match self.get(name) {
            None => Ok(String::new()),
            Some(Json::Text(text)) if text.is_empty() => Ok(String::new()),
            Some(_) => self.id(name),
        }
    }

    pub(crate) fn flag(self, name: &str) -> Result<bool, Fault> {
        match self.get(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(other) => Err(wrong(name, other, "true or false")),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn integer(self, name: &str, low: i64, high: i64) -> Result<i64, Fault> {
        match self.required(name)? {
            Json::Integer(number) => match i64::try_from(*number) {
                Ok(number) if (low..=high).contains(&number) => Ok(number),
                _ => Err(Fault::invalid(name, format!("it is {number}; it should be from {low} to {high}"))),
            },
            other => Err(wrong(name, other, "a whole number")),
        }
    }

    pub(crate) fn integer_or(self, name: &str, default: i64, low: i64, high: i64) -> Result<i64, Fault> {
        match self.get(name) {
            None => Ok(default),
            Some(_) => self.integer(name, low, high),
        }
    }

    /// Money as a decimal string, in minor units; absent reads as 0.
    pub(crate) fn money_or_zero(self, name: &str, exponent: u32) -> Result<i64, Fault> {
        match self.get(name) {
            None => Ok(0),
            Some(_) => self.money(name, exponent),
        }
    }

    /// Money as a decimal string, in minor units.
    pub(crate) fn money(self, name: &str, exponent: u32) -> Result<i64, Fault> {
        match self.required(name)? {
            Json::Text(text) => money::minor(text, exponent).ok_or_else(|| {
                let shown: String = text.chars().take(SHOWN_MAX).collect();
                Fault::invalid(name, format!("{shown:?} is no amount with at most {exponent} digits behind the point"))
            }),
            Json::Integer(_) | Json::Float => Err(Fault::new(
                MONEY,
                name,
                "it is a bare JSON number; it should be a decimal string such as \"19.90\"",
            )),
            other => Err(wrong(name, other, "a decimal string")),
        }
    }

    /// Money in our own format: `name` as a decimal string, or `name_minor` as a whole number of minor units.
    pub(crate) fn own_money(self, name: &str, exponent: u32) -> Result<Option<i64>, Fault> {
        let in_minor = format!("{name}_minor");
        match (self.get(name), self.get(&in_minor)) {
            (None, None) => Ok(None),
            (Some(_), None) => self.money(name, exponent).map(Some),
            (None, Some(Json::Float)) => {
                Err(Fault::new(MONEY, in_minor, "it is a float; it should be a whole number of minor units"))
            }
            (None, Some(_)) => self.integer(&in_minor, -LIMIT_MINOR, LIMIT_MINOR).map(Some),
            (Some(_), Some(_)) => {
                Err(Fault::invalid(in_minor, format!("{name} is given as well; one of them is enough")))
            }
        }
    }

    /// An ISO 4217 code.
    pub(crate) fn currency(self, name: &str) -> Result<&'a str, Fault> {
        let text = self.text(name)?;
        match money::is_currency(text) {
            true => Ok(text),
            false => Err(Fault::invalid(name, format!("{text:?} is no ISO 4217 code such as \"CNY\""))),
        }
    }

    /// A time with its offset, as Unix ms.
    pub(crate) fn time(self, name: &str) -> Result<i64, Fault> {
        let text = self.text(name)?;
        instant::with_offset(text).ok_or_else(|| {
            Fault::invalid(name, format!("{text:?} is no time with offset such as \"2026-11-21T18:04:05+08:00\""))
        })
    }

    /// As [`Object::time`]; absent reads as 0.
    pub(crate) fn time_or_zero(self, name: &str) -> Result<i64, Fault> {
        match self.get(name) {
            None => Ok(0),
            Some(_) => self.time(name),
        }
    }

    /// A time in UTC, written with or without offset, as Unix ms.
    pub(crate) fn time_in_utc(self, name: &str) -> Result<i64, Fault> {
        let text = self.text(name)?;
        instant::in_utc(text)
            .ok_or_else(|| Fault::invalid(name, format!("{text:?} is no time such as \"2026-11-21T10:04:05\"")))
    }

    /// Reads an object that may be absent.
    pub(crate) fn inside<T>(
        self,
        name: &str,
        map: impl FnOnce(Object<'a>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Object(fields)) => map(Object(fields)).map(Some).map_err(|fault| fault.below(name)),
            Some(other) => Err(wrong(name, other, "an object")),
        }
    }

    /// Reads an object that must be there.
    pub(crate) fn within<T>(self, name: &str, map: impl FnOnce(Object<'a>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.inside(name, map)?.ok_or_else(|| Fault::missing(name))
    }

    /// Reads a list of objects; absent reads as empty.
    pub(crate) fn each<T>(
        self,
        name: &str,
        mut map: impl FnMut(Object<'a>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let items = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Json::List(items)) => items,
            Some(other) => return Err(wrong(name, other, "a list")),
        };
        few(name, items)?;
        let one = |(index, item): (usize, &'a Json)| match item {
            Json::Object(fields) => map(Object(fields)).map_err(|fault| fault.below(&format!("[{index}]")).below(name)),
            other => Err(wrong(&format!("{name}[{index}]"), other, "an object")),
        };
        items.iter().enumerate().map(one).collect()
    }

    /// A list of ids or words; absent reads as empty.
    pub(crate) fn texts(self, name: &str) -> Result<Vec<String>, Fault> {
        let items = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Json::List(items)) => items,
            Some(other) => return Err(wrong(name, other, "a list")),
        };
        few(name, items)?;
        let one = |(index, item): (usize, &Json)| match item {
            Json::Text(text) => judged(&format!("{name}[{index}]"), text, limits::id).map(str::to_owned),
            other => Err(wrong(&format!("{name}[{index}]"), other, "a text")),
        };
        items.iter().enumerate().map(one).collect()
    }
}

/// Discounts, taxes, and lines with those that were taken off: no order has more of any.
const ITEMS_MAX: usize = 1_000;

/// One of [`weir_proto::limits`].
type Rule = fn(&str) -> Result<(), String>;

/// Letters of a wrong amount that are told back; its sender knows the rest.
const SHOWN_MAX: usize = 40;

/// Ten trillion in a currency with cents.
const LIMIT_MINOR: i64 = 1_000_000_000_000_000;

fn judged<'a>(name: &str, text: &'a str, rule: Rule) -> Result<&'a str, Fault> {
    rule(text).map(|()| text).map_err(|why| Fault::invalid(name, why))
}

fn few(name: &str, items: &[Json]) -> Result<(), Fault> {
    match items.len() > ITEMS_MAX {
        true => Err(Fault::invalid(name, format!("it has {} entries; at most {ITEMS_MAX} are read", items.len()))),
        false => Ok(()),
    }
}

fn wrong(name: &str, value: &Json, should: &str) -> Fault {
    Fault::invalid(name, format!("it is {}; it should be {should}", value.what()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{FIELD_INVALID, FIELD_MISSING};

    fn fault_of<T>(body: &str, map: impl FnOnce(Object<'_>) -> Result<T, Fault>) -> (&'static str, String) {
        match read(body.as_bytes(), map) {
            Ok(_) => panic!("expected a fault in {body}"),
            Err(fault) => (fault.reason, fault.field),
        }
    }

    #[test]
    fn ids_keep_every_digit() {
        let id = |body: &str| read(body.as_bytes(), |object| object.id("id")).expect("an id");
        assert_eq!(id(r#"{"id":9007199254740993}"#), "9007199254740993");
        assert_eq!(id(r#"{"id":18446744073709551615}"#), "18446744073709551615");
        assert_eq!(id(r#"{"id":"0042"}"#), "0042");
        let beyond = fault_of(r#"{"id":18446744073709551616}"#, |object| object.id("id"));
        assert_eq!(beyond, (FIELD_INVALID, "id".to_owned()));
    }

    #[test]
    fn faults_name_the_path() {
        let price =
            |object: Object<'_>| object.each("lines", |line| line.within("price", |price| price.money("amount", 2)));
        let at = |body: &str| fault_of(body, price);
        let path = "lines[1].price.amount".to_owned();
        let good = r#"{"price":{"amount":"1.00"}}"#;
        assert_eq!(at(&format!(r#"{{"lines":[{good},{{"price":{{"amount":1.5}}}}]}}"#)), (MONEY, path.clone()));
        assert_eq!(at(&format!(r#"{{"lines":[{good},{{"price":{{}}}}]}}"#)), (FIELD_MISSING, path.clone()));
        assert_eq!(at(&format!(r#"{{"lines":[{good},{{"price":{{"amount":"x"}}}}]}}"#)), (FIELD_INVALID, path));
        assert_eq!(at(r#"{"lines":[7]}"#), (FIELD_INVALID, "lines[0]".to_owned()));
        assert_eq!(at("[]"), (FIELD_INVALID, String::new()));
    }

    #[test]
    fn own_money_is_exact_either_way() {
        let amount = |body: &str| read(body.as_bytes(), |object| object.own_money("total", 2));
        assert_eq!(amount(r#"{"total":"19.90"}"#), Ok(Some(1990)));
        assert_eq!(amount(r#"{"total_minor":1990}"#), Ok(Some(1990)));
        assert_eq!(amount("{}"), Ok(None));
        assert_eq!(amount(r#"{"total_minor":19.9}"#).expect_err("a float").reason, MONEY);
        assert_eq!(amount(r#"{"total":19}"#).expect_err("a bare number").reason, MONEY);
        assert_eq!(amount(r#"{"total":"1","total_minor":1}"#).expect_err("two").field, "total_minor");
    }
}
