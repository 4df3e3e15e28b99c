//! `weir sku add` and `weir sku import`: what can be stocked and sold.

use crate::installation::{ConfigFault, Installation};
use crate::reference::{self, Entry, known_entity, publish_made};
use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_pipeline::reference::Known;
use weir_proto::order::v1::Temperature;
use weir_proto::reference::v1::Sku;
use weir_proto::reference::v1::reference_event::Entity;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Adds one SKU, or changes what is named of one that is there
    Add {
        sku: String,
        #[arg(long)]
        title: Option<String>,
        #[arg(long)]
        weight_grams: Option<i64>,
        #[arg(long)]
        json: bool,
    },
    /// Adds or changes SKUs from lines of "sku,title,weight in grams"; a title or weight left out stays as it is
    Import {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

/// What is named of a SKU.
#[derive(Debug, PartialEq)]
struct Named {
    sku: String,
    title: Option<String>,
    weight_grams: Option<i64>,
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let (named, json) = match command {
        Command::Add { sku, title, weight_grams, json } => (vec![Named { sku, title, weight_grams }], json),
        Command::Import { file, json } => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
            (read(&text)?, json)
        }
    };
    let tenant = installation.tenant.clone();
    let make = move |known: &Known| {
        let entries: Vec<Entry> = named.into_iter().map(|named| named.applied(known, &tenant)).collect();
        let keys = entries.iter().map(|(key, _)| key.clone()).collect::<Vec<String>>();
        Ok((entries, keys))
    };
    let (published, keys) = publish_made(installation, make).await?;
    reference::tell(&published, &keys, json);
    Ok(ExitCode::SUCCESS)
}

impl Named {
    /// What is not named stays.
    fn applied(self, known: &Known, tenant: &str) -> Entry {
        let mut sku = match known_entity(known, tenant, "sku", &self.sku) {
            Some(Entity::Sku(sku)) => sku.clone(),
            _ => Sku { sku: self.sku, temperature: Temperature::Ambient.into(), ..Sku::default() },
        };
        sku.title = self.title.unwrap_or(sku.title);
        sku.weight_grams = self.weight_grams.unwrap_or(sku.weight_grams);
        reference::entry(tenant, Entity::Sku(sku))
    }
}

fn read(text: &str) -> anyhow::Result<Vec<Named>> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || (number == 0 && line.starts_with("sku,")) {
            continue;
        }
        let fault = |why: &str| ConfigFault(format!("line {}: {why}: {line:?}", number + 1));
        let mut fields = line.splitn(3, ',').map(str::trim);
        let sku = fields.next().filter(|sku| !sku.is_empty()).ok_or_else(|| fault("it has no SKU"))?;
        let title = fields.next().filter(|title| !title.is_empty()).map(str::to_owned);
        let weight_grams = match fields.next().unwrap_or_default() {
            "" => None,
            digits => Some(digits.parse().map_err(|_| fault("the weight is no whole number of grams"))?),
        };
        all.push(Named { sku: sku.to_owned(), title, weight_grams });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sku: &str, title: Option<&str>, weight_grams: Option<i64>) -> Named {
        Named { sku: sku.to_owned(), title: title.map(str::to_owned), weight_grams }
    }

    #[test]
    fn lines_are_read_and_a_wrong_one_is_named() {
        let all = read("sku,title,weight\nTEA-250,Green tea,260\n\nSOAP-1\n").expect("good lines");
        assert_eq!(all, [named("TEA-250", Some("Green tea"), Some(260)), named("SOAP-1", None, None)]);
        let error = read("TEA-250,Green tea,heavy").expect_err("no number");
        assert!(error.to_string().contains("line 1"), "{error}");
    }

    #[test]
    fn what_is_left_out_stays() {
        let chilled = Sku {
            sku: "TEA".to_owned(),
            title: "Green tea".to_owned(),
            weight_grams: 260,
            temperature: Temperature::Chilled.into(),
        };
        let known = Known::from([reference::entry("demo", Entity::Sku(chilled.clone()))]);
        let sku = |named: Named| match named.applied(&known, "demo").1.entity {
            Some(Entity::Sku(sku)) => sku,
            other => panic!("{other:?} is no SKU"),
        };
        assert_eq!(sku(named("TEA", None, None)), chilled);
        assert_eq!(sku(named("TEA", None, Some(280))), Sku { weight_grams: 280, ..chilled });
        let new = Sku { sku: "JAM".to_owned(), temperature: Temperature::Ambient.into(), ..Sku::default() };
        assert_eq!(sku(named("JAM", None, None)), new);
    }
}
