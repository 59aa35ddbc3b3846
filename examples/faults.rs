//! A server that fails on purpose, and a client's tests: `cargo run --release --example faults`, `cargo test --test
//! faults`.
//!
//! ```console
//! $ curl http://127.0.0.1:8000/slow
//! 21 degrees
//! ```

use basehttp::{Exchange, HTTPServer, Result, http_handler, testing::Fault};

/// A thermometer with a bad line.
struct Thermometer;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Thermometer {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let fault = match ex.path {
            "/slow" => Fault::drip(2, std::time::Duration::from_millis(20)),
            "/cut" => Fault::close_after(2),
            "/broken" => Fault::reset_after(2),
            "/silent" => Fault::stall_after(0, std::time::Duration::MAX),
            _ => return Ok(ex.send_text(200, "21 degrees\n")?),
        };
        Ok(fault.send_bytes(ex, 200, "text/plain", "21 degrees\n")?)
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Thermometer)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Result, Write, read_to_string};
    use std::net::{SocketAddr, TcpStream};

    /// The client that is tested. It would be your own.
    fn degrees(server: SocketAddr, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(std::time::Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n")?;
        let reply = read_to_string(stream)?;
        let body = reply.strip_suffix(" degrees\n").ok_or(ErrorKind::UnexpectedEof)?;
        Ok(body.rsplit("\r\n").next().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_bad_line_is_an_error_and_a_slow_one_is_not() {
        let server = basehttp::testing::Server::start(super::Thermometer).unwrap();
        let degrees = |path| degrees(server.address(), path).map_err(|error| error.kind());
        assert_eq!(["/", "/slow"].map(degrees), ["21", "21"].map(|degrees| Ok(degrees.to_owned())));
        assert_eq!(degrees("/cut"), Err(ErrorKind::UnexpectedEof));
        assert_eq!(degrees("/broken"), Err(ErrorKind::ConnectionReset));
        assert_eq!(degrees("/silent"), Err(ErrorKind::WouldBlock));
        assert_eq!(server.requests().len(), 5);
    }
}
