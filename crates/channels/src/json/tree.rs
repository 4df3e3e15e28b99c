//! The tree itself, read by serde_json's parser with rules of its own.

use crate::fault::{BODY_NOT_JSON, DUPLICATE_KEY, Fault};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// Any whole number of up to 64 bits.
    Integer(i128),
    /// A number with a fraction or an exponent, or one that needs more than 64 bits. Its value is lost on purpose.
    Float,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// For a sentence: "it is a list".
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a truth value",
            Json::Integer(_) => "a whole number",
            Json::Float => "a number with a fraction, an exponent or too many digits",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

/// Parses one value and nothing behind it.
pub(crate) fn parse(body: &[u8]) -> Result<Json, Fault> {
    let twice = RefCell::new(None);
    let mut parser = serde_json::Deserializer::from_slice(body);
    let seed = Seed { depth: 0, twice: &twice };
    let parsed = seed.deserialize(&mut parser).and_then(|json| parser.end().map(|()| json));
    parsed.map_err(|error| match twice.take() {
        Some(twice) => {
            let detail = format!("the key is there twice, at line {} column {}", error.line(), error.column());
            Fault { detail, ..twice }
        }
        None => Fault::new(BODY_NOT_JSON, "", error.to_string()),
    })
}

const DEPTH_MAX: usize = 32;

#[derive(Clone, Copy)]
struct Seed<'s> {
    depth: usize,
    /// The path of a key that came twice: serde's errors can carry only a text.
    twice: &'s RefCell<Option<Fault>>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth < DEPTH_MAX {
            true => Ok(Seed { depth: self.depth + 1, ..self }),
            false => Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels"))),
        }
    }

    /// An error passes by on its way up: a key that came twice is seen from here.
    fn below<E>(self, parent: &str, error: E) -> E {
        self.twice.replace_with(|twice| twice.take().map(|fault| fault.below(parent)));
        error
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(i128::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(i128::from(value)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.deeper::<A::Error>()?;
        let mut list = Vec::new();
        loop {
            let item =
                items.next_element_seed(inner).map_err(|error| self.below(&format!("[{}]", list.len()), error))?;
            match item {
                Some(item) => list.push(item),
                None => return Ok(Json::List(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let inner = self.deeper::<A::Error>()?;
        let mut fields = Vec::new();
        let mut names = Names::default();
        while let Some(name) = entries.next_key::<String>()? {
            if names.know(&name, &fields) {
                self.twice.replace(Some(Fault::new(DUPLICATE_KEY, name, "")));
                return Err(A::Error::custom("duplicate key"));
            }
            let value = entries.next_value_seed(inner).map_err(|error| self.below(&name, error))?;
            fields.push((name, value));
        }
        Ok(Json::Object(fields))
    }
}

/// Objects of up to so many fields are looked through for each key; larger ones have a set.
const LOOKED_THROUGH: usize = 32;

/// The keys of an object so far, where they are many: whoever sends 10,000 must not cost their square.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    /// Whether the key has come before.
    fn know(&mut self, name: &str, fields: &[(String, Json)]) -> bool {
        if fields.len() < LOOKED_THROUGH {
            return fields.iter().any(|(known, _)| known == name);
        }
        if self.0.is_empty() {
            self.0 = fields.iter().map(|(known, _)| known.clone()).collect();
        }
        !self.0.insert(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_twice_is_found_among_few_and_among_many() {
        for many in [1, LOOKED_THROUGH - 1, LOOKED_THROUGH, LOOKED_THROUGH + 1, 500] {
            for first in [0, many / 2, many - 1] {
                let mut fields: Vec<String> = (0..many).map(|number| format!("\"k{number}\":0")).collect();
                assert!(parse(format!("{{{}}}", fields.join(",")).as_bytes()).is_ok(), "{many}");
                fields.push(format!("\"k{first}\":1"));
                let body = format!("{{{}}}", fields.join(","));
                assert_eq!(reason(body.as_bytes()), (DUPLICATE_KEY, format!("k{first}")), "{first} of {many}");
            }
        }
    }

    fn reason(body: &[u8]) -> (&'static str, String) {
        let fault = parse(body).expect_err("this is not taken");
        (fault.reason, fault.field)
    }

    #[test]
    fn a_key_twice_is_named_wherever_it_is() {
        assert_eq!(reason(br#"{"a":1,"a":1}"#), (DUPLICATE_KEY, "a".to_owned()));
        assert_eq!(reason(br#"{"x":[{"unknown":1,"unknown":2}]}"#), (DUPLICATE_KEY, "x[0].unknown".to_owned()));
        assert_eq!(reason(br#"{"a":{"b":[1,[{"c":1,"c":2}]]}}"#), (DUPLICATE_KEY, "a.b[1][0].c".to_owned()));
        assert_eq!(reason(r#"{"é":1,"\u00e9":1}"#.as_bytes()), (DUPLICATE_KEY, "é".to_owned()));
    }

    #[test]
    fn what_is_not_json_is_not_taken() {
        let deep = [b"[".repeat(40), b"]".repeat(40)].concat();
        let bodies: [&[u8]; 6] = [b"", b"<xml/>", b"{}{}", b"{\"a\":\xff}", b"{\"a\":NaN}", &deep];
        for body in bodies {
            assert_eq!(reason(body), (BODY_NOT_JSON, String::new()));
        }
    }

    #[test]
    fn numbers_are_whole_or_lost() {
        assert_eq!(parse(b"-7"), Ok(Json::Integer(-7)));
        assert_eq!(parse(b"18446744073709551615"), Ok(Json::Integer(i128::from(u64::MAX))));
        for float in ["1.0", "1e2", "18446744073709551616"] {
            assert_eq!(parse(float.as_bytes()), Ok(Json::Float), "{float}");
        }
    }
}
