//! The options that say on whose behalf requests come, and which of them reach the handler. Their values are read
//! here; `proto/admission` applies them.

use std::sync::Arc;

use super::HTTPServerBuilder;
use crate::proto::{Admission, ForwardedFields, Hosts, TrustedOrigins};

/// The options, as far as they have been given.
#[derive(Clone, Debug, Default)]
pub(super) struct AccessOptions {
    rules: Admission,
    /// The origins of `trusted_origins`, whether they matter or not.
    origins: TrustedOrigins,
    refuses_cross_site: bool,
    /// The first value that is wrong.
    fault: Option<String>,
}

/// The place of a field in the options.
type FieldPlace = fn(&mut ForwardedFields) -> &mut bool;

/// The fields that can be believed.
const FIELDS: [(&str, FieldPlace); 4] = [
    ("Forwarded", |fields| &mut fields.forwarded),
    ("X-Forwarded-For", |fields| &mut fields.x_for),
    ("X-Forwarded-Proto", |fields| &mut fields.x_proto),
    ("X-Forwarded-Host", |fields| &mut fields.x_host),
];

impl AccessOptions {
    /// Reads each of the texts, and keeps the first fault.
    fn add<T: AsRef<str>>(
        &mut self,
        option: &str,
        texts: impl IntoIterator<Item = T>,
        add: impl Fn(&mut Self, &str) -> Result<(), String>,
    ) {
        for text in texts {
            if let Err(fault) = add(self, text.as_ref()) {
                self.fault.get_or_insert(format!("{option}: {fault}"));
            }
        }
    }

    /// Returns the rules, or `None` if there are none.
    ///
    /// # Errors
    /// A value is wrong, or one option is useless or unsafe without another. The text says what to write.
    pub(super) fn rules(&self) -> Result<Option<Arc<Admission>>, String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let mut rules = self.rules.clone();
        let proxies = &rules.proxies;
        let has_fields = proxies.fields != ForwardedFields::default();
        let has_x = ForwardedFields { forwarded: false, ..proxies.fields } != ForwardedFields::default();
        let fault = match () {
            () if proxies.networks.is_empty() && proxies.sends_header => {
                "proxy_protocol believes no proxy: write trust_proxies([\"10.0.0.0/8\"]) with the networks of yours"
            }
            () if proxies.networks.is_empty() && has_fields => {
                "forwarded_fields believes no proxy: write trust_proxies([\"10.0.0.0/8\"]) with the networks of yours"
            }
            () if !proxies.networks.is_empty() && !has_fields && !proxies.sends_header => {
                "trust_proxies does not know what your proxies say: write forwarded_fields([\"X-Forwarded-For\"]) with the \
                 fields that they set, or proxy_protocol(true)"
            }
            () if proxies.fields.forwarded && has_x => {
                "forwarded_fields has Forwarded and X-Forwarded fields: write the ones that your proxies set, since they \
                 pass on the others as clients have written them"
            }
            () if rules.hosts.as_ref().is_some_and(Hosts::is_empty) => {
                "hosts is an empty list, and nothing could be served: write [\"example.org\"], or leave it out"
            }
            () if rules.hosts.is_none() && !rules.any_host_paths.is_empty() => {
                "any_host_paths has no effect by itself: write hosts([\"example.org\"]), too"
            }
            () if !self.refuses_cross_site && !self.origins.is_empty() => {
                "trusted_origins has no effect by itself: write refuse_cross_site(true), too"
            }
            () => "",
        };
        if !fault.is_empty() {
            return Err(fault.to_owned());
        }
        rules.origins = self.refuses_cross_site.then(|| self.origins.clone());
        Ok((!rules.is_trivial()).then(|| Arc::new(rules)))
    }
}

