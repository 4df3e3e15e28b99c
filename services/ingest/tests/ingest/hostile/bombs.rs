//! Too large, too many, packed, and not as long as they say.

use super::SECRET;
use super::case::{Case, Expected, Headers, head, kept, refused};
use super::channels::Channel;
use super::fields::{Reads, walk, with};
use serde_json::Value;

/// As the door has it.
const BODY_MAX: usize = 256 * 1024;
const LINES_MAX: usize = 500;
const ENTRIES_MAX: usize = 1000;

pub fn cases(channel: &Channel) -> Vec<Case> {
    // Sizes and lengths are those of what is sent, not of what was sealed.
    if !channel.is_signed() {
        return crowds(channel);
    }
    let mut cases = sizes(channel);
    cases.extend(crowds(channel));
    cases.extend(headers(channel));
    cases.extend(packed(channel));
    cases.extend(lengths(channel));
    cases.extend(chunks(channel));
    cases
}

fn sizes(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let padded = |length: usize| [good.as_bytes(), &b" ".repeat(length - good.len())].concat();
    let mut cases = Vec::new();
    for length in [BODY_MAX - 1, BODY_MAX] {
        cases.push(Case::signed(channel, format!("{length} bytes"), &padded(length), Expected::Taken));
    }
    for length in [BODY_MAX + 1, BODY_MAX + 2, BODY_MAX * 2, 1 << 20] {
        let too_large = refused(413, "body-too-large", "");
        cases.push(Case::signed(channel, format!("{length} bytes"), &padded(length), too_large).alone());
    }
    let long = format!("{{\"extra\":\"{}\",{}", "y".repeat(200_000), &good[1..]);
    cases.push(Case::signed(channel, "a long text that nobody reads", long.as_bytes(), Expected::Taken));
    let keys: String = (0..20_000).map(|n| format!("\"k{n}\":0,")).collect();
    let many = format!("{{{keys}{}", &good[1..]);
    cases.push(Case::signed(channel, "20,000 keys", many.as_bytes(), Expected::Taken));
    cases
}

/// Lists with as many entries as are read, and with more.
fn crowds(channel: &Channel) -> Vec<Case> {
    let tree = channel.tree();
    let mut nodes = Vec::new();
    walk(&tree, "", "", &mut nodes);
    let mut cases = Vec::new();
    for (pointer, path) in &nodes {
        let pattern = path.replace("[0]", "[]");
        let Some((_, reads)) = channel.fields.iter().find(|(known, _)| *known == pattern) else { continue };
        let Some(Value::Array(entries)) = tree.pointer(pointer) else { continue };
        let mut of = |count: usize, expected: Expected| {
            let entry = entries.last().expect("no list of the good body is empty");
            let list: Vec<Value> = (0..count).map(|n| numbered(channel, &pattern, entry, n)).collect();
            let body = with(&tree, pointer, &Value::from(list).to_string());
            cases.push(Case::signed(channel, format!("{count} {path}"), body.as_bytes(), expected));
        };
        let too_many = || kept("field-invalid", path);
        match reads {
            Reads::Entries => {
                of(LINES_MAX, Expected::Taken);
                for count in [LINES_MAX + 1, ENTRIES_MAX, ENTRIES_MAX + 1, 3000] {
                    of(count, too_many());
                }
            }
            Reads::EntriesOrNone | Reads::Words => {
                of(ENTRIES_MAX, Expected::Taken);
                for count in [ENTRIES_MAX + 1, 3000] {
                    of(count, too_many());
                }
            }
            _ => {}
        }
        if matches!(reads, Reads::Entries) {
            let entry = entries[0].clone();
            let list = Value::from(vec![entry.clone(), entries[1].clone(), entry]);
            let body = with(&tree, pointer, &list.to_string());
            let expected = kept("field-invalid", format!("{path}[2]"));
            cases.push(Case::signed(channel, format!("{path} with one id twice"), body.as_bytes(), expected));
        }
    }
    cases
}

/// An entry with an id of its own, where entries have ids.
fn numbered(channel: &Channel, pattern: &str, entry: &Value, number: usize) -> Value {
    let mut entry = entry.clone();
    let id = channel.fields.iter().find_map(|(path, reads)| {
        let name = path.strip_prefix(pattern)?.strip_prefix("[].")?;
        (matches!(reads, Reads::Id) && !name.contains('.')).then_some(name)
    });
    if let (Some(id), Some(fields)) = (id, entry.as_object_mut()) {
        fields.insert(id.to_owned(), Value::from(number.to_string()));
    }
    entry
}

