//! `sku_order_list`: what was bought, a sub-order for each line.

use super::field::{CURRENCY, code, fen, fen_or_zero, time_or_zero};
use super::status::Status;
use crate::Fault;
use crate::assemble::{QUANTITY_MAX, RawLine, first, join, line};
use crate::json::Object;
use crate::money::money;
use weir_proto::limits;
use weir_proto::order::v1::{self as order, Discount, FundedBy, LineKind};

/// A line, and what of it says something about the order.
pub(super) struct Item {
    pub(super) line: order::Line,
    /// It was cancelled by itself, before it left.
    pub(super) is_taken_off: bool,
    pub(super) is_refunded: bool,
    /// How it is sold: as a presale, a sample, for delivery within the hour.
    pub(super) trade_type: i64,
    /// Paid in full now, sent later.
    pub(super) is_presale: bool,
    pub(super) is_picked_up: bool,
}

/// Who pays for which part of a line's discounts.
const DISCOUNTS: [(&str, FundedBy); 3] = [
    ("promotion_shop_amount", FundedBy::Merchant),
    ("promotion_platform_amount", FundedBy::Platform),
    ("promotion_talent_amount", FundedBy::Creator),
];

/// Of `goods_type`.
const VIRTUAL: i64 = 1;
/// Of `receive_type`.
const SELF_PICKUP: i64 = 2;
/// Of `pre_sale_type`.
const PAID_IN_FULL: i64 = 1;
/// Of `refund_status` of an after-sale.
const REFUNDED: i64 = 3;

pub(super) fn read_item(item: Object<'_>, is_digital: bool) -> Result<Item, Fault> {
    let unit = fen(item, "origin_amount")?;
    let title = join(&[item.text_or_empty("product_name")?, &variant(item)?], " ");
    limits::free(&title).map_err(|why| Fault::invalid("spec", why))?;
    let raw = RawLine {
        id: item.id("order_id")?,
        sku: &sku(item)?,
        title: &title,
        quantity: item.integer("item_num", 1, QUANTITY_MAX)?,
        unit,
        list: unit,
        digital: is_digital || code(item, "goods_type")? == VIRTUAL,
        ..RawLine::default()
    };
    let mut line = line(raw, CURRENCY);
    line.discounts = discounts(item)?;
    if item.name_or_empty("given_product_type")? == "FREE" && line.kind() == LineKind::Sale {
        line.kind = LineKind::Gift.into();
    }
    line.ship_by_ms = time_or_zero(item, "exp_ship_time")?;
    let status = Status::read(item, "order_status")?;
    let main = Status::read(item, "main_status")?;
    let is_sent = time_or_zero(item, "ship_time")? > 0;
    let refund = item.inside("after_sale_info", |info| code(info, "refund_status"))?;
    Ok(Item {
        line,
        is_taken_off: [status, main].into_iter().flatten().any(Status::is_cancelled) && !is_sent,
        is_refunded: refund == Some(REFUNDED),
        trade_type: code(item, "trade_type")?,
        is_presale: code(item, "pre_sale_type")? == PAID_IN_FULL,
        is_picked_up: code(item, "receive_type")? == SELF_PICKUP,
    })
}

/// What takes something off, and a price that the seller changed by hand: by how much, below zero where it became less.
fn discounts(item: Object<'_>) -> Result<Vec<Discount>, Fault> {
    let mut discounts = Vec::new();
    let mut put = |name: &str, off: i64, funded_by: FundedBy| {
        if off != 0 {
            let amount = money(off, CURRENCY);
            discounts.push(Discount { discount_id: name.to_owned(), amount, funded_by: funded_by.into() });
        }
    };
    for (name, funded_by) in DISCOUNTS {
        put(name, fen_or_zero(item, name)?, funded_by);
    }
    put("modify_amount", -fen_or_zero(item, "modify_amount")?, FundedBy::Merchant);
    Ok(discounts)
}

/// The merchant's code, else Douyin's id with the name of its field, so that a mapping can name it and no code is like it. The
/// merchant's code of the product is not asked: all its variants share it.
fn sku(item: Object<'_>) -> Result<String, Fault> {
    let told = |name: &str| item.id_or_empty(name).map(|code| if code == "0" { String::new() } else { code });
    let (of_sku, of_seller) = (told("out_sku_id")?, told("code")?);
    let code = first(&[&of_sku, &of_seller]);
    if !code.is_empty() {
        return Ok(code.to_owned());
    }
    for name in ["sku_id", "product_id"] {
        let id = told(name)?;
        if !id.is_empty() {
            let named = format!("{name}:{id}");
            return limits::id(&named).map(|()| named).map_err(|why| Fault::invalid(name, why));
        }
    }
    Ok(String::new())
}

/// "red/XL". It is there to be read by people.
fn variant(item: Object<'_>) -> Result<String, Fault> {
    let values = item.each("spec", |spec| spec.text_or_empty("value").map(str::to_owned))?;
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    Ok(join(&values, "/"))
}
