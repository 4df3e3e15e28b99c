//! Signed bodies that are no JSON, or not the JSON of one reading: a table of texts, and the good body broken at every byte.

use super::case::{Case, Expected, kept};
use super::channels::Channel;
use super::fields::{walk, with};
use serde_json::Value;

/// None of these is JSON, as a body of its own or as the value of a field.
#[rustfmt::skip]
const BROKEN: &[&[u8]] = &[
    // nothing, and beginnings
    b"", b" ", b"\r\n\t ", b"{", b"[", b"\"", b"{\"a\"", b"{\"a\":", b"{\"a\":1", b"{\"a\":1,", b"[1", b"[1,",
    b"{\"a\":[1", b"\"abc", b"\"\\", b"\"\\u", b"\"\\u00", b"{\"a\":{\"b\":1}", b"t", b"tru", b"nul", b"fals", b"-",
    b"1.", b"1e", b"1e+",
    // ends without a beginning, and the wrong ones
    b"}", b"]", b"{]", b"[}", b"{\"a\":1]", b"[1}", b"{[}]", b"[{]}", b"\x7d\x7b", b",", b":", b"{,}", b"[,]",
    // commas and colons
    b"[1,]", b"[,1]", b"[1,,2]", b"[1 2]", b"[1:2]", b"{\"a\":1,}", b"{\"a\":1,,\"b\":2}", b"{\"a\":1 \"b\":2}",
    b"{\"a\" 1}", b"{\"a\"::1}", b"{\"a\":}", b"{:1}", b"{\"a\",\"b\"}", b"{\"a\":1;\"b\":2}", b"{\"a\"=1}",
    b"{\"a\":1:2}",
    // keys
    b"{a:1}", b"{'a':1}", b"{1:1}", b"{null:1}", b"{true:1}", b"{[]:1}", b"{{}:1}", b"{\"a\"\"b\":1}", b"{\"\x00\":1}",
    // numbers
    b"01", b"-01", b"00", b"+1", b".5", b"5.", b"-.5", b"1.e5", b"1e5.5", b"--1", b"-+1", b"0x10", b"0b1", b"1_000",
    b"1,5", b"1a", b"1e400", b"-1e400", b"1e99999999999999999999", b"NaN", b"-NaN", b"nan", b"Infinity", b"-Infinity",
    b"inf", b"1/2", b"1-1", b"\xef\xbc\x91",
    // words
    b"True", b"TRUE", b"None", b"nil", b"undefined", b"nulll", b"truefalse", b"yes", b"abc", b"*", b"$ref",
    b"new Date()",
    // texts
    b"'a'", b"`a`", b"\"a\nb\"", b"\"a\tb\"", b"\"a\rb\"", b"\"\x00\"", b"\"\x1f\"", b"\"\\x41\"", b"\"\\a\"",
    b"\"\\'\"", b"\"\\u00G0\"", b"\"\\u12\"", b"\"\\U0041\"", b"\"\\ud800\"", b"\"\\udc00\"", b"\"\\ud800\\u0041\"",
    b"\"\\ud800\\ud800\"", b"\"\\ud800x\"", b"\"\\udc00\\ud800\"", b"\"\\0\"", b"\"a\"\"b\"", b"\"\"x",
    b"\"a\" + \"b\"", b"\"\\\n\"",
    // bytes that are no UTF-8
    b"\"\xff\"", b"\"\xfe\"", b"\"\x80\"", b"\"\xbf\xbf\"", b"\"\xc0\xaf\"", b"\"\xc1\xbf\"", b"\"\xe0\x80\xaf\"",
    b"\"\xe2\x82\"", b"\"\xed\xa0\x80\"", b"\"\xf0\x80\x80\xaf\"", b"\"\xf4\x90\x80\x80\"", b"\"\xf8\x88\x80\x80\x80\"",
    b"{\"\xff\":1}", b"\xff\xfe{\x00}\x00", b"\x00{\x00}", b"\xe9",
    // what is no white space, and byte order marks
    b"\xef\xbb\xbf{}", b"{}\xef\xbb\xbf", b"\x0b{}", b"\x0c{}", b"\xc2\xa0{}", b"\xe2\x80\xa8{}", b"\x00{}", b"{}\x00",
    b"\x1a{}", b"{\xc2\xa0}",
    // something behind it
    b"{}{}", b"{} {}", b"{}\n{}", b"{},{}", b"{}x", b"{}}", b"{}]", b"[][]", b"1 2", b"null null", b"{}//", b"{}#",
    b"{};", b"{}\\n",
    // other languages
    b"/**/{}", b"//\n{}", b"#\n{}", b"{/**/}", b"{\"a\":1/**/}", b"<xml/>", b"<?xml version=\"1.0\"?><a/>", b"a=b&c=d",
    b"a: 1", b"- a", b"---\n{}", b"callback({})", b")]}',\n{}", b"\x1f\x8b\x08\x00", b"%7B%7D", b"(1)",
    b"\\u007b\\u007d",
];

