//! What the demo's shops sell, and where it lies: SKUs with a Zipf demand, three warehouses, a shop or more on each
//! channel.
//!
//! SKUs are the same in every run. Shops, warehouses and their pool carry the run's id, so that a second run on the same log
//! begins with stock of its own and disturbs nothing of the first.

use crate::reference::{Entry, entry, seal_endpoint_secret, seal_secrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use weir_privacy::TenantKey;
use weir_proto::money::v1::Money;
use weir_proto::order::v1::{PaymentTerms, Temperature};
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{Endpoint, HoldAction, RegionCost, Rule, RuleSet, Shop, Sku, Warehouse};

/// Whose webhooks the demo writes.
const CHANNELS: [&str; 3] = ["shopify", "woocommerce", "generic"];
pub const CURRENCY: &str = "EUR";
/// Orders of at least this much are held for review.
pub const REVIEW_FROM_MINOR: i64 = 150_000;
/// The rule that holds them.
pub const REVIEW_RULE: &str = "large-orders";
/// Country and province of the buyers.
pub const REGIONS: [(&str, &str, &str); 6] = [
    ("DE", "BY", "Augsburg"),
    ("DE", "HH", "Hamburg"),
    ("DE", "SN", "Leipzig"),
    ("AT", "9", "Wien"),
    ("NL", "NH", "Haarlem"),
    ("FR", "IDF", "Paris"),
];

/// The article of [`Hot`].
pub const HOT_ITEM: usize = 0;

/// A flash sale: one article that many want one unit of, and all there is of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hot {
    /// Of the orders; the others are drawn as ever, and may want it too.
    pub percent: f64,
    /// In the first warehouse.
    pub units: i64,
}

/// One thing that is sold.
#[derive(Clone, Debug)]
pub struct Item {
    pub sku: String,
    pub price_minor: i64,
}

/// One shop of the demo.
#[derive(Clone, Debug)]
pub struct DemoShop {
    pub channel: &'static str,
    pub shop: String,
    pub secret: String,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub run: String,
    pub tenant: String,
    pub pool: String,
    pub warehouses: Vec<String>,
    pub shops: Vec<DemoShop>,
    pub items: Vec<Item>,
    /// Index of the item that makes an order large.
    pub crate_item: usize,
    pub hot: Option<Hot>,
    /// For each item the share of the demand up to it, for drawing one.
    cumulative: Vec<f64>,
}

impl Catalogue {
    pub fn new(run: &str, tenant: &str, skus: usize) -> Catalogue {
        let skus = skus.max(20);
        let mut items: Vec<Item> = (1..=skus).map(item).collect();
        items.push(Item { sku: "WEIR-CRATE".to_owned(), price_minor: 180_000 });
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = Vec::with_capacity(skus);
        for rank in 1..=skus {
            sum += 1.0 / rank as f64;
            cumulative.push(sum);
        }
        cumulative.iter_mut().for_each(|share| *share /= sum);
        Catalogue {
            run: run.to_owned(),
            tenant: tenant.to_owned(),
            pool: format!("demo-{run}"),
            warehouses: ["north", "south", "west"].map(|name| format!("{name}-{run}")).to_vec(),
            shops: shops(run, CHANNELS.len()),
            crate_item: items.len() - 1,
            hot: None,
            items,
            cumulative,
        }
    }

    /// So many shops, on each channel in turn. All sell from the one pool.
    pub fn with_shops(self, count: usize) -> Catalogue {
        Catalogue { shops: shops(&self.run, count), ..self }
    }

    /// The item at a point of the demand's distribution, from 0 to 1.
    pub fn drawn(&self, point: f64) -> usize {
        self.cumulative.partition_point(|share| *share < point).min(self.cumulative.len() - 1)
    }

    /// A few of the hottest have too little stock.
    pub fn is_scarce(&self, item: usize) -> bool {
        matches!(item, 2 | 5 | 8)
    }

