//! Everything that a method may return.

use std::error::Error;
use std::fmt;
use std::io;

use basehttp::{Exchange, HTTPError, HandlerError, http_handler};

/// An error of the program's own.
#[derive(Debug)]
struct Own;

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("own")
    }
}

impl Error for Own {}

/// What `anyhow::Error` is: no `Error` itself, but made into a box of one.
struct Boxed(Box<dyn Error + Send + Sync>);

impl From<Boxed> for Box<dyn Error + Send + Sync> {
    fn from(error: Boxed) -> Self {
        error.0
    }
}

type Answer = std::result::Result<(), Own>;

struct Returns;

#[http_handler]
impl Returns {
    fn do_GET(&self, _ex: &mut Exchange) {}

    fn do_HEAD(&self, _ex: &mut Exchange) -> () {}

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        ex.send_error(404)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> basehttp::Result {
        ex.send_error(404)?;
        Err(HTTPError::new(404, "no such page"))?
    }

    fn do_DELETE(&self, _ex: &mut Exchange) -> Result<(), String> {
        Err("no".to_owned())
    }

    fn do_PATCH(&self, _ex: &mut Exchange) -> Result<(), Box<dyn Error + Send + Sync>> {
        Err("no".into())
    }

    fn do_TRACE(&self, _ex: &mut Exchange) -> Result<(), &'static str> {
        Err("no")
    }

    fn do_LOCK(&self, _ex: &mut Exchange) -> Answer {
        Err(Own)
    }

    fn do_UNLOCK(&self, _ex: &mut Exchange) -> Result<(), Boxed> {
        Err(Boxed(Box::new(Own)))
    }

    fn do_SPAM(&self, _ex: &mut Exchange) -> Result<(), HTTPError> {
        Err(HTTPError::new(404, "no such page"))
    }

    fn do_HANDLER(&self, _ex: &mut Exchange) -> Result<(), HandlerError> {
        Err(HandlerError::from("no"))
    }
}

fn main() {}
