//! `weir warehouse add`: a warehouse, its pool, and what a parcel from it costs.

use crate::installation::{ConfigFault, Installation};
use crate::reference::{entry, money, publish_and_tell};
use std::process::ExitCode;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{RegionCost, Warehouse};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Adds a warehouse, or changes it: publishes its next version
    Add(Add),
}

#[derive(clap::Args)]
pub struct Add {
    warehouse: String,
    #[arg(long, default_value = "main")]
    pool: String,
    #[arg(long, default_value = "EUR")]
    currency: String,
    /// Region and a parcel's cost, such as DE/BY=3.90; "*" for the rest, which is otherwise not served
    #[arg(long = "parcel", default_value = "*=4.90")]
    parcels: Vec<String>,
    /// Cost of each unit picked
    #[arg(long, default_value = "0.10")]
    unit: String,
    /// Takes no new orders
    #[arg(long)]
    closed: bool,
    #[arg(long)]
    json: bool,
}

pub async fn run(command: Command, installation: &Installation) -> anyhow::Result<ExitCode> {
    let Command::Add(add) = command;
    let parcel_costs = add.parcels.iter().map(|text| region_cost(text, &add.currency)).collect::<Result<_, _>>()?;
    let warehouse = Warehouse {
        unit_cost: Some(money(&add.unit, &add.currency)?),
        warehouse: add.warehouse,
        pool: add.pool,
        parcel_costs,
        closed: add.closed,
    };
    publish_and_tell(installation, vec![entry(&installation.tenant, Entity::Warehouse(warehouse))], add.json).await
}

fn region_cost(text: &str, currency: &str) -> anyhow::Result<RegionCost> {
    let (region, cost) = text
        .split_once('=')
        .ok_or_else(|| ConfigFault(format!("{text:?} is no parcel cost; it should be like DE/BY=3.90")))?;
    Ok(RegionCost { region: region.to_owned(), cost: Some(money(cost, currency)?), served: true })
}
