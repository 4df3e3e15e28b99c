//! `weir rules publish`: the rule set by which routing holds, prices and orders.

use crate::installation::{ConfigFault, Installation};
use crate::reference::{entry, publish_and_tell};
use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_proto::reference::v1::RuleSet;
use weir_proto::reference::v1::reference_event::Entity;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Publishes a rule set from protobuf's JSON: {"name": "default", "version": 1, "rules": [{"name": …, "hold": …}]}
    Publish {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let Command::Publish { file, json } = command;
    let text = std::fs::read(&file).with_context(|| format!("{} can't be read", file.display()))?;
    let rules = read(&text)?;
    publish_and_tell(installation, vec![entry(&installation.tenant, Entity::RuleSet(rules))], json).await
}

fn read(text: &[u8]) -> Result<RuleSet, ConfigFault> {
    let rules: RuleSet =
        serde_json::from_slice(text).map_err(|error| ConfigFault(format!("the file is no rule set: {error}")))?;
    if rules.name.is_empty() {
        return Err(ConfigFault("the rule set has no name; \"default\" is the one in force".to_owned()));
    }
    let mut names: Vec<&str> = rules.rules.iter().map(|rule| rule.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ConfigFault(format!("two rules are named {:?}", pair[0]))),
        None if names.contains(&"") => Err(ConfigFault("a rule has no name".to_owned())),
        None => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_set_is_protobufs_json() {
        let text = br#"{"name":"default","version":2,"rules":[{"name":"large","amountAtLeast":{"minor":"150000","currency":"EUR"},
            "hold":{"reason":"large-amount","ownerGroup":"review"}}]}"#;
        let rules = read(text).expect("a rule set");
        assert_eq!(rules.rules[0].amount_at_least.as_ref().map(|money| money.minor), Some(150_000));
        for wrong in [&br#"{"name":"default","rules":[{"name":"a"},{"name":"a"}]}"#[..], br#"{"rules":[]}"#, b"[]"] {
            assert!(read(wrong).is_err());
        }
    }
}
