//! What the shops of a workload sell, where it lies, and the reference data that says so.

use super::draw::Draw;
use super::shape::{Channel, Shape};
use prost::Message as _;
use weir_ingest::wire::Registered;
use weir_privacy::TenantKey;
use weir_proto::ids;
use weir_proto::money::v1::Money;
use weir_proto::order::v1::PaymentTerms;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{
    self as reference, Endpoint, HoldAction, ReferenceEvent, RegionCost, Rule, RuleSet, SecretList, Sku, Warehouse,
};

pub(super) const TENANT: &str = "sim";
pub(super) const CURRENCY: &str = "EUR";
pub(super) const FREIGHT_MINOR: i64 = 490;
/// Orders of at least this much are held for review.
const REVIEW_FROM_MINOR: i64 = 1_000_000;
/// The SKU that makes an order so large.
const CRATE_MINOR: i64 = 1_200_000;
/// The secret of every shop and of every receiver of notices.
pub(super) const SECRET: &str = "whsec_c2ltdWxhdGVkIHNlY3JldCwgbm90IGZvciBhbnl0aGluZyBlbHNl";
/// Country, province, city. The last is the one that may be out of reach.
pub(super) const REGIONS: [(&str, &str, &str); 5] = [
    ("DE", "BY", "Augsburg"),
    ("DE", "HH", "Hamburg"),
    ("AT", "9", "Wien"),
    ("NL", "NH", "Haarlem"),
    ("IS", "RE", "Selfoss"),
];

/// One shop.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    pub(super) channel: Channel,
    pub(super) registered: Registered,
    pub(super) pool: usize,
}

/// One thing that is sold.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) sku: String,
    pub(super) price_minor: i64,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    pub(super) shops: Vec<Shop>,
    pub(super) pools: Vec<String>,
    /// Of each pool.
    pub(super) warehouses: Vec<Vec<String>>,
    /// The hot ones first, the crate last.
    pub(super) items: Vec<Item>,
    hot: usize,
    unserved: bool,
    pay_within_ms: i64,
}

impl Catalogue {
    pub(super) fn new(shape: &Shape) -> Catalogue {
        let pools: Vec<String> = (0..shape.pools.max(1)).map(|pool| format!("pool-{pool}")).collect();
        let warehouses = |pool: usize| (0..shape.warehouses.max(1)).map(|n| format!("w{pool}-{n}")).collect();
        let mut shops = Vec::new();
        for number in 0..shape.shops_per_channel.max(1) {
            for channel in &shape.channels {
                let pool = shops.len() % pools.len();
                shops.push(Shop { channel: *channel, registered: registered(*channel, number), pool });
            }
        }
        let item = |n: usize| Item { sku: format!("SKU-{n:03}"), price_minor: 490 + (n as i64 * 7_919 % 91) * 100 };
        let mut items: Vec<Item> = (0..shape.skus.max(2)).map(item).collect();
        items.push(Item { sku: "CRATE".to_owned(), price_minor: CRATE_MINOR });
        Catalogue {
            shops,
            warehouses: (0..pools.len()).map(warehouses).collect(),
            pools,
            hot: shape.hot_skus.clamp(1, items.len() - 1),
            items,
            unserved: shape.unserved,
            pay_within_ms: shape.pay_within_ms,
        }
    }

    pub(super) fn key() -> TenantKey {
        TenantKey::new([11; 32])
    }

    /// An item as the demand is spread.
    pub(super) fn drawn(&self, draw: &mut Draw, hot_share: u64) -> usize {
        let plain = self.items.len() - 1;
        if draw.chance(hot_share) { draw.index(self.hot) } else { draw.index(plain) }
    }

    pub(super) fn crate_item(&self) -> usize {
        self.items.len() - 1
    }

    pub(super) fn is_hot(&self, item: usize) -> bool {
        item < self.hot
    }

    /// About how many units of an item each pool is asked for, where an order has a line and a half of a unit and a
    /// half.
    pub(super) fn demand(&self, shape: &Shape, item: usize) -> u64 {
        let units = u64::from(shape.orders) * 9 / 4;
        let plain = self.items.len() as u64 - 1;
        let spread = units * (10_000 - shape.hot.min(10_000)) / 10_000 / plain;
        let heat = units * shape.hot / 10_000 / self.hot as u64;
        let of_all = match item {
            item if item == self.crate_item() => units * shape.reviewed / 10_000,
            item if self.is_hot(item) => spread + heat,
            _ => spread,
        };
        of_all / self.pools.len() as u64
    }

