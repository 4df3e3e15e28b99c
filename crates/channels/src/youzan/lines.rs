//! `orders`: what was bought, one entry for each line.

use super::field::{CURRENCY, DIGITS, told};
use crate::Fault;
use crate::assemble::{QUANTITY_MAX, RawLine, first, join, line};
use crate::json::{Json, Object, parse};
use weir_proto::limits;
use weir_proto::order::v1::{self as order, LineKind};

/// Virtual goods and electronic vouchers.
const DIGITAL_TYPES: [i64; 2] = [182, 183];

/// The line, and whether it is of a presale. `total_fee` is less the item's own discount, `payment` also less its share in the
/// order's.
pub(super) fn map_line(item: Object<'_>, is_digital: bool) -> Result<(order::Line, bool), Fault> {
    let quantity = item.integer("num", 1, QUANTITY_MAX)?;
    let unit = item.money("price", DIGITS)?;
    let or = |name: &str, before: i64| match item.get(name) {
        Some(_) => item.money(name, DIGITS),
        None => Ok(before),
    };
    let full = unit.saturating_mul(quantity);
    let reduced = or("total_fee", full)?;
    let paid = or("payment", reduced)?;
    let discounts = [("item", full.saturating_sub(reduced)), ("order", reduced.saturating_sub(paid))];
    let variant = variant(item.text_or_empty("sku_properties_name")?);
    let title = join(&[item.text_or_empty("title")?, &variant], " ");
    limits::free(&title).map_err(|why| Fault::invalid("sku_properties_name", why))?;
    let raw = RawLine {
        id: item.id("oid")?,
        sku: &sku(item)?,
        title: &title,
        quantity,
        unit,
        list: unit,
        discounts: discounts
            .into_iter()
            .filter(|(_, amount)| *amount != 0)
            .map(|(id, off)| (id.to_owned(), off))
            .collect(),
        taxes: Vec::new(),
        digital: is_digital || DIGITAL_TYPES.contains(&item.integer_or("item_type", 0, 0, i64::from(i32::MAX))?),
    };
    let mut line = line(raw, CURRENCY);
    if item.flag("is_present")? && line.kind() == LineKind::Sale {
        line.kind = LineKind::Gift.into();
    }
    line.ship_by_ms = match item.get("expect_delivery_time") {
        Some(Json::Integer(seconds)) => i64::try_from(seconds.saturating_mul(1000)).unwrap_or_default().max(0),
        _ => 0,
    };
    Ok((line, item.id_or_empty("is_pre_sale")? == "1"))
}

/// The merchant's code, else Youzan's id with the name of its field, so that a mapping can name it and no code is like it.
fn sku(item: Object<'_>) -> Result<String, Fault> {
    let code = first(&[told(item.name_or_empty("outer_sku_id")?), told(item.name_or_empty("outer_item_id")?)]);
    if !code.is_empty() {
        return Ok(code.to_owned());
    }
    for name in ["sku_id", "item_id"] {
        match item.id_or_empty(name)?.as_str() {
            "" | "0" => {}
            id => {
                let named = format!("{name}:{id}");
                return limits::id(&named).map(|()| named).map_err(|why| Fault::invalid(name, why));
            }
        }
    }
    Ok(String::new())
}

/// "red/XL" of `[{"k":"colour","v":"red"},{"k":"size","v":"XL"}]`, which is JSON in a text. It is there to be read by people.
fn variant(properties: &str) -> String {
    let Ok(Json::List(list)) = parse(properties.as_bytes()) else {
        return told(properties).to_owned();
    };
    let value = |property: &Json| match property {
        Json::Object(fields) => fields.iter().find_map(|(name, value)| match value {
            Json::Text(text) if name == "v" => Some(text.clone()),
            _ => None,
        }),
        _ => None,
    };
    let values: Vec<String> = list.iter().filter_map(value).collect();
    values.join("/")
}
