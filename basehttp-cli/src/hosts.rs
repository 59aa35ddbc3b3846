//! The hosts that the program answers for. A server that only this computer can reach is reached by its browsers, too,
//! and a page of another site could read from it under a name that leads here (DNS rebinding).

use std::net::SocketAddr;

use basehttp::Endpoint;

/// Hosts of this computer, whatever address is listened on.
const OF_THIS_COMPUTER: [&str; 4] = ["localhost", "*.localhost", "127.0.0.1", "::1"];

/// Returns the hosts to answer for, or `None` for all: those that flags have named, and those of the addresses. Without
/// such flags, a server that others can reach answers for all. That holds for Unix sockets and sockets that were handed
/// over, since a proxy or a service manager decides who reaches them.
pub(crate) fn to_answer_for(named: &[String], endpoints: &[Endpoint]) -> Option<Vec<String>> {
    if named.is_empty() && !endpoints.iter().all(is_local) {
        return None;
    }
    let mut hosts = named.to_vec();
    hosts.extend(OF_THIS_COMPUTER.map(str::to_owned));
    for endpoint in endpoints {
        let ips = endpoint.candidates().iter().map(SocketAddr::ip);
        hosts.extend(ips.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
        // A name, as it was written.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !endpoint.host().is_empty() && endpoint.host().bytes().all(is_name) {
            hosts.push(endpoint.host().to_owned());
        }
    }
    Some(hosts)
}

/// Returns whether only this computer can connect.
fn is_local(endpoint: &Endpoint) -> bool {
    let candidates = endpoint.candidates();
    !candidates.is_empty() && candidates.iter().all(|address| address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::path::Path;

    use basehttp::ListenAddress;

    use super::*;

    fn hosts(named: &[&str], addresses: &[(&str, &str)]) -> Option<Vec<String>> {
        let endpoint =
            |(host, ip): &(&str, &str)| Endpoint::new(*host, [(ip.parse::<IpAddr>().expect("an address"), 0).into()]);
        to_answer_for(&owned(named), &addresses.iter().map(endpoint).collect::<Vec<_>>())
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_server_for_this_computer_answers_for_its_names_alone() {
        let with =
            |before: &[&str], behind: &[&str]| Some([owned(before), owned(&OF_THIS_COMPUTER), owned(behind)].concat());
        let (loopback, network) = (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"));
        assert_eq!(hosts(&[], &[loopback]), with(&[], &["127.0.0.1", "127.0.0.1"]));
        assert_eq!(hosts(&[], &[("my-laptop", "127.0.1.1")]), with(&[], &["127.0.1.1", "my-laptop"]));
        assert_eq!(hosts(&[], &[network]), None);
        assert_eq!(hosts(&[], &[("::", "::")]), None);
        assert_eq!(hosts(&[], &[loopback, ("192.0.2.1", "192.0.2.1")]), None, "one of them is reached by others");
        assert_eq!(hosts(&["a.example"], &[network]), with(&["a.example"], &["0.0.0.0"]));
        assert_eq!(hosts(&["2001:db8::1"], &[("::", "::")]), with(&["2001:db8::1"], &[]));
        assert_eq!(
            hosts(&["a.example", "*.b.example"], &[("::1", "::1")]),
            with(&["a.example", "*.b.example"], &["::1"])
        );
        let socket = Path::new("/run/basehttp.sock").into_endpoint().expect("a path");
        assert_eq!(to_answer_for(&[], &[socket]), None, "a proxy passes on names of its own");
    }
}
