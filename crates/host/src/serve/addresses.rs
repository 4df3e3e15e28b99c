//! How many connections each address has.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The addresses that are connected. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection's entry; it goes when this is dropped.
pub(super) struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// Nothing where the address has `most` connections already; 0 is no limit.
    pub(super) fn seat(&self, address: IpAddr, most: usize) -> Option<Seat> {
        let address = owner(address);
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if most > 0 && *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.addresses.lock();
        let left = counts.get(&self.address).map_or(0, |count| count.saturating_sub(1));
        match left {
            0 => counts.remove(&self.address),
            left => counts.insert(self.address, left),
        };
    }
}

/// Who has an IPv6 address has a /64 of them; an IPv4 address may come in IPv6 dress.
fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_its_share_and_gets_it_back() {
        let addresses = Addresses::default();
        let first = addresses.seat(ip("10.0.0.1"), 2).expect("the first");
        let _second = addresses.seat(ip("::ffff:10.0.0.1"), 2).expect("the second");
        assert!(addresses.seat(ip("10.0.0.1"), 2).is_none(), "a third");
        assert!(addresses.seat(ip("10.0.0.2"), 2).is_some(), "somebody else");
        drop(first);
        assert!(addresses.seat(ip("10.0.0.1"), 2).is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_owner() {
        let addresses = Addresses::default();
        let _first = addresses.seat(ip("2001:db8::1"), 1).expect("the first");
        assert!(addresses.seat(ip("2001:db8::ffff:1"), 1).is_none());
        assert!(addresses.seat(ip("2001:db8:0:1::1"), 1).is_some());
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let addresses = Addresses::default();
        let many: Vec<Seat> = (0..100).filter_map(|_| addresses.seat(ip("10.0.0.1"), 0)).collect();
        assert_eq!(many.len(), 100, "0 is no limit");
        drop(many);
        assert!(addresses.lock().is_empty());
    }
}
