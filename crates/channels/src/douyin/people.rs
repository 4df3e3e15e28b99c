//! Who buys, what was remarked, and where the goods go.

use super::field::{code, time_or_zero};
use crate::Fault;
use crate::assemble::first;
use crate::json::Object;
use crate::mapped::Draft;
use weir_proto::order::v1::{self as order, ShipTo};
use weir_proto::privacy::v1::Personal;

pub(super) fn people(draft: &mut Draft, body: Object<'_>) -> Result<(), Fault> {
    let stars = code(body, "seller_remark_stars")?;
    draft.order.buyer = Some(order::Buyer {
        platform_buyer_id: body.id_or_empty("doudian_open_id")?,
        buyer_remark: body.text_or_empty("buyer_words")?.to_owned(),
        seller_remark: body.text_or_empty("seller_words")?.to_owned(),
        // 0 is the grey flag, which is every order's.
        flag: if stars == 0 { String::new() } else { stars.to_string() },
        ..order::Buyer::default()
    });
    let (ship_to, personal) = address(body)?;
    if ship_to != (ShipTo { country: ship_to.country.clone(), ..ShipTo::default() }) || personal != Personal::default()
    {
        draft.order.ship_to = Some(ship_to);
        draft.personal = personal;
    }
    Ok(())
}

/// The town's parts, and what is finer.
#[derive(Default)]
struct Place {
    province: String,
    city: String,
    district: String,
    town: String,
    detail: String,
}

fn address(body: Object<'_>) -> Result<(ShipTo, Personal), Fault> {
    let (clear, masked) = (place(body, "post_addr")?, place(body, "mask_post_addr")?);
    let text = |clear: &str, masked: &str| -> Result<String, Fault> {
        Ok(first(&[body.text_or_empty(clear)?, body.text_or_empty(masked)?]).to_owned())
    };
    let personal = Personal {
        name: text("post_receiver", "mask_post_receiver")?,
        phone: text("post_tel", "mask_post_tel")?,
        email: String::new(),
        address_detail: first(&[&clear.detail, &masked.detail]).to_owned(),
    };
    let ship_to = ShipTo {
        country: "CN".to_owned(),
        province: first(&[&clear.province, &masked.province]).to_owned(),
        city: first(&[&clear.city, &masked.city]).to_owned(),
        district: first(&[&clear.district, &masked.district]).to_owned(),
        town: first(&[&clear.town, &masked.town]).to_owned(),
        recipient_id: body.id_or_empty("open_address_id")?,
        window_from_ms: time_or_zero(body, "earliest_receipt_time")?,
        window_to_ms: time_or_zero(body, "latest_receipt_time")?,
        ..ShipTo::default()
    };
    Ok((ship_to, personal))
}

/// Each level of an address is an object with a name.
fn place(body: Object<'_>, name: &str) -> Result<Place, Fault> {
    let place = body.inside(name, |address| {
        let level = |name: &str| {
            let named = address.inside(name, |level| level.text_or_empty("name").map(str::to_owned))?;
            Ok(named.unwrap_or_default())
        };
        Ok(Place {
            province: level("province")?,
            city: level("city")?,
            district: level("town")?,
            town: level("street")?,
            detail: address.text_or_empty("detail")?.to_owned(),
        })
    })?;
    Ok(place.unwrap_or_default())
}
