//! Whether the cluster is set up as exactly-once needs it (STAGE.md §7). Asked at process start and by `weir doctor`.

mod create;
mod wanted;

pub use create::create_topics;

use crate::kafka::client;
use crate::{Config, LogError};
use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use std::time::Duration;
use weir_proto::topics::CATALOGUE;

/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// Not as production needs it; nothing breaks on one machine.
    Note,
    /// Nothing may be decided on such a cluster.
    Fault,
}

/// One setting that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// "broker 1", "topic weir.orders".
    pub part: String,
    pub setting: String,
    pub found: String,
    pub wanted: String,
    pub verdict: Verdict,
    /// What it protects.
    pub why: &'static str,
}

/// All that was looked at.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// Where the cluster said which it is.
    pub cluster_id: Option<String>,
}

impl Report {
    /// One sentence for each setting that forbids to start: which, what was found, what it should be.
    pub fn faults(&self) -> Vec<String> {
        self.sentences(Verdict::Fault)
    }

    /// One sentence for each setting that production would want otherwise.
    pub fn notes(&self) -> Vec<String> {
        self.sentences(Verdict::Note)
    }

    fn sentences(&self, verdict: Verdict) -> Vec<String> {
        let chosen = self.findings.iter().filter(|f| f.verdict == verdict);
        chosen
            .map(|f| format!("{}: {} is {}; it should be {} ({})", f.part, f.setting, f.found, f.wanted, f.why))
            .collect()
    }
}

/// Looks at every broker and every topic of the catalogue. Blocks; not to be called on a runtime's thread.
///
/// # Errors
/// `Transient` where the cluster does not answer.
pub fn check(config: &Config) -> Result<Report, LogError> {
    let admin = admin(config)?;
    let report = look(&admin, config);
    // Its thread looks only each tenth of a second whether to end; who starts a service need not wait for it.
    let retire = std::thread::Builder::new().name("retire admin".to_owned());
    if let Err(error) = retire.spawn(move || drop(admin)) {
        tracing::warn!(%error, "no thread to retire an admin client on");
    }
    report
}

fn look(admin: &AdminClient<DefaultClientContext>, config: &Config) -> Result<Report, LogError> {
    let metadata = admin.inner().fetch_metadata(None, PATIENCE).map_err(|e| LogError::Transient(e.to_string()))?;
    // The metadata have brought it: nothing is asked.
    let cluster_id = admin.inner().fetch_cluster_id(Duration::ZERO);
    let mut report = Report { cluster_id, ..Report::default() };
    let single = metadata.brokers().len() == 1;
    for broker in metadata.brokers() {
        let part = format!("broker {}", broker.id());
        let described = describe(admin, &[ResourceSpecifier::Broker(broker.id())])?;
        let Some(resource) = described.first() else { continue };
        for rule in wanted::BROKER {
            report.findings.push(wanted::judge(&part, rule, value(resource, rule.setting)));
        }
    }
    let names: Vec<String> = CATALOGUE.iter().map(|e| e.topic.full_name(&config.prefix)).collect();
    let mut present = Vec::new();
    for (entry, name) in CATALOGUE.iter().zip(&names) {
        let topic = metadata.topics().iter().find(|t| t.name() == name && !t.partitions().is_empty());
        let found = topic.map(|t| t.partitions().len());
        let replicas = topic.and_then(|t| t.partitions().first()).map(|p| p.replicas().len());
        let part = format!("topic {name}");
        report.findings.push(wanted::partitions(&part, found, entry.topic.partitions(config.partitions)));
        if let Some(replicas) = replicas {
            report.findings.push(wanted::replication(&part, replicas, single));
            present.push((entry, name));
        }
    }
    let specifiers: Vec<_> = present.iter().map(|(_, name)| ResourceSpecifier::Topic(name)).collect();
    if !specifiers.is_empty() {
        for ((entry, name), resource) in present.iter().zip(describe(admin, &specifiers)?) {
            let part = format!("topic {name}");
            for rule in wanted::topic(entry, single) {
                report.findings.push(wanted::judge(&part, &rule, value(&resource, rule.setting)));
            }
        }
    }
    Ok(report)
}

fn value<'a>(resource: &'a ConfigResource, setting: &str) -> Option<&'a str> {
    resource.get(setting).and_then(|entry| entry.value.as_deref())
}

fn admin(config: &Config) -> Result<AdminClient<DefaultClientContext>, LogError> {
    client::base(config).create().map_err(|e| LogError::Fatal(e.to_string()))
}

/// In the order asked.
fn describe(
    admin: &AdminClient<DefaultClientContext>,
    specifiers: &[ResourceSpecifier<'_>],
) -> Result<Vec<ConfigResource>, LogError> {
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let described = futures::executor::block_on(admin.describe_configs(specifiers, &options))
        .map_err(|e| LogError::Transient(e.to_string()))?;
    described.into_iter().map(|r| r.map_err(|e| LogError::Transient(format!("a setting can't be read: {e}")))).collect()
}
