//! Shops from the reference topic: what the door needs of them, and what the clerk needs.

use super::states;
use crate::domain::{self, World};
use prost::Message as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use weir_channels::{adapter, standard_webhooks};
use weir_privacy::TenantKey;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{self as reference, ReferenceEvent, SecretList, Shop};

/// Where a signature's scheme has a timestamp and the shop says nothing.
const TOLERANCE_MS: i64 = 300_000;

/// Where a shop says nothing: as order desks are used to, and what Shopify admits every shop.
const PULL_EVERY_MS: u64 = 300_000;
const REQUESTS_PER_SECOND: u32 = 2;

/// Bytes of a secret below which anybody can guess it. A platform's have 20 at least.
const SECRET_MIN: usize = 8;

/// Every shop that the door knows, by "channel/shop".
#[derive(Debug, Default)]
pub struct Shops {
    by_address: BTreeMap<String, Arc<Registered>>,
}

/// A shop at the door.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Registered {
    pub tenant: String,
    pub channel: String,
    pub shop: String,
    /// Opened; never printed.
    pub secrets: Vec<Vec<u8>>,
    pub tolerance_ms: i64,
    /// 0: no limit of its own.
    pub budget_per_second: u32,
    pub urgent: bool,
    /// Where its platform is asked for orders; nothing: it is not asked.
    pub api: Option<Arc<Api>>,
}

/// A shop's API at its platform. Not for printing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// Without a slash at its end.
    pub url: String,
    /// Opened; empty where it could not be, which the platform will refuse.
    pub credential: String,
    /// From one pull to the next.
    pub every: Duration,
    pub requests_per_second: u32,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (tenant, channel, shop) = (&self.tenant, &self.channel, &self.shop);
        write!(f, "Registered({tenant}/{channel}/{shop}, {} secrets)", self.secrets.len())
    }
}

impl Shops {
    pub fn find(&self, channel: &str, shop: &str) -> Option<Arc<Registered>> {
        self.by_address.get(&format!("{channel}/{shop}")).cloned()
    }

    /// Those whose platform is asked for orders.
    pub fn with_api(&self) -> Vec<Arc<Registered>> {
        let can_be = |shop: &&Arc<Registered>| {
            shop.api.is_some() && adapter(&shop.channel).is_some_and(|adapter| adapter.listing().is_some())
        };
        self.by_address.values().filter(can_be).cloned().collect()
    }

    /// Whether a reference record of this key is of a shop.
    pub fn concerns(key: &str) -> bool {
        parse(key).is_some()
    }

    /// Takes in one reference record.
    pub fn learn(&mut self, tenant_key: &TenantKey, key: &str, event: Option<ReferenceEvent>) {
        let Some((tenant, address)) = parse(key) else {
            return;
        };
        let holder = self.by_address.get(address).map(|known| known.tenant.as_str());
        // The address in a webhook names no tenant: whoever was first keeps it.
        if holder.is_some_and(|holder| holder != tenant) {
            tracing::error!(tenant, address, "another tenant has this shop's address");
            return;
        }
        match shop_of(event) {
            Some(shop) => {
                let registered = register(tenant_key, tenant, shop);
                self.by_address.insert(address.to_owned(), Arc::new(registered));
            }
            None => {
                self.by_address.remove(address);
            }
        }
    }
}

fn register(tenant_key: &TenantKey, tenant: &str, shop: Shop) -> Registered {
    let address = format!("{}/{}", shop.channel, shop.shop);
    let sealed = shop.secrets.unwrap_or_default();
    let secrets = tenant_key.open_bytes(&address, &sealed).map_err(|fault| fault.to_string());
    let secrets = secrets.and_then(|clear| SecretList::decode(clear.as_slice()).map_err(|fault| fault.to_string()));
    // Without its secrets every delivery of the shop is a mismatch, and nothing else suffers.
    let secrets = secrets.unwrap_or_else(|fault| {
        tracing::error!(address, fault, "the shop's secrets can not be opened");
        SecretList::default()
    });
    let (good, short): (Vec<_>, Vec<_>) =
        secrets.secrets.into_iter().partition(|secret| standard_webhooks::key(secret).len() >= SECRET_MIN);
    if !short.is_empty() {
        let count = short.len();
        tracing::warn!(tenant, address, count, "secrets of the shop are too short and admit nobody");
    }
    Registered {
        tenant: tenant.to_owned(),
        channel: shop.channel,
        shop: shop.shop,
        secrets: good,
        tolerance_ms: if shop.signature_tolerance_ms > 0 { shop.signature_tolerance_ms } else { TOLERANCE_MS },
        budget_per_second: shop.budget_per_second,
        urgent: shop.urgent,
        api: shop.api.map(|api| Arc::new(opened(tenant_key, &address, api))),
    }
}

fn opened(tenant_key: &TenantKey, address: &str, api: reference::Api) -> Api {
    let sealed = api.credential.unwrap_or_default();
    let credential = tenant_key.open_bytes(&format!("api/{address}"), &sealed).map_err(|fault| fault.to_string());
    let credential = credential.and_then(|clear| String::from_utf8(clear).map_err(|fault| fault.to_string()));
    let credential = credential.unwrap_or_else(|fault| {
        tracing::error!(address, fault, "the credential of the shop's API can not be opened");
        String::new()
    });
    let every_ms = u64::try_from(api.pull_every_ms).ok().filter(|ms| *ms > 0).unwrap_or(PULL_EVERY_MS);
    Api {
        url: api.url.trim_end_matches('/').to_owned(),
        credential,
        every: Duration::from_millis(every_ms),
        requests_per_second: if api.requests_per_second > 0 { api.requests_per_second } else { REQUESTS_PER_SECOND },
    }
}

pub(super) fn learn_world(world: &mut World, key: &str, event: Option<ReferenceEvent>) {
    let Some((tenant, address)) = parse(key) else {
        return;
    };
    let place = format!("{tenant}/{address}");
    match shop_of(event) {
        Some(shop) => {
            let skus = shop.sku_mappings.into_iter().map(|mapping| (mapping.platform_sku, mapping.sku)).collect();
            world.shops.insert(place, domain::Shop { terms: states::terms_from(shop.terms), skus });
        }
        None => {
            world.shops.remove(&place);
        }
    }
}

/// "tenant/shop/channel/name" → tenant, "channel/name".
fn parse(key: &str) -> Option<(&str, &str)> {
    let (tenant, rest) = key.split_once('/')?;
    rest.strip_prefix("shop/").map(|address| (tenant, address))
}

fn shop_of(event: Option<ReferenceEvent>) -> Option<Shop> {
    match event?.entity? {
        Entity::Shop(shop) => Some(shop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A secret that anybody can guess would make everybody's orders authentic.
    #[test]
    fn secrets_that_anybody_can_guess_admit_nobody() {
        let key = TenantKey::new([7; 32]);
        let given: [&[u8]; 6] = [b"", b"whsec_", b"1234567", b"whsec_MTIzNDU2Nw==", b"12345678", b"whsec_MTIzNDU2Nzg="];
        let secrets = SecretList { secrets: given.map(<[u8]>::to_vec).to_vec() }.encode_to_vec();
        let sealed = Some(key.seal_bytes("generic/acme", &secrets));
        let shop = Shop { channel: "generic".to_owned(), shop: "acme".to_owned(), secrets: sealed, ..Shop::default() };
        assert_eq!(register(&key, "demo", shop).secrets, [given[4].to_vec(), given[5].to_vec()]);
    }
}
