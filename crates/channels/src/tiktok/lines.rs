//! `line_items`: one for each unit. Units of one SKU make one line, gifts apart: that is what is reserved and picked, an order may have
//! hundreds of them, and a unit that is cancelled lowers the line. The line's id is the SKU's, which stays whatever becomes of the units.
//!
//! Units of one SKU may be sold at different prices. A line has the first one's list price, and its discounts hold all that is less.

use crate::Fault;
use crate::assemble::{RawLine, join, line};
use crate::json::Object;
use std::collections::{BTreeMap, BTreeSet};
use weir_proto::limits;
use weir_proto::order::v1::{self as order, FundedBy, LineKind};

/// A unit, in minor units.
struct Unit {
    line_id: String,
    sku: String,
    title: String,
    list: i64,
    sale: i64,
    platform: i64,
    tax: i64,
    gift: bool,
    live: bool,
}

/// The lines of an order.
pub(super) fn lines(body: Object<'_>, currency: &str, digits: u32) -> Result<Vec<order::Line>, Fault> {
    let mut seen = BTreeSet::new();
    let units = body.each("line_items", |item| {
        let id = item.id("id")?;
        match seen.insert(id.clone()) {
            true => unit(item, id, digits),
            false => Err(Fault::invalid("id", format!("the unit {id:?} is there twice"))),
        }
    })?;
    Ok(merged(&wanted(units)).iter().map(|units| line_of(units, currency)).collect())
}

/// Those that are still wanted. Of an order that ends none is: it keeps what it had, since that is its end and not an edit.
fn wanted(units: Vec<Unit>) -> Vec<Unit> {
    let any_live = units.iter().any(|unit| unit.live);
    units.into_iter().filter(|unit| unit.live || !any_live).collect()
}

/// By line, in the order in which each is named first.
fn merged(units: &[Unit]) -> Vec<Vec<&Unit>> {
    let (mut lines, mut places): (Vec<Vec<&Unit>>, BTreeMap<&str, usize>) = Default::default();
    for unit in units {
        let place = *places.entry(&unit.line_id).or_insert(lines.len());
        match lines.get_mut(place) {
            Some(line) => line.push(unit),
            None => lines.push(vec![unit]),
        }
    }
    lines
}

/// `sale_price` is what the buyer pays, `original_price` less the discounts of TikTok and of the seller. The seller's follows from the
/// others, so that a line always adds up.
fn line_of(units: &[&Unit], currency: &str) -> order::Line {
    let Some(first) = units.first() else { return order::Line::default() };
    let sum = |of: fn(&Unit) -> i64| units.iter().map(|unit| of(unit)).fold(0, i64::saturating_add);
    let quantity = i64::try_from(units.len()).unwrap_or(i64::MAX);
    let (platform, tax) = (sum(|unit| unit.platform), sum(|unit| unit.tax));
    let full = first.list.saturating_mul(quantity);
    let seller = full.saturating_sub(platform).saturating_sub(sum(|unit| unit.sale));
    let discounts = [("platform", platform), ("seller", seller)];
    let raw = RawLine {
        id: first.line_id.clone(),
        sku: &first.sku,
        title: &first.title,
        quantity,
        unit: first.list,
        list: first.list,
        discounts: discounts.into_iter().filter(|(_, off)| *off != 0).map(|(id, off)| (id.to_owned(), off)).collect(),
        taxes: if tax == 0 { Vec::new() } else { vec![(tax, false)] },
        digital: false,
    };
    let mut line = line(raw, currency);
    for discount in &mut line.discounts {
        if discount.discount_id == "platform" {
            discount.funded_by = FundedBy::Platform.into();
        }
    }
    if first.gift {
        line.kind = LineKind::Gift.into();
    }
    line
}

fn unit(item: Object<'_>, id: String, digits: u32) -> Result<Unit, Fault> {
    let sale = item.money("sale_price", digits)?;
    let list = match item.get("original_price") {
        Some(_) => item.money("original_price", digits)?,
        None => sale,
    };
    let taxes = item.each("item_tax", |tax| tax.money("tax_amount", digits))?;
    let title = join(&[item.text_or_empty("product_name")?, item.text_or_empty("sku_name")?], " ");
    limits::free(&title).map_err(|why| Fault::invalid("sku_name", why))?;
    let gift = item.flag("is_gift")?;
    let sku_id = item.id_or_empty("sku_id")?;
    let sku_id = if sku_id == "0" { "" } else { sku_id.as_str() };
    Ok(Unit {
        line_id: match (sku_id, gift) {
            ("", _) => id,
            (sku_id, false) => sku_id.to_owned(),
            (sku_id, true) => named(sku_id, "gift:")?,
        },
        sku: match item.name_or_empty("seller_sku")? {
            "" if sku_id.is_empty() => String::new(),
            // With the name of its field, so that a mapping can name it and no code is like it.
            "" => named(sku_id, "sku_id:")?,
            code => code.to_owned(),
        },
        title,
        list,
        sale,
        platform: item.money_or_zero("platform_discount", digits)?,
        tax: taxes.into_iter().fold(0, i64::saturating_add),
        gift,
        live: item.name_or_empty("display_status")? != "CANCELLED",
    })
}

/// TikTok's id of a SKU with a word before it.
fn named(sku_id: &str, word: &str) -> Result<String, Fault> {
    let named = format!("{word}{sku_id}");
    limits::id(&named).map(|()| named).map_err(|why| Fault::invalid("sku_id", why))
}
