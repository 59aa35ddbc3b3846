//! Programs as pages, beside files. Run `cargo run --release --example cgi` (or with port and directory).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/cgi-bin/greet.sh?Ada+Grace
//! Hello, Ada!
//! Hello, Grace!
//! $ curl -d roses http://127.0.0.1:8000/cgi-bin/greet.sh/length
//! 5 bytes
//! $ curl -si http://127.0.0.1:8000/cgi-bin/nothing | grep HTTP/1.1
//! HTTP/1.1 404 No such CGI script ('/cgi-bin/nothing')
//! ```
//!
//! Without a directory it serves one of its own, with that script in it.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::SystemTime;
use std::{env, fs};

use basehttp::{CGIHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler};

const GREET: &str = r#"#!/bin/sh
printf 'Content-Type: text/plain\n\n'
case $PATH_INFO in
/length) echo "$CONTENT_LENGTH bytes" ;;
*) for name; do echo "Hello, $name!"; done ;;
esac
"#;

fn main() -> basehttp::Result {
    let mut arguments = env::args().skip(1);
    let port =
        arguments.next().map_or(Ok(8000), |port| port.parse()).map_err(|_| "the first argument is a port number")?;
    let directory = match arguments.next() {
        Some(directory) => PathBuf::from(directory),
        None => example_directory()?,
    };
    let handler = CGIHTTPRequestHandler::builder(SimpleHTTPRequestHandler::new(directory)?)
        .pass_env("PATH") // Scripts see this variable and the request, and nothing else.
        .max_children(16)
        .build()?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), handler)?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}

/// A new directory that holds `cgi-bin/greet.sh`.
fn example_directory() -> io::Result<PathBuf> {
    let now = SystemTime::UNIX_EPOCH.elapsed().map_err(io::Error::other)?.as_nanos();
    let directory = env::temp_dir().join(format!("basehttp-cgi-{now}"));
    // Fails if the directory exists, since it could be another user's.
    fs::create_dir(&directory)?;
    fs::create_dir(directory.join("cgi-bin"))?;
    let mut options = fs::OpenOptions::new();
    let mut script = options.write(true).create_new(true).mode(0o755).open(directory.join("cgi-bin/greet.sh"))?;
    script.write_all(GREET.as_bytes())?;
    Ok(directory)
}
