//! Replies that come before their request is whole. They end the connection, since a proxy would send another client's
//! request into the rest of the body. RFC 9112, section 9.3.

use std::fmt;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::request_bodies::{NEXT, start};
use crate::support::Client;
use basehttp::testing::Server;
use basehttp::{Address, Exchange, HTTPServer, HandlerError, http_handler};

/// Answers in every way there is, and reads as much of the body as the path says.
struct Early(Option<Mutex<Receiver<()>>>);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Early {
    fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
        answer_early(self.0.as_ref(), ex)
    }

    fn do_HEAD(&self, ex: &mut Exchange) -> basehttp::Result {
        answer_early(self.0.as_ref(), ex)
    }

    fn do_POST(&self, ex: &mut Exchange) -> basehttp::Result {
        answer_early(self.0.as_ref(), ex)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> basehttp::Result {
        answer_early(self.0.as_ref(), ex)
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
    fn handle_error(&self, _client_address: &Address, _error: &HandlerError) {}
}

fn answer_early(gate: Option<&Mutex<Receiver<()>>>, ex: &mut Exchange) -> basehttp::Result {
    let mut some = [0; 4];
    match ex.path {
        "/nothing" => {}
        "/text" => ex.send_text(200, "text")?,
        "/error" => ex.send_error(404)?,
        "/fails" => return Err("on purpose".into()),
        "/file" => ex.send_file(std::fs::File::open("Cargo.toml")?, ..)?,
        "/no-content" => ex.send_response(204).end_headers()?,
        "/length" => {
            ex.send_response(200).send_header("Content-Length", 4).end_headers()?;
            ex.wfile.write_all(b"text")?;
        }
        "/flushes" => {
            ex.send_response(200).end_headers()?;
            ex.wfile.flush()?;
            ex.wfile.write_all(b"text")?;
        }
        "/long" => {
            ex.send_response(200).end_headers()?;
            ex.wfile.write_all(&vec![b'x'; 200_000])?;
        }
        "/four" => {
            ex.rfile.read_exact(&mut some)?;
            ex.send_text(200, "text")?;
        }
        "/echo" => {
            ex.send_response(200).end_headers()?;
            io::copy(&mut ex.rfile, &mut ex.wfile)?;
        }
        "/swallow" => {
            // Failures do not matter to it.
            let _ = io::copy(&mut ex.rfile, &mut io::sink());
            ex.send_text(200, "text")?;
        }
        "/waits" => {
            let gate = gate.expect("one is given").lock().expect("no handler panics");
            gate.recv_timeout(crate::support::PATIENCE)?;
            ex.send_text(200, "text")?;
        }
        _ => ex.send_error((404, "Nothing here"))?,
    }
    Ok(())
}

/// Every way to frame a body of so many bytes. The second is the head alone.
fn framings(method: &str, path: &str, length: usize) -> [(String, usize); 3] {
    let body = "b".repeat(length);
    let head = |fields: &str| format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    let sized = head(&format!("Content-Length: {length}\r\n"));
    let chunked = head("Transfer-Encoding: chunked\r\n");
    let expecting = head(&format!("Content-Length: {length}\r\nExpect: 100-continue\r\n"));
    let heads = [sized.len(), chunked.len(), expecting.len()];
    let whole = [sized + &body, chunked + &format!("{length:x}\r\n{body}\r\n0\r\n\r\n"), expecting + &body];
    let [sized, chunked, expecting] = whole;
    [(sized, heads[0]), (chunked, heads[1]), (expecting, heads[2])]
}

const EARLY_PATHS: [&str; 12] = [
    "/nothing",
    "/text",
    "/error",
    "/fails",
    "/file",
    "/no-content",
    "/length",
    "/flushes",
    "/long",
    "/four",
    "/echo",
    "/swallow",
];

/// The next request would be taken for the rest of this one, and a party on the way would believe that it was answered.
#[test]
fn a_reply_that_comes_before_its_request_is_whole_ends_the_connection() {
    let builder = HTTPServer::builder().body_stall_timeout(Duration::from_millis(50));
    let server = Server::start_with(builder, Early(None)).expect("a free port");
    for paths in EARLY_PATHS.chunks(4) {
        // Many at once, since those that get a 408 wait for it.
        let mut clients = Vec::new();
        for (path, method) in paths.iter().flat_map(|path| ["GET", "POST", "HEAD", "BREW"].map(|method| (path, method)))
        {
            for (whole, head) in [1, 70_000, 300_000].into_iter().flat_map(|length| framings(method, path, length)) {
                for sent in [head, whole.len() - 1] {
                    let what = format!("{sent} of {} bytes of {}", whole.len(), &whole[..head]);
                    clients.push((Client::sending(&server, &whole[..sent]), method, what));
                }
            }
        }
        for (mut client, method, what) in clients {
            expect_last_reply(&mut client, method, &what);
        }
    }
}

/// Reads one reply, which is the last one and says so, if it is not cut off.
fn expect_last_reply(client: &mut Client, method: &str, what: &str) {
    loop {
        match client.try_read_reply(method) {
            Ok(reply) if reply.status == 100 => {}
            // It had begun when the body went wrong.
            Err(error) => return assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "{what}"),
            Ok(reply) => {
                assert_eq!(reply.field("Connection"), Some("close"), "{what}: {}", reply.status);
                // A reply to HEAD is whole before its handler fails. The connection is then cut, as one with a body is.
                match client.try_read_to_end() {
                    Ok(rest) => assert!(rest.is_empty(), "{what}: {rest:?}"),
                    Err(error) => {
                        assert_eq!((method, error.kind()), ("HEAD", io::ErrorKind::ConnectionReset), "{what}");
                    }
                }
                return;
            }
        }
    }
}

#[test]
fn a_request_that_is_whole_keeps_its_connection_however_it_is_answered() {
    let server = Server::start(Early(None)).expect("a free port");
    for path in EARLY_PATHS {
        for (whole, _) in [1, 5, 60_000].into_iter().flat_map(|length| framings("POST", path, length)).step_by(3) {
            let mut client = Client::sending(&server, whole + NEXT);
            let replies = [
                client.read_reply().field("Connection").map(str::to_owned),
                client.read_reply().field("Connection").map(str::to_owned),
            ];
            assert_eq!(replies, [None, None], "{path}");
        }
    }
}

/// Beyond what is read before the handler is called it depends on what has come by then.
#[test]
fn an_unread_body_that_has_come_while_the_handler_ran_is_thrown_away_and_the_connection_goes_on() {
    let (open, gate) = mpsc::channel();
    let server = Server::start(Early(Some(Mutex::new(gate)))).expect("a free port");
    for length in [70_000, 100_000] {
        for (whole, _) in &framings("POST", "/waits", length)[..2] {
            let mut client = Client::sending(&server, whole);
            open.send(()).expect("the handler waits");
            let reply = client.read_reply();
            assert_eq!((reply.status, reply.field("Connection")), (200, None), "{length}");
            client.send(NEXT);
            assert_eq!(client.read_reply().status, 404, "{length}: the next one");
        }
    }
}

/// A refusal needs no body, and neither does the client that sends it slowly.
#[test]
fn an_unknown_method_is_refused_without_its_body() {
    let server = start();
    for length in [5, 70_000] {
        for (request, head) in framings("BREW", "/echo", length) {
            let mut client = Client::sending(&server, &request[..head]);
            let reply = client.read_reply();
            assert_eq!((reply.status, reply.field("Connection")), (501, Some("close")));
            client.expect_end();
        }
    }
}
