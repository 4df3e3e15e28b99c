//! A channel's draft made whole: ids, seals, hashes, checksum.

use weir_channels::{Draft, snapshot_checksum};
use weir_privacy::TenantKey;
use weir_proto::delivery::v1::Received;
use weir_proto::order::v1::{Buyer, Order};

/// What only the tenant can add to a draft.
pub(super) fn complete(key: &TenantKey, tenant: &str, order_id: &str, received: &Received, draft: Draft) -> Order {
    let mut order = draft.order;
    let identity = order.identity.get_or_insert_default();
    tenant.clone_into(&mut identity.tenant);
    order_id.clone_into(&mut identity.order_id);
    identity.channel.clone_from(&received.channel);
    identity.shop.clone_from(&received.shop);
    identity.source.clone_from(&received.source);
    let email = first(&draft.buyer_email, &draft.personal.email);
    let phone = first(&draft.buyer_phone, &draft.personal.phone);
    hash(key, order.buyer.get_or_insert_default(), email, phone);
    let sealed = key.seal(order_id, &draft.personal);
    if !sealed.ciphertext.is_empty() {
        order.ship_to.get_or_insert_default().personal = Some(sealed);
    }
    order.risks.extend(received.observations.iter().cloned());
    let checksum = snapshot_checksum(&order);
    order.amounts.get_or_insert_default().checksum = checksum;
    order
}

/// An order over gRPC has its hashes already, and no clear contact any more.
fn hash(key: &TenantKey, buyer: &mut Buyer, email: &str, phone: &str) {
    if !email.is_empty() {
        buyer.email_hash = key.contact_hash("email", email);
    }
    if !phone.is_empty() {
        buyer.phone_hash = key.contact_hash("phone", phone);
    }
}

fn first<'a>(one: &'a str, other: &'a str) -> &'a str {
    if one.is_empty() { other } else { one }
}
