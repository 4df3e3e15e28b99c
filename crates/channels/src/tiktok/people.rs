//! Who buys, what was remarked, and where the goods go.
//!
//! Name, phone and parts of the address are masked with stars where TikTok's own logistics ship, and there is no address before the order
//! is to be shipped. What is masked stays as it is; a masked phone is kept where nobody takes it for a buyer's number.
//! The buyer's e-mail is a relay of TikTok's chat and is not read.

use crate::Fault;
use crate::assemble::{first, join};
use crate::json::Object;
use crate::mapped::Draft;
use weir_proto::limits;
use weir_proto::order::v1::{self as order, ShipTo};
use weir_proto::privacy::v1::Personal;

pub(super) fn people(draft: &mut Draft, body: Object<'_>) -> Result<(), Fault> {
    draft.order.buyer = Some(order::Buyer {
        platform_buyer_id: body.id_or_empty("user_id")?,
        buyer_remark: body.text_or_empty("buyer_message")?.to_owned(),
        seller_remark: body.text_or_empty("seller_note")?.to_owned(),
        ..order::Buyer::default()
    });
    if let Some((mut ship_to, personal)) = body.inside("recipient_address", address)?.flatten() {
        body.name_or_empty("shipping_provider")?.clone_into(&mut ship_to.wished_carrier);
        draft.order.ship_to = Some(ship_to);
        draft.personal = personal;
    }
    Ok(())
}

fn address(info: Object<'_>) -> Result<Option<(ShipTo, Personal)>, Fault> {
    let text = |name: &str| info.text_or_empty(name);
    let full_name = join(&[text("first_name")?, text("last_name")?], " ");
    let [one, two, three, four] = ["address_line1", "address_line2", "address_line3", "address_line4"].map(text);
    let lines = join(&[one?, two?, three?, four?], ", ");
    let detail = join(&[first(&[&lines, text("address_detail")?]), text("postal_code")?], ", ");
    limits::free(&detail).map_err(|why| Fault::invalid("address_line1", why))?;
    let phone = text("phone_number")?;
    let masked = phone.contains('*');
    let personal = Personal {
        name: first(&[text("name")?, &full_name]).to_owned(),
        phone: if masked { String::new() } else { phone.to_owned() },
        email: String::new(),
        address_detail: detail,
    };
    let mut ship_to = ShipTo {
        country: text("region_code")?.to_owned(),
        virtual_phone: if masked { phone.to_owned() } else { String::new() },
        ..ShipTo::default()
    };
    info.each("district_info", |part| district(part, &mut ship_to))?;
    if ship_to.city.is_empty() {
        text("post_town")?.clone_into(&mut ship_to.city);
    }
    let is_told = personal != Personal::default() || ship_to != ShipTo::default();
    Ok(is_told.then_some((ship_to, personal)))
}

/// A part of the address: `address_level` counts from the country (L0) down. How many there are and what the third is differs from country
/// to country, so a level that is named goes by its name.
fn district(part: Object<'_>, ship_to: &mut ShipTo) -> Result<(), Fault> {
    let name = part.text_or_empty("address_name")?;
    let level_name = part.text_or_empty("address_level_name")?.to_lowercase();
    let level = part.name_or_empty("address_level")?;
    let place = match (level_name.as_str(), level) {
        ("country", _) | (_, "L0") => return Ok(()),
        ("state" | "province" | "region", _) => &mut ship_to.province,
        ("city" | "municipality", _) => &mut ship_to.city,
        ("county" | "district", _) => &mut ship_to.district,
        (_, "L1") => &mut ship_to.province,
        (_, "L2") => &mut ship_to.city,
        (_, "L3") => &mut ship_to.district,
        _ => &mut ship_to.town,
    };
    if place.is_empty() {
        name.clone_into(place);
    }
    Ok(())
}
