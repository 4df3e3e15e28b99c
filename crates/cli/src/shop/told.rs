//! What a person is told of an entry: new, unchanged, or what of it changed. Secrets are named and never shown.

use super::api;
use serde::Serialize;
use std::fmt;
use weir_proto::order::v1::PaymentTerms;
use weir_proto::reference::v1::{Api, Endpoint, Shop, SkuMapping};

/// What became of one entry.
#[derive(Debug, Serialize)]
pub struct Told {
    pub key: String,
    state: &'static str,
    /// Empty unless it changed.
    changed: Vec<String>,
}

impl Told {
    pub fn new<T>(key: String, before: Option<&T>, after: &T, differences: fn(&T, &T) -> Vec<String>) -> Told {
        let changed = before.map(|before| differences(before, after));
        let state = match &changed {
            None => "new",
            Some(changed) if changed.is_empty() => "unchanged",
            Some(_) => "changed",
        };
        Told { key, state, changed: changed.unwrap_or_default() }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.state)?;
        if self.changed.is_empty() { Ok(()) } else { write!(f, ": {}", self.changed.join(", ")) }
    }
}

pub fn of_shop(before: &Shop, after: &Shop) -> Vec<String> {
    let seconds = |ms: i64| format!("{} s", ms / 1000);
    let mut told = Vec::new();
    if before.secrets != after.secrets {
        told.push("secrets".to_owned());
    }
    differ(&mut told, "terms", &terms(before), &terms(after));
    differ(&mut told, "pool", &before.pool, &after.pool);
    differ(&mut told, "currency", &before.currency, &after.currency);
    differ(&mut told, "pay within", &seconds(before.pay_within_ms), &seconds(after.pay_within_ms));
    differ(&mut told, "urgent", &before.urgent.to_string(), &after.urgent.to_string());
    differ(&mut told, "budget", &before.budget_per_second.to_string(), &after.budget_per_second.to_string());
    let (old, new) = (seconds(before.signature_tolerance_ms), seconds(after.signature_tolerance_ms));
    differ(&mut told, "tolerance", &old, &new);
    mappings(&mut told, &before.sku_mappings, &after.sku_mappings);
    api(&mut told, before.api.as_ref(), after.api.as_ref());
    told
}

/// Of one that comes or goes its address says enough.
fn api(told: &mut Vec<String>, before: Option<&Api>, after: Option<&Api>) {
    let url = |api: Option<&Api>| api.map(|api| api.url.clone()).unwrap_or_default();
    differ(told, "api", &url(before), &url(after));
    let Some((before, after)) = before.zip(after) else {
        return;
    };
    if before.credential != after.credential {
        told.push("api credential".to_owned());
    }
    let every = |api: &Api| format!("{} s", api::pull_every_ms(api) / 1000);
    differ(told, "pull every", &every(before), &every(after));
    differ(told, "api rate", &api::rate(before).to_string(), &api::rate(after).to_string());
}

pub fn of_endpoint(before: &Endpoint, after: &Endpoint) -> Vec<String> {
    let mut told = Vec::new();
    differ(&mut told, "webhook address", &before.url, &after.url);
    if before.secret != after.secret {
        told.push("webhook secret".to_owned());
    }
    differ(&mut told, "review e-mail", &before.review_email, &after.review_email);
    told
}

fn differ(told: &mut Vec<String>, what: &str, before: &str, after: &str) {
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    if before != after {
        told.push(format!("{what} {} -> {}", or_none(before), or_none(after)));
    }
}

fn mappings(told: &mut Vec<String>, before: &[SkuMapping], after: &[SkuMapping]) {
    let of = |all: &[SkuMapping], platform_sku: &str| {
        all.iter().find(|mapping| mapping.platform_sku == platform_sku).map(|mapping| mapping.sku.clone())
    };
    for SkuMapping { platform_sku, .. } in before.iter().filter(|gone| of(after, &gone.platform_sku).is_none()) {
        told.push(format!("{platform_sku} mapped no longer"));
    }
    for SkuMapping { platform_sku, sku } in after {
        match of(before, platform_sku) {
            None => told.push(format!("{platform_sku} mapped to {sku}")),
            Some(old) => differ(told, &format!("{platform_sku} mapped"), &old, sku),
        }
    }
}

/// As `--terms` takes them.
fn terms(shop: &Shop) -> String {
    let name = match shop.terms() {
        PaymentTerms::Prepaid => "prepaid",
        PaymentTerms::CashOnDelivery => "cod",
        PaymentTerms::OnAccount => "account",
        _ => "",
    };
    name.to_owned()
}
