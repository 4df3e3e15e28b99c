//! What every channel can do, and the table of channels.

use crate::listing::Listing;
use crate::{
    Fault, Mapped, SignatureFault, douyin, generic, grpc, kuaishou, shopee, shopify, tiktok, woocommerce, youzan,
};
use weir_proto::limits;

/// One platform's ways.
pub trait Adapter: Sync {
    /// The name in the webhook's address and in the order: "shopify".
    fn channel(&self) -> &'static str;

    /// Headers that the adapter reads, in lower case: the door keeps these with the body.
    fn kept_headers(&self) -> &'static [&'static str];

    /// Checks the signature over the raw bytes, in constant time, against each secret.
    ///
    /// # Errors
    /// See [`SignatureFault`].
    fn verify(&self, request: &Request<'_>, secrets: &[Vec<u8>], tolerance_ms: i64) -> Result<(), SignatureFault>;

    /// Believes a request and takes it apart, where the channel puts several messages into one body or seals it.
    ///
    /// # Errors
    /// As [`Adapter::verify`].
    fn open(&self, request: &Request<'_>, secrets: &[Vec<u8>], tolerance_ms: i64) -> Result<Opened, SignatureFault> {
        self.verify(request, secrets, tolerance_ms).map(|()| Opened::Whole)
    }

    /// A platform's test of the address, which carries no order: it is answered before anything is believed, and kept nowhere.
    fn is_probe(&self, _request: &Request<'_>) -> bool {
        false
    }

    /// Which order the delivery is about, and its own id.
    ///
    /// # Errors
    /// Where that can't be told.
    fn identify(&self, headers: &Headers, body: &[u8]) -> Result<Identity, Fault>;

    /// Reads the whole delivery.
    ///
    /// # Errors
    /// The first thing that is wrong, naming its field.
    fn map(&self, headers: &Headers, body: &[u8]) -> Result<Mapped, Fault>;

    /// What the platform wants to hear once the delivery is durable.
    fn answer(&self) -> Answer;

    /// How the platform is asked for its orders; nothing where it can't be.
    fn listing(&self) -> Option<&'static dyn Listing> {
        None
    }
}

/// A request at the door.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub headers: &'a Headers,
    pub body: &'a [u8],
    pub now_ms: i64,
}

/// What a believed request holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The body is one delivery, as it came.
    Whole,
    /// Bodies of deliveries, each kept by itself under the request's headers; none where the request was a test of the address.
    /// What can't be taken apart is [`Opened::Whole`], so that it is kept for somebody to see.
    Parts(Vec<Vec<u8>>),
}

/// The kept headers, names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

/// Which order, and which delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The platform's word for the kind of message: "orders/create".
    pub kind: String,
    /// The same over retries of one message; may be empty.
    pub delivery_id: String,
    pub platform_order_id: String,
}

/// What to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: &'static str,
}

static ADAPTERS: &[&dyn Adapter] = &[
    &shopify::Shopify,
    &woocommerce::WooCommerce,
    &generic::Generic,
    &youzan::Youzan,
    &kuaishou::Kuaishou,
    &tiktok::TikTok,
    &shopee::Shopee,
    &douyin::Douyin,
];

/// The channels that the door knows.
pub const CHANNELS: &[&str] =
    &["shopify", "woocommerce", "generic", "youzan", "kuaishou", "tiktok", "shopee", "douyin"];

/// The adapter of a channel.
pub fn adapter(channel: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS.iter().copied().find(|adapter| adapter.channel() == channel)
}

/// The adapter that reads a delivery from the log: an order that came over gRPC is canonical already, whatever its channel.
pub fn adapter_for(channel: &str, source: &str) -> Option<&'static dyn Adapter> {
    match source {
        "grpc" => Some(&grpc::Grpc),
        _ => adapter(channel),
    }
}

impl Headers {
    /// The first value under this lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// For tests and senders.
    pub fn of(pairs: &[(&str, &str)]) -> Headers {
        Headers(pairs.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect())
    }

    /// A delivery's id, which may be absent. It becomes the id of a record, so it is as short and plain as any other.
    pub(crate) fn id_or_empty(&self, name: &str) -> Result<&str, Fault> {
        let id = self.get(name).unwrap_or("");
        limits::id(id).map(|()| id).map_err(|why| Fault::invalid(name, why))
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| Fault::missing(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_its_adapter() {
        for channel in CHANNELS.iter().copied() {
            assert_eq!(adapter(channel).map(Adapter::channel), Some(channel));
        }
        assert!(adapter("grpc").is_none(), "the door takes no canonical orders");
        assert_eq!(adapter_for("shopify", "grpc").map(Adapter::channel), Some("grpc"));
    }
}
