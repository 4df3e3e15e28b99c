//! Who buys, what was remarked, and where the goods go. What Shopee masks ("****") stays as it is: it is all that the seller may know.

use super::field::id_or_empty;
use crate::Fault;
use crate::assemble::{first, join};
use crate::json::Object;
use crate::mapped::Draft;
use weir_proto::order::v1::{self as order, ShipTo};
use weir_proto::privacy::v1::Personal;

pub(super) fn people(draft: &mut Draft, body: Object<'_>) -> Result<(), Fault> {
    draft.order.buyer = Some(order::Buyer {
        platform_buyer_id: id_or_empty(body, "buyer_user_id")?,
        buyer_remark: body.text_or_empty("message_to_seller")?.to_owned(),
        seller_remark: body.text_or_empty("note")?.to_owned(),
        ..order::Buyer::default()
    });
    let Some((ship_to, personal)) = body.inside("recipient_address", address)?.flatten() else { return Ok(()) };
    let numbers =
        body.each("package_list", |parcel| parcel.name_or_empty("virtual_contact_number").map(str::to_owned))?;
    draft.order.ship_to = Some(ShipTo {
        virtual_phone: numbers.into_iter().find(|number| !number.is_empty()).unwrap_or_default(),
        wished_carrier: carrier(body)?.to_owned(),
        ..ship_to
    });
    draft.personal = personal;
    Ok(())
}

/// Whom the buyer has chosen; of some orders Shopee names only who has it now.
fn carrier<'a>(body: Object<'a>) -> Result<&'a str, Fault> {
    Ok(first(&[body.name_or_empty("checkout_shipping_carrier")?, body.name_or_empty("shipping_carrier")?]))
}

fn address(info: Object<'_>) -> Result<Option<(ShipTo, Personal)>, Fault> {
    let text = |name: &str| info.text_or_empty(name);
    let personal = Personal {
        name: text("name")?.to_owned(),
        phone: text("phone")?.to_owned(),
        email: String::new(),
        address_detail: join(&[text("full_address")?, text("zipcode")?], ", "),
    };
    let [country, province, city, district, town] = ["region", "state", "city", "district", "town"].map(text);
    let ship_to = ShipTo {
        country: country?.to_owned(),
        province: province?.to_owned(),
        city: city?.to_owned(),
        district: district?.to_owned(),
        town: town?.to_owned(),
        ..ShipTo::default()
    };
    let is_empty = personal == Personal::default() && ship_to == ShipTo::default();
    Ok((!is_empty).then_some((ship_to, personal)))
}
