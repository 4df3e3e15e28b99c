//! A shop as it is after what was named of it.

use super::Address;
use crate::installation::ConfigFault;
use crate::reference::{duration_ms, open_secrets, seal_secrets, terms};
use clap::builder::NonEmptyStringValueParser;
use std::collections::BTreeSet;
use weir_channels::standard_webhooks;
use weir_proto::limits;
use weir_proto::order::v1::PaymentTerms;
use weir_proto::privacy::v1::Sealed;
use weir_proto::reference::v1::{Shop, SkuMapping};

/// How long an unpaid order of a new shop keeps its reservation.
const PAY_WITHIN_MS: i64 = 30 * 60_000;
/// Bytes of a secret's key below which anybody can guess it: the door takes nothing that is signed under such a one.
const SECRET_MIN: usize = 8;

/// What is named of a shop.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct NamedShop {
    /// Secret of its webhooks, in place of all it has; several during a rotation. A new shop needs one
    #[arg(long, value_parser = secret)]
    secret: Vec<String>,
    /// A secret beside those it has: each is tried
    #[arg(long, conflicts_with = "secret", value_parser = secret)]
    add_secret: Vec<String>,
    /// prepaid, cod or account [new shop: prepaid]
    #[arg(long, value_parser = terms)]
    terms: Option<PaymentTerms>,
    /// Stock network that serves it [new shop: main]
    #[arg(long, value_parser = name)]
    pool: Option<String>,
    /// [new shop: EUR]
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    currency: Option<String>,
    /// How long an unpaid order keeps its reservation: 20s, 30m, 2h [new shop: 30m]
    #[arg(long, value_parser = duration_ms)]
    pay_within: Option<i64>,
    /// Its orders go first, and its door has a budget of its own; --urgent=false takes it back
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    urgent: Option<bool>,
    /// Requests a second at the door; 0 for no limit of its own [new shop: 0]
    #[arg(long)]
    budget: Option<u32>,
    /// How old a signed timestamp may be, where the scheme has one; 0s for the door's own 5 minutes [new shop: 0s]
    #[arg(long, value_parser = duration_ms)]
    tolerance: Option<i64>,
    /// A SKU that has another name on the platform; parted at the last "="
    #[arg(long, value_name = "PLATFORM_SKU=SKU", value_parser = mapping)]
    map: Vec<SkuMapping>,
    /// A platform's SKU that is mapped no longer
    #[arg(long, value_name = "PLATFORM_SKU")]
    unmap: Vec<String>,
}

impl NamedShop {
    /// What can't be meant, whatever the shop has.
    ///
    /// # Errors
    /// Where a platform's SKU is named twice.
    pub fn check(&self) -> Result<(), ConfigFault> {
        let mut named = BTreeSet::new();
        let all = self.map.iter().map(|mapping| &mapping.platform_sku).chain(&self.unmap);
        match all.into_iter().find(|platform_sku| !named.insert(*platform_sku)) {
            Some(twice) => Err(ConfigFault(format!("{twice:?} is named by more than one --map or --unmap"))),
            None => Ok(()),
        }
    }

    /// Our SKUs that platform SKUs are to be mapped to.
    pub fn mapped_to(&self) -> impl Iterator<Item = &str> {
        self.map.iter().map(|mapping| mapping.sku.as_str())
    }

    /// The shop with what is named changed, or a new one.
    ///
    /// # Errors
    /// Names what is missing, or does not fit what is there.
    pub(super) fn applied(&self, at: &Address, before: Option<&Shop>) -> Result<Shop, ConfigFault> {
        let mut shop = before.cloned().unwrap_or_else(|| new_shop(at));
        if let Some(secrets) = self.secrets(at, before)? {
            shop.secrets = Some(secrets);
        }
        shop.terms = self.terms.map_or(shop.terms, Into::into);
        shop.pool = self.pool.clone().unwrap_or(shop.pool);
        shop.currency = self.currency.clone().unwrap_or(shop.currency);
        shop.pay_within_ms = self.pay_within.unwrap_or(shop.pay_within_ms);
        shop.urgent = self.urgent.unwrap_or(shop.urgent);
        shop.budget_per_second = self.budget.unwrap_or(shop.budget_per_second);
        shop.signature_tolerance_ms = self.tolerance.unwrap_or(shop.signature_tolerance_ms);
        self.change_mappings(at, &mut shop.sku_mappings)?;
        Ok(shop)
    }

