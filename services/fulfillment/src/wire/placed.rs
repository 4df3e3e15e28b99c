//! Quantities at warehouses, both ways.

use crate::domain::Placed;
use weir_proto::stock::v1::PlacedQuantity;

pub(super) fn read(lines: Vec<PlacedQuantity>) -> Vec<Placed> {
    let placed = |line: PlacedQuantity| Placed {
        line_id: line.line_id,
        sku: line.sku,
        warehouse: line.warehouse,
        quantity: line.quantity,
    };
    lines.into_iter().map(placed).collect()
}

pub(super) fn write(lines: &[Placed]) -> Vec<PlacedQuantity> {
    let quantity = |line: &Placed| PlacedQuantity {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        warehouse: line.warehouse.clone(),
        quantity: line.quantity,
    };
    lines.iter().map(quantity).collect()
}