fn headers(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let with = |name: &str, more: Headers, expected| {
        let mut headers = channel.signed(SECRET, good.as_bytes());
        headers.extend(more);
        Case::with(channel, name, headers, good.as_bytes(), expected)
    };
    let some = |count: usize, length: usize| -> Headers {
        (0..count).map(|n| (format!("x-more-{n}"), vec![b'y'; length])).collect()
    };
    let mut cases = vec![
        with("80 more headers", some(80, 10), Expected::Taken),
        with("a header of 20,000 bytes", some(1, 20_000), Expected::Taken),
        with("101 more headers", some(101, 10), Expected::Dropped).alone(),
        with("10,000 more headers", some(10_000, 10), Expected::Dropped).alone(),
        with("a header of 40,000 bytes", some(1, 40_000), Expected::Dropped).alone(),
        with("a header of a million bytes", some(1, 1_000_000), Expected::Dropped).alone(),
        with("40 headers of 1,000 bytes", some(40, 1000), Expected::Dropped).alone(),
        with("a long name", vec![("n".repeat(70_000), b"y".to_vec())], Expected::Dropped).alone(),
        with("a name with a space", vec![("a b".to_owned(), b"y".to_vec())], Expected::Dropped).alone(),
        with("a name with a NUL", vec![("a\0b".to_owned(), b"y".to_vec())], Expected::Dropped).alone(),
        with("a NUL in a value", vec![("a".to_owned(), b"y\0y".to_vec())], Expected::Dropped).alone(),
        with("a folded value", vec![("a".to_owned(), b"y\r\n y".to_vec())], Expected::Dropped).alone(),
        with("a line without a colon", vec![("a".to_owned(), b"y\r\nnothing".to_vec())], Expected::Dropped).alone(),
    ];
    // What the log keeps of a delivery may be long as well.
    for name in channel.plain.iter().map(|(name, _)| *name).skip(1) {
        let mut long = channel.signed(SECRET, good.as_bytes());
        long.iter_mut().filter(|header| header.0 == name).for_each(|header| header.1 = vec![b'y'; 200]);
        cases.push(Case::with(channel, format!("a long {name}"), long.clone(), good.as_bytes(), Expected::Taken));
        for value in [vec![b'y'; 256], vec![b'y'; 20_000], b"a\tb".to_vec()] {
            let mut headers = long.clone();
            headers.iter_mut().filter(|header| header.0 == name).for_each(|header| header.1.clone_from(&value));
            let (shown, expected) = (value.len(), kept("field-invalid", name));
            cases.push(Case::with(channel, format!("{name} of {shown} bytes"), headers, good.as_bytes(), expected));
        }
    }
    cases
}

/// A body is what its bytes are: nothing is unpacked, whatever a header says.
fn packed(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff][..], &[0; 1000]].concat();
    let with = |name: &str, value: &str, body: &[u8], expected| {
        let mut headers = channel.signed(SECRET, body);
        headers.push((name.to_owned(), value.as_bytes().to_vec()));
        Case::with(channel, format!("{name} {value}"), headers, body, expected)
    };
    let mut cases = Vec::new();
    for value in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "nonsense"] {
        cases.push(with("content-encoding", value, &gzip, kept("body-not-json", "")));
        cases.push(with("content-encoding", value, good.as_bytes(), Expected::Taken));
    }
    let kinds = [
        "text/plain",
        "text/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/grpc",
        "",
    ];
    for value in kinds {
        cases.push(with("content-type", value, good.as_bytes(), Expected::Taken));
        let unsigned = vec![("content-type".to_owned(), value.as_bytes().to_vec())];
        for body in
            ["webhook_id=", "webhook_id=x", "webhook_id=7&a=1", "webhook_id=12345678901234567890", " webhook_id=7"]
        {
            let missing = refused(401, "signature-missing", channel.needed()[0]);
            let name = format!("like a ping, {value}: {body}");
            cases.push(Case::with(channel, name, unsigned.clone(), body.as_bytes(), missing));
        }
    }
    cases
}

