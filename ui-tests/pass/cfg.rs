//! Methods under `cfg` are in the table when they are in the block, and a derived method steps in when they are not.

#![deny(warnings)]

use basehttp::{BaseHTTPRequestHandler, Exchange, Result, http_handler};

struct Here;

#[http_handler]
impl Here {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    #[cfg(all())]
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    #[cfg(all())]
    #[cfg_attr(any(), doc(cfg(all())))]
    fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }
}

struct NotHere;

#[http_handler]
impl NotHere {
    #[cfg(any())]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.not_here_either(ex)
    }

    #[cfg(not(any()))]
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_error(404)?)
    }

    #[cfg(any())]
    fn do_HEAD(&self, ex: &mut Exchange) -> Result {
        self.not_here_either(ex)
    }

    #[cfg(any())]
    fn do_LOCK(&self, ex: &mut Exchange) -> Result {
        self.not_here_either(ex)
    }

    #[cfg(any())]
    fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        self.not_here_either(ex)
    }

    #[cfg(any())]
    fn handle_timeout(&self) {
        self.not_here_either();
    }
}

fn main() {
    assert_eq!(Here::METHODS, ["GET", "HEAD", "OPTIONS"]);
    assert_eq!(NotHere::METHODS, ["GET", "HEAD", "OPTIONS"]);
}
