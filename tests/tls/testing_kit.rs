//! The testing kit's requests over TLS.

use std::io::ErrorKind;

use crate::secured::Secured;
use basehttp::testing::{self, Certificate, Server};

#[test]
fn a_request_is_sent_over_tls_to_a_server_with_the_certificate() {
    let certificate = Certificate::new();
    let server = Server::start_tls(&certificate, Secured).expect("a free port");
    let response = testing::get("/here").send_to_tls(&certificate, server.address()).expect("a response");
    assert!(response.is_complete() && response.text().ends_with("/here"), "{response:?}");
    let host = format!("localhost:{}", server.address().port());
    let request = testing::get("/by-name").header("Host", &host);
    let response = request.send_to_tls(&certificate, server.address()).expect("a response");
    assert!(response.is_complete() && response.text().ends_with("/by-name"), "{response:?}");
    let requests = server.requests();
    let own = server.address().to_string();
    let hosts: Vec<_> = requests.iter().map(|request| request.header("Host").unwrap_or_default()).collect();
    assert_eq!(hosts, [&own, &host]);
}

#[test]
fn a_request_is_sent_to_no_server_with_another_certificate_or_name() {
    let (certificate, other) = (Certificate::for_names(["example.org"]), Certificate::new());
    let server = Server::start_tls(&certificate, Secured).expect("a free port");
    let named = |host| testing::get("/").header("Host", host);
    let address = server.address();
    let table = [
        (named("example.org").send_to_tls(&other, address), ErrorKind::InvalidData, "another certificate"),
        (named("example.com").send_to_tls(&certificate, address), ErrorKind::InvalidData, "another name"),
        (testing::get("/").send_to_tls(&certificate, address), ErrorKind::InvalidData, "only the address"),
        (named("a b").send_to_tls(&certificate, address), ErrorKind::InvalidInput, "not a name"),
        (named("").send_to_tls(&certificate, address), ErrorKind::InvalidInput, "no name"),
    ];
    for (sent, kind, why) in table {
        let error = sent.expect_err(why);
        assert_eq!(error.kind(), kind, "{why}: {error}");
    }
    assert!(server.requests().is_empty(), "nothing was sent before the certificate was checked");
    named("example.org:443").send_to_tls(&certificate, address).expect("a response").expect_status(200);
}

#[test]
fn a_server_without_tls_is_an_error_and_no_response() {
    let server = Server::start(Secured).expect("a free port");
    let error = testing::get("/").send_to_tls(&Certificate::new(), server.address()).expect_err("it has no TLS");
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
}
