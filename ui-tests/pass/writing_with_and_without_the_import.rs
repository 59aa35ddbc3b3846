//! `wfile` has the methods that handlers call most, and a program that imports `Write` goes on to compile.

use basehttp::{BodyWriter, Exchange, HTTPServer, Result, http_handler};

struct Plain;

#[http_handler]
impl Plain {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(200).end_headers()?;
        writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
        ex.wfile.write_all(b"bytes")?;
        Ok(ex.wfile.flush()?)
    }
}

mod imported {
    use std::io::Write;

    use super::{BodyWriter, Exchange, Result, http_handler};

    pub struct Imported;

    #[http_handler]
    impl Imported {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            ex.send_response(200).end_headers()?;
            write!(ex.wfile, "Hello!")?;
            part(&mut ex.wfile)?;
            generic(&mut ex.wfile)
        }
    }

    fn part(out: &mut BodyWriter<'_>) -> std::io::Result<()> {
        write!(out, "a part")?;
        out.write_all(b"bytes")?;
        out.flush()
    }

    fn generic(out: &mut impl Write) -> Result {
        write!(out, "a part")?;
        Ok(out.flush()?)
    }
}

fn main() {
    let _ = || HTTPServer::bind(("127.0.0.1", 0), Plain);
    let _ = || HTTPServer::bind(("127.0.0.1", 0), imported::Imported);
}