fn lengths(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let path = format!("/webhooks/{}/acme", channel.name);
    let raw = |name: String, lengths: &[&str], signed: &[u8], expected| {
        let mut headers = channel.signed(SECRET, signed);
        headers.extend(lengths.iter().map(|length| ("content-length".to_owned(), length.as_bytes().to_vec())));
        let request = [head("POST", path.as_bytes(), &headers), good.clone().into_bytes()].concat();
        Case::raw(channel, name, request, signed, expected)
    };
    let whole = good.as_bytes();
    let mut cases = Vec::new();
    for more in [1, 10, 1000, 100_000] {
        let said = (good.len() + more).to_string();
        cases.push(raw(format!("{more} bytes less than said"), &[&said], whole, Expected::Dropped).ending());
    }
    for less in [1, 2, 100, good.len()] {
        let said = (good.len() - less).to_string();
        let mismatch = refused(401, "signature-mismatch", "");
        cases.push(raw(format!("{less} bytes more than said"), &[&said], whole, mismatch));
        let cut = &whole[..good.len() - less];
        cases.push(raw(format!("{less} bytes more than said and signed"), &[&said], cut, kept("body-not-json", "")));
    }
    let right = good.len().to_string();
    let other = (good.len() - 1).to_string();
    for said in ["-1", "+5", "abc", "0x10", "1e3", "1.0", "18446744073709551616", "1 2", " "] {
        cases.push(raw(format!("length {said}"), &[said], whole, Expected::Dropped));
    }
    cases.push(raw("two lengths".to_owned(), &[&right, &other], whole, Expected::Dropped));
    cases.push(raw("two lengths in one".to_owned(), &[&format!("{right}, {other}")], whole, Expected::Dropped));
    for said in ["262145", "99999999999", "9223372036854775807"] {
        cases.push(raw(format!("length {said}"), &[said], whole, refused(413, "body-too-large", "")));
    }
    cases
}

fn chunks(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let path = format!("/webhooks/{}/acme", channel.name);
    let raw = |name: &str, coding: &str, chunks: &[u8], expected| {
        let mut headers = channel.signed(SECRET, good.as_bytes());
        headers.push(("transfer-encoding".to_owned(), coding.as_bytes().to_vec()));
        let request = [&head("POST", path.as_bytes(), &headers), chunks].concat();
        Case::raw(channel, format!("chunks, {name}"), request, good.as_bytes(), expected)
    };
    let size = good.len();
    let in_one = format!("{size:x}\r\n{good}\r\n0\r\n\r\n");
    let bytes: String = good.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
    let endless = format!("3e8\r\n{}\r\n", "y".repeat(1000)).repeat(300);
    let taken = || Expected::Taken;
    let mut cases = vec![
        raw("one", "chunked", in_one.as_bytes(), taken()),
        raw("a byte each", "chunked", format!("{bytes}0\r\n\r\n").as_bytes(), taken()),
        raw("with an extension", "chunked", in_one.replacen("\r\n", ";a=b\r\n", 1).as_bytes(), taken()),
        raw("with a trailer", "chunked", format!("{size:X}\r\n{good}\r\n0\r\nx: y\r\n\r\n").as_bytes(), taken()),
        raw("without end", "chunked", endless.as_bytes(), refused(413, "body-too-large", "")),
        raw("without the last", "chunked", format!("{size:x}\r\n{good}\r\n").as_bytes(), Expected::Dropped).ending(),
        raw("cut", "chunked", &in_one.as_bytes()[..in_one.len() / 2], Expected::Dropped).ending(),
        raw("without a line's end", "chunked", format!("{size:x}\r\n{good}0\r\n\r\n").as_bytes(), Expected::Dropped),
        raw("and something behind", "chunked, gzip", in_one.as_bytes(), Expected::Dropped),
        raw("that are none", "identity", in_one.as_bytes(), Expected::Dropped),
        raw("not quite", "xchunked", in_one.as_bytes(), Expected::Dropped),
        raw(
            "a long extension",
            "chunked",
            format!("{size:x};{}\r\n{good}\r\n0\r\n\r\n", "a".repeat(100_000)).as_bytes(),
            Expected::Dropped,
        ),
        raw(
            "long trailers",
            "chunked",
            format!("{size:x}\r\n{good}\r\n0\r\nx: {}\r\n\r\n", "a".repeat(100_000)).as_bytes(),
            Expected::Dropped,
        ),
    ];
    for size in ["zz", "-1", "0x5", "", "ffffffffffffffff", "fffffffffffffffff", "5 5", "1e3"] {
        let body = format!("{size}\r\n{good}\r\n0\r\n\r\n");
        cases.push(raw(&format!("of size {size:?}"), "chunked", body.as_bytes(), Expected::Dropped).ending());
    }
    cases
}