    /// The region of a buyer.
    pub(super) fn region(&self, draw: &mut Draw) -> usize {
        let served = REGIONS.len() - 1;
        if self.unserved && draw.chance(150) { served } else { draw.index(served) }
    }

    /// Everything that has to be published before the first order.
    pub(super) fn reference(&self, key: &TenantKey) -> Vec<(String, ReferenceEvent)> {
        let mut entries: Vec<(String, ReferenceEvent)> = Vec::new();
        for item in &self.items {
            let sku = Sku { sku: item.sku.clone(), title: item.sku.clone(), weight_grams: 400, ..Sku::default() };
            entries.push(entry("sku", &item.sku, Entity::Sku(sku)));
        }
        for (pool, warehouses) in self.warehouses.iter().enumerate() {
            for (number, name) in warehouses.iter().enumerate() {
                entries.push(entry("warehouse", name, Entity::Warehouse(self.warehouse(pool, number, name))));
            }
        }
        for shop in &self.shops {
            let address = format!("{}/{}", shop.registered.channel, shop.registered.shop);
            entries.push(entry("shop", &address, Entity::Shop(self.shop(shop, &address, key))));
            entries.push(entry("endpoint", &address, Entity::Endpoint(endpoint(shop, &address, key))));
        }
        entries.push(entry("rule-set", "default", Entity::RuleSet(rules())));
        entries
    }

    fn shop(&self, shop: &Shop, address: &str, key: &TenantKey) -> reference::Shop {
        let list = SecretList { secrets: vec![SECRET.as_bytes().to_vec()] };
        reference::Shop {
            channel: shop.registered.channel.clone(),
            shop: shop.registered.shop.clone(),
            secrets: Some(key.seal_bytes(address, &list.encode_to_vec())),
            terms: PaymentTerms::Prepaid.into(),
            pay_within_ms: self.pay_within_ms,
            pool: self.pools[shop.pool].clone(),
            currency: CURRENCY.to_owned(),
            ..reference::Shop::default()
        }
    }

    /// Each is cheapest for one of the regions, and dearer than the one before it for the rest.
    fn warehouse(&self, pool: usize, number: usize, name: &str) -> Warehouse {
        let (country, province, _) = REGIONS[number % (REGIONS.len() - 1)];
        let far = REGIONS[REGIONS.len() - 1];
        let cost = |region: String, minor: i64, served: bool| RegionCost { region, cost: Some(money(minor)), served };
        let parcel_costs = vec![
            cost(format!("{country}/{province}"), 390, true),
            cost(format!("{}/{}", far.0, far.1), 2_900, !self.unserved),
            cost("*".to_owned(), 520 + 20 * number as i64, true),
        ];
        let pool = self.pools[pool].clone();
        Warehouse { warehouse: name.to_owned(), pool, parcel_costs, unit_cost: Some(money(12)), closed: false }
    }
}

fn registered(channel: Channel, number: usize) -> Registered {
    Registered {
        tenant: TENANT.to_owned(),
        channel: channel.name().to_owned(),
        shop: format!("shop-{number}"),
        secrets: vec![SECRET.as_bytes().to_vec()],
        tolerance_ms: 300_000,
        budget_per_second: 0,
        urgent: false,
        api: None,
    }
}

fn endpoint(shop: &Shop, address: &str, key: &TenantKey) -> Endpoint {
    Endpoint {
        channel: shop.registered.channel.clone(),
        shop: shop.registered.shop.clone(),
        url: format!("https://{}.{}.example/notices", shop.registered.shop, shop.registered.channel),
        secret: Some(key.seal_bytes(&format!("endpoint/{address}"), SECRET.as_bytes())),
        review_email: "review@sim.example".to_owned(),
    }
}

fn entry(kind: &str, id: &str, entity: Entity) -> (String, ReferenceEvent) {
    (ids::reference_key(TENANT, kind, id), ReferenceEvent { entity: Some(entity), ..ReferenceEvent::default() })
}

pub(super) fn money(minor: i64) -> Money {
    Money { minor, currency: CURRENCY.to_owned() }
}

fn rules() -> RuleSet {
    let hold = HoldAction { reason: "large-amount".to_owned(), owner_group: "review".to_owned(), deadline_after_ms: 0 };
    let review = Rule {
        name: "large-orders".to_owned(),
        amount_at_least: Some(money(REVIEW_FROM_MINOR)),
        hold: Some(hold),
        add_tags: vec!["large".to_owned()],
        ..Rule::default()
    };
    let south =
        Rule { name: "south-first".to_owned(), regions: vec!["DE/BY".to_owned()], priority: 5, ..Rule::default() };
    RuleSet { name: "default".to_owned(), version: 1, rules: vec![review, south] }
}
