//! Good bodies whose signature is not: nothing of them may reach the log.

use super::case::{Case, Expected, Headers, kept, refused};
use super::channels::{Channel, Signature, standard};
use super::{OTHER_SECRET, SECRET};
use crate::house::now_s;

/// Nobody's signature, in base64.
const STRANGE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub fn cases(channel: &Channel) -> Vec<Case> {
    if !channel.is_signed() {
        return Vec::new();
    }
    let mut cases = missing(channel);
    cases.extend(changed(channel));
    cases.extend(of_others(channel));
    cases.extend(repeated(channel));
    match channel.signature {
        Signature::Header(name) => cases.extend(topics(channel, name)),
        Signature::Hex(_) => {}
        Signature::StandardWebhooks => cases.extend(standard_webhooks(channel)),
        Signature::Sealed(_) => {}
    }
    cases
}

fn mismatch() -> Expected {
    refused(401, "signature-mismatch", "")
}

fn case(channel: &Channel, name: &str, headers: Headers, expected: Expected) -> Case {
    Case::with(channel, format!("signature: {name}"), headers, channel.good().as_bytes(), expected)
}

/// The good headers with another value in the place of one; nothing: without it.
fn replaced(channel: &Channel, name: &str, value: Option<&[u8]>) -> Headers {
    let mut headers = channel.signed(SECRET, channel.good().as_bytes());
    match value {
        Some(value) => {
            headers.iter_mut().filter(|header| header.0 == name).for_each(|header| header.1 = value.to_vec())
        }
        None => headers.retain(|header| header.0 != name),
    }
    headers
}

fn signature(channel: &Channel) -> String {
    let headers = channel.signed(SECRET, channel.good().as_bytes());
    let header = headers.into_iter().find(|header| header.0 == channel.signing());
    String::from_utf8(header.expect("it is signed").1).expect("base64")
}

fn missing(channel: &Channel) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in channel.needed() {
        let absent = || refused(401, "signature-missing", name);
        cases.push(case(channel, &format!("no {name}"), replaced(channel, name, None), absent()));
        // What is no text is no header.
        let bytes = replaced(channel, name, Some(b"\xff\xfe"));
        cases.push(case(channel, &format!("{name} is no text"), bytes, absent()));
        let empty = replaced(channel, name, Some(b""));
        cases.push(case(channel, &format!("{name} is empty"), empty, mismatch()));
        let renamed: Headers =
            replaced(channel, name, None).into_iter().chain([(format!("{name}-2"), b"x".to_vec())]).collect();
        cases.push(case(channel, &format!("{name} has another name"), renamed, absent()));
        let upper = channel.signed(SECRET, channel.good().as_bytes()).into_iter();
        let upper = upper.map(|(name, value)| (name.to_uppercase(), value)).collect();
        cases.push(case(channel, &format!("{name} in capitals"), upper, Expected::Taken));
    }
    cases.push(case(channel, "none of all", Headers::new(), refused(401, "signature-missing", channel.needed()[0])));
    cases
}

