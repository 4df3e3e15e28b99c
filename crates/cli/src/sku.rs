//! `weir sku add` and `weir sku import`: what can be stocked and sold.

use crate::installation::{ConfigFault, Installation};
use crate::reference::{Entry, entry, publish_and_tell};
use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_proto::order::v1::Temperature;
use weir_proto::reference::v1::Sku;
use weir_proto::reference::v1::reference_event::Entity;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Adds one SKU, or changes it
    Add {
        sku: String,
        #[arg(long, default_value = "")]
        title: String,
        #[arg(long, default_value_t = 0)]
        weight_grams: i64,
        #[arg(long)]
        json: bool,
    },
    /// Adds SKUs from lines of "sku,title,weight in grams"; the title may be empty, the weight left out
    Import {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let tenant = &installation.tenant;
    match command {
        Command::Add { sku, title, weight_grams, json } => {
            publish_and_tell(installation, vec![sku_entry(tenant, sku, title, weight_grams)], json).await
        }
        Command::Import { file, json } => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
            publish_and_tell(installation, read(tenant, &text)?, json).await
        }
    }
}

fn sku_entry(tenant: &str, sku: String, title: String, weight_grams: i64) -> Entry {
    entry(tenant, Entity::Sku(Sku { sku, title, weight_grams, temperature: Temperature::Ambient.into() }))
}

fn read(tenant: &str, text: &str) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || (number == 0 && line.starts_with("sku,")) {
            continue;
        }
        let fault = |why: &str| ConfigFault(format!("line {}: {why}: {line:?}", number + 1));
        let mut fields = line.splitn(3, ',').map(str::trim);
        let sku = fields.next().filter(|sku| !sku.is_empty()).ok_or_else(|| fault("it has no SKU"))?;
        let title = fields.next().unwrap_or_default();
        let weight = match fields.next().unwrap_or_default() {
            "" => 0,
            digits => digits.parse().map_err(|_| fault("the weight is no whole number of grams"))?,
        };
        entries.push(sku_entry(tenant, sku.to_owned(), title.to_owned(), weight));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_a_wrong_one_is_named() {
        let entries = read("demo", "sku,title,weight\nTEA-250,Green tea,260\n\nSOAP-1\n").expect("good lines");
        let keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["demo/sku/TEA-250", "demo/sku/SOAP-1"]);
        let error = read("demo", "TEA-250,Green tea,heavy").expect_err("no number");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
