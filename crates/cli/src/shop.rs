//! `weir shop add`: a shop whose webhooks are taken, and where notices of it go.

use crate::installation::{ConfigFault, Installation};
use crate::reference::{Entry, duration_ms, entry, publish_and_tell, seal_endpoint_secret, seal_secrets, terms};
use std::process::ExitCode;
use weir_channels::CHANNELS;
use weir_proto::order::v1::PaymentTerms;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{Endpoint, Shop};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Adds a shop, or changes it: publishes its next version
    Add(Box<Add>),
}

#[derive(clap::Args)]
pub struct Add {
    /// shopify, woocommerce or generic
    channel: String,
    shop: String,
    /// Secret of its webhooks; several during a rotation
    #[arg(long, required = true)]
    secret: Vec<String>,
    /// prepaid, cod or account
    #[arg(long, default_value = "prepaid", value_parser = terms)]
    terms: PaymentTerms,
    /// Stock network that serves it
    #[arg(long, default_value = "main")]
    pool: String,
    #[arg(long, default_value = "EUR")]
    currency: String,
    /// How long an unpaid order keeps its reservation: 20s, 30m, 2h
    #[arg(long, default_value = "30m", value_parser = duration_ms)]
    pay_within: i64,
    /// Its orders go first, and its door has a budget of its own
    #[arg(long)]
    urgent: bool,
    /// Requests a second at the door; 0 for no limit of its own
    #[arg(long, default_value_t = 0)]
    budget: u32,
    /// Where notices of its orders are posted (Standard Webhooks)
    #[arg(long, requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// whsec_… under which they are signed
    #[arg(long)]
    webhook_secret: Option<String>,
    /// Who hears of held orders
    #[arg(long)]
    review_email: Option<String>,
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let Command::Add(add) = command;
    let json = add.json;
    let entries = entries(*add, installation)?;
    publish_and_tell(installation, entries, json).await
}

fn entries(add: Add, installation: &Installation) -> anyhow::Result<Vec<Entry>> {
    if !CHANNELS.contains(&add.channel.as_str()) {
        let channels = CHANNELS.join(", ");
        return Err(ConfigFault(format!("{:?} is no channel; it should be one of {channels}", add.channel)).into());
    }
    if add.shop.is_empty() || add.shop.contains('/') {
        return Err(ConfigFault(format!("{:?} is no shop's name: it is empty, or has a slash", add.shop)).into());
    }
    let key = installation.key()?;
    let shop = Shop {
        secrets: Some(seal_secrets(key, &add.channel, &add.shop, &add.secret)),
        channel: add.channel.clone(),
        shop: add.shop.clone(),
        terms: add.terms.into(),
        pay_within_ms: add.pay_within,
        pool: add.pool,
        currency: add.currency,
        budget_per_second: add.budget,
        urgent: add.urgent,
        ..Shop::default()
    };
    let mut entries = vec![entry(&installation.tenant, Entity::Shop(shop))];
    if add.webhook_url.is_some() || add.review_email.is_some() {
        let secret = add.webhook_secret.map(|secret| seal_endpoint_secret(key, &add.channel, &add.shop, &secret));
        let endpoint = Endpoint {
            secret,
            channel: add.channel,
            shop: add.shop,
            url: add.webhook_url.unwrap_or_default(),
            review_email: add.review_email.unwrap_or_default(),
        };
        entries.push(entry(&installation.tenant, Entity::Endpoint(endpoint)));
    }
    Ok(entries)
}