/// The signature itself with something done to it.
fn changed(channel: &Channel) -> Vec<Case> {
    let name = channel.signing();
    let good = signature(channel);
    let bare = good.strip_prefix("v1,").unwrap_or(&good).to_owned();
    let prefix = &good[..good.len() - bare.len()];
    let mut texts: Vec<String> = (0..bare.len()).map(|length| bare[..length].to_owned()).collect();
    for at in 0..bare.len() {
        for other in ["A", "B", "/", "=", "-", "!"] {
            if bare[at..=at] != *other {
                texts.push(format!("{}{other}{}", &bare[..at], &bare[at + 1..]));
            }
        }
    }
    texts.extend([
        bare.to_lowercase(),
        bare.to_uppercase(),
        bare.trim_end_matches('=').to_owned(),
        bare.chars().rev().collect(),
        format!("{bare}{bare}"),
        format!("{bare}="),
        format!("{bare},{bare}"),
        format!("\"{bare}\""),
        format!("sha256={bare}"),
        format!("v1={bare}"),
        format!("Bearer {bare}"),
        format!("{bare}\\0"),
        "0".repeat(64),
        "null".to_owned(),
        STRANGE.to_owned(),
        "A".repeat(20_000),
    ]);
    // Lower and upper case may be the same text by chance, and a cut one is never.
    // In hex, case is no difference.
    let in_hex = matches!(channel.signature, Signature::Hex(_));
    texts.retain(|text| *text != bare && !(in_hex && text.eq_ignore_ascii_case(&bare)));
    let wrong = |text: &String| {
        let headers = replaced(channel, name, Some(format!("{prefix}{text}").as_bytes()));
        let shown: String = text.chars().take(60).collect();
        case(channel, &format!("{prefix}{shown}"), headers, mismatch())
    };
    let mut cases: Vec<Case> = texts.iter().map(wrong).collect();
    // White space around a value is HTTP's, and not of the value. Signed once: the time that is signed may be another one a moment later.
    let mut spaced = channel.signed(SECRET, channel.good().as_bytes());
    for header in spaced.iter_mut().filter(|header| header.0 == name) {
        header.1 = [b"  ", header.1.as_slice(), b" \t"].concat();
    }
    cases.push(case(channel, "with spaces around", spaced, Expected::Taken));
    cases
}

/// Signed, but by somebody else, or for something else.
fn of_others(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let body = good.as_bytes();
    let mut cases = Vec::new();
    for secret in [OTHER_SECRET, b"", b"\0", b"hush", &[SECRET, b"x"].concat(), &SECRET.to_ascii_uppercase()] {
        let shown = String::from_utf8_lossy(secret);
        cases.push(case(channel, &format!("with the secret {shown}"), channel.signed(secret, body), mismatch()));
    }
    for other in ["", " ", "{}", &good[1..], &format!("{good} "), &format!(" {good}"), &good.to_uppercase()] {
        let headers = channel.signed(SECRET, other.as_bytes());
        cases.push(case(channel, "of another body", headers, mismatch()));
        let headers = channel.signed(SECRET, body);
        cases.push(Case::with(channel, "another body below the signature", headers, other.as_bytes(), mismatch()));
    }
    let at = |shop: &str, secret: &[u8], expected| {
        let path = format!("/webhooks/{}/{shop}", channel.name);
        let headers = channel.signed(secret, body);
        Case::at(
            channel,
            format!("signed for another shop than {shop}"),
            "POST",
            path.as_bytes(),
            headers,
            body,
            expected,
        )
    };
    cases.push(at("other", SECRET, mismatch()));
    cases.push(at("other", OTHER_SECRET, Expected::Taken));
    // The older of acme's two secrets.
    cases.push(at("acme", b"an older secret", Expected::Taken));
    cases
}

/// The first header of a name counts.
fn repeated(channel: &Channel) -> Vec<Case> {
    let name = channel.signing();
    let good = signature(channel).into_bytes();
    let bad = match channel.signature {
        Signature::Header(_) | Signature::Hex(_) | Signature::Sealed(_) => STRANGE.to_owned(),
        Signature::StandardWebhooks => format!("v1,{STRANGE}"),
    };
    let with = |first: &[u8], second: &[u8]| {
        let mut headers = replaced(channel, name, Some(first));
        headers.push((name.to_owned(), second.to_vec()));
        headers
    };
    vec![
        case(channel, "twice, both good", with(&good, &good), Expected::Taken),
        case(channel, "twice, the first one good", with(&good, bad.as_bytes()), Expected::Taken),
        case(channel, "twice, the second one good", with(bad.as_bytes(), &good), mismatch()),
        case(channel, "twice, the first one empty", with(b"", &good), mismatch()),
    ]
}

/// The kind of message is in a header that no signature covers: what can't be read is kept.
fn topics(channel: &Channel, signature: &str) -> Vec<Case> {
    let (topic, known) = channel.plain[0];
    let body = channel.good();
    let mut cases = Vec::new();
    let mut wrong = |value: Option<&str>, slug: &'static str| {
        let mut headers = channel.signed(SECRET, body.as_bytes());
        headers.retain(|header| header.0 != topic);
        headers.extend(value.map(|value| (topic.to_owned(), value.as_bytes().to_vec())));
        assert!(headers.iter().any(|header| header.0 == signature));
        cases.push(Case::with(channel, format!("{topic} {value:?}"), headers, body.as_bytes(), kept(slug, topic)));
    };
    wrong(None, "field-missing");
    wrong(Some(""), "field-missing");
    let long = "orders/".repeat(2000);
    for value in ["x", "orders", "order.deleted", "orders/create/", "../orders", "%00", &known.to_uppercase(), &long] {
        wrong(Some(value), "field-invalid");
    }
    cases
}

