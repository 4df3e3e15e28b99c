//! Names that everybody derives alike: the order id, keys of pools and reference entries, ids of derived records.

use uuid::Uuid;

/// Namespace of every id that Weir derives. Fixed for ever: another value would make every order a new one.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d0f_6a3e_917c_5b0a_8e21_34b7_0c52_d96f);

/// UUIDv5 of (tenant, channel, shop, platform order id): the same order gets the same id, whoever sends it.
pub fn order_id(tenant: &str, channel: &str, shop: &str, platform_order_id: &str) -> String {
    derived(&["order", tenant, channel, shop, platform_order_id])
}

/// UUIDv5 of the parts, each closed by a unit separator so that ("ab", "c") and ("a", "bc") differ.
pub fn derived(parts: &[&str]) -> String {
    let mut name = Vec::with_capacity(96);
    for part in parts {
        name.extend_from_slice(part.as_bytes());
        name.push(0x1f);
    }
    Uuid::new_v5(&NAMESPACE, &name).to_string()
}

/// The key of a pool's records: "tenant/pool".
pub fn pool_key(tenant: &str, pool: &str) -> String {
    format!("{tenant}/{pool}")
}

/// The key of a reference entity: "tenant/kind/id".
pub fn reference_key(tenant: &str, kind: &str, id: &str) -> String {
    format!("{tenant}/{kind}/{id}")
}

/// The command id that a record derives from its cause, so that a repeat asks the same. `step` tells apart what one cause asks.
///
/// A UUIDv5 can't be mistaken for a caller's UUIDv7, whose age is read from its timestamp.
pub fn derived_command(topic: &str, partition: i32, offset: i64, step: u32) -> Uuid {
    let name = format!("{topic}\u{1f}{partition}\u{1f}{offset}\u{1f}{step}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_one_id_for_ever() {
        let id = order_id("demo", "shopify", "acme", "820982911946154508");
        assert_eq!(id, order_id("demo", "shopify", "acme", "820982911946154508"));
        assert_eq!(id, "bfdc8376-97e6-58c1-9934-fa54717d5fb3");
        assert_ne!(id, order_id("demo", "shopify", "acme8", "20982911946154508"));
    }
}