    /// `None`: as they are.
    fn secrets(&self, at: &Address, before: Option<&Shop>) -> Result<Option<Sealed>, ConfigFault> {
        let seal = |secrets: &[Vec<u8>]| -> Result<_, ConfigFault> {
            Ok(Some(seal_secrets(at.key()?, &at.channel, &at.shop, secrets)))
        };
        if !self.secret.is_empty() {
            return seal(&bytes(&self.secret));
        }
        match before {
            None if self.add_secret.is_empty() => {
                Err(ConfigFault(format!("{} is no shop yet: a new one needs --secret", at.id())))
            }
            None => seal(&bytes(&self.add_secret)),
            Some(_) if self.add_secret.is_empty() => Ok(None),
            Some(before) => {
                let sealed = before.secrets.clone().unwrap_or_default();
                let opened = open_secrets(at.key()?, &at.channel, &at.shop, &sealed);
                let mut secrets = opened.ok_or_else(|| {
                    let (id, key) = (at.id(), weir_privacy::VARIABLE);
                    ConfigFault(format!("the secrets of {id} can't be opened with this {key}: name all by --secret"))
                })?;
                for added in bytes(&self.add_secret) {
                    if !secrets.contains(&added) {
                        secrets.push(added);
                    }
                }
                seal(&secrets)
            }
        }
    }

    fn change_mappings(&self, at: &Address, mappings: &mut Vec<SkuMapping>) -> Result<(), ConfigFault> {
        for gone in &self.unmap {
            let known = mappings.len();
            mappings.retain(|mapping| mapping.platform_sku != *gone);
            if mappings.len() == known {
                return Err(ConfigFault(format!("{gone:?} is mapped to nothing at {}: --unmap has no use", at.id())));
            }
        }
        for new in &self.map {
            match mappings.iter_mut().find(|mapping| mapping.platform_sku == new.platform_sku) {
                Some(known) => known.sku.clone_from(&new.sku),
                None => mappings.push(new.clone()),
            }
        }
        Ok(())
    }
}

fn new_shop(at: &Address) -> Shop {
    Shop {
        channel: at.channel.clone(),
        shop: at.shop.clone(),
        terms: PaymentTerms::Prepaid.into(),
        pay_within_ms: PAY_WITHIN_MS,
        pool: "main".to_owned(),
        currency: "EUR".to_owned(),
        ..Shop::default()
    }
}

fn bytes(secrets: &[String]) -> Vec<Vec<u8>> {
    secrets.iter().map(|secret| secret.clone().into_bytes()).collect()
}

/// A secret that is never shown, not even where it is wrong.
fn secret(text: &str) -> Result<String, String> {
    match standard_webhooks::key(text.as_bytes()).len() {
        short if short < SECRET_MIN => Err(format!("it has {short} bytes; a secret has {SECRET_MIN} at least")),
        _ => Ok(text.to_owned()),
    }
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { limits::id(text).map(|()| text.to_owned()) }
}

/// "PLATFORM_SKU=SKU". A platform's SKU may have a "=", ours has none.
fn mapping(text: &str) -> Result<SkuMapping, String> {
    match text.rsplit_once('=') {
        None => Err(format!("{text:?} has no \"=\"; it should be like TEA-BOX=TEA-250")),
        Some(("", _)) => Err(format!("{text:?} names no SKU of the platform before the \"=\"")),
        Some((_, "")) => Err(format!("{text:?} names no SKU of ours after the \"=\"; --unmap takes a mapping away")),
        Some((platform_sku, sku)) => {
            limits::id(platform_sku).and_then(|()| limits::id(sku))?;
            Ok(SkuMapping { platform_sku: platform_sku.to_owned(), sku: sku.to_owned() })
        }
    }
}

#[cfg(test)]
#[path = "entry/tests.rs"]
mod tests;
