//! The handler that is called: a path is the request's number and what to do with it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use basehttp::{Address, Exchange, HandlerError, Result, http_handler};

/// Acts of a handler, named by the second segment of the path. Some break their reply on purpose.
pub(super) const DEEDS: [&str; 18] = [
    "text", "echo", "half", "stream", "flush", "queued", "length", "short", "empty", "same", "fail", "late", "bye",
    "hint", "copy", "unread", "take", "file",
];

/// The beginning of this file, which is sent for `file`.
pub(super) const FILE: &[u8] = include_bytes!("handler.rs").first_chunk::<3000>().expect("it is longer than that");

/// True if the reply to it may be cut off, or be an error of the server's.
pub(super) fn breaks_its_reply(deed: &str) -> bool {
    matches!(deed, "short" | "fail" | "late" | "copy")
}

pub(super) struct Handler;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Handler {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        act(ex)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        act(ex)
    }

    /// What is asked for, in every reply, so that the client can tell which is whose.
    fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
        // Of a request that is refused the line is all that is known.
        let method =
            ex.requestline.split(' ').next().filter(|method| method.bytes().all(|byte| byte.is_ascii_uppercase()));
        ex.send_header("X-Method", method.unwrap_or("-")).send_header("X-Version", ex.request_version);
        if let Some(number) = number(ex.path) {
            ex.send_header("X-Number", number);
        }
        basehttp::defaults::end_headers(self, ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}

fn number(path: &str) -> Option<u32> {
    path.split('/').nth(1)?.parse().ok()
}

fn act(ex: &mut Exchange<'_>) -> Result {
    let deed = ex.path.split('/').nth(2).unwrap_or_default();
    match deed {
        "echo" => {
            let body = ex.read_body(20_000)?;
            ex.send_bytes(200, "application/octet-stream", body)?;
        }
        "half" => {
            let mut some = [0; 3];
            let count = ex.rfile.read(&mut some)?;
            ex.send_bytes(200, "application/octet-stream", some[..count].to_vec())?;
        }
        "stream" => begin(ex).and_then(|()| write(ex, 5000))?,
        "flush" => {
            begin(ex)?;
            for _ in 0..3 {
                write(ex, 10)?;
                ex.wfile.flush()?;
            }
        }
        "queued" => ex.send_bytes(200, "text/plain", Arc::<[u8]>::from(vec![b'q'; 6000]))?,
        "file" => {
            let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fuzzing/connection/handler.rs"))?;
            ex.send_file(file, ..FILE.len() as u64)?;
        }
        "length" => {
            ex.send_response(200).send_header("Content-Length", 2000).end_headers()?;
            write(ex, 2000)?;
        }
        "short" => {
            ex.send_response(200).send_header("Content-Length", 3000).end_headers()?;
            write(ex, 1500)?;
        }
        "empty" => ex.send_response(204).end_headers().and_then(|()| write(ex, 100))?,
        "same" => ex.send_response(304).end_headers().and_then(|()| write(ex, 100))?,
        "fail" => return Err("on purpose".into()),
        "late" => {
            begin(ex)?;
            write(ex, 3000)?;
            return Err("on purpose".into());
        }
        "bye" => {
            ex.close_connection = true;
            ex.send_text(200, "bye")?;
        }
        "hint" => {
            ex.send_response_only(103).send_header("Link", "</style.css>").end_headers()?;
            ex.send_text(200, "hint")?;
        }
        "copy" => {
            begin(ex)?;
            io::copy(&mut ex.rfile, &mut ex.wfile)?;
        }
        "take" => {
            ex.send_response(101).send_header("Upgrade", "raw").end_headers()?;
            ex.hijack()?.write_all(b"raw")?;
        }
        // "text" and "unread", and whatever the client makes up.
        _ => ex.send_text(200, "text")?,
    }
    Ok(())
}

fn begin(ex: &Exchange<'_>) -> io::Result<()> {
    ex.send_response(200).send_header("Content-Type", "text/plain").end_headers()
}

/// In pieces, so that some of them meet a full buffer.
fn write(ex: &mut Exchange<'_>, mut count: usize) -> io::Result<()> {
    while count > 0 {
        let piece = count.min(700);
        ex.wfile.write_all(&vec![b's'; piece])?;
        count -= piece;
    }
    Ok(())
}