    /// What is received of each item in each warehouse, where this is what the run will order of it.
    pub fn stock(&self, demand: &[i64]) -> Vec<(usize, usize, i64)> {
        let mut receipts = Vec::new();
        if let Some(hot) = &self.hot {
            receipts.push((HOT_ITEM, 0, hot.units));
        }
        // Where everybody wants the one article, no other is needed.
        let only_hot = self.hot.is_some_and(|hot| hot.percent >= 100.0);
        let others = demand.iter().enumerate().filter(|(item, _)| self.hot.is_none() || *item != HOT_ITEM);
        for (item, wanted) in others.take_while(|_| !only_hot) {
            let enough = if self.is_scarce(item) { wanted * 7 / 10 } else { wanted * 3 / 2 + 30 };
            for warehouse in 0..self.warehouses.len() {
                let share = match warehouse {
                    0 => enough / 2,
                    1 => enough * 3 / 10,
                    _ => enough - enough / 2 - enough * 3 / 10,
                };
                if share > 0 {
                    receipts.push((item, warehouse, share));
                }
            }
        }
        receipts
    }

    /// Everything that has to be published before the first order.
    pub fn entries(&self, key: &TenantKey, pay_within_ms: i64, webhook_url: &str) -> Vec<Entry> {
        let mut entities: Vec<Entity> = self.items.iter().map(|item| Entity::Sku(sku(item))).collect();
        entities.extend((0..self.warehouses.len()).map(|number| Entity::Warehouse(self.warehouse(number))));
        for shop in &self.shops {
            entities.push(Entity::Shop(self.shop(shop, key, pay_within_ms)));
            entities.push(Entity::Endpoint(self.endpoint(shop, key, webhook_url)));
        }
        entities.push(Entity::RuleSet(rules()));
        entities.into_iter().map(|entity| entry(&self.tenant, entity)).collect()
    }

    fn shop(&self, shop: &DemoShop, key: &TenantKey, pay_within_ms: i64) -> Shop {
        Shop {
            channel: shop.channel.to_owned(),
            shop: shop.shop.clone(),
            secrets: Some(seal_secrets(key, shop.channel, &shop.shop, std::slice::from_ref(&shop.secret))),
            terms: PaymentTerms::Prepaid.into(),
            pay_within_ms,
            pool: self.pool.clone(),
            currency: CURRENCY.to_owned(),
            ..Shop::default()
        }
    }

    fn endpoint(&self, shop: &DemoShop, key: &TenantKey, webhook_url: &str) -> Endpoint {
        Endpoint {
            channel: shop.channel.to_owned(),
            shop: shop.shop.clone(),
            url: format!("{webhook_url}/{}", shop.channel),
            secret: Some(seal_endpoint_secret(key, shop.channel, &shop.shop, &shop.secret)),
            review_email: "review@demo.example".to_owned(),
        }
    }

    /// Each is cheapest for a third of the regions.
    fn warehouse(&self, number: usize) -> Warehouse {
        let near = REGIONS.iter().enumerate().filter(|(region, _)| region % 3 == number);
        let mut parcel_costs: Vec<RegionCost> =
            near.map(|(_, (country, province, _))| cost(&format!("{country}/{province}"), 390)).collect();
        parcel_costs.push(cost("*", 520 + 20 * i64::try_from(number).unwrap_or(0)));
        Warehouse {
            warehouse: self.warehouses[number].clone(),
            pool: self.pool.clone(),
            parcel_costs,
            unit_cost: Some(money(12)),
            closed: false,
        }
    }
}

fn shops(run: &str, count: usize) -> Vec<DemoShop> {
    let shop = |(number, channel): (usize, &'static str)| {
        let secret = STANDARD.encode(format!("{run} demo secret number {number}, not for anything else"));
        let further = match number / CHANNELS.len() {
            0 => String::new(),
            further => format!("-{}", further + 1),
        };
        DemoShop { channel, shop: format!("demo-{run}{further}"), secret: format!("whsec_{secret}") }
    };
    CHANNELS.into_iter().cycle().take(count).enumerate().map(shop).collect()
}

fn item(rank: usize) -> Item {
    // Prices from 4.90 to 94.90, spread without a pattern that follows the rank.
    let price_minor = 490 + i64::try_from((rank * 7_919) % 91).unwrap_or(0) * 100;
    Item { sku: format!("WEIR-{rank:04}"), price_minor }
}

fn sku(item: &Item) -> Sku {
    let title = format!("Demo article {}", item.sku);
    Sku { sku: item.sku.clone(), title, weight_grams: 400, temperature: Temperature::Ambient.into() }
}

