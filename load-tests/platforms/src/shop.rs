//! A shop on a platform, and what it and Weir know of each other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Shopify,
    WooCommerce,
}

/// `shopify/NAME:SECRET:TOKEN` or `woocommerce/NAME:SECRET:CK:CS`.
#[derive(Clone, PartialEq, Eq)]
pub struct Shop {
    pub channel: Channel,
    pub name: String,
    /// Signs what is pushed.
    pub secret: String,
    /// Whoever asks the API shows it: a token, or key and secret with a colon between.
    credential: String,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Channel::Shopify => "shopify",
            Channel::WooCommerce => "woocommerce",
        }
    }
}

impl Shop {
    /// The header that the API wants, and its value.
    pub fn credential(&self) -> (&'static str, String) {
        match self.channel {
            Channel::Shopify => ("x-shopify-access-token", self.credential.clone()),
            Channel::WooCommerce => ("authorization", format!("Basic {}", STANDARD.encode(&self.credential))),
        }
    }
}

/// Without its secrets.
impl std::fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.channel.name(), self.name)
    }
}

impl FromStr for Shop {
    type Err = String;

    fn from_str(text: &str) -> Result<Shop, String> {
        let wanted = "it should be shopify/NAME:SECRET:TOKEN or woocommerce/NAME:SECRET:CK:CS";
        let (channel, rest) = text.split_once('/').ok_or(wanted)?;
        let parts: Vec<&str> = rest.split(':').collect();
        let (channel, credential) = match (channel, parts.as_slice()) {
            ("shopify", [_, _, token]) => (Channel::Shopify, (*token).to_owned()),
            ("woocommerce", [_, _, key, secret]) => (Channel::WooCommerce, format!("{key}:{secret}")),
            _ => return Err(wanted.to_owned()),
        };
        if parts.iter().any(|part| part.is_empty()) || parts[0].contains('/') {
            return Err(format!("a part of it is empty, or its name has a slash; {wanted}"));
        }
        Ok(Shop { channel, name: parts[0].to_owned(), secret: parts[1].to_owned(), credential })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_told_in_one_word() {
        let shop: Shop = "woocommerce/acme:s:ck:cs".parse().expect("a shop");
        assert_eq!((shop.channel, shop.name.as_str(), shop.secret.as_str()), (Channel::WooCommerce, "acme", "s"));
        assert_eq!(shop.credential(), ("authorization", "Basic Y2s6Y3M=".to_owned()));
        let shop: Shop = "shopify/acme:s:token".parse().expect("a shop");
        assert_eq!(shop.credential(), ("x-shopify-access-token", "token".to_owned()));
        for wrong in
            ["acme", "shopify/acme", "shopify/acme:s", "shopify/acme:s:t:x", "woocommerce/:s:k:c", "ebay/a:s:t"]
        {
            assert!(wrong.parse::<Shop>().is_err(), "{wrong}");
        }
    }
}
