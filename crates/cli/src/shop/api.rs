//! Where a shop's platform is asked for orders, after what was named of it.

use super::Address;
use crate::installation::ConfigFault;
use crate::reference::{duration_ms, seal_api_credential};
use reqwest::Url;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use weir_proto::reference::v1::Api;

/// What ingest takes where a shop has said nothing.
const PULL_EVERY_MS: i64 = 5 * 60_000;
const RATE: u32 = 2;
/// What may be named.
const PULL_EVERY: RangeInclusive<i64> = 5_000..=86_400_000;
const RATES: RangeInclusive<i64> = 1..=100;

/// What is named of a shop's API.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct NamedApi {
    /// Where its platform is asked for orders, such as https://acme.example
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// What the platform gave for it: a token, or key:secret. Never shown
    #[arg(long, value_name = "TEXT")]
    api_credential: Option<String>,
    /// From one pull to the next, 5s to 1d [new: 5m]
    #[arg(long, value_name = "SPAN", value_parser = pull_every)]
    pull_every: Option<i64>,
    /// Requests a second that the platform admits, 1 to 100 [new: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(RATES))]
    api_rate: Option<u32>,
    /// Its platform is asked no longer
    #[arg(long, conflicts_with_all = ["api", "api_credential", "pull_every", "api_rate"])]
    no_api: bool,
}

impl NamedApi {
    /// The API with what is named changed; `None` where the platform is not asked.
    ///
    /// # Errors
    /// Where the platform can't be asked so, or a credential would be read by anybody on the way.
    pub(super) fn applied(&self, at: &Address, before: Option<Api>) -> Result<Option<Api>, ConfigFault> {
        let NamedApi { api: url, api_credential, pull_every, api_rate, no_api } = self;
        if *no_api {
            return Ok(None);
        }
        if url.is_none() && api_credential.is_none() && pull_every.is_none() && api_rate.is_none() {
            return Ok(before);
        }
        if weir_channels::adapter(&at.channel).and_then(|adapter| adapter.listing()).is_none() {
            return Err(ConfigFault(format!(
                "{} can't be asked for orders: nothing of an --api has a use",
                at.channel
            )));
        }
        if before.is_none() && url.is_none() {
            return Err(ConfigFault(format!("{} has no API yet: name its address by --api", at.id())));
        }
        let mut api = before.unwrap_or_default();
        if let Some(url) = url {
            api.url = address(url).map_err(|why| ConfigFault(format!("--api of {}: {why}", at.id())))?;
        }
        if let Some(credential) = api_credential {
            check_credential(credential)
                .map_err(|why| ConfigFault(format!("--api-credential of {}: {why}", at.id())))?;
            api.credential = Some(seal_api_credential(at.key()?, &at.channel, &at.shop, credential));
        }
        if api.credential.is_none() {
            return Err(ConfigFault(format!(
                "--api of {} needs --api-credential: its platform answers nobody else",
                at.id()
            )));
        }
        api.pull_every_ms = pull_every.unwrap_or(api.pull_every_ms);
        api.requests_per_second = api_rate.unwrap_or(api.requests_per_second);
        Ok(Some(api))
    }
}

/// From one pull to the next, as it is taken.
pub(super) fn pull_every_ms(api: &Api) -> i64 {
    if api.pull_every_ms == 0 { PULL_EVERY_MS } else { api.pull_every_ms }
}

/// Requests a second, as they are taken.
pub(super) fn rate(api: &Api) -> u32 {
    if api.requests_per_second == 0 { RATE } else { api.requests_per_second }
}

/// The address as it is stored. What is wrong with it is said without it: somebody may have put a password in.
fn address(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|why| format!("it is no address such as https://acme.example: {why}"))?;
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| "it is no address such as https://acme.example: it has no host".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it names a user or a password: that goes into --api-credential".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment: the adapter puts its own paths behind it".to_owned());
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => return Err("over http:// the credential would travel in clear: it should be https://".to_owned()),
        other => return Err(format!("{other}: is no way to a platform: it should be https://")),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Nobody listens on the way to this machine itself.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whether it can go into a header. Said without it.
fn check_credential(text: &str) -> Result<(), String> {
    let is_plain = |letter: char| letter.is_ascii_graphic() || letter == ' ';
    match text {
        "" => Err("it is empty".to_owned()),
        text if text.trim() != text => Err("it begins or ends with a blank".to_owned()),
        text if !text.chars().all(is_plain) => Err("it has a letter that no header takes".to_owned()),
        _ => Ok(()),
    }
}

fn pull_every(text: &str) -> Result<i64, String> {
    let ms = duration_ms(text)?;
    if PULL_EVERY.contains(&ms) { Ok(ms) } else { Err(format!("{text} is not from 5s to 1d")) }
}

#[cfg(test)]
#[path = "api/tests.rs"]
mod tests;
