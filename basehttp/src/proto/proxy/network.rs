//! Networks: which peers a list such as `10.0.0.0/8, ::1, unix:` means. It knows addresses, not names.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One end of a connection, as far as networks can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkNode {
    /// An address. IPv4 in IPv6 counts as IPv4.
    Ip(IpAddr),
    /// A process of this machine, over a Unix socket.
    Unix,
    /// Neither, or not known. It is in no network.
    Unknown,
}

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks {
    /// First address and mask of each.
    ipv4: Vec<(u32, u32)>,
    ipv6: Vec<(u128, u128)>,
    has_unix: bool,
}

impl Networks {
    /// Returns whether the list is empty.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Networks::default()
    }

    /// Adds a network: `10.0.0.0/8`, `2001:db8::/32`, a single address, or `unix:` for every Unix socket.
    ///
    /// # Errors
    /// The text is none of these. The error says what to write.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        if text == "unix:" {
            self.has_unix = true;
            return Ok(());
        }
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(format!(
                "{text:?} is not a network: write one such as \"10.0.0.0/8\" or \"2001:db8::/32\", an address, or \"unix:\""
            ));
        };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let length = prefix.map_or(Some(bits), |text| text.parse().ok().filter(|_| is_number(text)));
        let Some(length) = length.filter(|length| *length <= bits) else {
            return Err(format!("{text:?} has no prefix length: write a number up to {bits} behind the slash"));
        };
        let first = first_address(address, length);
        if first != address {
            return Err(format!("{text:?} has bits behind its prefix: write \"{first}/{length}\""));
        }
        match address {
            IpAddr::V4(ip) => self.ipv4.push((ip.to_bits(), mask_4(length))),
            // Addresses are compared in their canonical form.
            IpAddr::V6(ip) => match ip.to_ipv4_mapped().zip(length.checked_sub(96)) {
                Some((ip, length)) => self.ipv4.push((ip.to_bits(), mask_4(length))),
                None => self.ipv6.push((ip.to_bits(), mask_6(length))),
            },
        }
        Ok(())
    }

    /// Returns whether one of the networks has this node.
    pub(crate) fn contains(&self, node: NetworkNode) -> bool {
        match node {
            NetworkNode::Ip(IpAddr::V4(ip)) => self.contains_ipv4(ip),
            NetworkNode::Ip(IpAddr::V6(ip)) => match ip.to_canonical() {
                IpAddr::V4(ip) => self.contains_ipv4(ip),
                IpAddr::V6(ip) => self.ipv6.iter().any(|(first, mask)| ip.to_bits() & mask == *first),
            },
            NetworkNode::Unix => self.has_unix,
            NetworkNode::Unknown => false,
        }
    }

    pub(crate) fn contains_ipv4(&self, ip: Ipv4Addr) -> bool {
        self.ipv4.iter().any(|(first, mask)| ip.to_bits() & mask == *first)
    }
}

fn first_address(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask_4(length))),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask_6(length))),
    }
}

fn mask_4(length: u32) -> u32 {
    u32::MAX.checked_shl(32 - length).unwrap_or(0)
}

fn mask_6(length: u32) -> u128 {
    u128::MAX.checked_shl(128 - length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        let mut networks = Networks::default();
        for text in texts {
            networks.add(text).expect("a network");
        }
        networks
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_alike() {
        let table = [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.1.2.128/25", "10.1.2.129", "10.1.2.127"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("192.0.2.1/32", "192.0.2.1", "192.0.2.0"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("2001:db8::8/125", "2001:db8::f", "2001:db8::10"),
            ("::1", "::1", "127.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.0.0.1", "11.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ];
        for (network, inside, outside) in table {
            let networks = networks(&[network]);
            let contains = |text: &str| networks.contains(NetworkNode::Ip(text.parse().expect("an address")));
            assert!(contains(inside) && !contains(outside), "{network}");
            assert!(!networks.contains(NetworkNode::Unix) && !networks.contains(NetworkNode::Unknown), "{network}");
        }
        let unix = networks(&["10.0.0.0/8", "unix:"]);
        assert!(unix.contains(NetworkNode::Unix) && !unix.contains(NetworkNode::Unknown));
        assert!(Networks::default().is_empty() && !unix.is_empty());
    }

    #[test]
    fn the_error_for_a_wrong_network_says_what_to_write() {
        let table = [
            ("10.0.0.1/8", "write \"10.0.0.0/8\""),
            ("2001:db8::1/32", "write \"2001:db8::/32\""),
            ("10.0.0.0/33", "up to 32"),
            ("::/129", "up to 128"),
            ("10.0.0.0/", "up to 32"),
            ("10.0.0.0/+8", "up to 32"),
            ("10.0.0.0/255.0.0.0", "up to 32"),
            ("10.0.0/24", "an address"),
            ("proxy.example", "an address"),
            ("10.0.0.1:80", "an address"),
            ("[::1]", "an address"),
            (" 10.0.0.1", "an address"),
            ("unix", "\"unix:\""),
            ("unix:/run/app.sock", "\"unix:\""),
            ("*", "an address"),
            ("", "an address"),
        ];
        for (text, advice) in table {
            let error = Networks::default().add(text).expect_err(text);
            assert!(error.contains(advice), "{text:?}: {error}");
        }
    }
}
