//! Reference data as this command makes it: entities under their keys, secrets sealed, published as versions.

use crate::installation::{ConfigFault, Installation};
use anyhow::Context as _;
use prost::Message as _;
use std::process::ExitCode;
use weir_pipeline::LogError;
use weir_pipeline::kafka::KafkaLog;
use weir_pipeline::reference::{Known, Published, Publisher};
use weir_privacy::TenantKey;
use weir_proto::ids::reference_key;
use weir_proto::log::v1::{Actor, ActorKind, Meta};
use weir_proto::money::v1::Money;
use weir_proto::order::v1::PaymentTerms;
use weir_proto::privacy::v1::Sealed;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{ReferenceEvent, SecretList};

/// What is said where the log did not take it.
const NOT_PUBLISHED: &str = "reference data was not published; asking again is safe";

/// One entity under its key.
pub type Entry = (String, ReferenceEvent);

/// The entity under the key that it has everywhere.
pub fn entry(tenant: &str, entity: Entity) -> Entry {
    let (kind, id) = match &entity {
        Entity::Shop(shop) => ("shop", format!("{}/{}", shop.channel, shop.shop)),
        Entity::Endpoint(endpoint) => ("endpoint", format!("{}/{}", endpoint.channel, endpoint.shop)),
        Entity::Warehouse(warehouse) => ("warehouse", warehouse.warehouse.clone()),
        Entity::Sku(sku) => ("sku", sku.sku.clone()),
        Entity::RuleSet(rules) => ("rule-set", rules.name.clone()),
    };
    let actor = Actor {
        kind: ActorKind::Person.into(),
        id: std::env::var("USER").unwrap_or_else(|_| "weir".to_owned()),
        role: "operator".to_owned(),
        reason: String::new(),
    };
    let meta = Meta { actor: Some(actor), ..Meta::default() };
    (reference_key(tenant, kind, &id), ReferenceEvent { meta: Some(meta), version: 0, entity: Some(entity) })
}

/// The secrets of a shop's webhooks. Sealing is deterministic, so publishing the same again changes nothing.
pub fn seal_secrets(key: &TenantKey, channel: &str, shop: &str, secrets: &[impl AsRef<[u8]>]) -> Sealed {
    let list = SecretList { secrets: secrets.iter().map(|secret| secret.as_ref().to_vec()).collect() };
    key.seal_bytes(&format!("{channel}/{shop}"), &list.encode_to_vec())
}

/// The secrets as they were named; `None` where another key sealed them.
pub fn open_secrets(key: &TenantKey, channel: &str, shop: &str, sealed: &Sealed) -> Option<Vec<Vec<u8>>> {
    let clear = key.open_bytes(&format!("{channel}/{shop}"), sealed).ok()?;
    SecretList::decode(clear.as_slice()).ok().map(|list| list.secrets)
}

/// The secret under which our notices to a shop are signed.
pub fn seal_endpoint_secret(key: &TenantKey, channel: &str, shop: &str, secret: &str) -> Sealed {
    key.seal_bytes(&format!("endpoint/{channel}/{shop}"), secret.as_bytes())
}

/// What a platform wants to hear before it tells of a shop's orders.
pub fn seal_api_credential(key: &TenantKey, channel: &str, shop: &str, credential: &str) -> Sealed {
    key.seal_bytes(&format!("api/{channel}/{shop}"), credential.as_bytes())
}

/// Writes what differs from what is there.
pub async fn publish(installation: &Installation, entries: Vec<Entry>) -> anyhow::Result<Published> {
    let log = installation.connect().await?;
    publish_to(log, entries).await
}

/// As [`publish`], where the log is at hand.
pub async fn publish_to(log: KafkaLog, entries: Vec<Entry>) -> anyhow::Result<Published> {
    tokio::task::spawn_blocking(move || Publisher::new(log).publish(entries)).await?.context(NOT_PUBLISHED)
}

