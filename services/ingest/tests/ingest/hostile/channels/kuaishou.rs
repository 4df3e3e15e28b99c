//! Kuaishou's message, the JSON in its `info`, how each of their fields is read, and what is no sealed message.
//!
//! What opens to no message is unsigned, whatever is wrong with it, and so are broken JSON and keys that come twice; what is wrong in
//! `info` lies behind that.

use super::{Channel, Sealed, Sent, Signature};
use crate::hostile::case::{Case, Expected, Headers, kept, refused};
use crate::hostile::fields::Reads::{self, Code, Id, Json, Root, Status, Unread, WholeOrNone};
use crate::hostile::{OTHER_SECRET, SECRET};
use crate::house::secret_of;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use weir_channels::kuaishou;

const NAME: &str = "kuaishou";
const BODY_MAX: usize = 256 * 1024;
const TEXT_MAX: usize = 32 * 1024;
const BLOCK: usize = 16;

pub fn message() -> Channel {
    let signature = Signature::Sealed(Sealed::Message);
    Channel { name: NAME, good: MESSAGE, plain: &[], signature, fields: MESSAGE_FIELDS }
}

pub fn info() -> Channel {
    let signature = Signature::Sealed(Sealed::Info);
    Channel { name: NAME, good: INFO, plain: &[], signature, fields: INFO_FIELDS }
}

const MESSAGE: &str = r#"{
  "eventId": "243_17", "msgId": "84_16", "bizId": 17, "userId": 5, "openId": "f1", "appKey": "ks7",
  "event": "kwaishop_order_paySuccess", "status": 2, "createTime": 1795255500700,
  "info": "{\"oid\":17,\"sellerId\":5,\"status\":30,\"updateTime\":1795255500300}"
}"#;

/// By these a message is known as one.
const MARKS: [&str; 3] = ["eventId", "event", "appKey"];

const MESSAGE_FIELDS: &[(&str, Reads)] = &[
    ("", Root("eventId")),
    ("eventId", Status),
    ("msgId", Unread),
    ("bizId", Unread),
    ("userId", Unread),
    ("openId", Unread),
    ("appKey", Status),
    ("event", Code),
    ("status", Unread),
    ("createTime", Unread),
    ("info", Json),
];

const INFO: &str =
    r#"{ "oid": 17, "sellerId": 5, "status": 40, "createTime": 1795255445120, "updateTime": 1795255500300 }"#;

const INFO_FIELDS: &[(&str, Reads)] = &[
    ("", Root("oid")),
    ("oid", Id),
    ("sellerId", Unread),
    ("status", WholeOrNone(0, 2_147_483_647)),
    ("createTime", WholeOrNone(0, 100_000_000_000_000)),
    ("updateTime", WholeOrNone(0, 100_000_000_000_000)),
];

pub fn sent(kind: Sealed, told: &[u8], expected: Expected) -> Sent {
    let (body, expected) = match kind {
        Sealed::Message => (told.to_vec(), of_message(told, expected)),
        Sealed::Info => (around(told), of_info(told, expected)),
    };
    let wire = sealed(SECRET, &body);
    let is_too_large = wire.len() > BODY_MAX;
    let expected = if is_too_large { refused(413, "body-too-large", "") } else { expected };
    Sent { wire, body, expected, is_too_large }
}

fn sealed(secret: &[u8], message: &[u8]) -> Vec<u8> {
    kuaishou::seal(&secret_of(NAME, secret), message).expect("a key").into_bytes()
}

fn mismatch() -> Expected {
    refused(401, "signature-mismatch", "")
}

fn of_message(message: &[u8], expected: Expected) -> Expected {
    match expected {
        Expected::Kept { slug: "duplicate-key", .. } => mismatch(),
        Expected::Kept { field, .. } if field.is_empty() || !is_message(message) => mismatch(),
        expected => expected,
    }
}

fn is_message(body: &[u8]) -> bool {
    let Ok(message) = serde_json::from_slice::<Value>(body) else { return false };
    let is_mark = |text: &str| !text.is_empty() && text.len() <= 255 && !text.chars().any(char::is_control);
    MARKS.iter().all(|name| message[name].as_str().is_some_and(is_mark))
}

