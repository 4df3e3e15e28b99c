//! An order of two lines becomes one parcel, and leaves.

use super::{NOW, ORDER};
use weir_fulfillment::domain::{Allocation, Input, Line, Opened, Placed, Said, ShipOrder};

pub fn inputs() -> Vec<Input> {
    let lines = [("1", "TEA-250", 2), ("2", "POT-1", 1)];
    let wanted = |(id, sku, quantity): (&str, &str, i64)| Line {
        line_id: id.to_owned(),
        sku: sku.to_owned(),
        quantity,
        pool: "main".to_owned(),
    };
    let found = |(id, sku, quantity): (&str, &str, i64)| Placed {
        line_id: id.to_owned(),
        sku: sku.to_owned(),
        warehouse: "east".to_owned(),
        quantity,
    };
    let opened = Opened {
        plan: 1,
        lines: lines.map(wanted).to_vec(),
        ship_to: Some(vec![0; 256]),
        channel: "generic".to_owned(),
        shop: "acme".to_owned(),
        platform_order_id: "1001".to_owned(),
        priority: 0,
        attempt: 0,
        ship_by_ms: NOW.0,
        excluded_warehouses: Vec::new(),
    };
    let word = Allocation {
        pool: "main".to_owned(),
        plan: 1,
        sequence: 1,
        said: Said::Allocated,
        lines: lines.map(found).to_vec(),
    };
    let pick_list_id = format!("{ORDER}:1:east");
    vec![
        Input::Planned(opened),
        Input::Released { plan: 1 },
        Input::Allocation(word),
        Input::Pick { pick_list_id: pick_list_id.clone() },
        Input::Pack { pick_list_id: pick_list_id.clone(), weight_grams: 400 },
        Input::Ship(ShipOrder { pick_list_id, carrier: "sf".to_owned(), tracking_number: "SF1234567890".to_owned() }),
    ]
}
