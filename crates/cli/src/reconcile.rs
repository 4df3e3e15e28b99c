//! `weir reconcile`: what a shop's platform says of its orders beside what the house has, day by day; and the way in for what is
//! missing.

mod compare;
mod enter;
mod payment;
mod progress;
mod sides;
mod told;
mod window;

use crate::installation::{ConfigFault, Installation};
use crate::moment::{self, moment, rfc3339};
use crate::pulls;
use crate::reference::duration_ms;
use compare::compare;
use enter::enter;
use progress::Progress;
use sides::Sides;
use std::process::ExitCode;
use std::time::Duration;
use told::{Row, Sums};
use weir_proto::ingest::v1::Pull;
use window::Window;

#[derive(clap::Args)]
pub struct Args {
    /// Whose orders
    #[arg(value_name = "CHANNEL/SHOP", value_parser = shop_name, required_unless_present = "all")]
    shop: Option<ShopName>,
    /// Every shop with an API, one after the other
    #[arg(long, conflicts_with = "shop")]
    all: bool,
    /// Orders placed from here: RFC 3339, or so long ago: "3d", "6h". By the platform's clock
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: i64,
    /// … and before there [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    to: Option<i64>,
    /// Fetches what is missing or different from the platform and takes it in as deliveries
    #[arg(long)]
    enter: bool,
    /// How long, for each day, the house has time to show what was entered
    #[arg(long, value_name = "SPAN", default_value = "60s", value_parser = duration_ms, requires = "enter")]
    within: i64,
    /// All rows, as JSON: a line for each shop
    #[arg(long)]
    json: bool,
}

/// A shop of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopName {
    pub channel: String,
    pub shop: String,
}

/// # Errors
/// Where a side does not answer, or the platform can't be asked. Of all shops: where ingest does not name them.
pub async fn run(args: Args, installation: &Installation) -> anyhow::Result<ExitCode> {
    let whole = Window { from_ms: args.from, until_ms: args.to.unwrap_or_else(moment::now) };
    if whole.from_ms >= whole.until_ms {
        return Err(ConfigFault("--from is not before --to".to_owned()).into());
    }
    let is_right = match &args.shop {
        Some(shop) => one_shop(&args, installation, shop, whole).await?,
        None => all_shops(&args, installation, whole).await?,
    };
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Whether each shop with an API agrees with its platform. One that can't be asked keeps none of the others from being looked at.
async fn all_shops(args: &Args, installation: &Installation, whole: Window) -> anyhow::Result<bool> {
    let mut is_right = true;
    for Pull { channel, shop, .. } in pulls::of(installation).await? {
        let shop = ShopName { channel, shop };
        if !args.json {
            println!("{}/{}", shop.channel, shop.shop);
        }
        is_right &= one_shop(args, installation, &shop, whole).await.unwrap_or_else(|error| {
            eprintln!("weir: {}/{}: {error:#}", shop.channel, shop.shop);
            false
        });
    }
    Ok(is_right)
}

/// Whether a shop and its platform agree in the end. Says so, with what is off.
async fn one_shop(args: &Args, installation: &Installation, shop: &ShopName, whole: Window) -> anyhow::Result<bool> {
    let mut sides = Sides::new(installation, shop)?;
    let progress = Progress::new(whole.day_count());
    let (mut all, mut sums) = (Vec::new(), Sums::default());
    for day in whole.days() {
        progress.begin();
        let compared = one_day(&mut sides, day, args, &progress).await;
        let (rows, of_day) = compared.map_err(|error| match day.from_ms == whole.from_ms {
            true => error,
            false => error.context(format!("the days before were compared; --from {} goes on", rfc3339(day.from_ms))),
        })?;
        progress.done(day, &of_day);
        all.extend(rows);
        sums.add(&of_day);
    }
    drop(progress);
    if args.json {
        println!("{}", told::json(shop, whole, &all, &sums)?);
    } else {
        println!("{}", told::text(&all, &sums));
        if sums.can_be_entered() && !args.enter {
            eprintln!("weir: note: --enter fetches what is missing or different and takes it in");
        }
    }
    Ok(sums.still_off == 0)
}

/// Compares a day, and enters what is wished for. The platform first: what comes in meanwhile is then not missing.
async fn one_day(
    sides: &mut Sides<'_>,
    day: Window,
    args: &Args,
    progress: &Progress,
) -> anyhow::Result<(Vec<Row>, Sums)> {
    progress.show("asking the platform".to_owned());
    let platform = sides.platform(day, |count| progress.show(format!("{count} orders on the platform"))).await?;
    progress.show(format!("{} orders on the platform, asking the house", platform.len()));
    let house = sides.house(day).await?;
    let off = compare(&platform, &house);
    let mut sums = Sums::new(platform.len(), house.len(), &off);
    if !args.enter {
        return Ok((off.into_iter().map(|off| Row { off, still_off: true }).collect(), sums));
    }
    drop(house);
    progress.show(format!("entering {} orders", sums.missing + sums.different));
    let within = Duration::from_millis(args.within.unsigned_abs());
    let entered = enter(sides, day, &platform, off, within).await?;
    sums.entered = Some(entered.count);
    sums.still_off = entered.rows.iter().filter(|row| row.still_off).count() as u64;
    Ok((entered.rows, sums))
}

fn shop_name(text: &str) -> Result<ShopName, String> {
    match text.split_once('/') {
        Some((channel, shop)) if !channel.is_empty() && !shop.is_empty() && !shop.contains('/') => {
            Ok(ShopName { channel: channel.to_owned(), shop: shop.to_owned() })
        }
        _ => Err(format!("{text:?} is no shop; it should be like shopify/acme")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_named_with_its_channel() {
        let acme = ShopName { channel: "shopify".to_owned(), shop: "acme".to_owned() };
        assert_eq!(shop_name("shopify/acme"), Ok(acme));
        for wrong in ["", "acme", "/acme", "shopify/", "shopify/a/b"] {
            assert!(shop_name(wrong).is_err(), "{wrong}");
        }
    }
}