fn of_info(info: &[u8], expected: Expected) -> Expected {
    let Ok(text) = std::str::from_utf8(info) else { return mismatch() };
    if text.contains('\0') || text.len() > TEXT_MAX {
        return kept("field-invalid", "info");
    }
    match expected {
        Expected::Kept { slug, field } if field.is_empty() => kept(slug, "info"),
        Expected::Kept { slug, field } => kept(slug, format!("info.{field}")),
        expected => expected,
    }
}

/// The good message around an `info`, byte by byte: it may be no text.
fn around(info: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(info.len() + 100);
    for byte in info {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            0..=0x1f => quoted.extend(format!("\\u{byte:04x}").bytes()),
            _ => quoted.push(*byte),
        }
    }
    let head = br#"{"eventId":"243_17","appKey":"ks7","event":"kwaishop_order_delivering","info":""#;
    [&head[..], &quoted, b"\"}"].concat()
}

/// Ciphertexts that something was done to, and such as were made under another key.
pub fn cases(channel: &Channel) -> Vec<Case> {
    let good = channel.good().into_bytes();
    let wire = sealed(SECRET, &good);
    let raw = STANDARD.decode(&wire).expect("base64");
    let case = |name: String, wire: &[u8], expected| Case::unchanged(channel, "acme", name, wire, &good, expected);
    let encoded = |bytes: &[u8]| STANDARD.encode(bytes).into_bytes();
    let mut cases = vec![
        case("not sealed".to_owned(), &good, mismatch()),
        case("not in base64".to_owned(), &raw, mismatch()),
        case("in base64 twice".to_owned(), &encoded(&wire), mismatch()),
        case("sealed twice".to_owned(), &sealed(SECRET, &wire), mismatch()),
        case("by another key".to_owned(), &sealed(OTHER_SECRET, &good), mismatch()),
        case("nothing".to_owned(), b"", mismatch()),
        case("with lines".to_owned(), &[&wire[..64], b"\r\n", &wire[64..], b"\n"].concat(), Expected::Taken),
        case("with a NUL".to_owned(), &[&wire[..64], b"\0", &wire[64..]].concat(), mismatch()),
        case("twice".to_owned(), &wire.repeat(2), mismatch()),
        case("bytes twice".to_owned(), &encoded(&raw.repeat(2)), mismatch()),
        case("a test".to_owned(), &sealed(SECRET, b"{\"test\":true}"), Expected::Heard),
        case("a test by another".to_owned(), &sealed(OTHER_SECRET, b"{\"test\":true}"), mismatch()),
        case("no test".to_owned(), b"{\"test\":true}", mismatch()),
    ];
    for at in 0..raw.len() {
        cases.push(case(format!("the first {at} bytes"), &encoded(&raw[..at]), mismatch()));
        for by in [0x01, 0x80] {
            let mut flipped = raw.clone();
            flipped[at] ^= by;
            cases.push(case(format!("byte {at} by {by}"), &encoded(&flipped), mismatch()));
        }
    }
    for at in 0..wire.len() {
        cases.push(case(format!("without letter {at}"), &[&wire[..at], &wire[at + 1..]].concat(), mismatch()));
    }
    // A message of whole blocks is followed by one of padding alone: without that, its own end is the padding.
    let of_end = |end: &[u8]| {
        let mut bare = good.clone();
        bare.resize((good.len() + end.len()).next_multiple_of(BLOCK) - end.len(), b' ');
        bare.extend(end);
        let raw = STANDARD.decode(sealed(SECRET, &bare)).expect("base64");
        encoded(&raw[..raw.len() - BLOCK])
    };
    for end in [&[][..], &[0], &[0; 7], &[17; 17], &[2], &[1, 2], &[4, 4, 3, 4], &[255; 16], &[16; 15], b"\x80\0\0\0"] {
        cases.push(case(format!("padded with {end:?}"), &of_end(end), mismatch()));
    }
    let of_others = |name: &str, shop, secret, expected| {
        Case::unchanged(channel, shop, format!("{name} at {shop}"), &sealed(secret, &good), &good, expected)
    };
    cases.push(of_others("sealed for acme", "other", SECRET, mismatch()));
    cases.push(of_others("sealed for other", "other", OTHER_SECRET, Expected::Taken));
    for kind in ["text/plain", "application/json", "application/x-www-form-urlencoded", ""] {
        let headers: Headers = vec![("content-type".to_owned(), kind.as_bytes().to_vec())];
        cases.push(Case::with(channel, format!("as {kind:?}"), headers, &good, Expected::Taken));
    }
    cases
}
