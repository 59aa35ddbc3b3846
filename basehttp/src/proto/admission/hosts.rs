//! The hosts that a server answers for, so that a page of another site cannot reach it under a name of its own.
//!
//! A browser lets a page read from the host that the page came from. In an attack by DNS rebinding, that host's name
//! first leads to the attacker and then to this server. The browser still sends the name, which is not in this list.

use core::net::IpAddr;

use super::super::{
    field::is_same_text,
    host::{Authority, host_of_checked},
};

/// A list of hosts. Ports make no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts {
    names: Vec<String>,
    /// Each with its leading dot. It stands for all names that end so.
    suffixes: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Hosts {
    /// Returns whether the list is empty.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Hosts::default()
    }

    /// Adds `example.org`, `*.example.org` for all names below it, or an address.
    ///
    /// # Errors
    /// The text is none of these. The error says what to write.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        let unbracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = unbracketed.parse::<IpAddr>() {
            // Nearly all clients write it so, and then it need not be parsed.
            self.names.push(if address.is_ipv6() { format!("[{address}]") } else { address.to_string() });
            self.addresses.push(address);
            return Ok(());
        }
        if let Some((_, behind)) = text.split_once("://") {
            let host = behind.split(['/', '?', '#']).next().unwrap_or_default();
            return Err(format!("{text:?} is a URL: write its host alone, such as {host:?}"));
        }
        let (list, name) = match text.strip_prefix("*.") {
            Some(below) => (&mut self.suffixes, below),
            None => (&mut self.names, text),
        };
        match Authority::parse(name.as_bytes()) {
            Ok(Authority { host, .. }) if host.len() < name.len() && !host.is_empty() => {
                let shown = &text[..text.len() - (name.len() - host.len())];
                Err(format!("{text:?} has a port, which makes no difference: write {shown:?}"))
            }
            Ok(_) if !name.is_empty() && !name.contains(['*', '%']) && !name.starts_with('.') => {
                let dot = if text.len() > name.len() { "." } else { "" };
                list.push(format!("{dot}{}", name.trim_end_matches('.').to_ascii_lowercase()));
                Ok(())
            }
            _ => Err(format!(
                "{text:?} is not a host: write a name such as \"example.org\", \"*.example.org\" for all names below it, or \
                 an address; a name with other letters begins with \"xn--\""
            )),
        }
    }

    /// Returns whether the list has the host of this authority, which has been checked already.
    pub(crate) fn allows(&self, authority: &[u8]) -> bool {
        let host = host_of_checked(authority);
        // The dot says that the name is complete, and leads to the same host.
        let host = host.strip_suffix(b".").unwrap_or(host);
        self.names.iter().any(|name| is_same_text(host, name.as_bytes()))
            || self.suffixes.iter().any(|suffix| is_below(host, suffix.as_bytes()))
            || !self.addresses.is_empty() && address(host).is_some_and(|address| self.addresses.contains(&address))
    }
}

fn is_below(host: &[u8], suffix: &[u8]) -> bool {
    let at = host.len().checked_sub(suffix.len());
    at.is_some_and(|at| at > 0 && is_same_text(&host[at..], suffix))
}

fn address(host: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(host).ok()?;
    text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Hosts {
        let mut hosts = Hosts::default();
        for text in texts {
            hosts.add(text).expect("a host");
        }
        hosts
    }

    #[test]
    fn a_host_is_allowed_in_every_form_that_leads_to_it() {
        let hosts = hosts(&["Example.org", "*.localhost", "127.0.0.1", "[::1]", "2001:db8::1"]);
        let allowed = [
            "example.org",
            "EXAMPLE.ORG",
            "example.org.",
            "example.org:8080",
            "example.org.:80",
            "example.org:",
            "a.localhost",
            "b.A.LocalHost.:1",
            "127.0.0.1",
            "127.0.0.1:8000",
            "[::1]",
            "[::1]:80",
            "[0:0:0:0:0:0:0:1]:80",
            "[2001:DB8::1]",
        ];
        for host in allowed {
            assert!(hosts.allows(host.as_bytes()), "{host}");
        }
        let others = [
            "",
            ".",
            ":80",
            "localhost",
            ".localhost",
            "evillocalhost",
            "example.org.evil.example",
            "www.example.org",
            "example.org..",
            "evil.example",
            "127.0.0.2",
            "127.1",
            "0x7f.0.0.1",
            "[::2]",
            "[::ffff:127.0.0.1]",
            "example%2eorg",
            "u@example.org",
            "example.org, evil.example",
        ];
        for host in others {
            assert!(!hosts.allows(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn the_error_for_a_wrong_host_says_what_to_write() {
        let table = [
            ("example.org:80", "write \"example.org\""),
            ("*.example.org:80", "write \"*.example.org\""),
            ("[::1]:80", "write \"[::1]\""),
            ("https://example.org/a", "such as \"example.org\""),
            ("", "\"*.example.org\""),
            ("*", "\"*.example.org\""),
            ("*.", "\"*.example.org\""),
            ("a.*.b", "\"*.example.org\""),
            (".example.org", "\"*.example.org\""),
            ("a b", "\"*.example.org\""),
            ("u@a", "\"*.example.org\""),
            ("a%20b", "\"*.example.org\""),
            ("caf\u{e9}.example", "xn--"),
        ];
        for (text, advice) in table {
            let error = Hosts::default().add(text).expect_err(text);
            assert!(error.contains(advice), "{text:?}: {error}");
        }
    }
}
