//! A shop on a platform, and what it and Weir know of each other.

use crate::platform::{Example, Platform};
use crate::platforms::{PLATFORMS, platform};
use std::str::FromStr;

/// `PLATFORM/NAME:SECRET:CREDENTIAL`; secret and credential have as many parts as the platform's example.
#[derive(Clone)]
pub struct Shop {
    pub platform: &'static dyn Platform,
    pub name: String,
    /// Signs what is pushed.
    pub secret: String,
    /// Whoever asks the API shows it, or signs with it.
    pub credential: String,
}

/// Without its secrets.
impl std::fmt::Debug for Shop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.platform.name(), self.name)
    }
}

impl FromStr for Shop {
    type Err = String;

    fn from_str(text: &str) -> Result<Shop, String> {
        let known = || PLATFORMS.iter().map(|platform| platform.name()).collect::<Vec<_>>().join(", ");
        let unknown = || format!("it should be PLATFORM/NAME:SECRET:CREDENTIAL, with one of {}", known());
        let (channel, rest) = text.split_once('/').ok_or_else(unknown)?;
        let platform = platform(channel).ok_or_else(unknown)?;
        let Example { secret, credential } = platform.example();
        let wanted = format!("it should be like {channel}/NAME:{secret}:{credential}");
        let of_secret = secret.split(':').count();
        let parts: Vec<&str> = rest.split(':').collect();
        if parts.len() != 1 + of_secret + credential.split(':').count() {
            return Err(wanted);
        }
        if parts.iter().any(|part| part.is_empty()) || parts[0].contains('/') {
            return Err(format!("a part of it is empty, or its name has a slash; {wanted}"));
        }
        let (secret, credential) = parts[1..].split_at(of_secret);
        Ok(Shop { platform, name: parts[0].to_owned(), secret: secret.join(":"), credential: credential.join(":") })
    }
}

/// A line for each platform: a shop's address, secret and credential, with tabs between.
pub fn examples(name: &str) -> String {
    let line = |platform: &&dyn Platform| {
        let Example { secret, credential } = platform.example();
        format!("{}/{name}\t{secret}\t{credential}\n", platform.name())
    };
    PLATFORMS.iter().map(line).collect()
}

/// A shop of this name on each platform, as its example has it.
#[cfg(test)]
pub fn all(name: &str) -> Vec<Shop> {
    examples(name).lines().map(|line| line.replace('\t', ":").parse().expect("an example is right")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_told_in_one_word() {
        let told = |text: &str| {
            let shop: Shop = text.parse().expect("a shop");
            (shop.platform.name(), shop.name, shop.secret, shop.credential)
        };
        let words =
            |name: &str, secret: &str, credential: &str| (name.to_owned(), secret.to_owned(), credential.to_owned());
        let (platform, name, secret, credential) = told("woocommerce/acme:s:ck:cs");
        assert_eq!((platform, (name, secret, credential)), ("woocommerce", words("acme", "s", "ck:cs")));
        let (platform, name, secret, credential) = told("shopify/acme:s:token");
        assert_eq!((platform, (name, secret, credential)), ("shopify", words("acme", "s", "token")));
        for wrong in
            ["acme", "shopify/acme", "shopify/acme:s", "shopify/acme:s:t:x", "woocommerce/:s:k:c", "ebay/a:s:t"]
        {
            assert!(wrong.parse::<Shop>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_platform_has_an_example_that_holds() {
        let shops = all("acme");
        assert_eq!(shops.len(), PLATFORMS.len());
        for (shop, platform) in shops.iter().zip(PLATFORMS) {
            assert_eq!((shop.platform.name(), shop.name.as_str()), (platform.name(), "acme"));
            let example = platform.example();
            assert_eq!((shop.secret.as_str(), shop.credential.as_str()), (example.secret, example.credential));
        }
    }
}
