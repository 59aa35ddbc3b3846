//! The hosts that the program answers for. A server that only this computer can reach is reached by its browsers, too,
//! and a page of another site could read from it under a name that leads here (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use basehttp::Endpoint;

/// Hosts of this computer, whatever address is listened on.
const OF_THIS_COMPUTER: [&str; 4] = ["localhost", "*.localhost", "127.0.0.1", "::1"];

/// Returns the hosts to answer for, or `None` for all: those that flags have named, and those of the addresses.
///
/// Without such flags, it depends on the addresses, whether the flags name them or a service manager has handed them
/// over:
///
/// | listens on                     | answers for      | since                                                        |
/// |--------------------------------|------------------|--------------------------------------------------------------|
/// | loopback addresses             | this computer    | a browser here reaches them under any name that leads here   |
/// | these and Unix sockets         | this computer    | the same; the rule is the server's and not a socket's        |
/// | any address of the network     | all hosts        | only its user knows its names                                |
/// | Unix sockets alone             | all hosts        | no browser reaches them, and a proxy passes on names it knows |
pub(crate) fn to_answer_for(named: &[String], endpoints: &[Endpoint]) -> Option<Vec<String>> {
    let ips: Vec<IpAddr> = endpoints.iter().flat_map(ips_of).collect();
    let is_for_this_computer = !ips.is_empty() && ips.iter().all(IpAddr::is_loopback);
    if named.is_empty() && !is_for_this_computer {
        return None;
    }
    let mut hosts = named.to_vec();
    hosts.extend(OF_THIS_COMPUTER.map(str::to_owned));
    hosts.extend(ips.iter().filter(|ip| !ip.is_unspecified()).map(IpAddr::to_string));
    // Names, as they were written.
    let is_name = |host: &&str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        !host.is_empty() && host.bytes().all(is_letter) && host.parse::<IpAddr>().is_err()
    };
    hosts.extend(endpoints.iter().map(Endpoint::host).filter(is_name).map(str::to_owned));
    Some(hosts)
}

/// Returns the addresses of an endpoint; none of a Unix socket.
fn ips_of(endpoint: &Endpoint) -> Vec<IpAddr> {
    if endpoint.candidates().is_empty() {
        // A socket that was handed over has its address as its host.
        return endpoint.host().parse().map(|ip: IpAddr| ip.to_canonical()).into_iter().collect();
    }
    endpoint.candidates().iter().map(SocketAddr::ip).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;
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
        assert_eq!(hosts(&[], &[loopback]), with(&[], &["127.0.0.1"]));
        assert_eq!(hosts(&[], &[("my-laptop", "127.0.1.1")]), with(&[], &["127.0.1.1", "my-laptop"]));
        assert_eq!(hosts(&[], &[network]), None);
        assert_eq!(hosts(&[], &[("::", "::")]), None);
        assert_eq!(hosts(&[], &[loopback, ("192.0.2.1", "192.0.2.1")]), None, "one of them is reached by others");
        assert_eq!(hosts(&["a.example"], &[network]), with(&["a.example"], &[]));
        assert_eq!(hosts(&["2001:db8::1"], &[("::", "::")]), with(&["2001:db8::1"], &[]));
        assert_eq!(
            hosts(&["a.example", "*.b.example"], &[("::1", "::1")]),
            with(&["a.example", "*.b.example"], &["::1"])
        );
    }

    #[test]
    fn a_socket_that_was_handed_over_counts_as_its_address_and_a_unix_socket_as_none() {
        let handed_over = |ip: &str| {
            let listener = TcpListener::bind((ip, 0)).expect("a free port");
            listener.into_endpoint().expect("it listens")
        };
        let unix = || Path::new("/run/basehttp.sock").into_endpoint().expect("a path");
        let of_this_computer = Some([owned(&OF_THIS_COMPUTER), owned(&["127.0.0.1"])].concat());
        assert_eq!(to_answer_for(&[], &[handed_over("127.0.0.1")]), of_this_computer);
        assert_eq!(to_answer_for(&[], &[unix(), handed_over("127.0.0.1")]), of_this_computer);
        assert_eq!(to_answer_for(&[], &[handed_over("127.0.0.1"), handed_over("0.0.0.0")]), None);
        assert_eq!(to_answer_for(&[], &[handed_over("0.0.0.0")]), None);
        assert_eq!(to_answer_for(&[], &[unix()]), None, "a proxy passes on names of its own");
        let path = std::env::temp_dir().join(format!("basehttp-hosts-{}", std::process::id()));
        let listener = UnixListener::bind(&path).expect("a new file");
        assert_eq!(to_answer_for(&[], &[listener.into_endpoint().expect("it listens")]), None);
        std::fs::remove_file(&path).expect("it is there");
    }
}
