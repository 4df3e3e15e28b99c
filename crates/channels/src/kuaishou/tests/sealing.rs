//! What is believed, and what is not.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// "0123456789abcdef" and another.
const KEY: &[u8] = b"MDEyMzQ1Njc4OWFiY2RlZg==";
const OTHER: &[u8] = b"MDEyMzQ1Njc4OWFiY2RlZw==";

/// Made by openssl: `enc -aes-128-cbc -K 30313233343536373839616263646566 -iv 0 -base64 -A`.
const SEALED: &str = "GUTYrYKpDWoLh7+EA8B8krsTkn9ZTfyd0YvS8zwjvYuCu+y5X+IrzsmVWiKZWZPyZqdA16A765dwpsu8BbT844wLU5/k+VAfgz1LU5+cUj2sHk36a3PJzF6mvhteL67m";
const PLAIN: &str = r#"{"eventId":"1_2","event":"kwaishop_order_addOrder","appKey":"ks7","info":"{\"oid\":17}"}"#;

fn open(body: &[u8], secrets: &[&[u8]]) -> Result<Opened, SignatureFault> {
    let secrets: Vec<Vec<u8>> = secrets.iter().map(|secret| secret.to_vec()).collect();
    let headers = Headers::default();
    let request = Request { headers: &headers, body, now_ms: 0 };
    let opened = Kuaishou.open(&request, &secrets, 0);
    assert_eq!(Kuaishou.verify(&request, &secrets, 0), opened.clone().map(drop));
    assert!(!Kuaishou.is_probe(&request));
    opened
}

fn sealed(message: &[u8]) -> String {
    seal(KEY, message).expect("a key")
}

fn refused(body: &[u8]) -> bool {
    open(body, &[OTHER, KEY]) == Err(SignatureFault::Mismatch)
}

#[test]
fn a_message_opens_under_any_of_the_shops_keys() {
    assert_eq!(sealed(PLAIN.as_bytes()), SEALED);
    let opened = Ok(Opened::Parts(vec![PLAIN.as_bytes().to_vec()]));
    for keys in [&[KEY][..], &[b"an older secret", OTHER, KEY], &[KEY, OTHER], &[b"MDEyMzQ1Njc4OWFiY2RlZg==\n"]] {
        assert_eq!(open(SEALED.as_bytes(), keys), opened);
    }
    for keys in [&[][..], &[OTHER], &[b""], &[b"0123456789abcdef"], &[b"MDEyMzQ1Njc4OWFiY2RlZg"]] {
        assert_eq!(open(SEALED.as_bytes(), keys), Err(SignatureFault::Mismatch));
    }
    assert_eq!(seal(b"hush", b"{}"), None, "no key");
}

#[test]
fn a_test_of_the_address_leaves_nothing() {
    let nothing = Ok(Opened::Parts(Vec::new()));
    for test in [r#"{"test":true}"#, r#"{"test":true,"eventId":"1","event":"x","appKey":"k","info":"{}"}"#] {
        assert_eq!(open(sealed(test.as_bytes()).as_bytes(), &[KEY]), nothing);
    }
    assert!(refused(br#"{"test":true}"#), "nobody else's word for it");
    for none in [r#"{"test":false}"#, r#"{"test":1}"#, r#"{"test":"true"}"#, "[true]"] {
        assert!(refused(sealed(none.as_bytes()).as_bytes()), "{none}");
    }
}

/// Padding, text, JSON and message: whatever is wrong, the answer is the same.
#[test]
fn what_opens_to_no_message_is_unsigned() {
    let long = "x".repeat(256);
    let texts = [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "{\"a\":1}",
        &PLAIN[1..],
        &PLAIN[..PLAIN.len() - 1],
        &format!("{PLAIN}{PLAIN}"),
        &PLAIN.replace("eventId", "eventid"),
        &PLAIN.replace("\"1_2\"", "12"),
        &PLAIN.replace("\"1_2\"", "\"\""),
        &PLAIN.replace("\"ks7\"", "null"),
        &PLAIN.replace("kwaishop_order_addOrder", &long),
        &PLAIN.replace("\"appKey\"", "\"event\":\"x\",\"appKey\""),
    ];
    for text in texts {
        assert!(refused(sealed(text.as_bytes()).as_bytes()), "{text}");
    }
    assert!(refused(sealed(&PLAIN.replace("ks7", "\u{0}").into_bytes()).as_bytes()));
    let not_utf8: Vec<u8> = PLAIN.bytes().map(|byte| if byte == b'7' { 0xff } else { byte }).collect();
    assert!(refused(sealed(&not_utf8).as_bytes()));
    for body in [
        "",
        "=",
        "%",
        "AAAA",
        "N3Ii4GGpJMWRzZwn6hY+1A",
        PLAIN,
        &SEALED[1..],
        &SEALED[..SEALED.len() - 4],
        &SEALED.to_uppercase(),
    ] {
        assert!(refused(body.as_bytes()), "{body}");
    }
    assert!(refused(&STANDARD.decode(SEALED).expect("base64")), "not in base64");
}

/// A flipped bit garbles its block and flips the same bit of the next. That is no MAC, but a garbled block is hardly ever JSON.
#[test]
fn every_byte_of_a_sealed_message_counts() {
    let bytes = STANDARD.decode(SEALED).expect("base64");
    let mut still = Vec::new();
    for place in 0..bytes.len() {
        for by in [1, 0x80, 0xff] {
            let mut other = bytes.clone();
            other[place] ^= by;
            match open(STANDARD.encode(&other).as_bytes(), &[KEY]) {
                Err(fault) => assert_eq!(fault, SignatureFault::Mismatch),
                Ok(opened) => {
                    assert_ne!(opened, Opened::Parts(vec![PLAIN.as_bytes().to_vec()]), "{place}");
                    still.push(place);
                }
            }
        }
    }
    assert_eq!(still, [] as [usize; 0], "all are found out here");
    for cut in 1..bytes.len() {
        assert!(refused(STANDARD.encode(&bytes[..cut]).as_bytes()), "{cut}");
        assert!(refused(STANDARD.encode(&bytes[cut..]).as_bytes()), "without the first {cut}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_upset_it(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        proptest::prop_assert!(refused(&body));
        proptest::prop_assert!(refused(STANDARD.encode(&body).as_bytes()));
        proptest::prop_assert!(refused(sealed(&body).as_bytes()));
        let _ = Kuaishou.identify(&Headers::default(), &body);
        let _ = Kuaishou.map(&pulled(), &body);
    }

    #[test]
    fn whatever_is_sealed_is_opened(note in ".{0,200}") {
        let message = json!({ "eventId": "1", "event": "e", "appKey": "k", "note": note }).to_string().into_bytes();
        let opened = open(sealed(&message).as_bytes(), &[OTHER, KEY]);
        proptest::prop_assert_eq!(opened, Ok(Opened::Parts(vec![message])));
    }

    #[test]
    fn no_change_of_a_message_or_an_order_upsets_it(flip in 0_usize..4000, cut in 0_usize..4000, by in 1_u8..=127) {
        let news = message("kwaishop_order_paySuccess", &changed(30)).to_string();
        for (text, headers) in [(news.as_str(), Headers::default()), (ORDER, pulled())] {
            let mut body = text.as_bytes().to_vec();
            let place = flip % body.len();
            body[place] ^= by;
            let _ = Kuaishou.map(&headers, &body);
            let _ = Kuaishou.identify(&headers, &body);
            body.truncate(cut);
            let _ = Kuaishou.map(&headers, &body);
        }
    }
}
