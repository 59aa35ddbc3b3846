//! Certificates of clients, and the verifiers that look at them.

use std::io::Write;
use std::sync::Arc;

use basehttp::testing::Server;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};

use crate::secured::{
    Secured, TlsClient, VERSIONS, certified_key, client_config, connect, provider, read_to_any_end, session,
    trust_the_server,
};
use crate::support::stage::wait_until;

/// A certificate of a client's own, and its key.
fn identity() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["a client".to_owned()]).expect("a certificate");
    (made.cert.der().clone(), PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into()))
}

fn start(verifier: Arc<dyn ClientCertVerifier>) -> Server {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let pair = certified_key();
    let resolver = rustls::sign::SingleCertAndKey::from(pair.as_ref().clone());
    let config = builder.expect("both versions").with_client_cert_verifier(verifier);
    let config = config.with_cert_resolver(Arc::new(resolver));
    let builder = basehttp::HTTPServer::builder().workers(1).tls(Arc::new(config));
    Server::start_with(builder, Secured).expect("a free port")
}

fn known_client(
    version: &'static rustls::SupportedProtocolVersion,
    (certificate, key): &(CertificateDer<'static>, PrivateKeyDer<'static>),
) -> ClientConfig {
    trust_the_server(&[version]).with_client_auth_cert(vec![certificate.clone()], key.clone_key()).expect("they match")
}

#[test]
fn a_handler_sees_the_certificate_of_a_client() {
    let known = identity();
    let mut roots = RootCertStore::empty();
    roots.add(known.0.clone()).expect("a certificate");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let server = start(verifier.allow_unauthenticated().build().expect("a verifier"));
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, known_client(version, &known));
        assert!(client.ask("/session").text().ends_with(" 1"), "{name}");
        let mut client = TlsClient::with(&server, client_config(&[version]));
        assert!(client.ask("/session").text().ends_with(" 0"), "{name}: without one");
        // An unknown one. With TLS 1.3 the client learns of it after its own side is finished.
        let unknown = TlsClient::try_with(&server, known_client(version, &identity()));
        let error = unknown.and_then(|mut client| {
            client.try_send(TlsClient::get("/"))?;
            client.try_read_reply("GET")
        });
        assert!(error.is_err(), "{name}: {error:?}");
    }
}

/// A verifier of the user's that is not careful.
#[derive(Debug)]
struct Panicking;

impl ClientCertVerifier for Panicking {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        panic!("as the test wants")
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        unreachable!("the certificate was not taken")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.verify_tls12_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }
}

#[test]
fn a_verifier_that_panics_costs_one_connection() {
    let server = start(Arc::new(Panicking));
    let (mut tls, mut stream) = (session(known_client(&TLS13, &identity())), connect(&server));
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).expect("the server answers");
    }
    // The server may have closed already.
    let _ = tls.write_tls(&mut stream).and_then(|_| stream.flush());
    read_to_any_end(&mut stream);
    wait_until(server.server_handle(), "it is counted", |stats| stats.errors.panics == 1 && stats.connections == 0);
    assert_eq!(TlsClient::with(&server, client_config(&[&TLS13])).ask("/well").text(), "/well");
}