pub fn cases(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let not_json = || kept("body-not-json", "");
    let signed = |name: String, body: &[u8], expected| Case::signed(channel, name, body, expected);
    let mut cases = Vec::new();
    for (number, broken) in BROKEN.iter().enumerate() {
        let shown = String::from_utf8_lossy(broken);
        cases.push(signed(format!("text {number} {shown}"), broken, not_json()));
        let inside = [b"{\"extra\":", *broken, b",", &good.as_bytes()[1..]].concat();
        cases.push(signed(format!("inside, text {number} {shown}"), &inside, not_json()));
    }
    for at in 0..good.len() {
        let (start, rest) = good.as_bytes().split_at(at);
        cases.push(signed(format!("the first {at} bytes"), start, not_json()));
        cases.push(signed(format!("0xff at {at}"), &[start, b"\xff", rest].concat(), not_json()));
        cases.push(signed(format!("NUL at {at}"), &[start, b"\0", &rest[1..]].concat(), not_json()));
    }
    cases.extend(nested(channel));
    cases.extend(twice(channel));
    cases.extend(same(channel));
    cases
}

/// Up to 32 levels are read, wherever they are.
fn nested(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let around = |inner: &str| format!("{{\"extra\":{inner},{}", &good[1..]);
    let lists = |depth: usize| around(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let objects = |depth: usize| around(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
    let mut cases = Vec::new();
    for depth in [1, 16, 31, 32, 33, 64, 127, 128, 129, 1000, 10_000] {
        // The body itself is a level.
        let expected = if depth < 32 { Expected::Taken } else { kept("body-not-json", "") };
        for body in [lists(depth), objects(depth)] {
            cases.push(Case::signed(channel, format!("{depth} levels"), body.as_bytes(), expected.clone()));
        }
    }
    for open in [&b"["[..], b"{\"a\":", b"[{\"a\":[", b"{\"a\":[{\"b\":"] {
        let body = open.repeat(200_000 / open.len());
        cases.push(Case::signed(channel, "levels without end", &body, kept("body-not-json", "")));
    }
    cases
}

/// Every key of every object once more, at the object's beginning: as it is, with another value, and written otherwise.
fn twice(channel: &Channel) -> Vec<Case> {
    let tree = channel.tree();
    let mut nodes = Vec::new();
    walk(&tree, "", "", &mut nodes);
    let mut cases = Vec::new();
    for (pointer, path) in &nodes {
        let Some(Value::Object(fields)) = tree.pointer(pointer) else { continue };
        for (name, value) in fields {
            let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let object = Value::Object(fields.clone()).to_string();
            let escaped = format!("\\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
            for (key, value) in [(name, value.to_string()), (name, "null".to_owned()), (&escaped, "{}".to_owned())] {
                let doubled = format!("{{\"{key}\":{value},{}", &object[1..]);
                let body = with(&tree, pointer, &doubled);
                let expected = kept("duplicate-key", &place);
                cases.push(Case::signed(channel, format!("{place} twice"), body.as_bytes(), expected));
            }
        }
    }
    cases
}

/// The same order, written otherwise: strict is not the same as narrow.
fn same(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let bodies = [
        good.clone(),
        format!(" \t\r\n{good}\r\n\t "),
        serde_json::to_string_pretty(&channel.tree()).expect("a tree"),
        format!("{{\"extra\":\"\\ud83d\\ude00 \\u0000 \\\"\\\\\\/ 茶 \u{10ffff}\",{}", &good[1..]),
        format!("{{\"extra\":[1e5,-1.5E-7,18446744073709551616,0.1,-0],{}", &good[1..]),
        format!("{{\"\":{{\"\":[]}},\"\\u0000\":null,{}", &good[1..]),
    ];
    bodies.iter().map(|body| Case::signed(channel, "good", body.as_bytes(), Expected::Taken)).collect()
}