fn standard_webhooks(channel: &Channel) -> Vec<Case> {
    let body = channel.good();
    let now = now_s();
    let signed = |id: &str, timestamp: &str| standard(SECRET, id, timestamp, body.as_bytes());
    let mut cases = Vec::new();
    // Replays: good signatures, some minutes to centuries off. None within a minute of the limit, which moves while the test runs.
    for off in [-400, 400, -600, 600, -3600, 3600, -86_400, 86_400, -31_536_000, 31_536_000, -now, -now - 1] {
        let headers = signed("msg-1", &(now + off).to_string());
        let expired = refused(401, "signature-expired", "");
        cases.push(case(channel, &format!("{off} s off"), headers, expired));
    }
    for timestamp in [i64::MAX, i64::MIN, i64::MAX / 1000, i64::MIN / 1000] {
        let headers = signed("msg-1", &timestamp.to_string());
        cases.push(case(channel, &format!("at {timestamp}"), headers, refused(401, "signature-expired", "")));
    }
    for off in [-200, 200, 0] {
        cases.push(case(channel, &format!("{off} s off"), signed("msg-1", &(now + off).to_string()), Expected::Taken));
    }
    let exact = format!("{now}.0");
    let long = format!("{now}000000000000");
    for timestamp in ["now", "1e9", "0x0", "1 2", "99999999999999999999999", "NaN", &exact, &long] {
        cases.push(case(channel, &format!("at {timestamp}"), signed("msg-1", timestamp), mismatch()));
    }
    // Another time or another id over a signature that is good for its own.
    for (name, value) in [("webhook-timestamp", (now + 1).to_string()), ("webhook-id", "msg-2".to_owned())] {
        cases.push(case(
            channel,
            &format!("{name} changed"),
            replaced(channel, name, Some(value.as_bytes())),
            mismatch(),
        ));
    }
    let good = signature(channel);
    let bare = good.trim_start_matches("v1,");
    let strange = format!("v1,{STRANGE}");
    let list = |text: &str, expected| {
        case(channel, text, replaced(channel, "webhook-signature", Some(text.as_bytes())), expected)
    };
    for text in [
        format!("v1a,{bare}"),
        format!("v2,{bare}"),
        format!("V1,{bare}"),
        format!("v1 {bare}"),
        format!("v1,,{bare}"),
        format!("v1,v1,{bare}"),
        format!("{strange},{good}"),
        format!("{strange} {strange}"),
        bare.to_owned(),
        "v1".to_owned(),
        "v1,".to_owned(),
        "v1, ".repeat(7000),
        format!("{strange} ").repeat(400),
        format!("{}{good}", format!("{strange} ").repeat(16)),
    ] {
        cases.push(list(&text, mismatch()));
    }
    for text in [
        format!("{strange} {good}"),
        format!("{good} {strange}"),
        format!("v1a,zzzz v0 {good} v9,x"),
        format!("{}{good}", format!("{strange} ").repeat(15)),
    ] {
        cases.push(list(&text, Expected::Taken));
    }
    // Id, time and body are signed with a full stop between them.
    for id in ["", ".", "a.b", "msg-1."] {
        cases.push(case(channel, &format!("the id {id:?}"), signed(id, &now.to_string()), mismatch()));
    }
    cases.push(case(channel, "an id of 255 bytes", signed(&"y".repeat(255), &now.to_string()), Expected::Taken));
    for id in ["y".repeat(256), "y".repeat(20_000), "a\tb".to_owned()] {
        let expected = kept("field-invalid", "webhook-id");
        cases.push(case(channel, &format!("an id of {} bytes", id.len()), signed(&id, &now.to_string()), expected));
    }
    cases
}
