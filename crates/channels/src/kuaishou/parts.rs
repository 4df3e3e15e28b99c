//! What was bought, in fen: one item, and its gifts as parts of the order.

use super::status;
use crate::Fault;
use crate::assemble::{QUANTITY_MAX, RawLine, first, join, line};
use crate::fault::MONEY;
use crate::json::{Json, Object};
use weir_proto::limits;
use weir_proto::order::v1::{Line, LineKind};

/// Amounts are in fen, and nothing says so.
pub(super) const CURRENCY: &str = "CNY";

/// Ten trillion yuan.
const FEN_MAX: i64 = 1_000_000_000_000_000;

/// A line, and what its goods cost less the item's own discount.
pub(super) struct Bought {
    pub(super) line: Line,
    pub(super) reduced: i64,
}

/// An amount that must be there.
pub(super) fn fen(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    match object.get(name) {
        Some(Json::Float) => Err(Fault::new(MONEY, name, "it is no whole number; amounts are in fen")),
        _ => object.integer(name, 0, FEN_MAX),
    }
}

pub(super) fn fen_or_zero(object: Object<'_>, name: &str) -> Result<i64, Fault> {
    object.get(name).map_or(Ok(0), |_| fen(object, name))
}

/// `orderItemInfo`.
pub(super) fn item(info: Object<'_>, is_digital: bool) -> Result<Bought, Fault> {
    let unit = fen(info, "price")?;
    bought(info, info.id("orderItemId")?, unit, is_digital)
}

/// One of `subOrderInfo`: the gift, and whether it has left.
pub(super) fn gift(part: Object<'_>, is_digital: bool) -> Result<(Bought, bool), Fault> {
    let (id, has_left) = part.within("subOrderBaseInfo", |base| {
        let has_left = status::read(base)? >= status::Status::Shipped;
        Ok((base.id("oid")?, has_left))
    })?;
    let mut gift = part.within("subOrderItemInfo", |info| {
        let unit = fen_or_zero(info, "price")?;
        bought(info, id, unit, is_digital)
    })?;
    if gift.line.kind() == LineKind::Sale {
        gift.line.kind = LineKind::Gift.into();
    }
    Ok((gift, has_left))
}

/// `originalPrice` is a unit's before the item's discount, `price` behind it.
fn bought(info: Object<'_>, id: String, unit: i64, digital: bool) -> Result<Bought, Fault> {
    let quantity = info.integer("num", 1, QUANTITY_MAX)?;
    let original = match fen_or_zero(info, "originalPrice")? {
        0 => unit,
        original => original,
    };
    let title = join(&[info.text_or_empty("itemTitle")?, info.text_or_empty("skuDesc")?], " ");
    limits::free(&title).map_err(|why| Fault::invalid("skuDesc", why))?;
    let reduced = unit.saturating_mul(quantity);
    let off = original.saturating_mul(quantity).saturating_sub(reduced);
    let raw = RawLine {
        id,
        sku: &sku(info)?,
        title: &title,
        quantity,
        unit: original,
        list: original,
        discounts: if off == 0 { Vec::new() } else { vec![("item".to_owned(), off)] },
        taxes: Vec::new(),
        digital,
    };
    Ok(Bought { line: line(raw, CURRENCY), reduced })
}

/// The merchant's code, else Kuaishou's id with the name of its field, so that a mapping can name it and no code is like it.
fn sku(info: Object<'_>) -> Result<String, Fault> {
    let code = first(&[info.name_or_empty("skuNick")?, info.name_or_empty("goodsCode")?]);
    if !code.is_empty() {
        return Ok(code.to_owned());
    }
    for name in ["skuId", "itemId"] {
        match info.id_or_empty(name)?.as_str() {
            "" | "0" => {}
            id => {
                let named = format!("{name}:{id}");
                return limits::id(&named).map(|()| named).map_err(|why| Fault::invalid(name, why));
            }
        }
    }
    Ok(String::new())
}
