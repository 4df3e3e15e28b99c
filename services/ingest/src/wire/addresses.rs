//! The place that an address names. What lies open in it is compared as it is; what is sealed, by a keyed hash of its own.
//!
//! The e-mail is sealed with the rest and is no part of the place. Neither is what a platform renews by itself: a virtual
//! phone, and how long a masked recipient's id is good.

use crate::domain::{Door, Place, ShipTo};
use prost::Message as _;
use weir_privacy::TenantKey;
use weir_proto::order::v1 as proto;
use weir_proto::privacy::v1::Personal;

pub(super) fn ship_to(key: &TenantKey, order_id: &str, told: Option<&proto::ShipTo>) -> ShipTo {
    told.map_or_else(ShipTo::default, |told| {
        let open = [&told.country, &told.province, &told.city, &told.district, &told.town];
        let place = Place::new(&open.map(|part| plain(part)), &door(key, order_id, told));
        ShipTo { place, payload: told.encode_to_vec() }
    })
}

/// The order's own id is in the hash, so that two orders to one door do not show as such.
fn door(key: &TenantKey, order_id: &str, told: &proto::ShipTo) -> Door {
    let personal = match &told.personal {
        None => Personal::default(),
        Some(sealed) => match key.open(order_id, sealed) {
            Ok(personal) => personal,
            Err(_) => return Door::Unreadable,
        },
    };
    let phone = personal.phone.chars().filter(char::is_ascii_digit).collect();
    let parts = [plain(&personal.name), phone, plain(&personal.address_detail), told.recipient_id.clone()];
    if parts.iter().all(String::is_empty) {
        return Door::NotTold;
    }
    Door::Known(key.contact_hash("door", &format!("{order_id}\u{1f}{}", parts.join("\u{1f}"))))
}

/// Neither case nor spaces make another place.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
