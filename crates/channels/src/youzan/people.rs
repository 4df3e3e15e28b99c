//! Who buys, what was remarked, and where the goods go.

use super::field::{time_or_zero, told};
use crate::Fault;
use crate::assemble::join;
use crate::json::Object;
use crate::mapped::Draft;
use weir_proto::order::v1::{self as order, ShipTo};
use weir_proto::privacy::v1::Personal;

pub(super) fn people(draft: &mut Draft, body: Object<'_>) -> Result<(), Fault> {
    let mut buyer = order::Buyer::default();
    body.inside("buyer_info", |info| {
        let ids = ["yz_open_id", "buyer_id", "outer_user_id"].map(|name| info.id_or_empty(name));
        for id in ids {
            let id = id?;
            if buyer.platform_buyer_id.is_empty() && id != "0" && id != "null" {
                buyer.platform_buyer_id = id;
            }
        }
        told(info.text_or_empty("buyer_phone")?).clone_into(&mut draft.buyer_phone);
        Ok(())
    })?;
    body.inside("remark_info", |info| {
        info.text_or_empty("buyer_message")?.clone_into(&mut buyer.buyer_remark);
        info.text_or_empty("trade_memo")?.clone_into(&mut buyer.seller_remark);
        let stars = info.id_or_empty("star")?;
        buyer.flag = if stars == "0" { String::new() } else { stars };
        Ok(())
    })?;
    draft.order.buyer = Some(buyer);
    if let Some((ship_to, personal)) = body.inside("address_info", address)?.flatten() {
        draft.order.ship_to = Some(ship_to);
        draft.personal = personal;
    }
    Ok(())
}

/// What needs no address comes with one of empty texts.
fn address(info: Object<'_>) -> Result<Option<(ShipTo, Personal)>, Fault> {
    let text = |name: &str| info.text_or_empty(name).map(told);
    let personal = Personal {
        name: text("receiver_name")?.to_owned(),
        phone: text("receiver_tel")?.to_owned(),
        email: String::new(),
        address_detail: join(&[text("delivery_address")?, text("delivery_postal_code")?], ", "),
    };
    let (province, city, district) = (text("delivery_province")?, text("delivery_city")?, text("delivery_district")?);
    if personal == Personal::default() && [province, city, district].iter().all(|part| part.is_empty()) {
        return Ok(None);
    }
    let ship_to = ShipTo {
        country: "CN".to_owned(),
        province: province.to_owned(),
        city: city.to_owned(),
        district: district.to_owned(),
        window_from_ms: time_or_zero(info, "delivery_start_time")?,
        window_to_ms: time_or_zero(info, "delivery_end_time")?,
        ..ShipTo::default()
    };
    Ok(Some((ship_to, personal)))
}
