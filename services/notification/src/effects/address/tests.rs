//! A corpus of addresses that must not be called, in every spelling that leads to them.

use super::*;

const STRICT: Policy = Policy { allow_loopback: false };
const DEMO: Policy = Policy { allow_loopback: true };

/// As hosts of a URL.
const INSIDE: &[&str] = &[
    // Loopback.
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[::ffff:0:127.0.0.1]",
    "１２７.0.0.1",
    "127。0。0。1",
    // This host.
    "0.0.0.0",
    "0",
    "0.1.2.3",
    "[::]",
    "[::ffff:0.0.0.0]",
    // Private.
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "3232235777",
    "[::ffff:10.0.0.1]",
    "[::ffff:192.168.1.1]",
    "[64:ff9b::10.0.0.1]",
    "[2002:c0a8:101::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    // Link-local and metadata.
    "169.254.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fe80::1]",
    "[febf::1]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "[fec0::1]",
    // Shared, benchmarks, documentation, relays.
    "100.64.0.1",
    "100.127.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "[2001:db8::1]",
    "[2001::1]",
    "[2001:2::1]",
    "[3fff::1]",
    "[100::1]",
    "[64:ff9b:1::1]",
    // Multicast, reserved, broadcast.
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[ff0e::1]",
];

const OUTSIDE: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "169.253.1.1",
    "192.167.1.1",
    "198.17.1.1",
    "223.255.255.255",
    "[2606:4700:4700::1111]",
    "[2a00:1450:4001::1]",
    "[::ffff:8.8.8.8]",
    "[64:ff9b::8.8.8.8]",
    "[2002:808:808::1]",
    "shop.example.com",
];

#[test]
fn nothing_inside_is_called_in_any_spelling() {
    assert!(INSIDE.len() >= 40);
    for host in INSIDE {
        let checked = STRICT.check_url(&format!("https://{host}/hook"));
        assert_eq!(checked.err(), Some(Refused::NotPublic), "{host}");
    }
}

#[test]
fn what_is_outside_is_called() {
    for host in OUTSIDE {
        let checked = STRICT.check_url(&format!("https://{host}/hook"));
        assert!(checked.is_ok(), "{host}: {checked:?}");
    }
}

#[test]
fn the_demo_may_call_loopback_and_nothing_else_inside() {
    for host in INSIDE {
        let url = Url::parse(&format!("http://{host}/")).expect("a URL");
        let literal = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()).unwrap_or_default();
        let loopback = unwrapped(literal.parse().expect("an address")).is_loopback();
        assert_eq!(DEMO.check_url(url.as_str()).is_ok(), loopback, "{host}");
    }
}

#[test]
fn other_schemes_and_credentials_are_refused() {
    for url in
        ["http://shop.example.com/", "ftp://shop.example.com/", "file:///etc/passwd", "gopher://shop.example.com/"]
    {
        assert_eq!(STRICT.check_url(url).err(), Some(Refused::Scheme), "{url}");
    }
    assert_eq!(DEMO.check_url("ftp://127.0.0.1/").err(), Some(Refused::Scheme));
    assert_eq!(STRICT.check_url("https://user@shop.example.com/").err(), Some(Refused::Credentials));
    assert_eq!(STRICT.check_url("https://:pw@shop.example.com/").err(), Some(Refused::Credentials));
    for url in ["", "shop.example.com", "https://", "https://[::1"] {
        assert_eq!(STRICT.check_url(url).err(), Some(Refused::NoUrl), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_at_the_resolver() {
    let name = || "localhost".parse::<Name>().expect("a name");
    let refused = STRICT.resolve(name()).await.err().expect("localhost is inside");
    assert_eq!(refused.downcast_ref::<Refused>(), Some(&Refused::NotPublic));
    assert!(DEMO.resolve(name()).await.is_ok_and(|mut addresses| addresses.next().is_some()));
}
