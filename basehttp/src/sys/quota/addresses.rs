//! Bounds the connections of each client's address. IPv6 clients are counted by their network of 64 bits, since each of
//! them has such a network to itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::sys::address::Address;
use crate::sys::lock::lock;

/// The connections of each address that has some. There are never more entries than connections.
pub(crate) struct AddressQuota {
    most: usize,
    counts: Mutex<HashMap<u128, usize>>,
}

/// One connection of an address. Dropped, it is counted off.
pub(crate) struct AddressShare {
    quota: Arc<AddressQuota>,
    key: u128,
}

/// An address has as many connections as it may.
#[derive(Debug)]
pub(crate) struct AddressIsFull;

impl AddressQuota {
    /// Makes a quota of `most` connections for each address.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(AddressQuota { most, counts: Mutex::default() })
    }

    /// Counts a connection. `None` for a client without an IP address, which is not counted.
    pub(crate) fn take(self: &Arc<Self>, client: &Address) -> Result<Option<AddressShare>, AddressIsFull> {
        let Some(key) = client.ip().map(key) else { return Ok(None) };
        let mut counts = lock(&self.counts);
        let count = counts.entry(key).or_default();
        if *count >= self.most {
            return Err(AddressIsFull);
        }
        *count += 1;
        Ok(Some(AddressShare { quota: Arc::clone(self), key }))
    }
}

/// Returns the address, or the first 64 bits of one of IPv6. The two cannot be equal.
fn key(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits() >> 64 << 64,
    }
}

impl Drop for AddressShare {
    fn drop(&mut self) {
        let mut counts = lock(&self.quota.counts);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn each_address_has_its_own_count_and_leaves_nothing_behind() {
        let quota = AddressQuota::new(2);
        let take = |text: &str| quota.take(&Address::Ip(format!("{text}:80").parse().expect("an address")));
        let first = [take("192.0.2.1"), take("192.0.2.1")];
        assert!(first.iter().all(Result::is_ok));
        assert!(take("192.0.2.1").is_err());
        let mapped = take("[::ffff:192.0.2.1]");
        assert!(mapped.is_err(), "it is the same address");
        let other = take("192.0.2.2");
        let shares = [take("[2001:db8::1]"), take("[2001:db8::2:3]")];
        assert!(other.is_ok() && shares.iter().all(Result::is_ok));
        assert!(take("[2001:db8::ffff:0:0:1]").is_err(), "one network of 64 bits");
        assert!(take("[2001:db8:0:1::1]").is_ok(), "another one");
        assert!(take("[::1]").is_ok());
        drop(first);
        assert!(take("192.0.2.1").is_ok(), "there is room again");
        drop((other, shares));
        assert!(lock(&quota.counts).is_empty());
    }

    #[test]
    fn a_client_without_an_ip_address_is_not_counted() {
        let quota = AddressQuota::new(0);
        for client in [Address::Unix(Some(PathBuf::from("/run/a"))), Address::Unix(None), Address::Unnamed] {
            assert!(quota.take(&client).is_ok_and(|share| share.is_none()));
        }
        assert!(lock(&quota.counts).is_empty());
    }
}