/// Behind a proxy, and on the open internet.
impl HTTPServerBuilder {
    /// Believes the proxies of these networks when they say for which client they speak.
    ///
    /// A network is written `10.0.0.0/8` or `2001:db8::/32`, a single proxy as its address, and `unix:` stands for
    /// every client of a Unix socket. [`forwarded_fields`](Self::forwarded_fields) says what they are believed, or
    /// [`proxy_protocol`](Self::proxy_protocol). Called again, it adds networks.
    ///
    /// Then [`client_address`](crate::Exchange::client_address), [`scheme`](crate::Exchange::scheme),
    /// [`authority`](crate::Exchange::authority) and the log have the client's.
    /// [`peer_address`](crate::Exchange::peer_address) is still the proxy's. The word of any other peer changes
    /// nothing, so a client that can reach the server beside the proxy cannot pretend to be another one.
    ///
    /// The client is the nearest node that is not in these networks, in a list to which each proxy has added the node
    /// before it. A client can invent the ones behind it. If a proxy does not tell its client's address, the client is
    /// [`Address::Unnamed`](crate::Address::Unnamed).
    ///
    /// The log and the hooks name the client of a refused request as well. If the head is malformed, they do so where
    /// its field lines are whole and well-formed. Otherwise the peer is all that is known of the client.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let httpd = HTTPServer::builder()
    ///     .trust_proxies(["127.0.0.1", "10.0.0.0/8"])
    ///     .forwarded_fields(["X-Forwarded-For", "X-Forwarded-Proto"])
    ///     .bind(("127.0.0.1", 0), Hello)?;
    /// # drop(httpd);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn trust_proxies<T: AsRef<str>>(mut self, networks: impl IntoIterator<Item = T>) -> Self {
        self.access.add("trust_proxies", networks, |access, text| access.rules.proxies.networks.add(text));
        self
    }

    /// The fields that trusted proxies set: `Forwarded` (RFC 7239), or some of `X-Forwarded-For`, `X-Forwarded-Proto`
    /// and `X-Forwarded-Host`. Default none.
    ///
    /// Name only those that your proxies set or remove in every request. A proxy passes on the others as the client has
    /// written them. For the same reason `Forwarded` and the others cannot be believed together. Several fields of a
    /// name are one list, in their order.
    ///
    /// | field               | says                                              | nginx                                              |
    /// |---------------------|---------------------------------------------------|----------------------------------------------------|
    /// | `X-Forwarded-For`   | the client's address, and those of proxies behind it | `$proxy_add_x_forwarded_for`                    |
    /// | `X-Forwarded-Proto` | `http` or `https`                                 | `$scheme`                                          |
    /// | `X-Forwarded-Host`  | the host that was asked, instead of `Host`        | `$host`                                            |
    /// | `Forwarded`         | all of these                                      | see its documentation                              |
    ///
    /// A field of a trusted proxy that is malformed, or names another scheme or no host, is a 400. In `X-Forwarded-For`
    /// that is an address that is not told.
    pub fn forwarded_fields<T: AsRef<str>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.access.add("forwarded_fields", names, |access, text| {
            let found = FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
            let (_, is_read) = found.ok_or_else(|| {
                let names = FIELDS.map(|(name, _)| format!("{name:?}")).join(", ");
                format!("{text:?} says nothing that the server could use: write some of {names}")
            })?;
            *is_read(&mut access.rules.proxies.fields) = true;
            Ok(())
        });
        self
    }

    /// Expects the header of the PROXY protocol, version 1 or 2, at the beginning of every connection. Default
    /// `false`.
    ///
    /// It is for proxies that pass on bytes and do not read HTTP. The header comes before a TLS handshake. Its source
    /// is the [`client_address`](crate::Exchange::client_address) of all requests of the connection. A LOCAL or UNKNOWN
    /// header, as health checks send it, leaves the proxy's own.
    ///
    /// Where the proxy ends TLS, only a header of version 2 can tell: haproxy's `send-proxy-v2-ssl` does. The
    /// [`scheme`](crate::Exchange::scheme) is `https` then. Without that value it is the connection's own.
    ///
    /// A proxy that passes on bytes cannot remove fields that the client has written. So the
    /// [`forwarded_fields`](Self::forwarded_fields) of a request are believed only if the source of the header is a
    /// trusted proxy itself. For a proxy that reads HTTP and sets these fields, leave `proxy_protocol` out.
    ///
    /// Only the proxies of [`trust_proxies`](Self::trust_proxies) may connect then, and each must send a header within
    /// the [`head_timeout`](Self::head_timeout). Any other connection is closed without an answer, with a line in the
    /// log, since a server that guesses would believe a client that writes such a header. A connection without a byte,
    /// as health checks make them, has no line. A header of version 2 may have 4 KiB behind its first 16 bytes. Other
    /// values there are skipped, and one that is cut off is malformed.
    /// [`verify_request`](crate::BaseHTTPRequestHandler::verify_request) is asked about the client that was named.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let httpd = HTTPServer::builder()
    ///     .trust_proxies(["10.0.0.0/8"])
    ///     .proxy_protocol(true)
    ///     .bind(("127.0.0.1", 0), Hello)?;
    /// # drop(httpd);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn proxy_protocol(mut self, proxy_protocol: bool) -> Self {
        self.access.rules.proxies.sends_header = proxy_protocol;
        self
    }

    /// Answers for these hosts alone, and any other host with 421, before the handler is called. Default all hosts.
    ///
    /// A host is written `example.org`, `*.example.org` for all names below it, or as an address. Case, the port and a
    /// dot at the end make no difference. The host is that of [`authority`](crate::Exchange::authority). A request of
    /// HTTP/1.0 without any host is served, since no browser sends one. Called again, it adds hosts.
    ///
    /// So links built from the host lead to this server. It also keeps out pages that reach a server on this computer
    /// or in a private network by a name of their own (DNS rebinding).
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let httpd = HTTPServer::builder()
    ///     .hosts(["example.org", "*.example.org", "localhost", "127.0.0.1", "::1"])
    ///     .bind(("127.0.0.1", 0), Hello)?;
    /// # drop(httpd);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn hosts<T: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = T>) -> Self {
        self.access.rules.hosts.get_or_insert_default();
        self.access.add("hosts", hosts, |access, text| access.rules.hosts.get_or_insert_default().add(text));
        self
    }

    /// Paths that clients may read under any host although [`hosts`](Self::hosts) names others, such as `/healthz`.
    /// Default none. Called again, it adds paths.
    ///
    /// A load balancer or Kubernetes asks for a server's health by its address, which changes and is no host to answer
    /// for. Only GET and HEAD of exactly these paths are let through, with or without a query. A page of another site
    /// can read them by DNS rebinding, so they should tell nothing that is secret.
    ///
    /// A path begins with a slash and is written as clients send it. It is compared byte by byte, and neither
    /// `/a/../healthz` nor `/%68ealthz` is `/healthz`.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let httpd = HTTPServer::builder()
    ///     .hosts(["example.org"])
    ///     .any_host_paths(["/healthz"])
    ///     .bind(("127.0.0.1", 0), Hello)?;
    /// # drop(httpd);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn any_host_paths<T: AsRef<str>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.access.add("any_host_paths", paths, |access, path| {
            if !path.starts_with('/') || path.starts_with("//") || path.contains(['?', '#', ' ']) {
                return Err(format!("{path:?} is not a path: write one with a leading slash, such as \"/healthz\""));
            }
            access.rules.any_host_paths.push(path.to_owned());
            Ok(())
        });
        self
    }

    /// Refuses requests that a page of another site has a browser send, with 403, before the handler is called. Default
    /// `false`.
    ///
    /// A browser adds a user's cookies to such requests, so that the page could act as the user (CSRF). All methods
    /// except GET, HEAD and OPTIONS are checked, by `Sec-Fetch-Site` and, for older browsers, `Origin`. Requests with
    /// neither are served, since they do not come from a page. So GET must not change anything. Pages of the origins in
    /// [`trusted_origins`](Self::trusted_origins) may send everything. The rules are those of Go's
    /// `http.CrossOriginProtection`.
    ///
    /// ```
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let httpd = HTTPServer::builder()
    ///     .refuse_cross_site(true)
    ///     .trusted_origins(["https://app.example.org"])
    ///     .bind(("127.0.0.1", 0), Hello)?;
    /// # drop(httpd);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn refuse_cross_site(mut self, refuse_cross_site: bool) -> Self {
        self.access.refuses_cross_site = refuse_cross_site;
        self
    }

    /// Origins whose pages may send any request although [`refuse_cross_site`](Self::refuse_cross_site) is set, such as
    /// `https://app.example.org`. Default none. Called again, it adds origins.
    pub fn trusted_origins<T: AsRef<str>>(mut self, origins: impl IntoIterator<Item = T>) -> Self {
        self.access.add("trusted_origins", origins, |access, text| access.origins.add(text));
        self
    }
}
