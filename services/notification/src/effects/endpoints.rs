//! Where a shop's notices go, from the reference topic.

use std::collections::BTreeMap;
use weir_pipeline::reference::Table;
use weir_proto::ids::reference_key;
use weir_proto::reference::v1::reference_event::Entity;
use weir_proto::reference::v1::{Endpoint, ReferenceEvent};

/// Looks an endpoint up, as it is now.
pub trait Endpoints: Send + Sync + 'static {
    fn find(&self, tenant: &str, channel: &str, shop: &str) -> Option<Endpoint>;
}

/// Every shop's endpoint, by its reference key.
#[derive(Debug, Default)]
pub struct Directory(BTreeMap<String, Endpoint>);

impl Directory {
    /// Takes in one record of the reference topic; `None` is a tombstone.
    pub fn learn(&mut self, key: &str, event: Option<ReferenceEvent>) {
        if key.split('/').nth(1) != Some("endpoint") {
            return;
        }
        match event.and_then(|event| event.entity) {
            Some(Entity::Endpoint(endpoint)) => drop(self.0.insert(key.to_owned(), endpoint)),
            _ => drop(self.0.remove(key)),
        }
    }

    fn get(&self, tenant: &str, channel: &str, shop: &str) -> Option<&Endpoint> {
        self.0.get(&reference_key(tenant, "endpoint", &format!("{channel}/{shop}")))
    }
}

impl Endpoints for Directory {
    fn find(&self, tenant: &str, channel: &str, shop: &str) -> Option<Endpoint> {
        self.get(tenant, channel, shop).cloned()
    }
}

impl Endpoints for Table<Directory> {
    fn find(&self, tenant: &str, channel: &str, shop: &str) -> Option<Endpoint> {
        self.with(|directory, _| directory.find(tenant, channel, shop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_holds_and_a_tombstone_ends_it() {
        let mut directory = Directory::default();
        let key = "demo/endpoint/shopify/acme";
        let event = |url: &str| {
            let endpoint = Endpoint { url: url.to_owned(), ..Endpoint::default() };
            Some(ReferenceEvent { entity: Some(Entity::Endpoint(endpoint)), ..ReferenceEvent::default() })
        };
        directory.learn(key, event("https://a.example/"));
        directory.learn(key, event("https://b.example/"));
        directory.learn("demo/shop/shopify/acme", None);
        let found = directory.find("demo", "shopify", "acme").expect("it is known");
        assert_eq!(found.url, "https://b.example/");
        assert_eq!(directory.find("other", "shopify", "acme"), None);
        directory.learn(key, None);
        assert_eq!(directory.find("demo", "shopify", "acme"), None);
    }
}
