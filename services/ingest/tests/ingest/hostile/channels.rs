//! The channels as the corpus knows them. One more is a good body, a signature and the table of its fields.

#[path = "channels/douyin.rs"]
mod douyin;
#[path = "channels/generic.rs"]
mod generic;
#[path = "channels/kuaishou.rs"]
mod kuaishou;
#[path = "channels/shopee.rs"]
mod shopee;
#[path = "channels/shopify.rs"]
mod shopify;
#[path = "channels/tiktok.rs"]
mod tiktok;
#[path = "channels/woocommerce.rs"]
mod woocommerce;
#[path = "channels/youzan.rs"]
mod youzan;

use super::case::{Case, Expected, Headers};
use super::fields::Reads;
use serde_json::Value;

/// A channel.
pub struct Channel {
    pub name: &'static str,
    /// An order in which everything that is read is there.
    good: &'static str,
    /// The headers of a delivery but its signature.
    pub plain: &'static [(&'static str, &'static str)],
    pub signature: Signature,
    /// How each field of the good body is read, by path, list entries as `[]`.
    pub fields: &'static [(&'static str, Reads)],
}

/// How a delivery is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// One header has it, in base64.
    Header(&'static str),
    /// One header has it, in hex of either case, and says nothing else.
    Hex(&'static str),
    /// Id, timestamp and signature, each in a header.
    StandardWebhooks,
    /// Not at all: the body is sealed.
    Sealed(Sealed),
}

/// What of a sealed message the corpus is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sealed {
    Message,
    /// The JSON in one of its texts.
    Info,
}

/// What is sent, what the log has of it, and what must come of it.
pub struct Sent {
    pub wire: Vec<u8>,
    pub body: Vec<u8>,
    pub expected: Expected,
    pub is_too_large: bool,
}

/// The channels of the corpus.
pub fn all() -> Vec<Channel> {
    vec![
        shopify::channel(),
        woocommerce::channel(),
        generic::channel(),
        shopee::channel(),
        douyin::channel(),
        tiktok::channel(),
        kuaishou::message(),
        kuaishou::info(),
        youzan::channel(),
    ]
}

/// Where a body may be a list of deliveries.
pub fn lists(channel: &Channel) -> Vec<Case> {
    match channel.name {
        "douyin" => douyin::lists(channel),
        _ => Vec::new(),
    }
}

impl Channel {
    /// The good body in as few bytes as it takes.
    pub fn good(&self) -> String {
        self.tree().to_string()
    }

    pub fn tree(&self) -> Value {
        serde_json::from_str(self.good).expect("the good body is good")
    }

    /// The headers of a delivery with this body.
    pub fn signed(&self, secret: &[u8], body: &[u8]) -> Headers {
        let mut headers = self.plain();
        match self.signature {
            Signature::Header(name) | Signature::Hex(name) => {
                headers.push((name.to_owned(), signature_of(self.name, secret, body).into_bytes()));
            }
            Signature::StandardWebhooks => {
                headers.extend(standard(secret, "msg-1", &crate::house::now_s().to_string(), body));
            }
            Signature::Sealed(_) => {}
        }
        headers
    }

    pub fn plain(&self) -> Headers {
        self.plain.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    /// The names of the headers that a signature needs.
    pub fn needed(&self) -> Vec<&'static str> {
        match self.signature {
            Signature::Header(name) | Signature::Hex(name) => vec![name],
            Signature::StandardWebhooks => vec!["webhook-id", "webhook-timestamp", "webhook-signature"],
            Signature::Sealed(_) => Vec::new(),
        }
    }

    /// What is sent of a body.
    pub fn sent(&self, body: &[u8], expected: Expected) -> Sent {
        match self.signature {
            Signature::Sealed(kind) => kuaishou::sent(kind, body, expected),
            _ => Sent { wire: body.to_vec(), body: body.to_vec(), expected, is_too_large: false },
        }
    }

    /// Whether it is signed in headers: what is sealed has cases of its own.
    pub fn is_signed(&self) -> bool {
        !matches!(self.signature, Signature::Sealed(_))
    }

    /// The header with the signature itself.
    pub fn signing(&self) -> &'static str {
        self.needed().pop().expect("there is one")
    }
}

/// What was sealed and is no more, or by nobody.
pub fn sealings(channel: &Channel) -> Vec<Case> {
    match channel.signature {
        Signature::Sealed(Sealed::Message) => kuaishou::cases(channel),
        _ => Vec::new(),
    }
}

/// The three headers of Standard Webhooks. Where the time is no number, the signature is that of the time 0.
pub fn standard(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Headers {
    let signature = weir_channels::standard_webhooks::sign(secret, id, timestamp.parse().unwrap_or(0), body);
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    vec![header("webhook-id", id), header("webhook-timestamp", timestamp), header("webhook-signature", &signature)]
}

fn signature_of(channel: &str, secret: &[u8], body: &[u8]) -> String {
    match channel {
        "tiktok" => weir_channels::tiktok::sign(b"client", secret, body),
        "shopify" => weir_channels::shopify::sign(secret, body),
        "shopee" => weir_channels::shopee::sign(secret, body),
        "douyin" => weir_channels::douyin::sign(b"client", secret, body),
        "youzan" => weir_channels::youzan::sign(b"client", secret, body),
        _ => weir_channels::woocommerce::sign(secret, body),
    }
}
