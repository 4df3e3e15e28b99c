//! `weir shop add`: a shop whose webhooks are taken, where its platform is asked for orders, and where notices of it go. What is
//! not named of a known one stays.

mod api;
mod endpoint;
mod entry;
mod told;

use crate::installation::{ConfigFault, Installation};
use crate::reference::{self, Entry, known_entity, publish_made};
use api::NamedApi;
use endpoint::NamedEndpoint;
use entry::NamedShop;
use serde_json::json;
use std::process::ExitCode;
use told::Told;
use weir_channels::CHANNELS;
use weir_pipeline::reference::Known;
use weir_privacy::TenantKey;
use weir_proto::ids::reference_key;
use weir_proto::limits;
use weir_proto::reference::v1::reference_event::Entity;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Adds a shop, or changes what is named of one that is there: publishes its next version
    Add(Box<Add>),
}

#[derive(clap::Args)]
pub struct Add {
    /// The platform's kind: shopify, woocommerce, generic …
    channel: String,
    shop: String,
    #[command(flatten)]
    of_shop: NamedShop,
    #[command(flatten)]
    of_api: NamedApi,
    #[command(flatten)]
    of_endpoint: NamedEndpoint,
    #[arg(long)]
    json: bool,
}

/// Whose shop, on which channel; and the key that its secrets are sealed under, where one is at hand.
#[derive(Clone)]
struct Address {
    tenant: String,
    channel: String,
    shop: String,
    key: Option<TenantKey>,
}

impl Address {
    fn id(&self) -> String {
        format!("{}/{}", self.channel, self.shop)
    }

    /// # Errors
    /// Where none is at hand.
    fn key(&self) -> Result<&TenantKey, ConfigFault> {
        let missing = || ConfigFault(format!("{} is not set; scripts/weir sets it", weir_privacy::VARIABLE));
        self.key.as_ref().ok_or_else(missing)
    }
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let Command::Add(add) = command;
    let Add { channel, shop, of_shop, of_api, of_endpoint, json } = *add;
    if !CHANNELS.contains(&channel.as_str()) {
        let channels = CHANNELS.join(", ");
        return Err(ConfigFault(format!("{channel:?} is no channel; it should be one of {channels}")).into());
    }
    if shop.is_empty() || shop.contains('/') {
        return Err(ConfigFault(format!("{shop:?} is no shop's name: it is empty, or has a slash")).into());
    }
    limits::id(&shop).map_err(|why| ConfigFault(format!("{shop:?} is no shop's name: {why}")))?;
    of_shop.check()?;
    let key = installation.key().ok().cloned();
    let at = Address { tenant: installation.tenant.clone(), channel, shop, key };
    let make = move |known: &Known| made(known, &at, &of_shop, &of_api, &of_endpoint);
    let (published, told) = publish_made(installation, make).await?;
    if json {
        let keys: Vec<&String> = told.iter().map(|told| &told.key).collect();
        let (written, unchanged) = (published.written, published.unchanged);
        println!("{}", json!({ "keys": keys, "written": written, "unchanged": unchanged, "entries": told }));
    } else {
        told.iter().for_each(|told| println!("{told}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The entries that follow from what is there, and what is said of each.
fn made(
    known: &Known,
    at: &Address,
    of_shop: &NamedShop,
    of_api: &NamedApi,
    of_endpoint: &NamedEndpoint,
) -> anyhow::Result<(Vec<Entry>, Vec<Told>)> {
    let before = match known_entity(known, &at.tenant, "shop", &at.id()) {
        Some(Entity::Shop(shop)) => Some(shop),
        _ => None,
    };
    let mut shop = of_shop.applied(at, before)?;
    shop.api = of_api.applied(at, shop.api.take())?;
    for sku in of_shop.mapped_to().filter(|sku| known_entity(known, &at.tenant, "sku", sku).is_none()) {
        eprintln!("weir: note: no SKU {sku} is registered; `weir sku add {sku}` does it");
    }
    let (mut entries, mut told) = (Vec::new(), Vec::new());
    told.push(Told::new(reference_key(&at.tenant, "shop", &at.id()), before, &shop, told::of_shop));
    entries.push(reference::entry(&at.tenant, Entity::Shop(shop)));
    let before = match known_entity(known, &at.tenant, "endpoint", &at.id()) {
        Some(Entity::Endpoint(endpoint)) => Some(endpoint),
        _ => None,
    };
    if let Some(endpoint) = of_endpoint.applied(at, before)? {
        let key = reference_key(&at.tenant, "endpoint", &at.id());
        told.push(Told::new(key, before, &endpoint, told::of_endpoint));
        entries.push(reference::entry(&at.tenant, Entity::Endpoint(endpoint)));
    }
    Ok((entries, told))
}
