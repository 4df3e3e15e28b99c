//! Where the goods go.

use crate::Fault;
use crate::assemble::{first, join};
use crate::json::Object;
use weir_proto::order::v1::ShipTo;
use weir_proto::privacy::v1::Personal;

/// What Kuaishou shows of it. The encrypted texts stand in the delivery alone: they may be others each time, and
/// would read as other addresses.
pub(super) fn address(told: Object<'_>, id: String) -> Result<Option<(ShipTo, Personal)>, Fault> {
    let shown =
        |clear: &str, masked: &str| Ok(first(&[told.text_or_empty(clear)?, told.text_or_empty(masked)?]).to_owned());
    let personal = Personal {
        name: shown("consignee", "desensitiseConsignee")?,
        phone: shown("mobile", "desensitiseMobile")?,
        email: String::new(),
        address_detail: shown("address", "desensitiseAddress")?,
    };
    let text = |name: &str| told.text_or_empty(name).map(str::to_owned);
    let ship_to = ShipTo {
        country: "CN".to_owned(),
        province: text("province")?,
        city: text("city")?,
        district: text("district")?,
        town: text("town")?,
        recipient_id: if id.is_empty() { told.id_or_empty("openAddressId")? } else { id },
        ..ShipTo::default()
    };
    let open = join(&[&ship_to.province, &ship_to.city, &ship_to.district, &ship_to.town, &ship_to.recipient_id], "");
    Ok((personal != Personal::default() || !open.is_empty()).then_some((ship_to, personal)))
}
