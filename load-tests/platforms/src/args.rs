//! What the command is told.

use crate::plan::Wish;
use crate::shop::Shop;
use crate::world::Habits;
use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Behaves like the platforms that shops are on: places orders, tells Weir of them as badly as the real ones do, and lists them
#[derive(Clone, Debug, Parser)]
#[command(name = "weir-platforms", version)]
pub struct Args {
    /// Weir's door
    #[arg(long, default_value = "http://127.0.0.1:18080")]
    pub door: String,
    /// Where the APIs are served; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// PLATFORM/NAME:SECRET:CREDENTIAL, once for each shop; --examples shows the form of each
    #[arg(long = "shop", required_unless_present = "examples")]
    pub shops: Vec<Shop>,
    /// Prints an example of a shop of this name for each platform (address, secret and credential, with tabs between), and ends
    #[arg(long, value_name = "NAME")]
    pub examples: Option<String>,
    /// What is sold; once for each SKU [default: DEMO-1 to DEMO-20]
    #[arg(long = "sku")]
    pub skus: Vec<String>,
    #[arg(long, default_value_t = 10_000)]
    pub orders: usize,
    /// Orders a second
    #[arg(long, default_value_t = 100.0, value_parser = rate)]
    pub rate: f64,
    /// Percent of pushes that are sent twice
    #[arg(long, default_value_t = 12.7, value_parser = percent)]
    pub duplicates: f64,
    /// Percent of events that nobody is told of
    #[arg(long, default_value_t = 5.0, value_parser = percent)]
    pub lost: f64,
    /// Percent of pushes that come 1 to 5 s late and so cross later ones
    #[arg(long, default_value_t = 5.0, value_parser = percent)]
    pub crossed: f64,
    /// Percent of orders that are paid some time after they were placed
    #[arg(long, default_value_t = 20.0, value_parser = percent)]
    pub pay_later: f64,
    /// Percent of orders that are cancelled
    #[arg(long, default_value_t = 5.0, value_parser = percent)]
    pub cancels: f64,
    /// Percent of orders that are edited before they are paid; at most --pay-later
    #[arg(long, default_value_t = 5.0, value_parser = percent)]
    pub edits: f64,
    /// When the platforms' own spell of 503 begins, counted from the first order; without it there is none
    #[arg(long, value_parser = duration)]
    pub own_5xx_at: Option<Duration>,
    /// How long the spell lasts
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub own_5xx_for: Duration,
    /// Percent of requests to the APIs that are answered 500 or cut off, at any time
    #[arg(long, default_value_t = 1.0, value_parser = percent)]
    pub api_faults: f64,
    /// A change is listed at most so long after it happened
    #[arg(long, default_value = "500ms", value_parser = duration)]
    pub index_lag: Duration,
    /// Requests a second that leak out of Shopify's bucket of 40
    #[arg(long, default_value_t = 2.0, value_parser = rate)]
    pub shopify_rate: f64,
    /// How many times as fast the platforms' retries go: with 60 the four hours are four minutes
    #[arg(long, default_value_t = 60.0, value_parser = rate)]
    pub retry_scale: f64,
    /// How long to wait until the door knows the shops
    #[arg(long, default_value = "2m", value_parser = duration)]
    pub door_wait: Duration,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the counts are written as JSON when all is done
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl Args {
    /// # Errors
    /// Where two of them don't go together.
    pub fn check(&self) -> Result<(), String> {
        if self.edits > self.pay_later {
            let (edits, pay_later) = (self.edits, self.pay_later);
            return Err(format!(
                "--edits {edits} is more than --pay-later {pay_later}: only orders that are not paid are edited"
            ));
        }
        let twice = |(n, shop): (usize, &Shop)| {
            self.shops[..n]
                .iter()
                .any(|other| (other.platform.name(), &other.name) == (shop.platform.name(), &shop.name))
        };
        match self.shops.iter().enumerate().find(|shop| twice(*shop)) {
            Some((_, shop)) => Err(format!("--shop {shop:?} is given twice")),
            None => Ok(()),
        }
    }

    pub fn skus(&self) -> Vec<Arc<str>> {
        match self.skus.as_slice() {
            [] => (1..=20).map(|n| format!("DEMO-{n}").into()).collect(),
            skus => skus.iter().map(|sku| sku.as_str().into()).collect(),
        }
    }

    pub fn wish(&self) -> Wish {
        Wish {
            orders: self.orders,
            rate_per_s: self.rate,
            shops: self.shops.len(),
            skus: self.skus().len(),
            seed: self.seed,
            pay_later_percent: self.pay_later,
            cancels_percent: self.cancels,
            edits_percent: self.edits,
            duplicates_percent: self.duplicates,
            lost_percent: self.lost,
            crossed_percent: self.crossed,
        }
    }

    pub fn habits(&self) -> Habits {
        let spell = match self.own_5xx_at {
            Some(at) => at..at + self.own_5xx_for,
            None => Duration::ZERO..Duration::ZERO,
        };
        Habits {
            index_lag: self.index_lag,
            spell,
            faults_percent: self.api_faults,
            shopify_per_s: self.shopify_rate,
            retry_scale: self.retry_scale,
            seed: self.seed,
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "it should be a number above 0".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.ok_or_else(|| "it should be a number from 0 to 100".to_owned())
}

/// "500ms", "30s", "2m" or "1h".
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let all_ms = number.parse().ok().filter(|_| ms > 0).and_then(|number: u64| number.checked_mul(ms));
    all_ms.map(Duration::from_millis).ok_or_else(|| "it should be like 500ms, 30s, 2m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(more: &[&str]) -> Result<Args, String> {
        let words = ["weir-platforms", "--shop", "shopify/a:s:t"].iter().chain(more);
        let args = Args::try_parse_from(words).map_err(|error| error.to_string())?;
        args.check().map(|()| args)
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let args = args(&[]).expect("enough");
        assert_eq!((args.skus().len(), &*args.skus()[19]), (20, "DEMO-20"));
        assert!(args.habits().spell.is_empty());
    }

    #[test]
    fn what_is_said_is_taken() {
        let args = args(&["--own-5xx-at", "1m", "--own-5xx-for", "1500ms", "--sku", "A", "--sku", "B"]).expect("right");
        assert_eq!(args.habits().spell, Duration::from_secs(60)..Duration::from_millis(61_500));
        assert_eq!(args.wish().skus, 2);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for wrong in [
            ["--rate", "0"],
            ["--lost", "101"],
            ["--own-5xx-at", "30"],
            ["--index-lag", "s"],
            ["--edits", "21"],
            ["--shop", "shopify/a:x:y"],
            ["--shop", "shopify/b"],
        ] {
            assert!(args(&wrong).is_err(), "{wrong:?}");
        }
    }
}
