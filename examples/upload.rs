//! A page that takes files and writes them to a directory. Run `cargo run --release --example upload` (or with another
//! port). A file of any size takes little memory, and an upload that breaks off leaves nothing behind.
//!
//! ```console
//! $ curl -F 'file=hello;filename=../notes.txt' -F 'comment=no file' http://127.0.0.1:8000/
//! notes.txt has 5 bytes
//! $ curl -si -F 'file=again;filename=notes.txt' http://127.0.0.1:8000/ | grep HTTP
//! HTTP/1.1 409 Conflict
//! $ curl http://127.0.0.1:8000/ | grep input
//! <input type=file name=file multiple><button>Send</button></form>
//! ```

use std::fmt::Write;
use std::path::PathBuf;

use basehttp::{Exchange, HTTPServer, Html, MultipartLimits, Result, http_handler};

/// A gigabyte in twenty files.
const LIMITS: MultipartLimits = MultipartLimits::new().max_parts(20).max_part_bytes(1 << 30).max_body_bytes(1 << 30);

struct Uploads {
    directory: PathBuf,
}

#[http_handler(server_version = "Uploads/1.0", protocol_version = "HTTP/1.1")]
impl Uploads {
    fn do_GET(&self) -> Html<&'static str> {
        Html(
            "<!doctype html>\n<title>Upload</title>\n<form method=post enctype=multipart/form-data>\n\
             <input type=file name=file multiple><button>Send</button></form>\n",
        )
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result<String> {
        let mut report = String::new();
        let mut upload = ex.read_multipart(LIMITS)?;
        while let Some(mut part) = upload.next_part()? {
            if let Some(name) = part.safe_file_name() {
                let size = part.save_to(self.directory.join(&name))?;
                writeln!(report, "{name} has {size} bytes")?;
            }
        }
        Ok(report)
    }
}

fn main() -> Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let directory = std::env::temp_dir().join("uploads");
    std::fs::create_dir_all(&directory)?;
    let mut httpd = HTTPServer::bind(("127.0.0.1", port), Uploads { directory })?;
    println!("serving on http://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
