//! Addresses and methods that are not the door's, around a good and signed delivery.

use super::SECRET;
use super::case::{Case, Expected, refused};
use super::channels::Channel;

pub fn cases(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let name = channel.name;
    let post = |path: &str, expected| at(channel, "POST", path, &good, expected);
    let unknown_channel = || refused(404, "unknown-channel", "");
    let unknown_shop = || refused(404, "unknown-shop", "");
    let not_found = || refused(404, "not-found", "");
    let mut cases = Vec::new();
    let upper = name.to_uppercase();
    let channels = [
        "",
        "fax",
        "grpc",
        "%00",
        "..",
        "%2e%2e",
        "*",
        "{channel}",
        "-",
        "0",
        "%25",
        "%F0%9F%98%80",
        &upper,
        &"c".repeat(20_000),
    ];
    let around = ["%20", "%00", "%2F", "%2Facme", "%0d%0a", "s", ".", ";x", "%2500"].map(|end| format!("{name}{end}"));
    for other in channels.into_iter().chain(around.iter().map(String::as_str)) {
        cases.push(post(&format!("/webhooks/{other}/acme"), unknown_channel()));
    }
    let long = "a".repeat(20_000);
    let shops = [
        "nobody",
        "ACME",
        "Acme",
        "acme%20",
        "%20acme",
        "acme%00",
        "%00",
        "acme%2F",
        "acme%2Facme",
        "%2Facme",
        "..%2Facme",
        "..",
        ".",
        "%2e%2e",
        "acme%0d%0aX:1",
        "acme%0a",
        "acme;x=1",
        "acme,",
        "acme%3Fx",
        "acme%23",
        "*",
        "{shop}",
        "%25",
        "%",
        "%1",
        "%zz",
        "%u0041cme",
        "acm%C3%A9",
        "%EF%BC%A1cme",
        "%F0%9F%98%80",
        "'%3B%20DROP%20TABLE%20shops",
        "%3Cscript%3E",
        "$(id)",
        "%24%7Bjndi%7D",
        "0",
        "-1",
        "null",
        "a\\b",
        &long,
    ];
    for other in shops {
        cases.push(post(&format!("/webhooks/{name}/{other}"), unknown_shop()));
    }
    for broken in ["%ff", "acme%ff", "%c0%af", "%ed%a0%80", "%80", "%f4%90%80%80"] {
        cases.push(post(&format!("/webhooks/{name}/{broken}"), refused(400, "invalid-argument", "")));
        cases.push(post(&format!("/webhooks/{broken}/acme"), refused(400, "invalid-argument", "")));
    }
    for other in [
        "/".to_owned(),
        "//".to_owned(),
        "/webhooks".to_owned(),
        "/webhooks/".to_owned(),
        format!("/webhooks/{name}"),
        format!("/webhooks/{name}/"),
        format!("/webhooks/{name}/acme/"),
        format!("/webhooks/{name}/acme/more"),
        format!("//webhooks/{name}/acme"),
        format!("/webhooks//{name}/acme"),
        format!("/WEBHOOKS/{name}/acme"),
        format!("/%77ebhooks/{name}/acme"),
        format!("/x/../webhooks/{name}/acme"),
        format!("/webhooks/{name}/../acme"),
        format!("/webhooks%2F{name}%2Facme"),
        "/admin".to_owned(),
        "/.env".to_owned(),
        "/../../etc/passwd".to_owned(),
        "/weir.ingest.v1.IngestService/PlaceOrder".to_owned(),
        format!("/{}", "a/".repeat(5_000)),
    ] {
        cases.push(post(&other, not_found()));
    }
    // Other ways to write the same address.
    for same in [
        format!("/webhooks/{name}/%61cme"),
        format!("/webhooks/{name}/acme?"),
        format!("/webhooks/{name}/acme?shop=other&x=%00"),
        format!("/webhooks/{name}/acme?{}", "q".repeat(10_000)),
        format!("http://weir/webhooks/{name}/acme"),
        format!("http://elsewhere:99/webhooks/{name}/acme"),
    ] {
        cases.push(post(&same, Expected::Taken));
    }
    for method in [
        "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "post", "Post", "POSTS", "PROPFIND",
        "M-SEARCH",
    ] {
        let path = format!("/webhooks/{name}/acme");
        cases.push(at(channel, method, &path, &good, refused(405, "method-not-allowed", "")));
    }
    cases.extend(no_requests(channel));
    cases
}

fn at(channel: &Channel, method: &str, path: &str, body: &str, expected: Expected) -> Case {
    let shown: String = path.chars().take(60).collect();
    let headers = channel.signed(SECRET, body.as_bytes());
    let name = format!("{method} {shown}");
    Case::at(channel, name, method, path.as_bytes(), headers, body.as_bytes(), expected).alone()
}

/// What HTTP itself refuses.
fn no_requests(channel: &Channel) -> Vec<Case> {
    let path = format!("/webhooks/{}/acme", channel.name);
    let line = |line: String| format!("{line}\r\nhost: weir\r\ncontent-length: 0\r\n\r\n").into_bytes();
    let long = format!("POST /{} HTTP/1.1", "a".repeat(100_000));
    let requests = [
        b"\r\n\r\n".to_vec(),
        b"\0".repeat(100),
        b"\xff".repeat(100),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
        b"*1\r\n$4\r\nPING\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        line("POST".to_owned()),
        line(format!("POST {path}")),
        line(format!("POST {path} HTTP/9.9")),
        line(format!("POST {path} HTTP/1.1 x")),
        line(format!("POST {path} http/1.1")),
        line(format!("POST {path}\0 HTTP/1.1")),
        line(format!("POST {path} x HTTP/1.1")),
        line(format!("PO\0ST {path} HTTP/1.1")),
        line(format!("{{POST}} {path} HTTP/1.1")),
        line(format!("CONNECT {path} HTTP/1.1")),
        line("CONNECT weir:443 HTTP/1.1".to_owned()),
        line("OPTIONS * HTTP/1.1".to_owned()),
        line("POST * HTTP/1.1".to_owned()),
        line("POST webhooks HTTP/1.1".to_owned()),
        line("POST http:// HTTP/1.1".to_owned()),
        line(long),
    ];
    let numbered = requests.into_iter().enumerate();
    let case = |(n, bytes)| Case::raw(channel, format!("no request {n}"), bytes, b"", Expected::Dropped).ending();
    numbered.map(case).collect()
}
