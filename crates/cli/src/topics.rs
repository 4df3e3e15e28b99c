//! `weir topics`: makes the topics of the catalogue.

use crate::installation::Installation;
use anyhow::Context as _;
use std::process::ExitCode;
use weir_pipeline::settings::create_topics;
use weir_proto::topics::CATALOGUE;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Creates the topics that are missing; what is there already is left as it is
    Create {
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let Command::Create { json } = command;
    let config = installation.log.clone();
    tokio::task::spawn_blocking(move || create_topics(&config)).await?.with_context(|| {
        format!("Kafka at {}: is it running? scripts/servers up starts it", installation.log.brokers)
    })?;
    if json {
        let names: Vec<String> = CATALOGUE.iter().map(|e| e.topic.full_name(&installation.log.prefix)).collect();
        println!("{}", serde_json::json!({ "topics": names }));
    } else {
        println!("{} topics are there, below {}", CATALOGUE.len(), installation.log.prefix);
    }
    Ok(ExitCode::SUCCESS)
}
