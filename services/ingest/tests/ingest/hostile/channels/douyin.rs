//! Douyin's message and how each of its fields is read; and lists of messages, each a delivery of its own.

use super::{Channel, Signature};
use crate::hostile::SECRET;
use crate::hostile::case::{Case, Expected, kept};
use crate::hostile::fields::Reads::{self, Code, Free, Id, IdOrNone, ObjectOrJson, RootOrList, Unread, WholeOrNone};

pub fn channel() -> Channel {
    Channel {
        name: "douyin",
        good: GOOD,
        plain: &[("app-id", "client")],
        signature: Signature::Hex("event-sign"),
        fields: FIELDS,
    }
}

/// As many as are taken apart.
const MESSAGES_MAX: usize = 256;

/// A message by itself, as it stands in a list.
const GOOD: &str = r#"{
  "tag": "106", "msg_id": "0428::106:1795255500:1",
  "data": { "p_id": 6917345028831207425, "s_ids": [6917345028831207425], "shop_id": 81234567, "order_status": 4, "order_type": 0,
    "cancel_time": 1795255500, "cancel_reason": "no longer wanted", "biz": 2 }
}"#;

const FIELDS: &[(&str, Reads)] = &[
    ("", RootOrList("tag")),
    ("tag", Code),
    ("msg_id", IdOrNone),
    ("data", ObjectOrJson("p_id")),
    ("data.p_id", Id),
    ("data.s_ids", Unread),
    ("data.s_ids[]", Unread),
    ("data.shop_id", Unread),
    // None of the wrong numbers is a status but 0, which is none.
    ("data.order_status", WholeOrNone(0, 0)),
    ("data.order_type", Unread),
    ("data.cancel_time", WholeOrNone(0, 253_402_300_799)),
    ("data.cancel_reason", Free),
    ("data.biz", Unread),
];

/// Lists of messages, of which some are no messages.
pub fn lists(channel: &Channel) -> Vec<Case> {
    let good = channel.good();
    let good = good.as_str();
    let probe = r#"{"tag":"0","msg_id":"0","data":"2026-11-21T10:00:00+08:00"}"#;
    let bare = r#"{"tag":"106"}"#;
    let no_message = [
        "null",
        "7",
        "1.5",
        "\"x\"",
        "true",
        "{}",
        "[]",
        "[[]]",
        bare,
        r#"{"tag":"106","tag":"106"}"#,
        "1e400",
        "\"\\ud800\"",
    ];
    let list = |name: &str, messages: &[&str], expected: Expected| {
        let body = format!("[{}]", messages.join(" ,\n"));
        let parts: Vec<Vec<u8>> =
            messages.iter().filter(|one| **one != probe).map(|one| one.as_bytes().to_vec()).collect();
        Case::signed(channel, format!("list, {name}"), body.as_bytes(), expected).of_parts(parts)
    };
    let taken = || Expected::Taken;
    let mut cases = vec![
        list("nothing", &[], taken()),
        list("a probe", &[probe], taken()),
        list("probes", &[probe; 40], taken()),
        list("one", &[good], taken()),
        list("one twice", &[good, good], taken()),
        list("as many as are read", &[good; MESSAGES_MAX], taken()),
        list("one and nothing else", &no_message.iter().copied().chain([good]).collect::<Vec<_>>(), taken()),
    ];
    for other in no_message {
        cases.push(list(&format!("{other} behind a good one"), &[good, other], taken()));
        cases.push(list(&format!("{other} between probes"), &[probe, other, probe, good], taken()));
    }
    // The first of them is told where there is no other.
    let missing = |field: &str| kept("field-missing", field);
    cases.push(list("alone", &[bare], missing("data")));
    cases.push(list("alone and behind a probe", &[probe, "{}", bare], missing("tag")));
    cases.push(list("of lists", &["[]", bare], kept("field-invalid", "")));
    cases.extend([1, 2, 100, 1000].map(|more| {
        let body = format!("[{}]", vec![bare; MESSAGES_MAX + more].join(","));
        let too_many = kept("field-invalid", format!("[{MESSAGES_MAX}]"));
        Case::signed(channel, format!("list, {more} too many"), body.as_bytes(), too_many)
    }));
    let body = format!("[{good},{good}]");
    for at in 0..body.len() {
        let not_json = || kept("body-not-json", "");
        cases.push(Case::signed(channel, format!("list, the first {at} bytes"), &body.as_bytes()[..at], not_json()));
        let broken = [&body.as_bytes()[..at], b"\0", &body.as_bytes()[at + 1..]].concat();
        cases.push(Case::signed(channel, format!("list, NUL at {at}"), &broken, not_json()));
    }
    // Signed over the list, not over what it is taken apart into.
    let elsewhere = channel.signed(SECRET, good.as_bytes());
    let mismatch = crate::hostile::case::refused(401, "signature-mismatch", "");
    cases.push(Case::with(channel, "list, signed as its message", elsewhere, format!("[{good}]").as_bytes(), mismatch));
    cases
}
