//! `item_list`: what was bought, one entry for each line.

use super::field::{amount, amount_if_told, id_or_empty};
use crate::Fault;
use crate::assemble::{QUANTITY_MAX, RawLine, first, join, line};
use crate::json::Object;
use weir_proto::limits;
use weir_proto::order::v1 as order;

/// A line of which all was cancelled has a quantity of 0.
pub(super) fn map_line(item: Object<'_>, currency: &str, digits: u32) -> Result<order::Line, Fault> {
    let bought = item.integer("model_quantity_purchased", 0, QUANTITY_MAX)?;
    let cancelled = item.integer_or("cancelled_qty", 0, 0, bought)?;
    let reduced = amount(item, "model_discounted_price", digits)?;
    let list = amount_if_told(item, "model_original_price", digits)?.unwrap_or(reduced);
    // Of a bundle Shopee tells no price by line.
    let is_of_bundle = item.name_or_empty("promotion_type")? == "bundle_deal";
    let title = join(&[item.text_or_empty("item_name")?, item.text_or_empty("model_name")?], " ");
    limits::free(&title).map_err(|why| Fault::invalid("model_name", why))?;
    let raw = RawLine {
        id: line_id(item)?,
        sku: &sku(item)?,
        title: &title,
        quantity: bought - cancelled,
        unit: if is_of_bundle && reduced == 0 { list } else { reduced },
        list,
        ..RawLine::default()
    };
    Ok(line(raw, currency))
}

/// By what Shopee itself names a line when it is to be cancelled: item and model, and where it is part of a bundle or a deal, which of
/// those. One model may be in an order both within a bundle and without.
fn line_id(item: Object<'_>) -> Result<String, Fault> {
    let item_id = item.integer("item_id", 1, i64::MAX)?;
    let model_id = item.integer_or("model_id", 0, 0, i64::MAX)?;
    let order_item_id = item.integer_or("order_item_id", item_id, 0, i64::MAX)?;
    let group_id = item.integer_or("promotion_group_id", 0, 0, i64::MAX)?;
    Ok(match (order_item_id, group_id) {
        (0, 0) => format!("{item_id}:{model_id}"),
        (order_item_id, 0) if order_item_id == item_id => format!("{item_id}:{model_id}"),
        (order_item_id, group_id) => format!("{item_id}:{model_id}:{order_item_id}:{group_id}"),
    })
}

/// The merchant's code, else Shopee's id with the name of its field, so that a mapping can name it and no code is like it.
fn sku(item: Object<'_>) -> Result<String, Fault> {
    let code = first(&[item.name_or_empty("model_sku")?, item.name_or_empty("item_sku")?]);
    if !code.is_empty() {
        return Ok(code.to_owned());
    }
    Ok(match id_or_empty(item, "model_id")?.as_str() {
        "" => format!("item_id:{}", id_or_empty(item, "item_id")?),
        model_id => format!("model_id:{model_id}"),
    })
}
