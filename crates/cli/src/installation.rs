//! Where an installation's parts are, read from the environment (`eval "$(scripts/env)"` sets it).

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::transport::{Channel, Endpoint};
use weir_pipeline::Config;
use weir_pipeline::kafka::KafkaLog;
use weir_privacy::TenantKey;

/// The services, in the order in which an order passes them.
pub const SERVICES: [&str; 6] = ["ingest", "routing", "inventory", "fulfillment", "notification", "console"];

/// One installation, as this process is told of it. What a command does not need may be absent.
pub struct Installation {
    pub log: Config,
    pub tenant: String,
    database_url: Option<String>,
    redis_url: Option<String>,
    smtp_url: Option<String>,
    key: Option<TenantKey>,
    services: BTreeMap<&'static str, String>,
}

/// The environment is wrong: exit code 64.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigFault(pub String);

impl Installation {
    /// # Errors
    /// Every fault at once, as a [`ConfigFault`].
    pub fn from_environment() -> anyhow::Result<Installation> {
        Installation::from_lookup(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_lookup(get: impl Fn(&str) -> Option<String>) -> anyhow::Result<Installation> {
        let mut faults = Vec::new();
        // The instance of the services is not ours.
        let log = Config::from_lookup("weir", |name| if name == "WEIR_INSTANCE" { None } else { get(name) });
        let log = log.unwrap_or_else(|found| {
            faults.extend(found);
            Config::new("", "weir")
        });
        let key = get(weir_privacy::VARIABLE).and_then(|text| match TenantKey::from_base64(&text) {
            Ok(key) => Some(key),
            Err(fault) => {
                faults.push(format!("{}: {fault}", weir_privacy::VARIABLE));
                None
            }
        });
        if !faults.is_empty() {
            faults.push("`eval \"$(scripts/env)\"` sets the addresses of this checkout".to_owned());
            return Err(ConfigFault(faults.join("\n  ")).into());
        }
        let service = |name: &'static str| {
            let url = get(&format!("WEIR_{}_URL", name.to_uppercase()))?;
            Some((name, url.trim_end_matches('/').to_owned()))
        };
        Ok(Installation {
            log,
            tenant: get("WEIR_TENANT").unwrap_or_else(|| "demo".to_owned()),
            database_url: get("WEIR_DATABASE_URL"),
            redis_url: get("WEIR_REDIS_URL"),
            smtp_url: get("WEIR_SMTP_URL"),
            key,
            services: SERVICES.into_iter().filter_map(service).collect(),
        })
    }

    pub fn database_url(&self) -> anyhow::Result<&str> {
        wanted(self.database_url.as_deref(), "WEIR_DATABASE_URL")
    }

    pub fn redis_url(&self) -> anyhow::Result<&str> {
        wanted(self.redis_url.as_deref(), "WEIR_REDIS_URL")
    }

    pub fn smtp_url(&self) -> anyhow::Result<&str> {
        wanted(self.smtp_url.as_deref(), "WEIR_SMTP_URL")
    }

    pub fn key(&self) -> anyhow::Result<&TenantKey> {
        let missing = || ConfigFault(format!("{} is not set; scripts/weir sets it", weir_privacy::VARIABLE));
        Ok(self.key.as_ref().ok_or_else(missing)?)
    }

    /// `http://host:port` of a service.
    pub fn service_url(&self, name: &str) -> anyhow::Result<&str> {
        wanted(self.services.get(name).map(String::as_str), &format!("WEIR_{}_URL", name.to_uppercase()))
    }

    /// A gRPC channel that connects on its first call, and again after the service was restarted.
    pub fn channel(&self, name: &str) -> anyhow::Result<Channel> {
        let url = self.service_url(name)?;
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|error| ConfigFault(format!("{url} is no address of a service: {error}")))?;
        Ok(endpoint.connect_timeout(Duration::from_secs(3)).tcp_nodelay(true).connect_lazy())
    }

    /// The log, once its settings are known to be good. Blocks inside, on a thread where that is allowed.
    pub async fn connect(&self) -> anyhow::Result<KafkaLog> {
        let config = self.log.clone();
        let log = tokio::task::spawn_blocking(move || KafkaLog::connect(&config)).await?;
        log.with_context(|| {
            format!("Kafka at {}: is it running, with its topics? scripts/up starts it", self.log.brokers)
        })
    }
}

/// What to do when a service does not answer.
pub fn not_answering(name: &str, installation: &Installation) -> String {
    let url = installation.service_url(name).unwrap_or("an address that is not set");
    format!("{name} does not answer at {url}: is it running? scripts/up starts it, `weir doctor` looks at it")
}

fn wanted<'a>(value: Option<&'a str>, name: &str) -> anyhow::Result<&'a str> {
    Ok(value.ok_or_else(|| ConfigFault(format!("{name} is not set; `eval \"$(scripts/env)\"` sets it")))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_at_once() {
        let error = Installation::from_lookup(|name| (name == "WEIR_TENANT_KEY").then(|| "short".to_owned()));
        let text = error.err().map(|error| format!("{error:#}")).unwrap_or_default();
        assert!(text.contains("WEIR_BROKERS") && text.contains("WEIR_TENANT_KEY"), "{text}");
    }

    #[test]
    fn what_is_not_needed_may_be_absent() {
        let installation = Installation::from_lookup(|name| match name {
            "WEIR_BROKERS" => Some("127.0.0.1:1".to_owned()),
            "WEIR_INGEST_URL" => Some("http://127.0.0.1:2/".to_owned()),
            _ => None,
        })
        .expect("a good environment");
        assert_eq!(installation.service_url("ingest").ok(), Some("http://127.0.0.1:2"));
        let error = installation.service_url("routing").expect_err("not set");
        assert!(error.downcast_ref::<ConfigFault>().is_some());
        assert_eq!(installation.tenant, "demo");
    }
}
