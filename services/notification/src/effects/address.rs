//! Where a webhook may go: to the public internet, and to nothing inside (RELIABILITY.md §3, "Webhooks out").
//!
//! The check sits in the resolver that the client connects with, so that a name can't be good when it is looked at and bad
//! when it is used. Addresses written into the URL never see a resolver; they are checked in the URL, as the URL parser reads
//! them: `http://2130706433/` is 127.0.0.1.

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which addresses are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For the demo and for tests: loopback, and http without TLS.
    pub allow_loopback: bool,
}

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the address is no URL")]
    NoUrl,
    #[error("the scheme should be https")]
    Scheme,
    #[error("the URL carries a user or a password")]
    Credentials,
    #[error("it leads to no public address")]
    NotPublic,
}

impl Policy {
    /// Checks a URL as far as it can be checked without resolving its name.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn check_url(self, url: &str) -> Result<Url, Refused> {
        let url = Url::parse(url).map_err(|_| Refused::NoUrl)?;
        if url.scheme() != "https" && !(self.allow_loopback && url.scheme() == "http") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let host = url.host_str().ok_or(Refused::NoUrl)?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) if !self.allows(address) => Err(Refused::NotPublic),
            _ => Ok(url),
        }
    }

    /// Whether this address may be called.
    pub fn allows(self, address: IpAddr) -> bool {
        let address = unwrapped(address);
        (self.allow_loopback && address.is_loopback())
            || match address {
                IpAddr::V4(address) => is_public_v4(address),
                IpAddr::V6(address) => is_public_v6(address),
            }
    }
}

/// Resolves as the system does, and passes on public addresses alone.
impl Resolve for Policy {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let good: Vec<SocketAddr> = found.filter(|address| policy.allows(address.ip())).collect();
            if good.is_empty() {
                return Err(Refused::NotPublic.into());
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}

/// The IPv4 address that an IPv6 address only wraps: mapped (::ffff:0:0/96), compatible (::/96), translated (64:ff9b::/96),
/// 6to4 (2002::/16). What it leads to is judged by the address inside.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let s = v6.segments();
    let inner = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => inner(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x2002, high, low, ..] => inner(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) > (0, 1) => inner(high, low),
        _ => address,
    }
}

/// Source: IANA IPv4 Special-Purpose Address Registry, and the metadata addresses of clouds outside of it.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let inside = match (a, b, c) {
        // This network, loopback, private, link-local, shared (CGNAT; 100.100.100.200 is a metadata service).
        (0 | 10 | 127, ..) | (169, 254, _) | (192, 168, _) => true,
        (172, 16..=31, _) | (100, 64..=127, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks, AS112, AMT.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) | (198, 18 | 19, _) => true,
        (192, 31, 196) | (192, 52, 193) | (192, 175, 48) => true,
        // Azure's wire server, inside every one of its machines.
        (168, 63, 129) => true,
        // Multicast, reserved, broadcast.
        (224..=255, ..) => true,
        _ => false,
    };
    !inside
}

/// Only global unicast (2000::/3) is public, less what IANA set apart of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let global = s[0] & 0xe000 == 0x2000;
    let set_apart = match (s[0], s[1]) {
        // Protocol assignments with Teredo, ORCHID, benchmarks.
        (0x2001, second) if second < 0x200 => true,
        // Documentation.
        (0x2001, 0xdb8) => true,
        (0x3fff, second) if second < 0x1000 => true,
        _ => false,
    };
    global && !set_apart
}

#[cfg(test)]
mod tests;
