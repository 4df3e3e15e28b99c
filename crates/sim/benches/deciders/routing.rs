//! An order is planned over three warehouses while it is unpaid, and released with its payment.

use super::NOW;
use weir_routing::domain::Input;
use weir_routing::domain::input::Placed;
use weir_routing::domain::order::{Line, Money, Order, Payment, Region};
use weir_routing::domain::world::{ParcelCost, Shop, Tenant, Warehouse, World};

pub fn world() -> World {
    let mut tenant = Tenant::default();
    let shop = Shop { pay_within: 900_000, pool: "main".to_owned(), ..Shop::default() };
    tenant.shops.insert("generic/acme".to_owned(), shop);
    for (name, parcel) in [("east", 500), ("north", 800), ("west", 700)] {
        let cost = ParcelCost { cost: cny(parcel), served: true };
        let parcel_costs = [("CN/Guangdong".to_owned(), cost)].into();
        let pool = "main".to_owned();
        tenant.warehouses.insert(name.to_owned(), Warehouse { pool, parcel_costs, unit_cost: cny(10), closed: false });
    }
    World { tenants: [("demo".to_owned(), tenant)].into() }
}

pub fn inputs() -> Vec<Input> {
    let line = |id: &str, sku: &str, quantity| Line {
        line_id: id.to_owned(),
        sku: sku.to_owned(),
        quantity,
        ..Line::default()
    };
    let order = Order {
        tenant: "demo".to_owned(),
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "1001".to_owned(),
        lines: vec![line("1", "TEA-250", 2), line("2", "POT-1", 1)],
        region: Region { country: "CN".to_owned(), province: "Guangdong".to_owned() },
        payable: cny(9_900),
        placed_at: NOW.0,
        ..Order::default()
    };
    let placed = Placed { order, ship_to: vec![0; 256], ..Placed::default() };
    vec![Input::Placed(Box::new(placed)), Input::PaymentSeen(Payment::Paid, Some(cny(9_900)))]
}

fn cny(minor: i64) -> Money {
    Money { minor, currency: "CNY".to_owned() }
}