fn cost(region: &str, minor: i64) -> RegionCost {
    RegionCost { region: region.to_owned(), cost: Some(money(minor)), served: true }
}

fn money(minor: i64) -> Money {
    Money { minor, currency: CURRENCY.to_owned() }
}

fn rules() -> RuleSet {
    let hold = HoldAction { reason: "large-amount".to_owned(), owner_group: "review".to_owned(), deadline_after_ms: 0 };
    let review = Rule {
        name: REVIEW_RULE.to_owned(),
        amount_at_least: Some(money(REVIEW_FROM_MINOR)),
        hold: Some(hold),
        add_tags: vec!["large".to_owned()],
        ..Rule::default()
    };
    RuleSet { name: "default".to_owned(), version: 1, rules: vec![review] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_is_zipfs() {
        let catalogue = Catalogue::new("r1", "demo", 2000);
        assert_eq!((catalogue.drawn(0.0), catalogue.drawn(1.0)), (0, 1999));
        let draws: Vec<usize> = (0..10_000).map(|n| catalogue.drawn(f64::from(n) / 10_000.0)).collect();
        let first = draws.iter().filter(|item| **item == 0).count();
        let second = draws.iter().filter(|item| **item == 1).count();
        assert!((1150..1300).contains(&first) && (570..660).contains(&second), "{first} {second}");
    }

    #[test]
    fn only_the_scarce_have_too_little_stock() {
        let catalogue = Catalogue::new("r1", "demo", 50);
        let demand = vec![100; catalogue.items.len()];
        let receipts = catalogue.stock(&demand);
        for item in 0..catalogue.items.len() {
            let stock: i64 = receipts.iter().filter(|(i, ..)| *i == item).map(|(.., quantity)| quantity).sum();
            assert_eq!(stock < 100, catalogue.is_scarce(item), "item {item} has {stock}");
        }
    }

    #[test]
    fn of_the_hot_article_there_is_what_was_said_and_not_what_is_wanted() {
        let hot = |percent| Catalogue { hot: Some(Hot { percent, units: 7 }), ..Catalogue::new("r1", "demo", 50) };
        let demand = vec![100; 51];
        let of = |receipts: &[(usize, usize, i64)], item| -> i64 {
            receipts.iter().filter(|(i, ..)| *i == item).map(|(.., quantity)| quantity).sum()
        };
        let receipts = hot(80.0).stock(&demand);
        assert_eq!((of(&receipts, HOT_ITEM), of(&receipts, 1)), (7, 180));
        assert_eq!(hot(100.0).stock(&demand), [(HOT_ITEM, 0, 7)]);
    }

    #[test]
    fn further_shops_are_others_on_the_same_channels() {
        let catalogue = Catalogue::new("r1", "demo", 20);
        let five = catalogue.clone().with_shops(5);
        let named = |shop: &DemoShop| format!("{}/{} {}", shop.channel, shop.shop, shop.secret);
        let names: Vec<String> = five.shops.iter().map(named).collect();
        assert_eq!(names[..3], catalogue.shops.iter().map(named).collect::<Vec<_>>());
        let further: Vec<(&str, &str)> = five.shops[3..].iter().map(|shop| (shop.channel, &*shop.shop)).collect();
        assert_eq!(further, [("shopify", "demo-r1-2"), ("woocommerce", "demo-r1-2")]);
        let secrets: std::collections::BTreeSet<&str> = five.shops.iter().map(|shop| &*shop.secret).collect();
        assert_eq!(secrets.len(), 5);
    }

    #[test]
    fn two_runs_share_skus_and_nothing_else_of_their_own() {
        let key = TenantKey::new([7; 32]);
        let keys = |run: &str| -> std::collections::BTreeSet<String> {
            let catalogue = Catalogue::new(run, "demo", 20);
            catalogue.entries(&key, 20_000, "http://127.0.0.1:1").into_iter().map(|(key, _)| key).collect()
        };
        let shared: Vec<String> = keys("a").intersection(&keys("b")).cloned().collect();
        assert!(shared.iter().all(|key| key.contains("/sku/") || key.ends_with("/rule-set/default")), "{shared:?}");
    }
}
