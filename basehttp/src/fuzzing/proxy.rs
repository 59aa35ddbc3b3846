//! A proxy's word about the client: a PROXY header, and the fields of a chain of proxies.

use super::choices::Choices;
use super::proxy_fields::fields;
use crate::proto::proxy::MAX_PROXY_HEADER_BYTES;
use crate::proto::{ProxySource, proxy_header};

/// Runs this target on `bytes`.
pub fn proxy(bytes: &[u8]) {
    header(bytes);
    fields(&mut Choices::new(bytes));
}

/// A header is decided at one byte, whatever pieces it comes in, and says the same in its other version.
fn header(bytes: &[u8]) {
    let whole = proxy_header(bytes);
    let decided = (0..=bytes.len().min(MAX_PROXY_HEADER_BYTES)).find(|&len| proxy_header(&bytes[..len]) != Ok(None));
    let Some(len) = decided else {
        assert_eq!(whole, Ok(None), "nothing behind the bound matters");
        assert!(bytes.len() < MAX_PROXY_HEADER_BYTES, "a header ends");
        return;
    };
    let Ok(Some(header)) = proxy_header(&bytes[..len]) else {
        assert!(whole.is_err(), "a wrong beginning cannot become right");
        return;
    };
    assert_eq!((whole, header.len), (Ok(Some(header)), len), "a header ends where it is whole");
    if let ProxySource::Ip(client) = header.source {
        let family = if client.is_ipv4() { "TCP4" } else { "TCP6" };
        let (ip, port) = (client.ip(), client.port());
        let line = format!("PROXY {family} {ip} {ip} {port} {port}\r\n");
        let again = proxy_header(line.as_bytes()).expect("a header").expect("a whole one");
        assert_eq!((again.source, again.len), (header.source, line.len()));
    }
}
