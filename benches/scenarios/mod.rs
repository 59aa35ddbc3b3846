//! The scenarios, each with a server and its client.
//!
//! Most scenarios serve a socket, as users do. Two run a [`Connection`] over memory, where nothing but the protocol
//! counts.

mod memory;
mod socket;

use basehttp::HTTPServerBuilder;

/// One scenario.
pub(crate) struct Scenario {
    /// On the command line and in the table of bands.
    pub name: &'static str,
    kind: Kind,
}

enum Kind {
    Socket {
        /// The bytes of one request.
        request: &'static [u8],
        /// Requests that are sent before their responses are read.
        depth: u32,
    },
    /// An option of the server. Its figure is the difference from a server without it, which gets the same requests.
    Option {
        /// Sent once, before the first request.
        preface: &'static [u8],
        request: &'static [u8],
        add: fn(HTTPServerBuilder) -> HTTPServerBuilder,
    },
    Memory {
        request: &'static [u8],
    },
}

pub(crate) static SCENARIOS: &[Scenario] = &[
    Scenario { name: "keep-alive-get", kind: Kind::Socket { request: GET, depth: 1 } },
    Scenario { name: "path", kind: Kind::Socket { request: PATH, depth: 1 } },
    Scenario { name: "path-parameters", kind: Kind::Socket { request: PARAMETERS, depth: 1 } },
    Scenario { name: "pipelined-get", kind: Kind::Socket { request: GET, depth: 20 } },
    Scenario { name: "post-1k", kind: Kind::Socket { request: POST, depth: 1 } },
    Scenario { name: "file-1k", kind: Kind::Socket { request: FILE, depth: 1 } },
    Scenario { name: "proxied-get", kind: Kind::Socket { request: PROXIED, depth: 1 } },
    option("hosts-address", GET, with_hosts),
    option("hosts-name", PROXIED, with_hosts),
    option("x-forwarded", PROXIED, with_x_forwarded),
    option("forwarded", PROXIED, with_forwarded),
    option("cross-site", GET, |builder| builder.refuse_cross_site(true)),
    Scenario { name: "proxy-protocol", kind: Kind::Option { preface: HEADER, request: GET, add: with_proxy_protocol } },
    Scenario { name: "response-head", kind: Kind::Memory { request: HEAD } },
    Scenario { name: "chunked-body", kind: Kind::Memory { request: &CHUNKED } },
];

/// A request with the fields of a simple client.
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: gauge/1.0\r\nAccept: */*\r\n\r\n";

const fn option(
    name: &'static str,
    request: &'static [u8],
    add: fn(HTTPServerBuilder) -> HTTPServerBuilder,
) -> Scenario {
    Scenario { name, kind: Kind::Option { preface: b"", request, add } }
}

/// Such a request as a proxy passes it on, with the fields of most proxies and the standard's.
const PROXIED: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: gauge/1.0\r\nAccept: */*\r\n\
    X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\
    Forwarded: for=203.0.113.7;host=www.example.org;proto=https\r\n\r\n";

fn with_hosts(builder: HTTPServerBuilder) -> HTTPServerBuilder {
    builder.hosts(["example.org", "*.example.org", "127.0.0.1"])
}

/// The header of a connection for which a proxy speaks.
const HEADER: &[u8] = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 8000\r\n";

fn with_proxy_protocol(builder: HTTPServerBuilder) -> HTTPServerBuilder {
    builder.trust_proxies(["10.0.0.0/8", "127.0.0.1"]).proxy_protocol(true)
}

fn with_x_forwarded(builder: HTTPServerBuilder) -> HTTPServerBuilder {
    builder.trust_proxies(["10.0.0.0/8", "127.0.0.1"]).forwarded_fields(["X-Forwarded-For", "X-Forwarded-Proto"])
}

fn with_forwarded(builder: HTTPServerBuilder) -> HTTPServerBuilder {
    builder.trust_proxies(["10.0.0.0/8", "127.0.0.1"]).forwarded_fields(["Forwarded"])
}

/// As long as [`GET`], except for the path.
const PATH: &[u8] = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: gauge/1.0\r\nAccept: */*\r\n\r\n";

/// A word of the path, a text of the query, and a field, which a method borrows.
const PARAMETERS: &[u8] =
    b"GET /users/me?page=2 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: gauge/1.0\r\nAccept: */*\r\n\r\n";

const FILE: &[u8] = b"GET /page.html HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: gauge/1.0\r\nAccept: */*\r\n\r\n";

/// A body of 1 KiB.
const POST: &[u8] = {
    const HEAD: &[u8] = b"POST /echo HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Length: 1024\r\n\r\n";
    const ALL: [u8; HEAD.len() + 1024] = repeated(HEAD, b"0123456789abcdef");
    &ALL
};

/// HEAD is answered by the head alone.
const HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";

/// A chunk of 1 KiB, with the line break behind it.
const CHUNK: [u8; 7 + 1024] = {
    let mut chunk = repeated(b"400\r\n", b"0123456789abcdef");
    chunk[5 + 1024] = b'\r';
    chunk[6 + 1024] = b'\n';
    chunk
};

const CHUNKED_HEAD: &[u8] = b"POST /chunks HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nTransfer-Encoding: chunked\r\n\r\n";

const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// A body of 64 chunks.
static CHUNKED: [u8; CHUNKED_HEAD.len() + 64 * CHUNK.len() + LAST_CHUNK.len()] = {
    let mut all = repeated(CHUNKED_HEAD, &CHUNK);
    all.split_at_mut(CHUNKED_HEAD.len() + 64 * CHUNK.len()).1.copy_from_slice(LAST_CHUNK);
    all
};

/// `head`, and the pattern behind it until the array is full.
const fn repeated<const LENGTH: usize>(head: &[u8], pattern: &[u8]) -> [u8; LENGTH] {
    let mut all = [0; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        all[at] = if at < head.len() { head[at] } else { pattern[(at - head.len()) % pattern.len()] };
        at += 1;
    }
    all
}

impl Scenario {
    pub(crate) fn named(name: &str) -> Option<&'static Scenario> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    /// Serves so many requests. A server of a socket prints its port first, the other one an empty line.
    pub(crate) fn serve(&self, requests: u32) {
        match self.kind {
            Kind::Socket { request, .. } if [PATH, PARAMETERS].contains(&request) => socket::serve_path(requests),
            Kind::Socket { request, .. } => socket::serve(requests, request == FILE, |builder| builder),
            Kind::Option { add, .. } => socket::serve(requests, false, add),
            Kind::Memory { request } => {
                println!();
                memory::serve(request, requests);
            }
        }
    }

    /// Sends so many requests to the server, and reads the responses.
    pub(crate) fn ask(&self, port: u16, requests: u32) {
        match self.kind {
            Kind::Socket { request, depth } => socket::ask(port, b"", request, depth, requests),
            Kind::Option { preface, request, .. } => socket::ask(port, preface, request, 1, requests),
            Kind::Memory { .. } => {}
        }
    }

    /// Returns the scenario without the option, of which this one's figure is the difference.
    pub(crate) fn base(&self) -> Option<&'static Scenario> {
        let Kind::Option { request: asked, .. } = self.kind else { return None };
        SCENARIOS.iter().find(|base| matches!(base.kind, Kind::Socket { request, depth: 1 } if request == asked))
    }
}