/// Publishes what `make` makes of what is there, so that what nobody names stays as it is. Hands on what it says of it.
///
/// # Errors
/// What `make` refuses, and where the log fails; nothing is published then.
pub async fn publish_made<T: Send + 'static>(
    installation: &Installation,
    make: impl FnOnce(&Known) -> anyhow::Result<(Vec<Entry>, T)> + Send + 'static,
) -> anyhow::Result<(Published, T)> {
    let log = installation.connect().await?;
    let publish = move || {
        let mut said = None;
        let published = Publisher::new(log).publish_made(|known| {
            let (entries, told) = make(known)?;
            said = Some(told);
            anyhow::Ok(entries)
        })?;
        said.map(|told| (published, told)).context("nothing was made")
    };
    tokio::task::spawn_blocking(publish).await?.map_err(|error| match error.is::<LogError>() {
        true => error.context(NOT_PUBLISHED),
        false => error,
    })
}

/// The newest entry of this kind under the key.
pub fn known_entity<'a>(known: &'a Known, tenant: &str, kind: &str, id: &str) -> Option<&'a Entity> {
    known.get(&reference_key(tenant, kind, id))?.entity.as_ref()
}

/// Publishes, and says what came of it.
pub async fn publish_and_tell(
    installation: &Installation,
    entries: Vec<Entry>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let keys: Vec<String> = entries.iter().map(|(key, _)| key.clone()).collect();
    let published = publish(installation, entries).await?;
    tell(&published, &keys, json);
    Ok(ExitCode::SUCCESS)
}

/// What came of it.
pub fn tell(published: &Published, keys: &[String], json: bool) {
    let Published { written, unchanged } = published;
    if json {
        println!("{}", serde_json::json!({ "keys": keys, "written": written, "unchanged": unchanged }));
    } else {
        println!("{written} written, {unchanged} unchanged: {}", shortened(keys));
    }
}

fn shortened(keys: &[String]) -> String {
    match keys {
        [] => "nothing".to_owned(),
        [first, .., last] if keys.len() > 4 => format!("{first} … {last}"),
        keys => keys.join(", "),
    }
}

/// "prepaid", "cod" or "account".
pub fn terms(text: &str) -> Result<PaymentTerms, String> {
    match text {
        "prepaid" => Ok(PaymentTerms::Prepaid),
        "cod" => Ok(PaymentTerms::CashOnDelivery),
        "account" => Ok(PaymentTerms::OnAccount),
        other => Err(format!("{other:?} are no terms; they should be prepaid, cod or account")),
    }
}

/// "30m", "20s", "2h" in milliseconds.
pub fn duration_ms(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no duration; it should be a whole number with s, m, h or d, such as 30m");
    let (digits, unit_ms) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1_000),
        Some((at, 'm')) => (&text[..at], 60_000),
        Some((at, 'h')) => (&text[..at], 3_600_000),
        Some((at, 'd')) => (&text[..at], 86_400_000),
        _ => return Err(wrong()),
    };
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit_ms).filter(|ms| *ms >= 0).ok_or_else(wrong)
}

/// "4.90 EUR" or "4.90" in the given currency.
pub fn money(text: &str, currency: &str) -> anyhow::Result<Money> {
    let minor = weir_channels::money::minor(text, weir_channels::money::exponent(currency))
        .ok_or_else(|| ConfigFault(format!("{text:?} is no amount of {currency} such as 4.90")))?;
    Ok(Money { minor, currency: currency.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration_ms("30m"), Ok(1_800_000));
        assert_eq!(duration_ms("20s"), Ok(20_000));
        for wrong in ["", "m", "30", "-1s", "1.5h", "9999999999999999d"] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sealed_secrets_open_under_the_shops_name_and_seal_alike_again() {
        let key = TenantKey::new([7; 32]);
        let secrets = ["hush".to_owned()];
        let sealed = seal_secrets(&key, "shopify", "acme", &secrets);
        assert_eq!(sealed, seal_secrets(&key, "shopify", "acme", &secrets));
        assert_eq!(open_secrets(&key, "shopify", "acme", &sealed), Some(vec![b"hush".to_vec()]));
        assert_eq!(open_secrets(&key, "shopify", "zenith", &sealed), None);
        assert_eq!(open_secrets(&TenantKey::new([8; 32]), "shopify", "acme", &sealed), None);
    }
}
