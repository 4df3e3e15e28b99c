//! The shops that a run sends for: its own, so that no order of theirs was ever told before.

use super::connection::Connection;
use super::request;
use crate::installation::Installation;
use crate::reference::{entry, publish, seal_secrets};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use weir_proto::order::v1::PaymentTerms;
use weir_proto::reference::v1::Shop;
use weir_proto::reference::v1::reference_event::Entity;

/// How long the door may take to learn of new shops.
const DOOR_PATIENCE: Duration = Duration::from_secs(30);
/// Whose webhooks are written here.
const CHANNELS: [&str; 3] = ["shopify", "woocommerce", "generic"];

/// A shop as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    channel: &'static str,
    name: String,
}

/// A shop as the door knows it.
#[derive(Clone, Debug)]
pub(super) struct BenchShop {
    pub(super) channel: &'static str,
    pub(super) name: String,
    pub(super) secret: String,
}

impl Wanted {
    pub(super) fn parse(text: &str) -> Result<Wanted, String> {
        let fault = || format!("it should be CHANNEL/NAME, with one of the channels {}", CHANNELS.join(", "));
        let (channel, name) = text.split_once('/').ok_or_else(fault)?;
        let channel = CHANNELS.into_iter().find(|known| *known == channel).ok_or_else(fault)?;
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if plain { Ok(Wanted { channel, name: name.to_owned() }) } else { Err(fault()) }
    }
}

/// Publishes them without a budget, under names that no other run has.
pub(super) async fn register(
    installation: &Installation,
    wanted: &[Wanted],
    run: &str,
) -> anyhow::Result<Vec<BenchShop>> {
    let one_each = CHANNELS.map(|channel| Wanted { channel, name: "door".to_owned() });
    let wanted = if wanted.is_empty() { &one_each[..] } else { wanted };
    let shop = |(number, wanted): (usize, &Wanted)| {
        let secret = STANDARD.encode(format!("{run} bench secret number {number}, not for anything else"));
        let name = format!("{}-{run}-{number}", wanted.name);
        BenchShop { channel: wanted.channel, name, secret: format!("whsec_{secret}") }
    };
    let shops: Vec<BenchShop> = wanted.iter().enumerate().map(shop).collect();
    let key = installation.key()?;
    let entity = |shop: &BenchShop| {
        Entity::Shop(Shop {
            channel: shop.channel.to_owned(),
            shop: shop.name.clone(),
            secrets: Some(seal_secrets(key, shop.channel, &shop.name, std::slice::from_ref(&shop.secret))),
            terms: PaymentTerms::Prepaid.into(),
            pay_within_ms: 20_000,
            pool: format!("door-{run}"),
            currency: request::CURRENCY.to_owned(),
            ..Shop::default()
        })
    };
    let entries = shops.iter().map(|shop| entry(&installation.tenant, entity(shop))).collect();
    publish(installation, entries).await?;
    Ok(shops)
}

/// Waits until the door turns each shop's unsigned deliveries away because they are not signed, and not because it has no such shop.
pub(super) async fn await_door(door: SocketAddr, url: &str, shops: &[BenchShop]) -> anyhow::Result<()> {
    let mut connection = Connection::open(door).await.with_context(|| {
        format!("the door at {url} takes no connection: is ingest running? `weir doctor` looks at it")
    })?;
    let started = Instant::now();
    for shop in shops {
        let unsigned = request::unsigned(shop);
        loop {
            let status = match connection.ask(&unsigned).await {
                Ok(400 | 401 | 403) => break,
                Ok(status) => status.to_string(),
                Err(error) => {
                    connection.reopen().await?;
                    error.to_string()
                }
            };
            anyhow::ensure!(
                started.elapsed() < DOOR_PATIENCE,
                "the door at {url} does not know shop {}/{} (last answer: {status}): `weir doctor` looks at it",
                shop.channel,
                shop.name
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_has_a_channel_that_is_written_here_and_a_plain_name() {
        assert_eq!(Wanted::parse("generic/mine"), Ok(Wanted { channel: "generic", name: "mine".to_owned() }));
        for bad in ["generic", "generic/", "taobao/mine", "shopify/a/b", "shopify/a b"] {
            assert!(Wanted::parse(bad).is_err(), "{bad}");
        }
    }
}
