//! The channels as the corpus knows them. One more is a good body, a signature and the table of its fields.

#[path = "channels/generic.rs"]
mod generic;
#[path = "channels/shopify.rs"]
mod shopify;
#[path = "channels/woocommerce.rs"]
mod woocommerce;

use super::case::Headers;
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
    /// Id, timestamp and signature, each in a header.
    StandardWebhooks,
}

/// The channels of the corpus.
pub fn all() -> Vec<Channel> {
    vec![shopify::channel(), woocommerce::channel(), generic::channel()]
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
            Signature::Header(name) => headers.push((name.to_owned(), base64_of(self.name, secret, body).into_bytes())),
            Signature::StandardWebhooks => {
                headers.extend(standard(secret, "msg-1", &crate::house::now_s().to_string(), body));
            }
        }
        headers
    }

    pub fn plain(&self) -> Headers {
        self.plain.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }

    /// The names of the headers that a signature needs.
    pub fn needed(&self) -> Vec<&'static str> {
        match self.signature {
            Signature::Header(name) => vec![name],
            Signature::StandardWebhooks => vec!["webhook-id", "webhook-timestamp", "webhook-signature"],
        }
    }

    /// The header with the signature itself.
    pub fn signing(&self) -> &'static str {
        self.needed().pop().expect("there is one")
    }
}

/// The three headers of Standard Webhooks. Where the time is no number, the signature is that of the time 0.
pub fn standard(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Headers {
    let signature = weir_channels::standard_webhooks::sign(secret, id, timestamp.parse().unwrap_or(0), body);
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    vec![header("webhook-id", id), header("webhook-timestamp", timestamp), header("webhook-signature", &signature)]
}

fn base64_of(channel: &str, secret: &[u8], body: &[u8]) -> String {
    match channel {
        "shopify" => weir_channels::shopify::sign(secret, body),
        _ => weir_channels::woocommerce::sign(secret, body),
    }
}
