//! Each field of each channel's good body with each of some thirty values that do not belong there, signed as they should be.
//!
//! What must come of it follows from how the field is read; the rules below are written from the formats' documents, not by asking the
//! adapters. A field that is in no table fails the test, so that nothing is accepted just because nobody thought of it.

use super::case::{Case, Expected, kept, refused};
use super::channels::Channel;
use serde_json::Value;

/// How a field is read.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// Not at all.
    Unread,
    /// The body itself: an object, of which this field is looked for first.
    Root(&'static str),
    /// As that, or a list of them.
    RootOrList(&'static str),
    /// An object that must be there, of which this field is missed first.
    Object(&'static str),
    /// As that, and it may be absent; "" where nothing of it must be there.
    ObjectOrNone(&'static str),
    /// An object in a list, of which nothing must be there.
    Entry,
    /// An object that must be there, or a text that is the JSON of one.
    ObjectOrJson(&'static str),
    /// A list of objects, one at least.
    Entries,
    EntriesOrNone,
    /// A list of words.
    Words,
    /// One of those.
    Word,
    /// A short text or a whole number.
    Id,
    IdOrNone,
    /// An id that stands once more at the path that is named.
    Twin(&'static str),
    /// A short text, or nothing.
    Name,
    /// What a person wrote, or nothing.
    Free,
    /// A short text of any kind that must be there.
    Status,
    /// JSON in a text: an object, and none of the wrong values is one.
    Json,
    /// One of a few words, none of which is among the wrong values.
    Code,
    CodeOrNone,
    /// One of a few words; nothing and the empty text are one of them.
    Choice,
    Flag,
    Time,
    TimeOrNone,
    /// As that, and "" and {} are nothing too.
    TimeOrBlank,
    /// An object or nothing, or a text that is the URL-encoded JSON of one.
    Message,
    Whole(i64, i64),
    WholeOrNone(i64, i64),
    /// The number of the shop whose message it is: another's is not believed.
    Owner,
    /// A decimal text.
    Money,
    /// As that, and not below zero.
    Payable,
    MoneyOrNone,
    /// Whole minor units, in the place of the field that is named.
    Minor(&'static str),
    MinorOrNone,
}

/// A value that is put somewhere.
struct Wrong {
    json: String,
    what: What,
}

enum What {
    Null,
    Bool,
    Whole(i128),
    /// With a fraction, an exponent, or more than 64 bits.
    Float,
    Text(String),
    EmptyList,
    Texts,
    OtherList,
    Object,
    /// An object with nothing in it, where that is another thing.
    Empty,
    /// What the parser does not take, wherever it is.
    Broken,
}

const MARK: &str = "@here@";
const MINOR_MAX: i128 = 1_000_000_000_000_000;
/// Those of the texts below that are amounts with at most two digits behind the point.
const AMOUNTS: [&str; 4] = ["-1.00", "999999999999999.99", "-999999999999999.99", "0.10000"];

pub fn cases(channel: &Channel) -> Vec<Case> {
    let tree = channel.tree();
    let mut paths = Vec::new();
    walk(&tree, "", "", &mut paths);
    let mut cases = Vec::new();
    for (pointer, path) in &paths {
        let reads = reads(channel, path);
        for wrong in wrong_values() {
            // A list of deliveries is another matter.
            if matches!(reads, Reads::RootOrList(_)) && wrong.json.starts_with('[') {
                continue;
            }
            let body = with(&tree, pointer, &wrong.json);
            let expected = expected(reads, &wrong.what, path);
            let shown: String = wrong.json.chars().take(40).collect();
            cases.push(Case::signed(channel, format!("{path} = {shown}"), body.as_bytes(), expected));
        }
        if let Some(body) = without(&tree, pointer) {
            let expected = expected(reads, &What::Null, path);
            cases.push(Case::signed(channel, format!("no {path}"), body.as_bytes(), expected));
        }
    }
    cases
}

/// Every node: as a JSON pointer, and as faults name it.
pub fn walk(node: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
    found.push((pointer.to_owned(), path.to_owned()));
    match node {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(inner, &format!("{pointer}/{name}"), &below, found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                walk(inner, &format!("{pointer}/{index}"), &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

fn reads(channel: &Channel, path: &str) -> Reads {
    let mut pattern = String::new();
    for letter in path.chars() {
        if !(letter.is_ascii_digit() && pattern.ends_with('[')) {
            pattern.push(letter);
        }
    }
    let row = channel.fields.iter().find(|(known, _)| *known == pattern);
    row.unwrap_or_else(|| panic!("{}: no table says how {pattern} is read", channel.name)).1
}

/// The tree as text, with raw text in one place.
pub fn with(tree: &Value, pointer: &str, json: &str) -> String {
    let mut tree = tree.clone();
    *tree.pointer_mut(pointer).expect("it was walked") = Value::from(MARK);
    tree.to_string().replacen(&format!("\"{MARK}\""), json, 1)
}

/// Without one field; nothing for an entry of a list, which others would move up for.
fn without(tree: &Value, pointer: &str) -> Option<String> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let mut tree = tree.clone();
    tree.pointer_mut(parent)?.as_object_mut()?.remove(name)?;
    Some(tree.to_string())
}

fn wrong_values() -> Vec<Wrong> {
    let whole = |json: &str| Wrong { json: json.to_owned(), what: What::Whole(json.parse().expect("a number")) };
    let of = |json: &str, what: What| Wrong { json: json.to_owned(), what };
    let text = |text: &str| Wrong { json: Value::from(text).to_string(), what: What::Text(text.to_owned()) };
    let mut values = vec![
        of("null", What::Null),
        of("true", What::Bool),
        of("false", What::Bool),
        of("[]", What::EmptyList),
        of("[\"x\"]", What::Texts),
        of("[null]", What::OtherList),
        of("[1]", What::OtherList),
        of("[[[]]]", What::OtherList),
        of("{}", What::Empty),
        of("{\"a\":1}", What::Object),
        of("1e400", What::Broken),
        of("\"\\ud800\"", What::Broken),
        of(&format!("{}{}", "[".repeat(40), "]".repeat(40)), What::Broken),
    ];
    values
        .extend(["1.5", "1e5", "-0", "18446744073709551616", "-9223372036854775809"].map(|json| of(json, What::Float)));
    values.extend(["-1", "0", "1000000", "1000001", "9223372036854775808", "18446744073709551615"].map(whole));
    values.extend(
        ["", "x", "\0", "a\u{7}", "a\nb", "\u{85}", "１２", "1e3", "1,00", "+5.00", " 5.00", "5.001", ".5"].map(text),
    );
    values.extend(["2026-11-21", "2026-02-30T10:00:00Z", "99999999999999999.00"].map(text));
    values.extend(AMOUNTS.map(text));
    values.extend([256, 32 * 1024 + 1].map(|length| text(&"y".repeat(length))));
    values
}

fn expected(reads: Reads, what: &What, path: &str) -> Expected {
    let legal = || Expected::Taken;
    let invalid = || kept("field-invalid", path);
    let missing = || kept("field-missing", path);
    let inexact = || kept("money-not-integer-or-decimal-string", path);
    let what = match what {
        What::Empty if !matches!(reads, Reads::TimeOrBlank) => &What::Object,
        what => what,
    };
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let first = || kept("field-invalid", format!("{path}[0]"));
    match (reads, what) {
        (_, What::Broken) => kept("body-not-json", ""),
        (Reads::Unread, _) => legal(),

        (
            Reads::Root(name) | Reads::RootOrList(name) | Reads::Object(name) | Reads::ObjectOrJson(name),
            What::Object,
        ) => kept("field-missing", below(name)),
        (Reads::ObjectOrNone(""), What::Object) => legal(),
        (Reads::ObjectOrNone(name), What::Object) => kept("field-missing", below(name)),
        // An entry that is null is there.
        (Reads::Object(_) | Reads::ObjectOrJson(_), What::Null) if !path.ends_with(']') => missing(),
        // None of the texts is an object.
        (Reads::ObjectOrJson(_), What::Text(text)) if serde_json::from_str::<Value>(text).is_err() => {
            kept("body-not-json", path)
        }

        (Reads::Entries | Reads::EntriesOrNone, What::Texts | What::OtherList) => first(),
        (Reads::EntriesOrNone, What::EmptyList) => legal(),
        (Reads::Words, What::EmptyList | What::Texts) => legal(),
        (Reads::Words, What::OtherList) => first(),

        (Reads::Id | Reads::IdOrNone, What::Whole(_)) => legal(),
        (Reads::IdOrNone | Reads::Choice, What::Text(text)) if text.is_empty() => legal(),
        (Reads::Id | Reads::IdOrNone | Reads::Status, What::Text(text)) if !text.is_empty() && is_short(text) => {
            legal()
        }
        (Reads::Name | Reads::Word, What::Text(text)) if is_short(text) => legal(),
        (Reads::Free, What::Text(text)) if !text.contains('\0') && text.len() <= 32 * 1024 => legal(),
        (Reads::Flag, What::Bool) => legal(),
        (Reads::Entry, What::Object) => legal(),
        (Reads::TimeOrBlank, What::Null | What::Empty) => legal(),
        (Reads::TimeOrBlank, What::Text(text)) if text.is_empty() => legal(),
        (Reads::Message, What::Null | What::Object) => legal(),
        (Reads::Message, What::Text(text)) if text.is_empty() => legal(),
        // A plus is a space.
        (Reads::Message, What::Text(text)) if serde_json::from_str::<Value>(&text.replace('+', " ")).is_err() => {
            kept("body-not-json", path)
        }
        (Reads::Twin(_), What::Null) => missing(),
        (Reads::Twin(other), What::Whole(_)) => kept("field-invalid", other),
        (Reads::Twin(other), What::Text(text)) if !text.is_empty() && is_short(text) => kept("field-invalid", other),
        (Reads::Json, What::Text(text)) if !text.contains('\0') && text.len() <= 32 * 1024 => {
            match serde_json::from_str::<Value>(text) {
                Ok(_) => invalid(),
                Err(_) => kept("body-not-json", path),
            }
        }

        (Reads::Whole(low, high) | Reads::WholeOrNone(low, high), What::Whole(number))
            if (i128::from(low)..=i128::from(high)).contains(number) =>
        {
            legal()
        }
        (Reads::Owner, What::Whole(number)) if (1..=i128::from(i64::MAX)).contains(number) => {
            refused(401, "signature-mismatch", "")
        }
        (Reads::Owner, What::Null) => missing(),
        (Reads::Money | Reads::Payable | Reads::MoneyOrNone, What::Whole(_) | What::Float) => inexact(),
        (Reads::Payable, What::Text(text)) if text.starts_with('-') => invalid(),
        (Reads::Money | Reads::Payable | Reads::MoneyOrNone, What::Text(text)) if AMOUNTS.contains(&text.as_str()) => {
            legal()
        }
        (Reads::Minor(_) | Reads::MinorOrNone, What::Float) => inexact(),
        (Reads::Minor(_) | Reads::MinorOrNone, What::Whole(number)) if number.abs() <= MINOR_MAX => legal(),
        (Reads::Minor(name), What::Null) => kept("field-missing", path.replace(&format!("{name}_minor"), name)),

        (
            Reads::Id
            | Reads::Json
            | Reads::Status
            | Reads::Code
            | Reads::Time
            | Reads::Whole(..)
            | Reads::Money
            | Reads::Payable,
            What::Null,
        ) => missing(),
        (
            Reads::ObjectOrNone(_)
            | Reads::EntriesOrNone
            | Reads::Words
            | Reads::IdOrNone
            | Reads::Name
            | Reads::Free
            | Reads::CodeOrNone
            | Reads::Choice
            | Reads::Flag
            | Reads::TimeOrNone
            | Reads::WholeOrNone(..)
            | Reads::MoneyOrNone
            | Reads::MinorOrNone,
            What::Null,
        ) => legal(),
        _ => invalid(),
    }
}

/// Up to 255 bytes, none of them control.
fn is_short(text: &str) -> bool {
    text.len() <= 255 && !text.chars().any(char::is_control)
}
